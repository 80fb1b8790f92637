#include "reidbench/mtmc_metrics/mcta.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <unordered_set>

#include "reidbench/matching/iou.h"
#include "reidbench/mtmc_metrics/frame_index.h"

namespace reidbench {
namespace {

constexpr double kMctaIou = 0.5;

struct MctaMatch {
  int64_t gt = 0;
  int64_t result = 0;
  size_t camera = 0;
};

// The program reads coordinates as whole numbers, cut towards 0.
BoxCorners WholeCorners(const BoxLtwh& box) {
  return CornersOf(
      {std::trunc(box.left), std::trunc(box.top), std::trunc(box.width), std::trunc(box.height)});
}

class MctaCounter {
 public:
  explicit MctaCounter(std::span<const CameraTracks* const> cameras) : cameras_(cameras) {
    for (const CameraTracks* camera : cameras) {
      truth_.emplace_back(camera->truth);
      results_.emplace_back(camera->results);
    }
  }

  MctaScore Count() {
    for (const int64_t frame : FramesInOrder()) {
      matches_.clear();
      for (size_t c = 0; c < cameras_.size(); ++c) MatchCamera(frame, c);
      CountMatches();
      Remember();
    }
    const auto gt = static_cast<double>(score_.gt), results = static_cast<double>(score_.results);
    if (score_.results > 0)
      score_.precision = 1 - static_cast<double>(score_.false_positives) / results;
    if (score_.gt > 0) score_.recall = 1 - static_cast<double>(score_.missing) / gt;
    const auto share = [](int64_t part, int64_t whole) {
      return 1 - static_cast<double>(part) / static_cast<double>(whole);
    };
    if (score_.precision && score_.recall && *score_.precision + *score_.recall > 0 &&
        score_.truepos_s > 0 && score_.truepos_c > 0) {
      const double f1 =
          2 * *score_.precision * *score_.recall / (*score_.precision + *score_.recall);
      score_.mcta = f1 * share(score_.mismatch_c, score_.truepos_c) *
                    share(score_.mismatch_s, score_.truepos_s);
    }
    return score_;
  }

 private:
  // As they first appear in the ground truth, one camera after the other.
  std::vector<int64_t> FramesInOrder() const {
    std::vector<int64_t> frames;
    std::unordered_set<int64_t> seen;
    for (const CameraTracks* camera : cameras_) {
      for (const SiteBox& box : camera->truth) {
        if (seen.insert(box.frame).second) frames.push_back(box.frame);
      }
    }
    return frames;
  }

  void MatchCamera(int64_t frame, size_t c) {
    const std::span<const uint32_t> truth = truth_[c].Of(frame), results = results_[c].Of(frame);
    score_.gt += static_cast<int64_t>(truth.size());
    score_.results += static_cast<int64_t>(results.size());
    corners_.clear();
    for (const uint32_t row : results)
      corners_.push_back(WholeCorners(cameras_[c]->results[row].box));
    // Two people may take the same result, which makes this negative.
    score_.false_positives += static_cast<int64_t>(results.size());
    for (const uint32_t row : truth) {
      const SiteBox& person = cameras_[c]->truth[row];
      const BoxCorners corners = WholeCorners(person.box);
      double best = -1;
      size_t best_result = 0;
      for (size_t r = 0; r < results.size(); ++r) {
        const double iou = Iou(corners, corners_[r]);
        if (iou <= best) continue;
        best = iou;
        best_result = r;
      }
      if (best < kMctaIou) {
        ++score_.missing;
        continue;
      }
      --score_.false_positives;
      matches_.push_back({person.id, cameras_[c]->results[results[best_result]].id, c});
    }
  }

  void CountMatches() {
    for (size_t m = 0; m < matches_.size(); ++m) {
      const MctaMatch& match = matches_[m];
      const auto known = state_.find(match.gt);
      if (known == state_.end()) {
        ++score_.truepos_c;
        if (users_.count(match.result) != 0) ++score_.mismatch_c;
        continue;
      }
      const MctaMatch& before = known->second.front();
      const bool same_camera = before.camera == match.camera;
      ++(same_camera ? score_.truepos_s : score_.truepos_c);
      bool mismatch = before.result != match.result;
      for (size_t other = 0; other < matches_.size() && !mismatch; ++other) {
        mismatch = other != m && matches_[other].result == match.result &&
                   (!same_camera || matches_[other].camera == match.camera);
      }
      if (mismatch) ++(same_camera ? score_.mismatch_s : score_.mismatch_c);
    }
  }

  // People that were not matched now keep what they had.
  void Remember() {
    for (const MctaMatch& match : matches_) {
      const auto known = state_.find(match.gt);
      if (known == state_.end()) continue;
      for (const MctaMatch& old : known->second) {
        const auto user = users_.find(old.result);
        if (--user->second == 0) users_.erase(user);
      }
      state_.erase(known);
    }
    for (const MctaMatch& match : matches_) {
      state_[match.gt].push_back(match);
      ++users_[match.result];
    }
  }

  std::span<const CameraTracks* const> cameras_;
  std::vector<FrameIndexOfBoxes> truth_, results_;
  MctaScore score_;
  std::vector<MctaMatch> matches_;                             // of the frame
  std::unordered_map<int64_t, std::vector<MctaMatch>> state_;  // last ones by person
  std::unordered_map<int64_t, int64_t> users_;                 // in state_, by result
  std::vector<BoxCorners> corners_;
};

}  // namespace

MctaScore ScoreMcta(std::span<const CameraTracks* const> cameras) {
  return MctaCounter(cameras).Count();
}

}  // namespace reidbench
