#include "reidbench/detection_metrics/mot_pictures.h"

#include <algorithm>
#include <span>

#include "reidbench/detection_metrics/detection_clear.h"
#include "reidbench/mot_metrics/frame_rows.h"

namespace reidbench {
namespace {

bool IsOneOf(int32_t class_id, const std::vector<int32_t>& classes) {
  return std::find(classes.begin(), classes.end(), class_id) != classes.end();
}

// NaN, which is not stated, is visible.
bool IsHidden(const TrackBox& row, const MotBenchmark& benchmark) {
  return static_cast<double>(row.visibility) < benchmark.detection_visibility;
}

class PictureMaker {
 public:
  PictureMaker(const TrackSet& ground_truth, const TrackSet& detections,
               const MotBenchmark& benchmark, const MotClass& scored)
      : truth_(ground_truth.boxes),
        detections_(detections.boxes),
        benchmark_(benchmark),
        scored_(scored),
        by_class_(benchmark.preprocess && benchmark.has_classes) {}

  MotPictures Run(int64_t frame_count) {
    const FrameRows truth_rows = GroupByFrame(truth_);
    const FrameRows detection_rows = GroupByFrame(detections_);
    for (const FrameRows* rows : {&truth_rows, &detection_rows}) {
      if (!rows->number.empty()) frame_count = std::max(frame_count, rows->number.back());
    }
    MotPictures out;
    out.pictures.reserve(static_cast<size_t>(frame_count));
    for (int64_t frame = 1; frame <= frame_count; ++frame)
      out.pictures.push_back(Make(frame, truth_rows.Of(frame), detection_rows.Of(frame), &out));
    return out;
  }

 private:
  DetectionPicture Make(int64_t frame, std::span<const uint32_t> truth_rows,
                        std::span<const uint32_t> detection_rows, MotPictures* out) {
    DetectionPicture picture;
    picture.number = frame;
    for (const uint32_t row : truth_rows) {
      const TrackBox& box = truth_[row];
      const bool region = by_class_ && IsOneOf(box.class_id, benchmark_.ignored_classes);
      if (!region && (box.confidence == 0 || (by_class_ && box.class_id != scored_.id))) continue;
      if (!region && by_class_ && IsHidden(box, benchmark_)) {
        ++out->hidden;
        continue;
      }
      picture.truth.push_back({box.box, box.box.width * box.box.height, region, box.visibility});
    }
    const std::vector<bool> is_removed = FindRemoved(truth_rows, detection_rows);
    for (size_t d = 0; d < detection_rows.size(); ++d) {
      if (is_removed[d]) {
        ++out->removed;
        continue;
      }
      const TrackBox& box = detections_[detection_rows[d]];
      picture.detections.push_back({box.box, box.confidence});
    }
    return picture;
  }

  std::vector<bool> FindRemoved(std::span<const uint32_t> truth_rows,
                                std::span<const uint32_t> detection_rows) {
    std::vector<bool> removed(detection_rows.size(), false);
    if (!by_class_) return removed;
    const auto forgives = [&](uint32_t row) {
      return IsOneOf(truth_[row].class_id, benchmark_.distractor_classes) ||
             IsHidden(truth_[row], benchmark_);
    };
    std::vector<uint32_t> rows;  // regions are not people: they are matched with nobody
    for (const uint32_t row : truth_rows) {
      if (!IsOneOf(truth_[row].class_id, benchmark_.ignored_classes)) rows.push_back(row);
    }
    if (!std::any_of(rows.begin(), rows.end(), forgives)) return removed;
    std::vector<BoxLtwh> truth, detections;
    for (const uint32_t row : rows) truth.push_back(truth_[row].box);
    for (const uint32_t row : detection_rows) detections.push_back(detections_[row].box);
    const std::vector<int32_t> assigned =
        assigner_.Assign(truth, detections, benchmark_.distractor_threshold);
    for (size_t g = 0; g < rows.size(); ++g) {
      if (assigned[g] != kUnassigned && forgives(rows[g]))
        removed[static_cast<size_t>(assigned[g])] = true;
    }
    return removed;
  }

  const std::vector<TrackBox>& truth_;
  const std::vector<TrackBox>& detections_;
  const MotBenchmark& benchmark_;
  const MotClass& scored_;
  const bool by_class_;
  DetectionAssigner assigner_;
};

}  // namespace

MotPictures MakeMotPictures(const TrackSet& ground_truth, const TrackSet& detections,
                            const MotBenchmark& benchmark, const MotClass& scored) {
  return PictureMaker(ground_truth, detections, benchmark, scored)
      .Run(std::max(ground_truth.frame_count, detections.frame_count));
}

}  // namespace reidbench
