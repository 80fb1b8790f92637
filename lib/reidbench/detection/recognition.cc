#include "reidbench/detection/recognition.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <utility>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/weights/onnx_graph.h"

namespace reidbench {
namespace {

using Makers = std::map<std::string, const OnnxNode*>;

// Nodes that hand their first input on in another shape, order or choice.
bool HandsOn(const std::string& op) {
  static const std::set<std::string> kOperators = {
      "Gather",  "GatherElements", "GatherND", "Reshape", "Flatten", "Transpose",
      "Squeeze", "Unsqueeze",      "Identity", "Cast",    "Slice"};
  return kOperators.contains(op);
}

// The value that a choice by TopK was made from: exporters choose the best candidates before
// non-maximum suppression, which changes nothing but time.
std::string BeforeChoice(std::string name, const Makers& makers,
                         const std::set<std::string>& chosen) {
  while (chosen.contains(name)) {
    const auto maker = makers.find(name);
    if (maker == makers.end() || !HandsOn(maker->second->op_type) || maker->second->inputs.empty())
      break;
    name = maker->second->inputs.front();
  }
  return name;
}

// The number that a TopK keeps, where it is stored: exporters write min(number, candidates) as a
// Where of both. 0 where it is not to be seen.
int KeptBy(const OnnxNode& top, const Makers& makers, const Checkpoint& checkpoint) {
  if (top.inputs.size() < 2) return 0;
  const auto stored = [&](const std::string& name) {
    const auto at = checkpoint.tensors.find(name);
    const bool is_number = at != checkpoint.tensors.end() && at->second.values.size() == 1;
    return is_number ? static_cast<int>(at->second.values.front()) : 0;
  };
  std::string name = top.inputs[1];
  for (int steps = 0; steps < 8; ++steps) {
    if (const int number = stored(name); number > 0) return number;
    const auto maker = makers.find(name);
    if (maker == makers.end() || maker->second->inputs.empty()) return 0;
    const std::vector<std::string>& inputs = maker->second->inputs;
    if (maker->second->op_type == "Where" || maker->second->op_type == "Min") {
      for (const std::string& input : inputs) {
        if (const int number = stored(input); number > 0) return number;
      }
      return 0;
    }
    if (!HandsOn(maker->second->op_type)) return 0;
    name = inputs.front();
  }
  return 0;
}

// "[640, 480]" or "{0: 'person', 1: ...}": the numbers, in order.
std::vector<int> NumbersIn(const std::string& text) {
  std::vector<int> numbers;
  for (size_t i = 0; i < text.size();) {
    size_t end = i;
    while (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end]))) ++end;
    if (end > i && end - i < 7) numbers.push_back(std::stoi(text.substr(i, end - i)));
    i = std::max(end, i + 1);
  }
  return numbers;
}

// Of "{0: 'person', 1: 'bicycle'}".
int ClassNamed(const std::string& names, const std::string& wanted) {
  for (const char quote : {'\'', '"'}) {
    const size_t at = names.find(quote + wanted + quote);
    if (at == std::string::npos) continue;
    const std::vector<int> before =
        NumbersIn(names.substr(names.rfind(',', at) + 1 > at ? 0 : names.rfind(',', at) + 1, at));
    if (!before.empty()) return before.front();
  }
  return -1;
}

int64_t CellCount(int width, int height, const std::vector<int>& strides) {
  int64_t cells = 0;
  for (const int s : strides) cells += int64_t{(width + s - 1) / s} * ((height + s - 1) / s);
  return cells;
}

DetectorDescription Preset(const std::string& name) { return LoadDetectorDescription(name, {}); }

}  // namespace

