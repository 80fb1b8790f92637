// MOTChallenge text, read by datasets' reader, which owns its rules and messages.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/datasets/mot_files.h"
#include "reidbench/datasets/mot_header.h"
#include "reidbench/formats/decimal.h"
#include "reidbench/formats/format_parts.h"
#include "reidbench/formats/text_rows.h"

namespace reidbench {
namespace {

constexpr std::array<std::string_view, 13> kMotClasses = {
    "pedestrian",      "person_on_vehicle", "car",        "bicycle",  "motorbike",
    "non_mot_vehicle", "static_person",     "distractor", "occluder", "occluder_on_ground",
    "occluder_full",   "reflection",        "crowd"};

std::string_view MotClassName(int32_t number) {
  return number >= 1 && number <= static_cast<int32_t>(kMotClasses.size())
             ? kMotClasses[static_cast<size_t>(number) - 1]
             : std::string_view();
}

// The double that has the float's shortest digits: 0.3, not 0.30000001192092896.
double Widen(float value) {
  if (value == static_cast<float>(static_cast<int>(value))) return value;
  return ParseDouble(fmt::format("{}", value)).value_or(value);
}

MotFileKind KindOf(MotRows rows) {
  return rows == MotRows::kGroundTruth  ? MotFileKind::kGroundTruth
         : rows == MotRows::kDetections ? MotFileKind::kDetections
                                        : MotFileKind::kResult;
}

// The first row of numbers of a text, as its fields.
std::vector<double> FirstNumbers(std::string_view text) {
  TextRows rows(text, "", DelimiterOf(Trim(text).substr(0, Trim(text).find('\n'))));
  for (int row = 0; row < 2 && rows.Next(); ++row) {
    std::vector<double> numbers;
    for (const std::string_view field : rows.fields()) {
      if (const auto number = ParseDouble(Trim(field))) numbers.push_back(*number);
    }
    if (numbers.size() >= 6) return numbers;
  }
  return {};
}

// MOT15's rows end in a place in the world instead of class and visibility.
constexpr std::array<std::string_view, 3> kWorldColumns = {"world_x", "world_y", "world_z"};

// The places of the rows that `file` has, from `first` on.
void ReadWorldPlaces(std::string_view text, const std::string& source, const MotFile& file,
                     size_t first, BoxTable* table) {
  TextRows rows(text, source, DelimiterOf(Trim(text).substr(0, Trim(text).find('\n'))));
  std::array<std::vector<double>, kWorldColumns.size()> places;
  for (auto& column : places) column.resize(table->rows.size(), kNoValue);
  bool any = false;
  for (size_t i = 0; i < file.line.size();) {
    if (!rows.Next()) break;
    if (rows.line() != file.line[i]) continue;
    if (rows.size() >= 10) {
      for (size_t k = 0; k < places.size(); ++k) {
        places[k][first + i] = rows.Number(7 + k, kWorldColumns[k]);
        any = any || places[k][first + i] != -1;
      }
    }
    ++i;
  }
  if (!any) return;  // -1 in all: not known
  for (size_t k = 0; k < places.size(); ++k) {
    ExtraColumn& extra = table->Extra(kWorldColumns[k]);
    extra.values.resize(first, kNoValue);
    extra.values.insert(extra.values.end(), places[k].begin() + static_cast<int64_t>(first),
                        places[k].end());
  }
}

}  // namespace

bool IsWorldColumn(std::string_view extra) {
  return std::find(kWorldColumns.begin(), kWorldColumns.end(), extra) != kWorldColumns.end();
}

std::span<const std::string_view> MotClassNames() { return kMotClasses; }

const BoxClass& SequenceRows::class_of(size_t i) const {
  static const BoxClass none;
  const int32_t index = table.rows[i].box_class;
  return index == kNoClass ? none : table.classes[static_cast<size_t>(index)];
}

MotRows GuessMotRows(std::string_view text, const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  if (name == "gt.txt") return MotRows::kGroundTruth;
  if (name == "det.txt") return MotRows::kDetections;
  const std::vector<double> row = FirstNumbers(text.substr(0, 1 << 16));
  if (row.size() >= 2 && row[1] < 0) return MotRows::kDetections;
  // Ground truth ends in mark, class and visibility, results in a score and -1s.
  const bool truth = row.size() == 9 && (row[6] == 0 || row[6] == 1) && row[7] >= 1 &&
                     row[7] == std::floor(row[7]) && row[8] >= 0 && row[8] <= 1;
  return truth ? MotRows::kGroundTruth : MotRows::kResults;
}

BoxLtwh ReadColumns(const BoxLtwh& raw, const BoxReadOptions& options,
                    const BoxSequence& sequence) {
  BoxLtwh box = raw;
  if (options.columns == BoxColumns::kCorners) {
    const auto difference = [](double a, double b) {
      if (a == std::floor(a) && b == std::floor(b)) return a - b;
      return DecimalDifference(fmt::format("{}", a), fmt::format("{}", b), a, b);
    };
    box.width = difference(raw.width, raw.left);
    box.height = difference(raw.height, raw.top);
  } else if (options.columns == BoxColumns::kCentre) {
    box.left = raw.left - raw.width / 2;
    box.top = raw.top - raw.height / 2;
  }
  if (options.relative) {
    if (sequence.size.width == 0) {
      ThrowUsage(
          "{}: shares of the picture need its size: --image-size WIDTHxHEIGHT, or "
          "--sequences with its seqinfo.ini",
          sequence.name);
    }
    const double width = static_cast<double>(sequence.size.width);
    const double height = static_cast<double>(sequence.size.height);
    box = {box.left * width, box.top * height, box.width * width, box.height * height};
  }
  return box;
}

void ParseMotBoxes(std::string_view text, const std::string& source, const BoxReadOptions& options,
                   MotRows rows, int32_t sequence, BoxTable* table) {
  MotReadOptions read;
  read.kind = KindOf(rows);
  read.result_classes.clear();
  read.frame_offset = options.frame_offset;
  const std::vector<double> row_of_numbers = FirstNumbers(text.substr(0, 1 << 16));
  const bool world =
      row_of_numbers.size() == 10 && rows != MotRows::kDetections &&
      (rows == MotRows::kGroundTruth || row_of_numbers[7] != std::floor(row_of_numbers[7]));
  if (world) read.has_classes = false;
  MotFile file = ParseMotText(text, source, read);
  const size_t first = table->rows.size();
  const BoxSequence& info = table->sequences[static_cast<size_t>(sequence)];
  table->rows.reserve(table->rows.size() + file.tracks.boxes.size());
  int32_t last_number = -2, last_class = kNoClass;
  for (size_t i = 0; i < file.tracks.boxes.size(); ++i) {
    const TrackBox& box = file.tracks.boxes[i];
    if (box.frame.value > kMostFrames) {
      ThrowField(fmt::format("{}:{}", source, file.line[i]),
                 fmt::format("a frame up to {}", kMostFrames),
                 fmt::format("{}: is it a time?", box.frame.value));
    }
    BoxRow row;
    row.sequence = sequence;
    row.frame = static_cast<int32_t>(box.frame.value - options.frame_offset);
    if (box.id.value >= 0) row.track_id = box.id.value;
    row.box = ReadColumns(box.box, options, info);
    if (box.class_id != last_number) {
      last_number = box.class_id;
      // Of results, 0 says as little as -1.
      const bool stated = rows == MotRows::kGroundTruth ? last_number >= 0 : last_number > 0;
      last_class = stated ? table->Class(last_number, MotClassName(last_number)) : kNoClass;
    }
    row.box_class = last_class;
    if (rows == MotRows::kGroundTruth) {
      row.mark = box.confidence != 0 ? 1 : 0;
      if (box.visibility >= 0) row.visibility = Widen(box.visibility);
    } else {
      row.score = box.confidence;
    }
    table->rows.push_back(row);
  }
  if (world) ReadWorldPlaces(text, source, file, first, table);
  for (std::string& warning : file.warnings) table->warnings.push_back(std::move(warning));
}

void WriteMotBoxes(const SequenceRows& rows, MotRows kind, TextSink* sink) {
  // A fitted table has places in the world only where rows are those of MOT15.
  std::array<const ExtraColumn*, kWorldColumns.size()> world{};
  for (const ExtraColumn& extra : rows.table.extras) {
    for (size_t k = 0; k < world.size(); ++k) {
      if (extra.name == kWorldColumns[k]) world[k] = &extra;
    }
  }
  const bool has_world = std::any_of(world.begin(), world.end(),
                                     [](const ExtraColumn* column) { return column != nullptr; });
  bool visibility = false;
  for (size_t i = rows.begin; i < rows.end; ++i)
    visibility = visibility || HasValue(rows.row(i).visibility);
  for (size_t i = rows.begin; i < rows.end; ++i) {
    const BoxRow& row = rows.row(i);
    std::string& out = sink->text();
    fmt::format_to(std::back_inserter(out), "{},{}", row.frame,
                   kind == MotRows::kDetections ? -1 : row.track_id);
    for (const double value : {row.box.left, row.box.top, row.box.width, row.box.height}) {
      out += ',';
      AppendShortest(value, &out);
    }
    const auto append = [&](double value) {
      out += ',';
      AppendShortest(HasValue(value) ? value : -1, &out);
    };
    if (kind == MotRows::kGroundTruth) {
      fmt::format_to(std::back_inserter(out), ",{}", row.mark);
      if (has_world) {
        for (const ExtraColumn* column : world)
          append(column == nullptr ? kNoValue : column->values[i]);
      } else {
        fmt::format_to(std::back_inserter(out), ",{}", rows.class_of(i).number);
        if (visibility) append(row.visibility);
      }
    } else {
      out += ',';
      AppendShortest(row.score, &out);
      fmt::format_to(std::back_inserter(out), ",{},-1,-1", rows.class_of(i).number);
    }
    out += '\n';
    sink->Pour();
  }
}

}  // namespace reidbench
