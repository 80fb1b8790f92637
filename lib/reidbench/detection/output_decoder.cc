#include "reidbench/detection/output_decoder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"

namespace reidbench {
namespace {

constexpr double kUnitEnd = 2, kFarBeyondUnit = 4;
constexpr int64_t kEnoughBoxes = 5, kEnoughScores = 64;

double SigmoidOf(double x) { return 1 / (1 + std::exp(-x)); }

bool Mentions(const std::string& name, std::initializer_list<const char*> words) {
  const std::string lower = ToLower(name);
  return std::any_of(words.begin(), words.end(),
                     [&](const char* word) { return lower.find(word) != std::string::npos; });
}

// Without the axes of 1 in front, down to a matrix.
std::vector<int64_t> MatrixShape(std::vector<int64_t> shape) {
  while (shape.size() > 2 && shape.front() == 1) shape.erase(shape.begin());
  return shape;
}

// A score of each class of one candidate, from 0 to 1 once Activated.
struct ClassScores {
  const float* first = nullptr;
  int64_t step = 1;
  int64_t count = 1;
  double operator[](int64_t c) const { return double{first[c * step]}; }
};

CornerBox AsCorners(BoxForm form, double a, double b, double c, double d) {
  if (form == BoxForm::kCorners) return {a, b, c, d};
  if (form == BoxForm::kCornersYx) return {b, a, d, c};
  return {a - c / 2, b - d / 2, a + c / 2, b + d / 2};
}

}  // namespace

struct OutputDecoder::Matrix {
  size_t output = 0;
  int64_t rows = 0, columns = 0;
  bool transposed = false;  // stored [columns, rows]