GraphHints LookAtGraph(const Checkpoint& checkpoint) {
  if (checkpoint.graph == nullptr)
    ThrowModel("{}: expected an ONNX file of a detector, found a torch checkpoint",
               checkpoint.path);
  const OnnxGraph& graph = *checkpoint.graph;
  GraphHints hints;
  Makers makers;
  std::set<std::string> chosen;  // values that depend on a TopK
  const OnnxNode* nms = nullptr;
  const OnnxNode* last_choice = nullptr;  // TopK behind the suppression
  for (const OnnxNode& node : graph.nodes) {
    const bool depends = node.op_type == "TopK" ||
                         std::any_of(node.inputs.begin(), node.inputs.end(),
                                     [&](const std::string& n) { return chosen.contains(n); });
    for (const std::string& output : node.outputs) {
      makers.emplace(output, &node);
      if (depends) chosen.insert(output);
    }
    if (node.op_type == "NonMaxSuppression" && nms == nullptr) nms = &node;
    if (node.op_type == "TopK" && nms != nullptr) last_choice = &node;
    if (node.op_type == "Exp") hints.has_exponential = true;
  }
  if (nms != nullptr && nms->inputs.size() >= 2) {
    hints.nms_boxes = BeforeChoice(nms->inputs[0], makers, chosen);
    hints.nms_scores = BeforeChoice(nms->inputs[1], makers, chosen);
    const auto constant = [&](size_t input, double* value) {
      if (input >= nms->inputs.size()) return;
      const auto at = checkpoint.tensors.find(nms->inputs[input]);
      if (at != checkpoint.tensors.end() && at->second.values.size() == 1)
        *value = at->second.values.front();
    };
    constant(3, &hints.nms_iou);
    constant(4, &hints.nms_score);
    double most = 0;
    constant(2, &most);
    hints.nms_max = static_cast<int>(std::clamp(most, 0.0, 1e6));
    if (last_choice != nullptr) {
      const int kept = KeptBy(*last_choice, makers, checkpoint);
      if (kept > 0 && (hints.nms_max == 0 || kept < hints.nms_max)) hints.nms_max = kept;
    }
    const auto point = nms->attributes.find("center_point_box");
    if (point != nms->attributes.end() && point->second.integer == 1)
      hints.nms_form = BoxForm::kCentres;
  }
  if (graph.outputs.size() == 1) {
    const auto last = makers.find(graph.outputs.front().name);
    const auto part = [&](size_t i) {
      const auto at = makers.find(last->second->inputs[i]);
      return at == makers.end() ? nullptr : at->second;
    };
    if (last != makers.end() && last->second->op_type == "Concat" &&
        last->second->inputs.size() == 3) {
      const OnnxNode* const low = part(0);
      const OnnxNode* const high = part(1);
      hints.ends_in_corners = low != nullptr && high != nullptr && low->op_type == "Sub" &&
                              high->op_type == "Add" && low->inputs == high->inputs;
    }
  }
  const auto metadata = [&](const char* key) {
    const auto at = graph.metadata.find(key);
    return at == graph.metadata.end() ? std::string() : at->second;
  };
  hints.by_ultralytics = ToLower(metadata("author")) == "ultralytics";
  if (const std::vector<int> size = NumbersIn(metadata("imgsz")); size.size() == 2) {
    hints.height = size[0];
    hints.width = size[1];
  }
  hints.person = ClassNamed(metadata("names"), "person");
  for (const OnnxValue& input : graph.inputs) {
    if (input.shape.size() != 4) {
      hints.side_inputs.push_back(input.name);
    } else {
      if (input.shape[2] > 0) hints.height = static_cast<int>(input.shape[2]);
      if (input.shape[3] > 0) hints.width = static_cast<int>(input.shape[3]);
    }
  }
  return hints;
}

