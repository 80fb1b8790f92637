// The formats that boxes are read from and written to, and what each can hold. README.md has the
// table; the reader and the writer of each format are in the file of its name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/formats/box_table.h"

namespace reidbench {

enum class BoxFormat {
  kMot,
  kMotHeader,
  kSupervision,
  kKitti,
  kYolo,
  kCoco,
  kCvat,
  kVisDrone,
  kNumpy,
};

struct BoxFormatInfo {
  BoxFormat format;
  const char* name;       // "kitti", of --from and --to
  const char* title;      // "KITTI tracking labels", in messages
  const char* extension;  // ".txt"
  bool many_sequences;    // in one file
};
std::span<const BoxFormatInfo> BoxFormats();
const BoxFormatInfo& InfoOf(BoxFormat format);
// Throws Error(kUsage) that lists them.
BoxFormat BoxFormatOf(std::string_view name);

// What the rows of MOT text are. kAuto, of a file: told from its name and first rows; to write:
// from what the boxes have.
enum class MotRows { kAuto, kGroundTruth, kResults, kDetections };

// What four columns of a MOT-shaped row say instead of left, top, width, height.
enum class BoxColumns { kSize, kCorners, kCentre };

struct BoxReadOptions {
  MotRows rows = MotRows::kAuto;
  BoxColumns columns = BoxColumns::kSize;  // of kMot and kNumpy
  bool relative = false;                   // they are shares of the picture
  double scale = 1;                        // every coordinate is multiplied by it
  int64_t frame_offset = 0;                // added to every frame
  ImageSize image_size;                    // of every picture; none: as files say
  std::filesystem::path sequences;         // whose seqinfo.ini say size, length and rate
  // Sequences that are known: the pictures' sizes are taken from the one of the same name, or from
  // the only one.
  const std::vector<BoxSequence>* known = nullptr;
};

// What `path` holds, by its content. Throws Error(kInput) that says what was found instead, and
// Error(kIo).
BoxFormat DetectBoxFormat(const std::filesystem::path& path);

// A file, or a folder of one file a sequence, as the format has it. Throws Error(kInput) with
// file:line or the place in the file, Error(kIo) and, where a size of the picture is needed and
// nothing says it, Error(kUsage).
BoxTable ReadBoxes(const std::filesystem::path& path, BoxFormat format,
                   const BoxReadOptions& options);

// What became of a class.
struct ClassChange {
  BoxClass read, written;
  int64_t boxes = 0;
};

// Where boxes go.
struct BoxTarget {
  BoxFormat format = BoxFormat::kMot;
  MotRows rows = MotRows::kAuto;  // of kMot; WriteBoxes wants what FitToFormat chose
  bool is_folder = false;         // of files; else one file
};

struct FittedBoxes {
  MotRows rows = MotRows::kAuto;  // what is written; never kAuto
  std::vector<BoxLoss> losses;    // what the format has no place for
  std::vector<ClassChange> classes;
  std::vector<std::string> notes;  // what had to be made up
};

// Makes of a table what the format can hold, so that reading back what WriteBoxes writes gives
// exactly that: values without a place become none and are counted, ids and scores that a format
// cannot do without are made up and noted. Also sorts. Throws Error(kUsage) where a picture's size
// is needed and not known, or several sequences do not fit.
FittedBoxes FitToFormat(const BoxTarget& target, BoxTable* table);

// Writes a table that FitToFormat made into `path`: the file, or a folder that is there. Returns
// the paths of the files in the folder; of a single file, its own. Throws Error(kIo).
std::vector<std::string> WriteBoxes(const BoxTable& table, const BoxTarget& target,
                                    const std::filesystem::path& path);

}  // namespace reidbench
