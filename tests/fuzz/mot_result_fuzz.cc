// Tracker result files, with and without a class column and a known length; whatever is accepted is
// scored and read back.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "reidbench/core/error.h"
#include "reidbench/datasets/mot_files.h"
#include "reidbench/mot_metrics/scores.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace reidbench;
  if (size == 0) return 0;
  MotReadOptions options;
  options.has_classes = (data[0] & 1) != 0;
  options.frame_count = (data[0] & 2) != 0 ? 5 : 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  try {
    const MotFile file = ParseMotText(text, "fuzz.txt", options);
    REIDBENCH_CHECK(file.line.size() == file.tracks.boxes.size());
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
