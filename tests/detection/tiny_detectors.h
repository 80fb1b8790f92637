// Detectors of a few nodes for tests: 64 x 64 pixels in, tables out that are the same for every
// picture but for one score, which is the mean of the first channel as the network is given it.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "embedding/onnx_writer.h"

namespace reidbench {

inline constexpr int64_t kTinySide = 64;
inline constexpr int64_t kTinyCells = 64 + 16 + 4;  // of strides 8, 16, 32

struct TinyOutput {
  std::string name;
  std::vector<int64_t> shape;
  std::vector<float> numbers;
  std::vector<size_t> scores = {};  // where the mean of the first channel is added
};

// A table of one value but for the places that are set.
class TinyTable {
 public:
  TinyTable(std::string name, std::vector<int64_t> shape, float value = 0)
      : output_{std::move(name), std::move(shape), {}} {
    size_t count = 1;
    for (const int64_t size : output_.shape) count *= static_cast<size_t>(size);
    output_.numbers.assign(count, value);
  }
  // In the order of the axes, from `at` on, `step` apart.
  TinyTable& Set(size_t at, const std::vector<float>& values, size_t step = 1) {
    for (size_t i = 0; i < values.size(); ++i) output_.numbers[at + i * step] = values[i];
    return *this;
  }
  TinyTable& Score(size_t at) {
    output_.scores.push_back(at);
    return *this;
  }
  operator TinyOutput() const { return output_; }  // NOLINT

 private:
  TinyOutput output_;
};

struct TinyOptions {
  std::string size_input = {};  // of two numbers
  bool nms = false;             // ends in NonMaxSuppression of the outputs "boxes" and "scores"
  std::vector<std::pair<std::string, std::string>> metadata = {};
};

inline std::string TinyDetector(const std::vector<TinyOutput>& outputs,
                                const TinyOptions& options = {}) {
  OnnxWriter writer;
  writer.Input("images", {1, 3, kTinySide, kTinySide});
  if (!options.size_input.empty()) writer.Input(options.size_input, {1, 2});
  writer.Floats("first", {1, 3, 1, 1}, {1, 0, 0});
  writer.Node("Conv", {"images", "first"}, "channel",
              {OnnxWriter::IntegersAttribute("kernel_shape", {1, 1})});
  writer.Node("GlobalAveragePool", {"channel"}, "mean");
  for (const TinyOutput& output : outputs) {
    std::vector<float> mask(output.numbers.size());
    for (const size_t at : output.scores) mask[at] = 1;
    const std::string& name = output.name;
    writer.Floats(name + "_mask", output.shape, mask);
    writer.Floats(name + "_base", output.shape, output.numbers);
    writer.Integers(name + "_ones", std::vector<int64_t>(output.shape.size(), 1));
    writer.Node("Reshape", {"mean", name + "_ones"}, name + "_mean");
    writer.Node("Mul", {name + "_mask", name + "_mean"}, name + "_score");
    writer.Node("Add", {name + "_base", name + "_score"}, name);
    if (!options.nms) writer.Output(name, output.shape);
  }
  if (options.nms) {
    writer.Integers("most", {10});
    writer.Floats("iou", {1}, {0.25F});
    writer.Floats("least", {1}, {0.125F});
    writer.Node("NonMaxSuppression", {"boxes", "scores", "most", "iou", "least"}, "kept");
    writer.Node("Cast", {"kept"}, "dets", {OnnxWriter::IntegerAttribute("to", 1)});
    writer.Output("dets", {0, 3});
  }
  for (const auto& [key, value] : options.metadata) writer.Metadata(key, value);
  return writer.Model(12);
}

// A row of six for each of 84 cells, as YOLOX's of two classes. The person is of stride 8, column
// 3, row 3: 16, 8 to 32, 40 in the input.
inline TinyTable TinyYolox(const std::string& name = "output") {
  constexpr size_t kCell = 3 * 8 + 3;
  return TinyTable(name, {1, kTinyCells, 6})
      .Set(kCell * 6, {0, 0, std::log(2.F), std::log(4.F), 1, 0})
      .Score(kCell * 6 + 5);
}

}  // namespace reidbench
