#include "reidbench/datasets/affine_files.h"

#include <algorithm>
#include <cmath>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/text.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

constexpr size_t kColumns = 7;

bool SeparatesNumbers(char c) { return c == ' ' || c == '\t' || c == ',' || c == ';'; }

std::vector<std::string_view> NumbersOf(std::string_view line) {
  std::vector<std::string_view> fields;
  for (size_t at = 0; at < line.size();) {
    if (SeparatesNumbers(line[at])) {
      ++at;
      continue;
    }
    const size_t begin = at;
    while (at < line.size() && !SeparatesNumbers(line[at])) ++at;
    fields.push_back(line.substr(begin, at - begin));
  }
  return fields;
}

}  // namespace

std::vector<fs::path> FindAffineFiles(const fs::path& affines,
                                      std::span<const std::string> sequences) {
  const bool folder = IsFolder(affines);
  if (sequences.size() > 1 && !folder) {
    ThrowUsage("--affines: expected a folder with SEQ.txt for {} sequences, found the file {}",
               sequences.size(), affines.string());
  }
  std::vector<fs::path> found;
  for (const std::string& sequence : sequences) {
    found.push_back(folder ? affines / (sequence + ".txt") : affines);
    if (!IsFile(found.back())) {
      ThrowIo("{}: expected the camera motion of sequence {}, found no such file",
              found.back().string(), sequence);
    }
  }
  return found;
}

AffineTrack ReadAffines(const fs::path& path, int64_t frame_count) {
  constexpr const char* kHint = "hint: it has to be the motion of the same frames";
  const std::string text = ReadFileText(path);
  AffineTrack motion(static_cast<size_t>(frame_count), Affine{1, 0, 0, 0, 1, 0});
  std::vector<int64_t> line_of(motion.size(), 0);
  std::string_view rest = text;
  if (StartsWith(rest, kByteOrderMark)) rest.remove_prefix(kByteOrderMark.size());
  int64_t line = 0;
  for (const std::string_view row : SplitText(rest, '\n')) {
    ++line;
    const std::vector<std::string_view> fields = NumbersOf(Trim(row));
    if (fields.empty()) continue;
    const auto place = [&] { return fmt::format("{}:{}", path.string(), line); };
    if (fields.size() != kColumns) {
      ThrowInput("{}: expected a frame and the 6 numbers of its matrix, found {} columns", place(),
                 fields.size());
    }
    const std::optional<int64_t> frame = ParseInt(fields[0]);
    if (!frame || *frame < 1 || *frame > frame_count) {
      ThrowInput("{}: expected a frame of 1..{}, the frames of the sequence, found '{}'\n  {}",
                 place(), frame_count, fields[0], kHint);
    }
    const auto f = static_cast<size_t>(*frame - 1);
    if (line_of[f] != 0)
      ThrowInput("{}: frame {} is given before, in line {}", place(), *frame, line_of[f]);
    line_of[f] = line;
    for (size_t k = 0; k < motion[f].size(); ++k) {
      const std::optional<double> value = ParseDouble(fields[k + 1]);
      constexpr double kLargest = 1e6;  // coordinates stay finite
      if (!value || !(std::abs(*value) <= kLargest)) {
        ThrowInput("{}: expected a number of -1e6..1e6 in column {}, found '{}'", place(), k + 2,
                   fields[k + 1]);
      }
      motion[f][k] = *value;
    }
    if (motion[f][0] * motion[f][4] == motion[f][1] * motion[f][3])
      ThrowInput("{}: expected a matrix that can be inverted, found determinant 0", place());
  }
  const auto missing = [](int64_t from) { return from == 0; };
  const int64_t absent =
      motion.empty() ? 0 : std::count_if(line_of.begin() + 1, line_of.end(), missing);
  if (absent > 0) {
    const auto first = std::find_if(line_of.begin() + 1, line_of.end(), missing);
    ThrowInput(
        "{}: expected a matrix for each of the frames 2..{}, found none for {}, first frame "
        "{}\n  {}",
        path.string(), frame_count, absent, first - line_of.begin() + 1, kHint);
  }
  return motion;
}

std::optional<Affine> MotionInto(const AffineTrack& motion, int64_t frame) {
  if (motion.empty() || frame < 2) return std::nullopt;
  return motion[static_cast<size_t>(frame) - 1];
}

}  // namespace reidbench
