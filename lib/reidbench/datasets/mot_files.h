// MOTChallenge text files: ground truth, tracker results and detections, one box a line. What
// TrackEval (commit 12c8791b) evaluates is read the same; what it refuses with "Unknown error", or
// mis-scores silently (negative and fractional ids), is refused here with file, line, expected and
// found. Columns: frame, id, left, top, width, height, score or mark[, class, visibility]
// (MOT16/17/20, DanceTrack) or [, x, y, z] (MOT15).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/core/tracks.h"

namespace reidbench {

enum class MotFileKind { kGroundTruth, kResult, kDetections };

struct MotReadOptions {
  MotFileKind kind = MotFileKind::kResult;
  int64_t frame_count = 0;  // rows of frames outside 1..frame_count are errors; 0 = not known
  bool has_classes =
      true;  // column 8 is a class; false for MOT15, where columns 8-10 are world coordinates
  // Ground truth: the only valid classes; empty = any.
  std::vector<int32_t> known_classes;
  // Results: the valid classes besides 0 and -1 ("not stated"); empty = any. A file with named
  // columns that says "person", or ground truth whose names have no class, means the first of them.
  std::vector<int32_t> result_classes{1};
  // Ground truth: the classes whose rows count, if their mark is not 0; empty = all. Within a frame
  // an id may repeat when none of its rows counts.
  std::vector<int32_t> counted_classes;
  // Ground truth: the classes of areas, which may have any id.
  std::vector<int32_t> region_classes;
  int64_t frame_offset = 0;  // is added to every frame, before it is looked at
};

struct MotFile {
  TrackSet tracks;            // .frame_count is the option's, or the last frame seen when that is 0
  std::vector<int32_t> line;  // of each box, from 1
  std::vector<std::string>
      warnings;  // "path:line: ...", one per kind of oddity, for the command to print
  int64_t added_to_frames = 0;  // 1 where named columns count frames from 0
  // How rows are written: what parts their fields, and which field (from 0) is the id where the
  // columns have names of their own; -1 = the second, as in MOT text.
  char delimiter = ',';
  int id_field = -1;
};

// Reads one file. Commas, semicolons, tabs or spaces (told from the first line), CRLF, a byte order
// mark, a trailing delimiter and blank lines at the end are normal; blank lines inside and a column
// count that changes between frames are warnings. Where the first line names the columns, they are
// read by their names (mot_header.h), which is a warning unless the names are in the order above.
// Throws Error(kIo) when the file cannot be read and Error(kInput) with one message for the file:
// what it is when it is no such text (file_kind.h), else the first bad line, what was expected and
// found, how many rows are bad, further ones, and what to do.
MotFile ReadMotFile(const std::filesystem::path& path, const MotReadOptions& options);

// The same for text in memory; `source` stands for the path in messages.
MotFile ParseMotText(std::string_view text, std::string_view source, const MotReadOptions& options);

// Result rows "frame,id,left,top,width,height,score,-1,-1,-1", numbers in the shortest form that
// reads back equal.
std::string FormatMotResult(const TrackSet& tracks);

// `text` with other ids and every other byte as it is: the row in line `file.line[i]` (from 1,
// ascending, as ParseMotText gave them for this text) gets id[i]. A row that has that id already
// keeps its way of writing it.
std::string ReplaceMotIds(std::string_view text, const MotFile& file, std::span<const TrackId> id);

// seqinfo.ini of one sequence. Only seqLength is required.
struct SequenceInfo {
  std::string name;
  std::string image_dir;
  std::string image_extension;
  int64_t frame_count = 0;  // seqLength
  std::optional<double> frame_rate;
  std::optional<int64_t> image_width;
  std::optional<int64_t> image_height;
};

// Throws Error(kIo) when the file is missing, Error(kInput) with file:line otherwise.
SequenceInfo ReadSequenceInfo(const std::filesystem::path& path);
SequenceInfo ParseSequenceInfo(std::string_view text, std::string_view source);

// Names of a seqmap: a header line, then one sequence a line; blank lines are skipped.
// `sequence_folders` are the names of the data set's folders, so that a file without a header is
// refused instead of losing its first sequence. Throws Error(kIo) and Error(kInput).
std::vector<std::string> ReadSeqmap(const std::filesystem::path& path,
                                    const std::vector<std::string>& sequence_folders);
std::vector<std::string> ParseSeqmap(std::string_view text, std::string_view source,
                                     const std::vector<std::string>& sequence_folders);

}  // namespace reidbench
