// Labels of YOLO trainers and of ultralytics' save_txt: one text a frame with rows "class
// x_centre y_centre width height[ confidence][ track id]", all but class, confidence and id as
// shares of the picture.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <set>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/datasets/quoted.h"
#include "reidbench/formats/decimal.h"
#include "reidbench/formats/format_parts.h"
#include "reidbench/formats/text_rows.h"

namespace reidbench {
namespace {

// A share whose part of `size` is `length` again, bit by bit, where there is one.
double ShareOf(double length, double size) {
  const double share = length / size;
  for (const double candidate :
       {share, std::nextafter(share, INFINITY), std::nextafter(share, -INFINITY)}) {
    if (candidate * size == length) return candidate;
  }
  return share;
}

// Likewise of the centre: `left` is what reading gives for it.
double CentreShareOf(double left, double length, double share, double size) {
  const double centre = (left + length / 2) / size;
  double best = centre;
  double best_error = INFINITY;
  double candidate = centre;
  for (int step = 0; step < 9; ++step) {  // 0, +1, -1, +2, ... units in the last place
    candidate = centre;
    for (int k = 0; k < (step + 1) / 2; ++k)
      candidate = std::nextafter(candidate, step % 2 == 1 ? INFINITY : -INFINITY);
    const double error = std::abs(candidate * size - share * size / 2 - left);
    if (error < best_error) {
      best = candidate;
      best_error = error;
    }
    if (error == 0) break;
  }
  return best;
}

// Prefixes of names that say nothing of the sequence.
bool IsPlainPrefix(std::string_view prefix) {
  for (const char* plain : {"", "frame", "img", "image", "im"}) {
    if (prefix == plain) return true;
  }
  return false;
}

}  // namespace

std::string_view StemOf(std::string_view file_name) {
  const size_t slash = file_name.find_last_of("/\\");
  const std::string_view name =
      slash == std::string_view::npos ? file_name : file_name.substr(slash + 1);
  const size_t dot = name.rfind('.');
  return dot == 0 ? name : name.substr(0, dot);
}

StemParts SplitStem(std::string_view stem) {
  size_t begin = stem.size();
  while (begin > 0 && stem[begin - 1] >= '0' && stem[begin - 1] <= '9') --begin;
  StemParts parts;
  if (begin < stem.size() && stem.size() - begin <= 15) parts.frame = ParseInt(stem.substr(begin));
  while (begin > 0 && (stem[begin - 1] == '_' || stem[begin - 1] == '-' || stem[begin - 1] == '.' ||
                       stem[begin - 1] == ' '))
    --begin;
  parts.prefix = stem.substr(0, begin);
  return parts;
}

bool AreFrameNumbers(int64_t highest, size_t count) {
  // A label file is missing where there was nothing to see; numbers of pictures are all over.
  return highest < kMostFrames && highest <= 1000 + 64 * static_cast<int64_t>(count);
}

std::vector<YoloFrame> PlaceYoloFiles(const std::string& folder,
                                      const std::vector<std::string>& stems) {
  struct Group {
    int64_t lowest = kMostFrames, highest = 0;
    std::set<int64_t> frames;
  };
  std::map<std::string, Group> groups;
  bool numbered = true;
  for (const std::string& stem : stems) {
    const StemParts parts = SplitStem(stem);
    numbered = numbered && parts.frame.has_value();
    if (!numbered) break;
    Group& group = groups[IsPlainPrefix(parts.prefix) ? folder : std::string(parts.prefix)];
    group.lowest = std::min(group.lowest, *parts.frame);
    group.highest = std::max(group.highest, *parts.frame);
    numbered = group.frames.insert(*parts.frame).second;
  }
  for (const auto& [name, group] : groups)
    numbered = numbered && AreFrameNumbers(group.highest, group.frames.size());
  std::vector<YoloFrame> placed;
  for (const std::string& stem : stems) {
    if (!numbered) {
      placed.push_back({folder, static_cast<int64_t>(placed.size()) + 1});
      continue;
    }
    const StemParts parts = SplitStem(stem);
    const std::string name = IsPlainPrefix(parts.prefix) ? folder : std::string(parts.prefix);
    placed.push_back({name, *parts.frame + (groups.at(name).lowest == 0 ? 1 : 0)});
  }
  return placed;
}

void ParseYoloFrame(std::string_view text, const std::string& source, int32_t sequence,
                    int32_t frame, BoxTable* table) {
  const ImageSize size = table->sequences[static_cast<size_t>(sequence)].SizeOf(frame);
  REIDBENCH_CHECK(size.width > 0 && size.height > 0);
  const double width = static_cast<double>(size.width);
  const double height = static_cast<double>(size.height);
  TextRows rows(text, source, ' ');
  while (rows.Next()) {
    if (rows.size() < 5 || rows.size() > 7) {
      rows.Fail("5 to 7 columns (class x_centre y_centre width height[ confidence][ track id])",
                fmt::format("{}{}", rows.size(),
                            rows.size() > 8 && rows.size() % 2 == 1
                                ? ": outlines of segments are no boxes"
                                : ""));
    }
    BoxRow row;
    row.sequence = sequence;
    row.frame = frame;
    row.box_class = table->Class(static_cast<int32_t>(rows.Integer(0, "class", 0, 1 << 20)), "");
    const double share_width = rows.Number(3, "width"), share_height = rows.Number(4, "height");
    const double centre_x = rows.Number(1, "x_centre"), centre_y = rows.Number(2, "y_centre");
    for (size_t column = 1; column < 5; ++column) {
      if (std::abs(rows.Number(column, "")) > 10) {
        rows.Fail(fmt::format("a share of the picture in column {}, 0..1", column + 1),
                  Quoted(rows.fields()[column]));
      }
    }
    row.box = {centre_x * width - share_width * width / 2,
               centre_y * height - share_height * height / 2, share_width * width,
               share_height * height};
    CheckBox(row.box, rows.Place());
    if (rows.size() >= 6) row.score = rows.Number(5, "confidence");
    if (rows.size() == 7) row.track_id = rows.Integer(6, "track id", 0, int64_t{1} << 53);
    table->rows.push_back(row);
  }
}

void FinishYolo(BoxTable* table) {
  // Six columns are class, box and either confidence or track id: whole numbers above 1 are ids.
  bool whole = true, above_one = false, other_ids = false;
  for (const BoxRow& row : table->rows) {
    other_ids = other_ids || row.track_id != kNoTrack;
    if (!HasValue(row.score)) continue;
    whole = whole && row.score == std::floor(row.score) && row.score >= 0 && row.score <= 9e15;
    above_one = above_one || row.score > 1;
  }
  if (other_ids || !whole || !above_one) return;
  for (BoxRow& row : table->rows) {
    if (!HasValue(row.score)) continue;
    row.track_id = static_cast<int64_t>(row.score);
    row.score = kNoValue;
  }
  table->notes.emplace_back("column 6 holds whole numbers above 1: track ids, not confidences");
}

void WriteYoloFrame(const SequenceRows& rows, int64_t frame, size_t begin, size_t end,
                    TextSink* sink) {
  const ImageSize size = rows.info().SizeOf(frame);
  const double width = static_cast<double>(size.width);
  const double height = static_cast<double>(size.height);
  for (size_t i = begin; i < end; ++i) {
    const BoxRow& row = rows.row(i);
    std::string& out = sink->text();
    const double share_width = ShareOf(row.box.width, width);
    const double share_height = ShareOf(row.box.height, height);
    fmt::format_to(std::back_inserter(out), "{} {} {} {} {}", rows.class_of(i).number,
                   CentreShareOf(row.box.left, row.box.width, share_width, width),
                   CentreShareOf(row.box.top, row.box.height, share_height, height), share_width,
                   share_height);
    if (HasValue(row.score)) fmt::format_to(std::back_inserter(out), " {}", row.score);
    if (row.track_id != kNoTrack) fmt::format_to(std::back_inserter(out), " {}", row.track_id);
    out += '\n';
    sink->Pour();
  }
}

}  // namespace reidbench