  const float* At(std::span<const float* const> outputs, int64_t row, int64_t column) const {
    return outputs[output] + (transposed ? column * rows + row : row * columns + column);
  }
  int64_t step() const { return transposed ? rows : 1; }  // from column to column
};

std::string DescribeOutputs(std::span<const OutputShape> outputs) {
  std::vector<std::string> all;
  for (const OutputShape& output : outputs)
    all.push_back(fmt::format("'{}' [{}]", output.name, fmt::join(output.shape, ", ")));
  return JoinText(all, ", ");
}

void DecodeSigns::Add(const DecodeSigns& other) {
  pictures += other.pictures;
  candidates += other.candidates;
  in_unit += other.in_unit;
  beyond_unit += other.beyond_unit;
  inverted += other.inverted;
  scores += other.scores;
  least = std::min(least, other.least);
  largest = std::max(largest, other.largest);
}

void RequirePlausible(const DecodeSigns& signs, const DetectorDescription& description) {
  const DetectorOutput& output = description.output;
  if (output.activation == Activation::kSigmoid && signs.scores >= kEnoughScores &&
      signs.least >= 0 && signs.largest <= 1) {
    ThrowConfig(
        "{}: output.activation is sigmoid, and all {} scores of the network are within 0..1 "
        "before it ({:.3g} to {:.3g}): expected numbers of both signs\n  hint: the network has "
        "the sigmoid already: output.activation: none",
        description.name, WithThousands(signs.scores), signs.least, signs.largest);
  }
  if (signs.candidates < kEnoughBoxes) return;
  if (output.units == BoxUnits::kUnit && 10 * signs.beyond_unit > signs.candidates) {
    ThrowConfig(
        "{}: output.units is unit, and {} of {} boxes reach beyond {:g}: expected numbers within "
        "0..1\n  hint: output.units: input",
        description.name, WithThousands(signs.beyond_unit), WithThousands(signs.candidates),
        kFarBeyondUnit);
  }
  if (output.units != BoxUnits::kUnit && 10 * signs.in_unit > 9 * signs.candidates) {
    ThrowConfig(
        "{}: output.units says pixels, and {} of {} boxes lie within 0..{:g}: expected numbers up "
        "to the picture's size\n  hint: output.units: unit",
        description.name, WithThousands(signs.in_unit), WithThousands(signs.candidates), kUnitEnd);
  }
  if (5 * signs.inverted > signs.candidates) {
    ThrowConfig(
        "{}: {} of {} boxes end before they begin: they are not what output.layout and "
        "output.boxes say\n  hint: output.boxes: cxcywh, xyxy or yxyx",
        description.name, WithThousands(signs.inverted), WithThousands(signs.candidates));
  }
}

std::vector<std::string> Suspicions(const DecodeSigns& signs,
                                    const DetectorDescription& description) {
  if (signs.pictures == 0) return {};
  constexpr double kFew = 0.2;
  const double each = static_cast<double>(signs.candidates) / static_cast<double>(signs.pictures);
  if (each >= kFew) return {};
  return {fmt::format(
      "{} in {} pictures with a score of {:g} or more; the highest is {:.3g}\n  hint: if there are "
      "people, pictures are given to the network in another way than it was trained with: of "
      "input.color, scale, mean, std and resize one wrong key is enough, and output.person says "
      "which class people are",
      signs.candidates == 0 ? std::string("nobody was found")
                            : fmt::format("only {} candidates were found", signs.candidates),
      WithThousands(signs.pictures), description.score,
      description.output.activation == Activation::kSigmoid ? SigmoidOf(signs.largest)
                                                            : signs.largest)};
}

OutputDecoder::OutputDecoder(const DetectorDescription& description,
                             std::vector<OutputShape> outputs)
    : description_(description), outputs_(std::move(outputs)) {
  Bind();
  CheckShapes();
}

void OutputDecoder::Refuse(const std::string& why) const {
  ThrowConfig("{}: {}; the network has the outputs {}", description_.name, why,
              DescribeOutputs(outputs_));
}

size_t OutputDecoder::IndexOf(const std::string& name) const {
  for (size_t i = 0; i < outputs_.size(); ++i) {
    if (outputs_[i].name == name) return i;
  }
  Refuse(fmt::format("output.names: there is no output '{}'", name));
}

int64_t OutputDecoder::CellsOf(int stride) const {
  const auto along = [&](int size) { return int64_t{(size + stride - 1) / stride}; };
  return along(description_.input.height) * along(description_.input.width);
}

// The output seen as `rows` rows; 0: as many as its longer side, or its first where that is said.
OutputDecoder::Matrix OutputDecoder::RowsOf(size_t output, int64_t rows, const char* what) const {
  const std::vector<int64_t>& stored = outputs_[output].shape;
  std::vector<int64_t> shape = MatrixShape(stored);
  // A map: cells are rows, channels first.
  if (stored.size() == 4 && stored[2] * stored[3] == rows) shape = {stored[1], rows};
  if (shape.size() == 1) shape.push_back(1);
  if (shape.size() != 2) Refuse(fmt::format("'{}' is no table of {}", outputs_[output].name, what));
  Matrix matrix{output, shape[0], shape[1], false};
  if (rows == 0 ? shape[0] < shape[1] : shape[0] != rows && shape[1] == rows) {
    matrix = {output, shape[1], shape[0], true};
  } else if (rows != 0 && shape[0] != rows) {
    Refuse(fmt::format("expected {} {} in '{}'", rows, what, outputs_[output].name));
  }
  return matrix;
}

void OutputDecoder::Bind() {
  DetectorOutput& output = description_.output;
  switch (output.layout) {
    case OutputLayout::kRows:
    case OutputLayout::kGrid:
      if (output.box_names.empty()) {
        if (outputs_.size() != 1)
          Refuse("output.names.boxes is missing: several outputs may be the table of boxes");
        output.box_names = {outputs_.front().name};
      }
      break;
    case OutputLayout::kFinished:
    case OutputLayout::kSeparate:
      if (output.box_names.empty()) BindParts();
      break;
    case OutputLayout::kLevels:
      if (output.box_names.empty()) BindLevels();
      break;
  }
  for (const auto* names : {&output.box_names, &output.score_names, &output.label_names}) {
    for (const std::string& name : *names) IndexOf(name);
  }
}

void OutputDecoder::BindParts() {
  DetectorOutput& output = description_.output;
  if (outputs_.size() == 1) {
    output.box_names = {outputs_.front().name};
    return;
  }
  for (const OutputShape& one : outputs_) {
    const std::vector<int64_t> shape = MatrixShape(one.shape);
    const bool is_list = shape.size() == 1 || shape.back() == 1 || shape.front() == 1;
    std::vector<std::string>* names = nullptr;
    if (Mentions(one.name, {"box", "dets", "loc"})) {
      names = &output.box_names;
    } else if (Mentions(one.name, {"label", "class"}) && is_list) {
      names = &output.label_names;
    } else if (Mentions(one.name, {"score", "logit", "conf", "label", "cls", "prob"})) {
      names = &output.score_names;
    } else {
      continue;
    }
    if (!names->empty()) {
      Refuse(fmt::format("output.names: '{}' and '{}' may be the same thing", names->front(),
                         one.name));
    }
    names->push_back(one.name);
  }
  if (output.box_names.empty())
    Refuse("output.names.boxes is missing: no name says which they are");
}

void OutputDecoder::BindLevels() {
  DetectorOutput& output = description_.output;
  const int64_t sides = 4 * (output.reg_max + 1);
  if (outputs_.size() == 1) {
    output.box_names = {outputs_.front().name};
    return;
  }
  for (const int stride : output.strides) {
    const int64_t cells = CellsOf(stride);
    std::vector<std::string> boxes, scores;
    for (const OutputShape& one : outputs_) {
      int64_t numbers = 1;
      for (const int64_t size : one.shape) numbers *= size;
      const std::vector<int64_t>& shape = one.shape;
      const bool is_map = shape.size() == 4 && shape[2] * shape[3] == cells;
      const bool is_table = shape.size() == 3 && (shape[1] == cells || shape[2] == cells);
      if (!is_map && !is_table) continue;
      const bool may_be_boxes = numbers / cells == sides;
      // Where there are as many classes as distances only names tell them apart.
      const bool is_box = may_be_boxes && !Mentions(one.name, {"cls", "score", "class", "conf"});
      (is_box ? boxes : scores).push_back(one.name);
    }
    if (boxes.size() != 1 || scores.size() != 1) {
      Refuse(fmt::format(
          "output.names: for stride {} ({} cells) expected one output of {} distances a cell and "
          "one of scores, found {} and {}",
          stride, cells, sides, boxes.size(), scores.size()));
    }
    output.box_names.push_back(boxes.front());
    output.score_names.push_back(scores.front());
  }
}

void OutputDecoder::CheckShapes() const {
  const DetectorOutput& output = description_.output;
  const int most = *std::max_element(output.person.begin(), output.person.end());
  const auto require_classes = [&](int64_t classes, const std::string& name) {
    if (classes < 1) Refuse(fmt::format("'{}' has no column left for scores", name));
    if (most >= classes) {
      Refuse(
          fmt::format("output.person says class {}, and '{}' has {} classes", most, name, classes));
    }
  };
  const auto one_of = [&](const std::vector<std::string>& names, const char* key) {
    if (names.size() != 1)
      Refuse(fmt::format("output.names.{}: expected one name, found {}", key, names.size()));
    return IndexOf(names.front());
  };
  switch (output.layout) {
    case OutputLayout::kRows:
    case OutputLayout::kGrid: {
      int64_t rows = 0;
      if (output.layout == OutputLayout::kGrid) {
        for (const int stride : output.strides) rows += CellsOf(stride);
      }
      const size_t index = one_of(output.box_names, "boxes");
      const Matrix table =
          RowsOf(index, rows,
                 output.layout == OutputLayout::kGrid ? "rows, one for each cell of output.strides"
                                                      : "boxes");
      require_classes(table.columns - (output.objectness ? 5 : 4), outputs_[index].name);
      break;
    }
    case OutputLayout::kFinished: {
      const size_t index = one_of(output.box_names, "boxes");
      const std::vector<int64_t> shape = MatrixShape(outputs_[index].shape);
      const size_t wanted = output.label_names.empty() ? output.columns.size() : 5;
      if (shape.size() != 2 || shape[1] != static_cast<int64_t>(wanted)) {
        Refuse(fmt::format("expected {} columns in '{}'{}", wanted, outputs_[index].name,
                           output.label_names.empty() ? ", those of output.columns" : ""));
      }
      if (!output.label_names.empty())
        RowsOf(one_of(output.label_names, "labels"), shape[0], "labels, one a box");
      break;
    }
    case OutputLayout::kSeparate: {
      const size_t boxes = one_of(output.box_names, "boxes");
      const std::vector<int64_t> shape = MatrixShape(outputs_[boxes].shape);
      if (shape.size() != 2 || shape[1] != 4)
        Refuse(fmt::format("expected 4 columns in '{}'", outputs_[boxes].name));
      const size_t scores = one_of(output.score_names, "scores");
      const Matrix table = RowsOf(scores, shape[0], "scores, as many as boxes");
      if (output.label_names.empty()) {
        require_classes(table.columns, outputs_[scores].name);
      } else {
        RowsOf(one_of(output.label_names, "labels"), shape[0], "labels, one a box");
        if (table.columns != 1)
          Refuse(fmt::format("expected one score a box in '{}'", outputs_[scores].name));
      }
      break;
    }
    case OutputLayout::kLevels: {
      const int64_t sides = 4 * (output.reg_max + 1);
      if (output.score_names.empty()) {
        int64_t rows = 0;
        for (const int stride : output.strides) rows += CellsOf(stride);
        const size_t index = one_of(output.box_names, "boxes");
        require_classes(
            RowsOf(index, rows, "rows, one for each cell of output.strides").columns - sides,
            outputs_[index].name);
        break;
      }
      if (output.box_names.size() != output.strides.size() ||
          output.score_names.size() != output.strides.size()) {
        Refuse(
            fmt::format("output.names: expected boxes and scores for each of {} strides, found {} "
                        "and {}",
                        output.strides.size(), output.box_names.size(), output.score_names.size()));
      }
      for (size_t i = 0; i < output.strides.size(); ++i) {
        const int64_t cells = CellsOf(output.strides[i]);
        const Matrix boxes = RowsOf(IndexOf(output.box_names[i]), cells, "cells");
        if (boxes.columns != sides) {
          Refuse(
              fmt::format("expected {} distances a cell in '{}', found {} (output.reg_max is {})",
                          sides, output.box_names[i], boxes.columns, output.reg_max));
        }
        require_classes(RowsOf(IndexOf(output.score_names[i]), cells, "cells").columns,
                        output.score_names[i]);
      }
      break;
    }
  }
}

// `scores(row)` gives ClassScores, and the objectness or nullptr, and -1 or the class that all of
// it is of; `box(row)` the numbers of the box and the box in pixels.
template <typename Scores, typename Box>
void OutputDecoder::Collect(int64_t rows, const Scores& scores, const Box& box,
                            std::vector<ScoredBox>* found, DecodeSigns* signs) const {
  const DetectorOutput& output = description_.output;
  const double width = output.units == BoxUnits::kUnit ? description_.input.width : 1;
  const double height = output.units == BoxUnits::kUnit ? description_.input.height : 1;
  const auto note = [&](double raw) {
    ++signs->scores;
    signs->least = std::min(signs->least, raw);
    signs->largest = std::max(signs->largest, raw);
  };
  const auto probability = [&](double raw) {
    if (!std::isfinite(raw)) {
      ThrowModel("{}: the network gives a score that is no number; expected 0..1",
                 description_.name);
    }
    if (output.activation == Activation::kSigmoid) return SigmoidOf(raw);
    constexpr double kRounding = 1e-3;
    if (raw < -kRounding || raw > 1 + kRounding) {
      ThrowConfig(
          "{}: the network gives the score {:.4g}, expected 0..1: it is a logit, not a "
          "probability\n  hint: output.activation: sigmoid (softmax for networks with a class for "
          "the background)",
          description_.name, raw);
    }
    return std::clamp(raw, 0.0, 1.0);
  };
  std::vector<double> soft;
  const auto add = [&](int64_t row, double score, int32_t class_id) {
    const auto [numbers, corners] = box(row);
    double largest = 0, smallest = 0;
    for (const double v : numbers) {
      if (!std::isfinite(v)) {
        ThrowModel(
            "{}: the network gives a box of score {:.4g} with a coordinate that is no number",
            description_.name, score);
      }
      largest = std::max(largest, v);
      smallest = std::min(smallest, v);
    }
    ++signs->candidates;
    if (largest < kUnitEnd && smallest > -kUnitEnd) ++signs->in_unit;
    if (largest > kFarBeyondUnit) ++signs->beyond_unit;
    const CornerBox scaled = {corners.left * width, corners.top * height, corners.right * width,
                              corners.bottom * height};
    if (scaled.right < scaled.left || scaled.bottom < scaled.top) ++signs->inverted;
    if (!(scaled.right > scaled.left) || !(scaled.bottom > scaled.top)) return;
    found->push_back({scaled, score, class_id});
  };
  const auto is_person = [&](int64_t c) {
    return std::find(output.person.begin(), output.person.end(), c) != output.person.end();
  };
  // Where all classes suppress each other, the others are wanted too.
  const bool wants_all = description_.nms.enabled && description_.nms.agnostic && output.best_class;
  for (int64_t row = 0; row < rows; ++row) {
    const auto [classes, objectness, only_class] = scores(row);
    double factor = 1;
    if (objectness != nullptr) {
      factor = probability(double{*objectness});
      note(double{*objectness});
    }
    if (output.activation == Activation::kSoftmax) {
      soft.resize(static_cast<size_t>(classes.count));
      double most = classes[0], sum = 0;
      for (int64_t c = 1; c < classes.count; ++c) most = std::max(most, classes[c]);
      for (int64_t c = 0; c < classes.count; ++c)
        sum += soft[static_cast<size_t>(c)] = std::exp(classes[c] - most);
      for (double& s : soft) s /= sum;
    }
    const auto score_of = [&](int64_t c) {
      if (output.activation != Activation::kSoftmax) {
        note(classes[c]);
        return factor * probability(classes[c]);
      }
      note(soft[static_cast<size_t>(c)]);
      return factor * probability(soft[static_cast<size_t>(c)]);
    };
    if (only_class >= 0) {
      const double score = score_of(0);
      if (score >= description_.score && is_person(only_class))
        add(row, score, static_cast<int32_t>(only_class));
      continue;
    }
    if (output.best_class) {
      if (factor < description_.score) continue;
      int64_t best = 0;
      for (int64_t c = 1; c < classes.count; ++c) {
        if (classes[c] > classes[best]) best = c;
      }
      if (!wants_all && !is_person(best)) continue;
      const double score = score_of(best);
      if (score >= description_.score) add(row, score, static_cast<int32_t>(best));
      continue;
    }
    for (const int c : output.person) {
      const double score = score_of(c);
      if (score >= description_.score) add(row, score, c);
    }
  }
}

namespace {

struct RowScores {
  ClassScores classes;
  const float* objectness = nullptr;
  int64_t only_class = -1;
};
struct RowBox {
  std::array<double, 4> numbers;  // as the network gives them
  CornerBox corners;
};

}  // namespace

void OutputDecoder::DecodeRows(std::span<const float* const> outputs, std::vector<ScoredBox>* found,
                               DecodeSigns* signs) const {
  const DetectorOutput& output = description_.output;
  const bool on_grid = output.layout == OutputLayout::kGrid;
  int64_t cells = 0;
  if (on_grid) {
    for (const int stride : output.strides) cells += CellsOf(stride);
  }
  const Matrix table = RowsOf(IndexOf(output.box_names.front()), cells, "boxes");
  const int64_t before = output.objectness ? 5 : 4;
  const auto scores = [&](int64_t row) {
    return RowScores{{table.At(outputs, row, before), table.step(), table.columns - before},
                     output.objectness ? table.At(outputs, row, 4) : nullptr};
  };
  const auto number = [&](int64_t row, int64_t column) {
    return double{*table.At(outputs, row, column)};
  };
  if (!on_grid) {
    Collect(
        table.rows, scores,
        [&](int64_t row) {
          const std::array<double, 4> b = {number(row, 0), number(row, 1), number(row, 2),
                                           number(row, 3)};
          return RowBox{b, AsCorners(output.boxes, b[0], b[1], b[2], b[3])};
        },
        found, signs);
    return;
  }
  int64_t first = 0;
  for (const int stride : output.strides) {
    const int64_t across = (description_.input.width + stride - 1) / stride;
    Collect(
        CellsOf(stride), [&](int64_t cell) { return scores(first + cell); },
        [&](int64_t cell) {
          const double s = stride;
          const int64_t row = first + cell;
          const double x = (number(row, 0) + static_cast<double>(cell % across)) * s;
          const double y = (number(row, 1) + static_cast<double>(cell / across)) * s;
          const double w = std::exp(number(row, 2)) * s, h = std::exp(number(row, 3)) * s;
          return RowBox{{x, y, w, h}, AsCorners(BoxForm::kCentres, x, y, w, h)};
        },
        found, signs);
    first += CellsOf(stride);
  }
}

void OutputDecoder::DecodeFinished(std::span<const float* const> outputs,
                                   std::vector<ScoredBox>* found, DecodeSigns* signs) const {
  const DetectorOutput& output = description_.output;
  const size_t index = IndexOf(output.box_names.front());
  const std::vector<int64_t> shape = MatrixShape(outputs_[index].shape);
  const std::vector<std::string> with_labels = {"x1", "y1", "x2", "y2", "score"};
  const std::vector<std::string>& names = output.label_names.empty() ? output.columns : with_labels;
  const auto column = [&](const char* name) -> std::optional<int64_t> {
    const auto at = std::find(names.begin(), names.end(), name);
    if (at == names.end()) return std::nullopt;
    return at - names.begin();
  };
  const float* const data = outputs[index];
  const float* const labels =
      output.label_names.empty() ? nullptr : outputs[IndexOf(output.label_names.front())];
  const std::array<int64_t, 4> at = {*column("x1"), *column("y1"), *column("x2"), *column("y2")};
  const int64_t score = *column("score");
  const std::optional<int64_t> label = column("class"), image = column("image");
  int64_t rows = shape[0];
  if (image) {  // the list ends where there is no image
    rows = 0;
    while (rows < shape[0] && data[rows * shape[1] + *image] >= 0) ++rows;
  }
  Collect(
      rows,
      [&](int64_t row) {
        const float* const values = data + row * shape[1];
        const double of = labels != nullptr ? double{labels[row]}
                          : label           ? double{values[*label]}
                                            : 0.0;
        // Padding has the class -1, which nobody is.
        const auto class_id = of >= 0 && of < 1e6 ? static_cast<int64_t>(of)
                                                  : int64_t{std::numeric_limits<int32_t>::max()};
        return RowScores{{values + score, 1, 1}, nullptr, class_id};
      },
      [&](int64_t row) {
        const float* const values = data + row * shape[1];
        const std::array<double, 4> b = {values[at[0]], values[at[1]], values[at[2]],
                                         values[at[3]]};
        return RowBox{b, {b[0], b[1], b[2], b[3]}};
      },
      found, signs);
}

void OutputDecoder::DecodeSeparate(std::span<const float* const> outputs,
                                   std::vector<ScoredBox>* found, DecodeSigns* signs) const {
  const DetectorOutput& output = description_.output;
  const size_t index = IndexOf(output.box_names.front());
  const int64_t rows = MatrixShape(outputs_[index].shape)[0];
  const Matrix table = RowsOf(IndexOf(output.score_names.front()), rows, "scores");
  const float* const boxes = outputs[index];
  const float* const labels =
      output.label_names.empty() ? nullptr : outputs[IndexOf(output.label_names.front())];
  Collect(
      rows,
      [&](int64_t row) {
        int64_t class_id = -1;
        if (labels != nullptr) {
          class_id = labels[row] >= 0 && labels[row] < 1e6F
                         ? static_cast<int64_t>(labels[row])
                         : int64_t{std::numeric_limits<int32_t>::max()};
        }
        return RowScores{
            {table.At(outputs, row, 0), table.step(), table.columns}, nullptr, class_id};
      },
      [&](int64_t row) {
        const float* const b = boxes + 4 * row;
        return RowBox{{b[0], b[1], b[2], b[3]}, AsCorners(output.boxes, b[0], b[1], b[2], b[3])};
      },
      found, signs);
}

void OutputDecoder::DecodeLevels(std::span<const float* const> outputs,
                                 std::vector<ScoredBox>* found, DecodeSigns* signs) const {
  const DetectorOutput& output = description_.output;
  const bool together = output.score_names.empty();
  const int64_t bins = output.reg_max + 1;
  int64_t all = 0;
  for (const int stride : output.strides) all += CellsOf(stride);
  int64_t first = 0;
  for (size_t i = 0; i < output.strides.size(); ++i) {
    const int stride = output.strides[i];
    const int64_t cells = CellsOf(stride);
    const int64_t across = (description_.input.width + stride - 1) / stride;
    const Matrix sides =
        RowsOf(IndexOf(output.box_names[together ? 0 : i]), together ? all : cells, "cells");
    const Matrix scores = together ? sides : RowsOf(IndexOf(output.score_names[i]), cells, "cells");
    const int64_t begin = together ? first : 0;
    const int64_t classes = together ? sides.columns - 4 * bins : scores.columns;
    const int64_t side_column = together ? classes : 0;  // NanoDet-Plus: scores come first
    const double from_corner = output.point == CellPoint::kCorner        ? 0
                               : output.point == CellPoint::kPixelCentre ? (stride - 1) / 2.0
                                                                         : stride / 2.0;
    const double unit = output.in_strides ? stride : 1;
    const auto distance = [&](int64_t row, int64_t side) {
      const int64_t column = side_column + side * bins;
      if (bins == 1) return *sides.At(outputs, row, column) * unit;
      double most = *sides.At(outputs, row, column), sum = 0, mean = 0;
      for (int64_t b = 1; b < bins; ++b)
        most = std::max(most, double{*sides.At(outputs, row, column + b)});
      for (int64_t b = 0; b < bins; ++b) {
        const double e = std::exp(double{*sides.At(outputs, row, column + b)} - most);
        sum += e;
        mean += e * static_cast<double>(b);
      }
      return mean / sum * unit;
    };
    Collect(
        cells,
        [&](int64_t cell) {
          return RowScores{{scores.At(outputs, begin + cell, 0), scores.step(), classes}};
        },
        [&](int64_t cell) {
          const double x = static_cast<double>(cell % across) * stride + from_corner;
          const double y = static_cast<double>(cell / across) * stride + from_corner;
          const int64_t row = begin + cell;
          const CornerBox box = {x - distance(row, 0), y - distance(row, 1), x + distance(row, 2),
                                 y + distance(row, 3)};
          return RowBox{{box.left, box.top, box.right, box.bottom}, box};
        },
        found, signs);
    first += cells;
  }
}

std::vector<ScoredBox> OutputDecoder::Decode(std::span<const float* const> outputs,
                                             DecodeSigns* signs) const {
  std::vector<ScoredBox> found;
  ++signs->pictures;
  switch (description_.output.layout) {
    case OutputLayout::kRows:
    case OutputLayout::kGrid:
      DecodeRows(outputs, &found, signs);
      break;
    case OutputLayout::kFinished:
      DecodeFinished(outputs, &found, signs);
      break;
    case OutputLayout::kSeparate:
      DecodeSeparate(outputs, &found, signs);
      break;
    case OutputLayout::kLevels:
      DecodeLevels(outputs, &found, signs);
      break;
  }
  return found;
}

}  // namespace reidbench
