// What one has to know about a detector beside its ONNX file: how pictures are given to it and how
// its outputs are boxes. Presets are YAML files, configs/detectors/*.yaml, which explain every key.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "reidbench/config/reader.h"
#include "reidbench/detection/nms.h"

namespace reidbench {

enum class ColorOrder { kRgb, kBgr };
enum class FrameFit {
  kLetterbox,  // keeps the shape, the rest is padding
  kStretch,    // to the input's shape
};
enum class Alignment { kTopLeft, kCentre };  // of the picture in a letterbox
enum class SizeRounding { kFloor, kRound };  // of its sides; kRound: halves to even

// What a network that is told the picture's size wants, beside the picture.
enum class SizeInput {
  kNone,
  kWidthHeight,  // px
  kHeightWidth,  // px
  kScales,       // input over picture, vertical and horizontal
};

struct DetectorInput {
  int width = 0, height = 0;  // px
  ColorOrder color = ColorOrder::kRgb;
  // The network gets (value * scale - mean) / std of values 0..255, in the order of `color`.
  double scale = 1;
  std::array<double, 3> mean = {0, 0, 0};
  std::array<double, 3> std = {1, 1, 1};
  FrameFit fit = FrameFit::kLetterbox;
  Alignment align = Alignment::kCentre;
  SizeRounding round = SizeRounding::kRound;
  int pad = 114;  // 0..255, before scale, mean and std
  SizeInput size_input = SizeInput::kNone;
};

enum class OutputLayout {
  kRows,      // boxes: a row a candidate, [box, objectness if any, score of each class]
  kGrid,      // the same, boxes relative to the cells of a grid: YOLOX
  kFinished,  // boxes: rows that are detections, what stands in which column says `columns`; or
              // boxes [n, 4 or 5] with labels [n]
  kSeparate,  // boxes [n, 4] and scores [n, classes], [classes, n], or [n] with labels [n]
  kLevels,    // for each stride scores and distances of the four sides from the cell
};
enum class BoxForm { kCentres, kCorners, kCornersYx };  // cx cy w h; x1 y1 x2 y2; y1 x1 y2 x2
enum class BoxUnits {
  kInput,     // px of the network's input
  kUnit,      // 0..1 of it
  kOriginal,  // px of the picture
};
enum class Activation { kNone, kSigmoid, kSoftmax };
// Where in its cell a point of kLevels is: x * stride, + (stride - 1) / 2, or + stride / 2.
enum class CellPoint { kCorner, kPixelCentre, kCentre };

struct DetectorOutput {
  OutputLayout layout = OutputLayout::kRows;
  BoxForm boxes = BoxForm::kCentres;
  BoxUnits units = BoxUnits::kInput;
  // Names of the file. kRows, kGrid: the one output in `box_names`; kLevels: one a stride.
  std::vector<std::string> box_names, score_names, label_names;
  // Of kFinished with one output: x1 y1 x2 y2 score class, also image (rows end at a negative one).
  std::vector<std::string> columns = {"x1", "y1", "x2", "y2", "score", "class"};
  bool objectness = false;
  Activation activation = Activation::kNone;  // of scores; softmax over the classes
  std::vector<int> strides = {8, 16, 32};     // of kGrid and kLevels
  int reg_max = 0;          // kLevels: > 0: distances are means over softmax of reg_max + 1 bins
  bool in_strides = false;  // kLevels: distances count strides, not pixels
  CellPoint point = CellPoint::kCorner;
  std::vector<int> person = {0};  // classes
  bool best_class = false;  // a candidate is of its best class alone; else of each person class
  bool clip = true;         // boxes end at the picture's border
};

struct DetectorDescription {
  std::string name;  // of the preset, or the file
  DetectorInput input;
  DetectorOutput output;
  NmsOptions nms;
  double score = 0.05;  // least score
  int max = 300;        // detections of a picture, the best

  // All that is wrong, naming keys; empty when nothing is.
  std::vector<std::string> Violations() const;
};

// Keys that are not written leave `description` as it is. Errors are collected by the reader.
void ReadDetectorDescription(ConfigReader* reader, DetectorDescription* description);

// A file, or a name of configs/detectors. A file's `preset: NAME` says which preset it is laid on;
// else it is laid on `base`. Throws Error(kIo, kConfig).
DetectorDescription LoadDetectorDescription(const std::filesystem::path& config,
                                            const DetectorDescription& base);

// Two lines: how pictures are given and how boxes are read.
std::string DescribeDetector(const DetectorDescription& description);

}  // namespace reidbench
