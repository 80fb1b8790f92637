// Any bytes behind the header of an extraction journal. The first byte decides whether they are
// taken as they are, or as the contents of records whose frames and checksums are right.
#include <unistd.h>
#include <zlib.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/features/extraction_journal.h"

namespace {

void AppendFramed(std::string_view payload, std::string* bytes) {
  const uint64_t size = payload.size();
  uLong crc = ::crc32(0, reinterpret_cast<const Bytef*>(&size), sizeof size);
  crc = ::crc32_z(crc, reinterpret_cast<const Bytef*>(payload.data()), payload.size());
  const auto crc32 = static_cast<uint32_t>(crc);
  bytes->append("RCRD");
  bytes->append(reinterpret_cast<const char*>(&crc32), sizeof crc32);
  bytes->append(reinterpret_cast<const char*>(&size), sizeof size);
  bytes->append(payload);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::filesystem::path path =
      std::filesystem::temp_directory_path() / fmt::format("reidbench_journal_fuzz_{}", ::getpid());
  static const reidbench::JournalKey key = {{"weights", "a"}};
  constexpr int64_t kItems = 100;
  static const std::string header = [] {
    std::filesystem::remove(path);
    reidbench::ExtractionJournal(path, key, kItems, 2, false);
    return reidbench::ReadFileText(path);
  }();
  if (size == 0) return 0;
  std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::string bytes = header;
  if (data[0] % 2 == 0) {
    bytes += input;
  } else {
    // Each record's content is preceded by its length in one byte.
    while (!input.empty()) {
      const size_t length = std::min<size_t>(static_cast<uint8_t>(input[0]), input.size() - 1);
      AppendFramed(input.substr(1, length), &bytes);
      input.remove_prefix(1 + length);
    }
  }
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  try {
    reidbench::ExtractionJournal journal(path, key, kItems, 2, false);
    int64_t items = 0;
    journal.ForEach(
        [&](const reidbench::JournalRecord& record) { items += record.end - record.begin; });
    if (items != journal.items_done()) __builtin_trap();
  } catch (const reidbench::Error&) {
  }
  return 0;
}
