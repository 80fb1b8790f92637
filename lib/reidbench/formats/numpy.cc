// numpy's arrays of MOT rows: frame, id, left, top, width, height, score and three of -1, as
// deep_sort keeps them before each embedding; also without the last ones, or of five columns
// without an id. A .npz holds an array a sequence.
#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <map>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/formats/format_parts.h"
#include "reidbench/formats/text_rows.h"
#include "reidbench/weights/numpy_array.h"
#include "reidbench/weights/zip_archive.h"

namespace reidbench {
namespace {

static_assert(std::endian::native == std::endian::little, "arrays are written as they lie");

constexpr uint64_t kDeepSortColumns = 10;

void ParseArray(std::span<const uint8_t> bytes, const std::string& where, const std::string& name,
                const BoxReadOptions& options, BoxTable* table) {
  const NumpyArray array(bytes, where);
  if (array.is_objects() || array.is_text())
    ThrowField(where, "an array of numbers", array.is_text() ? "text" : "Python objects");
  if (array.shape().size() != 2 || array.shape()[1] < 5) {
    ThrowField(where,
               "rows of 5 columns (frame, left, top, width, height) or of 6 and more (frame, id, "
               "left, top, width, height, score, ...)",
               "shape " + array.ShapeText());
  }
  const uint64_t columns = array.shape()[1];
  const auto sequence = static_cast<int32_t>(table->sequences.size());
  table->sequences.emplace_back().name = name;
  table->sequences.back().size = options.image_size;
  const bool has_id = columns >= 6;
  for (uint64_t r = 0; r < array.shape()[0]; ++r) {
    const auto place = [&] { return fmt::format("{}: row {}", where, r); };
    const auto value = [&](uint64_t column) {
      const uint64_t i = array.Index(r, column);
      const double number =
          array.is_float() ? array.Float(i) : static_cast<double>(array.Integer(i));
      if (!std::isfinite(number)) {
        ThrowField(place(), fmt::format("a finite number in column {}", column),
                   fmt::format("{}", number));
      }
      return number;
    };
    const auto whole = [&](uint64_t column, double least, double most, const char* what) {
      const double number = value(column);
      if (number != std::floor(number) || number < least || number > most) {
        ThrowField(place(), fmt::format("{} {}..{} in column {}", what, least, most, column),
                   fmt::format("{}", number));
      }
      return number;
    };
    BoxRow row;
    row.sequence = sequence;
    row.frame = static_cast<int32_t>(whole(0, 1 - static_cast<double>(options.frame_offset),
                                           static_cast<double>(kMostFrames), "a frame"));
    if (has_id) row.track_id = static_cast<int64_t>(whole(1, -1, 9007199254740992.0, "a track id"));
    const uint64_t box = has_id ? 2 : 1;
    row.box = ReadColumns({value(box), value(box + 1), value(box + 2), value(box + 3)}, options,
                          table->sequences.back());
    CheckBox(row.box, place());
    if (columns >= 7) row.score = value(6);
    table->rows.push_back(row);
  }
  if (columns > kDeepSortColumns) {
    table->CountLoss("features", static_cast<int64_t>(array.shape()[0]),
                     "embeddings are not boxes: give the file to --features");
  }
}

}  // namespace

void ParseNumpy(std::string_view bytes, const std::string& source, const BoxReadOptions& options,
                BoxTable* table) {
  const std::span<const uint8_t> content(reinterpret_cast<const uint8_t*>(bytes.data()),
                                         bytes.size());
  const std::string name = std::filesystem::path(source).stem().string();
  if (!StartsWith(bytes, "PK")) return ParseArray(content, source, name, options, table);
  const ZipArchive archive(content, source);
  OutputBudget budget(bytes.size(), source);
  bool any = false;
  for (const ZipMember& member : archive.members()) {
    if (!EndsWith(member.name, ".npy")) continue;
    any = true;
    std::vector<uint8_t> storage;
    const std::string key = member.name.substr(0, member.name.size() - 4);
    ParseArray(archive.Read(member, storage, budget),
               fmt::format("{}: array {}", source, Printable(key)), key, options, table);
  }
  if (!any) ThrowField(source, "a .npz with arrays", "a zip archive without any");
}

void WriteNumpy(const SequenceRows& rows, TextSink* sink) {
  std::string& out = sink->text();
  std::string header =
      fmt::format("{{'descr': '<f8', 'fortran_order': False, 'shape': ({}, {}), }}",
                  rows.end - rows.begin, kDeepSortColumns);
  // The whole head is a multiple of 64 bytes long and ends in a line break.
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  out += "\x93NUMPY\x01";
  out += '\0';
  out += static_cast<char>(header.size() & 0xFF);
  out += static_cast<char>(header.size() >> 8);
  out += header;
  for (size_t i = rows.begin; i < rows.end; ++i) {
    const BoxRow& row = rows.row(i);
    const double values[kDeepSortColumns] = {static_cast<double>(row.frame),
                                             static_cast<double>(row.track_id),
                                             row.box.left,
                                             row.box.top,
                                             row.box.width,
                                             row.box.height,
                                             row.score,
                                             -1,
                                             -1,
                                             -1};
    out.append(reinterpret_cast<const char*>(values), sizeof values);
    sink->Pour();
  }
}

}  // namespace reidbench
