// The reader and the writer of each format. A reader appends to the table; texts are whole files.
// Private to lib/reidbench/formats, its tests and fuzzers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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

// "000012" of "SEQ/img1/000012.jpg".
std::string_view StemOf(std::string_view file_name);
// "000012": what a file of a frame is called where no name is known.
std::string DefaultStem(int64_t frame);
// A stem and the number that ends it: "video" and 12 of "video_012".
struct StemParts {
  std::string_view prefix;
  std::optional<int64_t> frame;  // none without digits, or with too many
};
StemParts SplitStem(std::string_view stem);
// Whether numbers in names are frames of a video, not ids of single pictures: most are there.
bool AreFrameNumbers(int64_t highest, size_t count);

// Class names that numbers stand for.
std::span<const std::string_view> MotClassNames();       // [0] is class 1
std::span<const std::string_view> VisDroneClassNames();  // [0] is class 0

// mot.cc
MotRows GuessMotRows(std::string_view text, const std::filesystem::path& path);
void ParseMotBoxes(std::string_view text, const std::string& source, const BoxReadOptions& options,
                   MotRows rows, int32_t sequence, BoxTable* table);
void WriteMotBoxes(const SequenceRows& rows, MotRows kind, TextSink* sink);
bool IsWorldColumn(std::string_view extra);  // x, y, z of MOT15
// Left, top, width, height of what four columns say; the picture's size is the sequence's. Throws
// Error(kUsage) where that is needed and not known.
BoxLtwh ReadColumns(const BoxLtwh& raw, const BoxReadOptions& options, const BoxSequence& sequence);

// named_csv.cc: rows below a line of names, or of JSON objects with such names.
void ParseNamedRows(std::string_view text, const std::string& source, const BoxReadOptions& options,
                    int32_t sequence, BoxTable* table);
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

// yolo.cc: a text is the labels of one frame. Which sequence and frame files are of: by the number
// that ends their stems, and what stands before; by their order where that is no number of a frame.
// `stems` are sorted; `folder` is the sequence where they name none.
struct YoloFrame {
  std::string sequence;
  int64_t frame = 0;
};
std::vector<YoloFrame> PlaceYoloFiles(const std::string& folder,
                                      const std::vector<std::string>& stems);
void ParseYoloFrame(std::string_view text, const std::string& source, int32_t sequence,
                    int32_t frame, BoxTable* table);
// Once all frames are there: what column 6 is, and names for the classes.
void FinishYolo(BoxTable* table);
void WriteYoloFrame(const SequenceRows& rows, int64_t frame, size_t begin, size_t end,
                    TextSink* sink);

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
void WriteNumpy(const SequenceRows& rows, TextSink* sink);

}  // namespace reidbench
