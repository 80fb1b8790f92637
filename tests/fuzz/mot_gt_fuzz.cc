// Ground truth and detection files.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "reidbench/core/error.h"
#include "reidbench/datasets/mot_files.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace reidbench;
  if (size == 0) return 0;
  MotReadOptions options;
  options.kind = (data[0] & 1) != 0 ? MotFileKind::kGroundTruth : MotFileKind::kDetections;
  options.has_classes = (data[0] & 2) != 0;
  if ((data[0] & 4) != 0) options.known_classes = {1, 2, 3, 7, 8, 12};
  options.frame_count = (data[0] & 8) != 0 ? 3 : 0;
  try {
    const MotFile file =
        ParseMotText({reinterpret_cast<const char*>(data + 1), size - 1}, "fuzz.txt", options);
    for (const TrackBox& box : file.tracks.boxes) {
      REIDBENCH_CHECK(box.frame.value >= 1 && box.frame.value <= file.tracks.frame_count);
    }
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kInternal) throw;
  }
  return 0;
}
