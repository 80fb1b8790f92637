// Boxes in every format but MOT text, which has programs of its own: the first byte says which.
// Whatever is accepted is fitted to MOT text, COCO and CVAT, written, and read back as the same.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "reidbench/core/error.h"
#include "reidbench/formats/box_format.h"
#include "reidbench/formats/format_parts.h"

namespace {

using namespace reidbench;

BoxTable Parse(BoxFormat format, std::string_view text) {
  BoxTable table;
  const auto sequence = [&] {
    const int32_t index = table.Sequence("S");
    table.sequences.back().size = {640, 480};
    return index;
  };
  BoxReadOptions options;
  options.image_size = {640, 480};
  switch (format) {
    case BoxFormat::kKitti:
      ParseKitti(text, "fuzz.txt", sequence(), &table);
      break;
    case BoxFormat::kYolo:
      ParseYoloFrame(text, "fuzz.txt", sequence(), 1, &table);
      FinishYolo(&table);
      break;
    case BoxFormat::kCoco:
      ParseCoco(text, "fuzz.json", &table);
      break;
    case BoxFormat::kCvat:
      ParseCvat(text, "fuzz.xml", &table);
      break;
    case BoxFormat::kVisDrone:
      ParseVisDrone(text, "fuzz.txt", sequence(), &table);
      break;
    case BoxFormat::kNumpy:
      ParseNumpy(text, "fuzz.npy", options, &table);
      break;
    default:
      ParseNamedRows(text, "fuzz.csv", options, sequence(), &table);
  }
  return table;
}

// One sequence's text, or all of them in one.
std::string Written(const BoxTable& table, BoxFormat format) {
  std::string text;
  TextSink sink([&](std::string_view part) { text += part; });
  if (format == BoxFormat::kCoco) {
    WriteCoco(table, &sink);
  } else {
    const std::vector<size_t> begins = SequenceBegins(table);
    WriteCvat({table, 0, begins[0], begins[1]}, &sink);
  }
  sink.Flush();
  return text;
}

bool Fits(const BoxTarget& target, BoxTable* table) {
  try {
    FitToFormat(target, table);
    return true;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kInternal) throw;
    return false;  // sizes of pictures that are not known, names used twice
  }
}

void GoRound(BoxTable table, BoxFormat format) {
  if (format == BoxFormat::kCvat && table.sequences.size() != 1) return;
  for (const BoxSequence& sequence : table.sequences) {
    if (sequence.frame_count > 1000) return;  // each is listed
  }
  for (const BoxRow& row : table.rows) {
    if (row.frame > 1000) return;
  }
  if (!Fits({format, MotRows::kAuto, true}, &table)) return;
  const BoxTable again = Parse(format, Written(table, format));
  REIDBENCH_CHECK(again.rows.size() == table.rows.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto formats = BoxFormats();
  BoxTable table;
  try {
    table = Parse(formats[data[0] % formats.size()].format, text);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kInternal) throw;
    return 0;
  }
  for (const BoxFormat format : {BoxFormat::kCoco, BoxFormat::kCvat}) GoRound(table, format);
  Fits({BoxFormat::kMot, MotRows::kResults, true}, &table);
  return 0;
}
