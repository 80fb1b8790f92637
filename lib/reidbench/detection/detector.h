// People in pictures, by an ONNX network through the project's own engine.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reidbench/core/box.h"
#include "reidbench/detection/description.h"
#include "reidbench/detection/output_decoder.h"
#include "reidbench/imaging/image.h"

namespace reidbench {

struct DetectorOptions {
  std::filesystem::path weights;  // ONNX
  std::filesystem::path config;   // a file, or a name of configs/detectors; empty: recognised
  std::string engine = "onednn";  // or "reference"
  int width = 0, height = 0;      // px given to a network that takes any size; 0: the description's
  std::optional<double> score;    // least score, over the description's
  std::optional<double> iou;      // of non-maximum suppression, likewise
};

struct Detection {
  BoxLtwh box_px;  // in the picture
  double score = 0;

  friend bool operator==(const Detection&, const Detection&) = default;
};

class Detector {
 public:
  // Reads and checks everything. Throws Error(kIo, kModel, kConfig, kUsage).
  explicit Detector(const DetectorOptions& options);
  ~Detector();

  const DetectorDescription& description() const;
  const std::string& recognised() const;  // why it is read as it is
  const std::vector<std::string>& warnings() const;
  const std::string& sha256() const;  // of the file

  // Best first, at most description().max. Boxes end at the picture's border unless the
  // description says otherwise; those that are outside are left out. `signs` are added to.
  // Thread-safe; a call uses one thread, and gives the same on any.
  std::vector<Detection> Detect(const RgbImage& picture, DecodeSigns* signs) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace reidbench