RecognisedDetector RecogniseDetector(const GraphHints& hints,
                                     const std::vector<OutputShape>& outputs, int width,
                                     int height) {
  RecognisedDetector found;
  DetectorDescription& d = found.description;
  const auto take = [&](const std::string& preset, const std::string& why) {
    d = Preset(preset);
    found.why = preset + ": " + why;
  };
  const std::vector<int> three = {8, 16, 32}, four = {8, 16, 32, 64};
  const int64_t cells = CellCount(width, height, three);
  const std::string only = outputs.size() == 1 ? outputs.front().name : "";
  std::vector<int64_t> shape = outputs.front().shape;
  while (shape.size() > 2 && shape.front() == 1) shape.erase(shape.begin());
  const auto named = [&](const char* name) {
    return std::any_of(outputs.begin(), outputs.end(),
                       [&](const OutputShape& o) { return ToLower(o.name) == name; });
  };
  const int64_t rows = shape.empty() ? 0 : shape.front();
  const int64_t columns = shape.size() == 2 ? shape[1] : 0;
  if (!hints.nms_boxes.empty()) {
    take("rtmdet", fmt::format("the file suppresses non-maxima itself; '{}' and '{}' are what it "
                               "starts from",
                               hints.nms_boxes, hints.nms_scores));
    d.output.boxes = hints.nms_form;
    d.output.box_names = {hints.nms_boxes};
    d.output.score_names = {hints.nms_scores};
    d.nms.iou = hints.nms_iou;
    d.score = std::max(d.score, hints.nms_score);
    if (hints.nms_max > 0) d.max = hints.nms_max;
    found.certain = false;
  } else if (outputs.size() == 1 && columns == 7 && outputs.front().shape.size() == 4) {
    take("detection_output", fmt::format("'{}' has rows of 7", only));
  } else if (outputs.size() == 1 && columns == 6 && rows <= 1000 && rows != cells &&
             rows != 3 * cells) {
    take("yolov10", fmt::format("'{}' has {} finished rows of 6", only, rows));
  } else if (outputs.size() == 1 && rows > 0 && columns > 0 && hints.ends_in_corners) {
    take("person_detection_0203",
         fmt::format("'{}' has {} rows that are computed as centre -/+ half a side, in 0..1", only,
                     rows));
    if (columns == 6) d = Preset("person_detection_0201");
  } else if (outputs.size() == 1 && columns == cells && rows > 4) {
    take("yolov8", fmt::format("'{}' has a column of {} for each of {} cells", only, rows,
                               WithThousands(cells)));
  } else if (outputs.size() == 1 && rows == 3 * cells && columns > 5) {
    take("yolov5", fmt::format("'{}' has a row of {} for each of {} anchors", only, columns,
                               WithThousands(rows)));
  } else if (outputs.size() == 1 && rows == cells && columns > 5) {
    take("yolox", fmt::format("'{}' has a row of {} for each of {} cells", only, columns,
                              WithThousands(cells)));
    if (hints.has_exponential) {
      d.output.layout = OutputLayout::kRows;
      found.why += ", decoded already (it has an Exp)";
    }
  } else if (outputs.size() == 1 && rows == CellCount(width, height, four) && columns > 32) {
    take("nanodet_plus", fmt::format("'{}' has a row of {} for each of {} cells of four strides",
                                     only, columns, WithThousands(rows)));
  } else if (outputs.size() == 1 && rows == 300 && columns > 4) {
    take("rtdetr_ultralytics", fmt::format("'{}' has 300 rows of {}", only, columns));
  } else if (outputs.size() == 2 && named("dets") && named("labels") && columns == 4) {
    take("rfdetr", "outputs 'dets' of 4 and 'labels'");
  } else if (outputs.size() == 2 && named("dets") && named("labels")) {
    take("rtmdet", "outputs 'dets' and 'labels'");
    d.output.layout = OutputLayout::kFinished;
    d.output.box_names = {"dets"};
    d.output.label_names = {"labels"};
    d.nms.enabled = false;
  } else if (outputs.size() == 3 && named("labels") && named("boxes") && named("scores")) {
    take("rtdetr", "outputs 'labels', 'boxes' and 'scores'");
  } else if (outputs.size() == 2 && named("boxes") && named("scores")) {
    take("ssd", "outputs 'boxes' and 'scores'");
  } else if (outputs.size() >= 6 && outputs.size() % 2 == 0) {
    const bool binned = std::any_of(outputs.begin(), outputs.end(), [](const OutputShape& o) {
      return o.shape.size() == 3 && o.shape.back() > 4 && o.shape.back() % 4 == 0 &&
             ToLower(o.name).find("dis") != std::string::npos;
    });
    take(binned ? "nanodet" : "rtmdet_raw",
         fmt::format("{} outputs, scores and distances of {} strides", outputs.size(),
                     outputs.size() / 2));
    d.output.strides = three;
    if (outputs.size() == 8) d.output.strides = four;
  } else {
    ThrowConfig(
        "the outputs {} are of no detector that is known\n  hint: --detector-config NAME or FILE "
        "says how to read them; configs/detectors has the names and explains the keys",
        DescribeOutputs(outputs));
  }
  d.input.width = width;
  d.input.height = height;
  if (hints.person >= 0) {
    d.output.person = {hints.person};
    found.why += fmt::format("; the file calls class {} person", hints.person);
  }
  return found;
}

}  // namespace reidbench
