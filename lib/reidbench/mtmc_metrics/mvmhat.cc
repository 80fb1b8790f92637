#include "reidbench/mtmc_metrics/mvmhat.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "reidbench/matching/iou.h"
#include "reidbench/mtmc_metrics/frame_index.h"

namespace reidbench {
namespace {

constexpr double kMvmhatIou = 0.5;  // to be exceeded
constexpr int64_t kNotLinked = 0;

// One view in one frame.
struct View {
  std::vector<int64_t> truth;   // ids
  std::vector<int64_t> linked;  // the result id of each, or kNotLinked
  std::vector<int64_t> results;
};

std::vector<int64_t> UniqueIds(std::vector<int64_t> ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

std::vector<int64_t> CommonIds(const std::vector<int64_t>& a, const std::vector<int64_t>& b) {
  const std::vector<int64_t> first = UniqueIds(a), second = UniqueIds(b);
  std::vector<int64_t> common;
  std::set_intersection(first.begin(), first.end(), second.begin(), second.end(),
                        std::back_inserter(common));
  return common;
}

bool Contains(const std::vector<int64_t>& ids, int64_t id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

// The person that a result id is linked with first.
int64_t FirstPersonOf(const View& view, int64_t result) {
  const auto at = std::find(view.linked.begin(), view.linked.end(), result);
  return view.truth[static_cast<size_t>(at - view.linked.begin())];
}

// Result ids of one view that are linked with nobody and occur in the other one.
int64_t StrayIds(const View& view, const View& other) {
  int64_t stray = 0;
  for (const int64_t id : UniqueIds(view.results)) {
    if (!Contains(view.linked, id) && Contains(other.results, id)) ++stray;
  }
  return stray;
}

class ViewReader {
 public:
  explicit ViewReader(const CameraTracks& camera)
      : camera_(camera), truth_(camera.truth), results_(camera.results) {}

  View Read(int64_t frame) const {
    View view;
    const std::span<const uint32_t> truth = truth_.Of(frame), results = results_.Of(frame);
    std::vector<BoxCorners> corners;
    for (const uint32_t row : results) {
      view.results.push_back(camera_.results[row].id);
      corners.push_back(CornersOf(camera_.results[row].box));
    }
    std::vector<double> iou;
    std::vector<double> best_of_col(results.size(), 0);
    for (const uint32_t row : truth) {
      view.truth.push_back(camera_.truth[row].id);
      const BoxCorners person = CornersOf(camera_.truth[row].box);
      for (size_t c = 0; c < corners.size(); ++c) {
        iou.push_back(Iou(person, corners[c]));
        best_of_col[c] = std::max(best_of_col[c], iou.back());
      }
    }
    for (size_t r = 0; r < truth.size(); ++r) {
      const double* const row = iou.data() + r * corners.size();
      const double best_of_row = corners.empty() ? 0 : *std::max_element(row, row + corners.size());
      int64_t linked = kNotLinked;
      for (size_t c = 0; c < corners.size(); ++c) {
        if (row[c] > kMvmhatIou && (row[c] == best_of_row || row[c] == best_of_col[c]))
          linked = view.results[c];
      }
      view.linked.push_back(linked);
    }
    return view;
  }

 private:
  const CameraTracks& camera_;
  FrameIndexOfBoxes truth_, results_;
};

}  // namespace

MvmhatScore ScoreMvmhat(std::span<const CameraTracks* const> cameras) {
  MvmhatScore score;
  int64_t first = std::numeric_limits<int64_t>::max(), last = 0;
  std::vector<ViewReader> readers;
  std::vector<int64_t> frames;
  for (const CameraTracks* camera : cameras) {
    readers.emplace_back(*camera);
    for (const SiteBox& box : camera->truth) {
      first = std::min(first, box.frame);
      last = std::max(last, box.frame);
      frames.push_back(box.frame);
    }
    for (const SiteBox& box : camera->results) frames.push_back(box.frame);
  }
  if (last == 0) return score;
  score.first_frame = first;
  score.last_frame = last;
  score.frames = last - first + 1;
  // Frames without any box add nothing but to the number of frames.
  frames = UniqueIds(std::move(frames));
  std::vector<View> views(cameras.size());
  for (const int64_t frame : frames) {
    if (frame < first || frame > last) continue;
    for (size_t c = 0; c < readers.size(); ++c) views[c] = readers[c].Read(frame);
    int64_t tp = 0, precision_below = 0, recall_below = 0;
    for (size_t a = 0; a < views.size(); ++a) {
      for (size_t b = a + 1; b < views.size(); ++b) {
        const View &one = views[a], &two = views[b];
        if (two.truth.empty()) {
          precision_below += static_cast<int64_t>(two.results.size());
          continue;
        }
        if (one.truth.empty()) {
          precision_below += static_cast<int64_t>(one.results.size());
          continue;
        }
        const std::vector<int64_t> people = CommonIds(one.truth, two.truth);
        const std::vector<int64_t> linked = CommonIds(one.linked, two.linked);
        int64_t here = 0, told = 0;
        for (const int64_t id : people) {
          if (id != kNotLinked) ++recall_below;
        }
        for (const int64_t id : linked) {
          if (id == kNotLinked) continue;
          ++told;
          const int64_t person = FirstPersonOf(one, id);
          if (person == FirstPersonOf(two, id) && person != kNotLinked) ++here;
        }
        tp += here;
        precision_below += told;
        score.mme += static_cast<int64_t>(linked.size()) - here;
        score.missed +=
            2 * (static_cast<int64_t>(people.size()) - static_cast<int64_t>(linked.size()));
        score.fp += StrayIds(one, two) + StrayIds(two, one);
        score.boxes += static_cast<int64_t>(one.truth.size() + two.truth.size());
        if (one.truth.size() == 1 && two.truth.size() == 1 && people.empty()) ++score.unclear_pairs;
      }
    }
    if (precision_below > 0)
      score.precision_sum += static_cast<double>(tp) / static_cast<double>(precision_below);
    if (recall_below > 0)
      score.recall_sum += static_cast<double>(tp) / static_cast<double>(recall_below);
  }
  const auto count = static_cast<double>(score.frames);
  score.precision = score.precision_sum / count;
  score.recall = score.recall_sum / count;
  if (*score.precision + *score.recall > 0)
    score.f1 = 2 * *score.precision * *score.recall / (*score.precision + *score.recall);
  if (score.boxes > 0) {
    score.mvma = 1 - static_cast<double>(2 * score.mme + score.fp + score.missed) /
                         static_cast<double>(score.boxes);
  }
  return score;
}

}  // namespace reidbench
