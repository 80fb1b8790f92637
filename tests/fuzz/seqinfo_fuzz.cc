// seqinfo.ini and seqmaps.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "reidbench/core/error.h"
#include "reidbench/datasets/mot_files.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace reidbench;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    REIDBENCH_CHECK(ParseSequenceInfo(text, "seqinfo.ini").frame_count >= 1);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kInternal) throw;
  }
  try {
    REIDBENCH_CHECK(!ParseSeqmap(text, "seqmap.txt", {"A", "B"}).empty());
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kInternal) throw;
  }
  return 0;
}
