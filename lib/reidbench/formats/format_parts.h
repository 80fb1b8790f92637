// The reader and the writer of each format. A reader appends to the table; texts are whole files.
// Private to lib/reidbench/formats, its tests and fuzzers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "reidbench/formats/box_format.h"
#include "reidbench/formats/box_table.h"

namespace reidbench {

// Text on its way into a file.
class TextSink {
 public:
  explicit TextSink(std::function<void(std::string_view)> write) : write_(std::move(write)) {}

  std::string& text() { return text_; }
  // To be called now and then: what is long enough is written.
  void Pour() {
    if (text_.size() >= (size_t{1} << 20)) Flush();
  }
  void Flush() {
    write_(text_);
    text_.clear();
  }

 private:
  std::function<void(std::string_view)> write_;
  std::string text_;
};

// The rows of one sequence of a sorted table.
struct SequenceRows {
  const BoxTable& table;
  size_t sequence;
  size_t begin, end;

  const BoxSequence& info() const { return table.sequences[sequence]; }
  const BoxRow& row(size_t i) const { return table.rows[i]; }
  const BoxClass& class_of(size_t i) const;  // of a row; number -1 and no name where it has none
};

// Class names that numbers stand for.
std::span<const std::string_view> MotClassNames();       // [0] is class 1
std::span<const std::string_view> VisDroneClassNames();  // [0] is class 0

// mot.cc
MotRows GuessMotRows(std::string_view text, const std::filesystem::path& path);
void ParseMotBoxes(std::string_view text, const std::string& source, const BoxReadOptions& options,
                   MotRows rows, int32_t sequence, BoxTable* table);
void WriteMotBoxes(const SequenceRows& rows, MotRows kind, TextSink* sink);
// Left, top, width, height of what four columns say; the picture's size is the sequence's. Throws
// Error(kUsage) where that is needed and not known.
BoxLtwh ReadColumns(const BoxLtwh& raw, const BoxReadOptions& options, const BoxSequence& sequence);

// named_csv.cc
void WriteMotHeader(const SequenceRows& rows, TextSink* sink);
void WriteSupervision(const SequenceRows& rows, TextSink* sink);

// kitti.cc
void ParseKitti(std::string_view text, const std::string& source, int32_t sequence,
                BoxTable* table);
void WriteKitti(const SequenceRows& rows, TextSink* sink);
bool IsKittiColumn(std::string_view extra);

// visdrone.cc
void ParseVisDrone(std::string_view text, const std::string& source, int32_t sequence,
                   BoxTable* table);
void WriteVisDrone(const SequenceRows& rows, TextSink* sink);

// yolo.cc: a text is the labels of one frame.
void ParseYoloFrame(std::string_view text, const std::string& source, int32_t sequence,
                    int32_t frame, BoxTable* table);
// Once all frames are there: what column 6 is, and names for the classes.
void FinishYolo(BoxTable* table);
void WriteYoloFrame(const SequenceRows& rows, size_t begin, size_t end, TextSink* sink);

// coco.cc
void ReadCoco(const std::filesystem::path& file, BoxTable* table);
void ParseCoco(std::string_view text, const std::string& source, BoxTable* table);
void WriteCoco(const BoxTable& table, TextSink* sink);

// cvat.cc
void ParseCvat(std::string_view text, const std::string& source, BoxTable* table);
void WriteCvat(const SequenceRows& rows, TextSink* sink);

// numpy.cc
void ParseNumpy(std::string_view bytes, const std::string& source, const BoxReadOptions& options,
                BoxTable* table);

}  // namespace reidbench
