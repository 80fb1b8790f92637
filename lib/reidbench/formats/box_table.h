// Boxes over the frames of videos, as a table that every format reads into and writes from. What a
// file does not state is not filled in: it stays "none" here, so that a writer can tell a stated 0
// from nothing, and so that what a format cannot hold can be counted.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/core/box.h"

namespace reidbench {

inline constexpr double kNoValue = std::numeric_limits<double>::quiet_NaN();
inline bool HasValue(double value) { return value == value; }

inline constexpr int64_t kNoTrack = -1;
inline constexpr int32_t kNoClass = -1;
// Frames of a video that a file may speak of: more would be a time stamp or a damaged number.
inline constexpr int64_t kMostFrames = std::numeric_limits<int32_t>::max();

struct BoxClass {
  int32_t number = -1;  // -1: none
  std::string name;     // empty: none

  friend bool operator==(const BoxClass&, const BoxClass&) = default;
};

struct ImageSize {
  int64_t width = 0, height = 0;  // pixels; 0: not stated

  friend bool operator==(const ImageSize&, const ImageSize&) = default;
};

struct BoxSequence {
  // Of a frame's picture.
  ImageSize SizeOf(int64_t frame) const;

  std::string name;
  int64_t frame_count = 0;  // frames are 1..frame_count; 0: not stated
  std::optional<double> frame_rate;
  ImageSize size;                              // of its pictures
  std::map<int64_t, ImageSize> frame_sizes;    // of those whose size is another
  std::map<int64_t, std::string> frame_names;  // file name of a frame's image, where stated
};

struct BoxRow {
  int32_t sequence = 0;  // index into BoxTable::sequences
  int32_t frame = 1;     // from 1
  int64_t track_id = kNoTrack;
  int32_t box_class = kNoClass;  // index into BoxTable::classes
  int8_t mark = -1;              // ground truth: 1 counts, 0 does not; -1: none
  BoxLtwh box;                   // pixels, not clipped to the picture
  double score = kNoValue;
  double visibility = kNoValue;  // 0..1
  double occluded = kNoValue;    // level: 0 no, 1 yes or partly, 2 largely, 3 not known (KITTI)
  double truncated = kNoValue;   // level or share
};

// A column that only some formats have: a number a row, or a text a row.
struct ExtraColumn {
  std::string name;
  std::vector<double> values;      // of each row, kNoValue where none; of texts an index into words
  std::vector<std::string> words;  // empty: the values are numbers
};

// Something that did not come along, while reading or because the target has no place for it.
struct BoxLoss {
  std::string what;  // "scores"
  int64_t count = 0;
  std::string why;  // "MOT ground truth has no score"
};

struct BoxTable {
  std::vector<BoxSequence> sequences;
  std::vector<BoxClass> classes;
  std::vector<BoxRow> rows;
  std::vector<ExtraColumn> extras;

  std::vector<BoxLoss> losses;        // of reading
  std::vector<std::string> notes;     // how something was understood
  std::vector<std::string> warnings;  // what looks wrong

  // The index of what is there or is added.
  int32_t Sequence(std::string_view name);
  int32_t Class(int32_t number, std::string_view name);
  // By name; the values of rows that are there are none. Valid until the next call.
  ExtraColumn& Extra(std::string_view name);

  // Sets the value of the last row, whatever the length of the column was.
  void SetExtra(std::string_view name, double value);
  void SetExtra(std::string_view name, std::string_view word);
  void CountLoss(std::string_view what, int64_t count, std::string_view why);

  // Rows by sequence, then frame, in their order within one: as writers want them. Rows of equal
  // frames keep the order that the file had.
  void SortByFrame();
  // Removes rows; keep[i] is about rows[i].
  void Keep(const std::vector<bool>& keep);
};

// The rows of each sequence of a sorted table: rows[begin[s]] .. rows[begin[s + 1]).
std::vector<size_t> SequenceBegins(const BoxTable& table);

// The highest frame that has a row, by sequence; 0 where none has.
std::vector<int64_t> LastFrames(const BoxTable& table);

// How two tables that should hold the same differ.
struct TableDifference {
  int64_t rows = 0;          // compared
  double largest_px = 0;     // of left, top, width, height
  double largest_value = 0;  // of score, visibility, extras
  std::string where;         // the row with the largest; empty where all are equal
  std::string mismatch;      // what is different otherwise; empty: nothing
};
// Sequences are matched by name, classes by number and name, rows of a frame by id, class and
// place. Notes, losses and columns without any value do not count.
TableDifference CompareTables(const BoxTable& expected, const BoxTable& found);

}  // namespace reidbench
