// Tracker result files and tables with named columns, with and without a class column and a known
// length; whatever is accepted is scored, read back, and gets other ids. What a file is can be told
// of any bytes.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/datasets/file_kind.h"
#include "reidbench/datasets/mot_files.h"
#include "reidbench/mot_metrics/scores.h"

namespace {

// Detections may repeat ids.
reidbench::MotReadOptions AnyIds(reidbench::MotReadOptions options) {
  options.kind = reidbench::MotFileKind::kDetections;
  return options;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace reidbench;
  if (size == 0) return 0;
  MotReadOptions options;
  options.has_classes = (data[0] & 1) != 0;
  options.frame_count = (data[0] & 2) != 0 ? 5 : 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  REIDBENCH_CHECK(!DescribeFile(text, "fuzz.txt").what.empty());
  try {
    const MotFile file = ParseMotText(text, "fuzz.txt", options);
    REIDBENCH_CHECK(file.line.size() == file.tracks.boxes.size());
    std::vector<TrackId> ids;
    for (const TrackBox& box : file.tracks.boxes) ids.emplace_back(box.id.value / 2 + 1);
    const MotFile renamed =
        ParseMotText(ReplaceMotIds(text, file, ids), "ids.txt", AnyIds(options));
    REIDBENCH_CHECK(renamed.line == file.line);
    for (size_t i = 0; i < ids.size(); ++i) {
      REIDBENCH_CHECK(renamed.tracks.boxes[i].id == ids[i]);
      REIDBENCH_CHECK(renamed.tracks.boxes[i].frame == file.tracks.boxes[i].frame);
    }
    const MotFile again = ParseMotText(FormatMotResult(file.tracks), "again.txt", {});
    REIDBENCH_CHECK(again.tracks.boxes.size() == file.tracks.boxes.size());
    MotBenchmark benchmark;
    benchmark.preprocess = false;
    const MotSequence sequence =
        PrepareSequence(file.tracks, file.tracks, benchmark, benchmark.classes.front());
    const MotSummary summary = Summarize(CountMot(sequence));
    REIDBENCH_CHECK(summary.clear.counts.tp + summary.clear.counts.fn == summary.boxes.gt_boxes);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kInternal) throw;
  }
  return 0;
}
