#include "reidbench/detection/description.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "reidbench/config/option_file.h"
#include "reidbench/core/error.h"
#include "reidbench/core/text.h"

namespace reidbench {
namespace {

template <typename E>
using Words = std::vector<std::pair<std::string_view, E>>;

const Words<ColorOrder> kColors = {{"rgb", ColorOrder::kRgb}, {"bgr", ColorOrder::kBgr}};
const Words<FrameFit> kFits = {{"letterbox", FrameFit::kLetterbox},
                               {"stretch", FrameFit::kStretch}};
const Words<Alignment> kAlignments = {{"topleft", Alignment::kTopLeft},
                                      {"centre", Alignment::kCentre}};
const Words<SizeRounding> kRoundings = {{"floor", SizeRounding::kFloor},
                                        {"round", SizeRounding::kRound}};
const Words<SizeInput> kSizeInputs = {{"none", SizeInput::kNone},
                                      {"width_height", SizeInput::kWidthHeight},
                                      {"height_width", SizeInput::kHeightWidth},
                                      {"scales", SizeInput::kScales}};
const Words<OutputLayout> kLayouts = {{"rows", OutputLayout::kRows},
                                      {"grid", OutputLayout::kGrid},
                                      {"finished", OutputLayout::kFinished},
                                      {"separate", OutputLayout::kSeparate},
                                      {"levels", OutputLayout::kLevels}};
const Words<BoxForm> kForms = {
    {"cxcywh", BoxForm::kCentres}, {"xyxy", BoxForm::kCorners}, {"yxyx", BoxForm::kCornersYx}};
const Words<BoxUnits> kUnits = {
    {"input", BoxUnits::kInput}, {"unit", BoxUnits::kUnit}, {"original", BoxUnits::kOriginal}};
const Words<Activation> kActivations = {{"none", Activation::kNone},
                                        {"sigmoid", Activation::kSigmoid},
                                        {"softmax", Activation::kSoftmax}};
const Words<CellPoint> kPoints = {{"corner", CellPoint::kCorner},
                                  {"pixel_centre", CellPoint::kPixelCentre},
                                  {"centre", CellPoint::kCentre}};
const Words<NmsKind> kKinds = {
    {"hard", NmsKind::kHard}, {"linear", NmsKind::kLinear}, {"gaussian", NmsKind::kGaussian}};

template <typename E>
std::string_view WordOf(const Words<E>& words, E value) {
  for (const auto& [word, of] : words) {
    if (of == value) return word;
  }
  return "?";
}
template <typename E>
void ReadWord(ConfigReader* reader, std::string_view key, const Words<E>& words, E* field) {
  reader->ReadChoice(key, field, std::span(words.data(), words.size()));
}

void ReadTriple(ConfigReader* reader, std::string_view key, std::array<double, 3>* triple) {
  std::vector<double> values(triple->begin(), triple->end());
  if (!reader->Read(key, &values)) return;
  if (values.size() != 3) {
    reader->AddError(key, fmt::format("expected three numbers, found {}", values.size()));
    return;
  }
  std::copy(values.begin(), values.end(), triple->begin());
}

void ReadInput(ConfigReader reader, DetectorInput* input) {
  std::vector<int> size = {input->width, input->height};
  if (reader.Read("size", &size, Between(0, 1 << 14))) {
    if (size.size() != 2) {
      reader.AddError("size", "expected [width, height]");
    } else {
      input->width = size[0];
      input->height = size[1];
    }
  }
  ReadWord(&reader, "color", kColors, &input->color);
  reader.Read("scale", &input->scale, Above(0));
  ReadTriple(&reader, "mean", &input->mean);
  ReadTriple(&reader, "std", &input->std);
  ReadWord(&reader, "resize", kFits, &input->fit);
  ReadWord(&reader, "align", kAlignments, &input->align);
  ReadWord(&reader, "round", kRoundings, &input->round);
  reader.Read("pad", &input->pad, Between(0, 255));
  ReadWord(&reader, "size_input", kSizeInputs, &input->size_input);
}

void ReadOutput(ConfigReader reader, DetectorOutput* output) {
  ReadWord(&reader, "layout", kLayouts, &output->layout);
  ReadWord(&reader, "boxes", kForms, &output->boxes);
  ReadWord(&reader, "units", kUnits, &output->units);
  ConfigReader names = reader.Section("names");
  names.Read("boxes", &output->box_names);
  names.Read("scores", &output->score_names);
  names.Read("labels", &output->label_names);
  reader.Read("columns", &output->columns);
  reader.Read("objectness", &output->objectness);
  ReadWord(&reader, "activation", kActivations, &output->activation);
  reader.Read("strides", &output->strides, Between(1, 1024));
  reader.Read("reg_max", &output->reg_max, Between(0, 256));
  reader.Read("in_strides", &output->in_strides);
  ReadWord(&reader, "point", kPoints, &output->point);
  reader.Read("person", &output->person, AtLeast(0));
  reader.Read("best_class", &output->best_class);
  reader.Read("clip", &output->clip);
}

}  // namespace

void ReadDetectorDescription(ConfigReader* reader, DetectorDescription* description) {
  ReadInput(reader->Section("input"), &description->input);
  ReadOutput(reader->Section("output"), &description->output);
  ConfigReader nms = reader->Section("nms");
  NmsOptions& options = description->nms;
  nms.Read("enabled", &options.enabled);
  nms.Read("iou", &options.iou, Between(0, 1));
  nms.Read("agnostic", &options.agnostic);
  nms.Read("plus_one", &options.plus_one);
  ReadWord(&nms, "kind", kKinds, &options.kind);
  nms.Read("sigma", &options.sigma, Above(0));
  reader->Read("score", &description->score, Between(0, 1));
  reader->Read("max", &description->max, AtLeast(1));
}

std::vector<std::string> DetectorDescription::Violations() const {
  std::vector<std::string> found;
  for (const double s : input.std) {
    if (!(s > 0)) found.push_back(fmt::format("input.std: expected numbers above 0, found {}", s));
  }
  if (output.person.empty()) found.emplace_back("output.person: expected a class, found none");
  const bool on_cells =
      output.layout == OutputLayout::kGrid || output.layout == OutputLayout::kLevels;
  if (on_cells && output.strides.empty())
    found.emplace_back("output.strides: expected one or more, found none");
  if (output.layout == OutputLayout::kFinished && output.label_names.empty()) {
    const std::set<std::string> columns(output.columns.begin(), output.columns.end());
    for (const char* needed : {"x1", "y1", "x2", "y2", "score"}) {
      if (!columns.contains(needed))
        found.push_back(fmt::format("output.columns: expected {} among them", needed));
    }
    for (const std::string& column : output.columns) {
      static const std::set<std::string> kKnown = {"x1",    "y1",    "x2",   "y2",
                                                   "score", "class", "image"};
      if (!kKnown.contains(column))
        found.push_back(fmt::format("output.columns: unknown column '{}'", column));
    }
    if (columns.size() != output.columns.size())
      found.emplace_back("output.columns: a column is named twice");
  }
  return found;
}

DetectorDescription LoadDetectorDescription(const std::filesystem::path& config,
                                            const DetectorDescription& base) {
  ConfigNode root = LoadOptionFile(config, "detectors");
  DetectorDescription description = base;
  ConfigReader reader(root);
  std::string preset;
  if (reader.Read("preset", &preset) && !preset.empty())
    description = LoadDetectorDescription(preset, {});
  description.name = config.stem().string();
  ReadDetectorDescription(&reader, &description);
  reader.Finish();
  if (const std::vector<std::string> wrong = description.Violations(); !wrong.empty())
    ThrowConfig("{}: {}", config.string(), JoinText(wrong, "; "));
  return description;
}

std::string DescribeDetector(const DetectorDescription& description) {
  const DetectorInput& in = description.input;
  const DetectorOutput& out = description.output;
  std::string text = fmt::format("input {}x{} {}", in.width, in.height, WordOf(kColors, in.color));
  if (in.scale != 1) text += fmt::format(" * {:.4g}", in.scale);
  if (in.mean != std::array<double, 3>{0, 0, 0})
    text += fmt::format(" - {}", fmt::join(in.mean, " "));
  if (in.std != std::array<double, 3>{1, 1, 1})
    text += fmt::format(" / {}", fmt::join(in.std, " "));
  text += fmt::format(", {}", WordOf(kFits, in.fit));
  if (in.fit == FrameFit::kLetterbox) {
    text += fmt::format(" {}, {}, padded with {}", WordOf(kAlignments, in.align),
                        WordOf(kRoundings, in.round), in.pad);
  }
  if (in.size_input != SizeInput::kNone)
    text += fmt::format(", told {}", WordOf(kSizeInputs, in.size_input));
  text += fmt::format("\noutput {}", WordOf(kLayouts, out.layout));
  std::vector<std::string> names;
  for (const auto* list : {&out.box_names, &out.score_names, &out.label_names})
    names.insert(names.end(), list->begin(), list->end());
  if (!names.empty()) text += fmt::format(" of {}", JoinText(names, " "));
  if (out.layout == OutputLayout::kFinished && out.label_names.empty()) {
    text += fmt::format(", {}", JoinText(out.columns, " "));
  } else if (out.layout != OutputLayout::kLevels && out.layout != OutputLayout::kGrid) {
    text += fmt::format(", {}", WordOf(kForms, out.boxes));
  }
  text += fmt::format(" in {}", out.units == BoxUnits::kUnit    ? "0..1"
                                : out.units == BoxUnits::kInput ? "pixels of the input"
                                                                : "pixels of the picture");
  if (out.objectness) text += ", objectness";
  if (out.activation != Activation::kNone)
    text += fmt::format(", {}", WordOf(kActivations, out.activation));
  if (out.layout == OutputLayout::kGrid || out.layout == OutputLayout::kLevels)
    text += fmt::format(", strides {}", fmt::join(out.strides, " "));
  if (out.reg_max > 0) text += fmt::format(", {} bins", out.reg_max + 1);
  text += fmt::format(", person is class {}; ", fmt::join(out.person, " "));
  if (!description.nms.enabled) {
    text += "no NMS";
  } else {
    text += fmt::format("NMS {} at {:g}{}{}", WordOf(kKinds, description.nms.kind),
                        description.nms.iou, description.nms.agnostic ? ", of all classes" : "",
                        description.nms.plus_one ? ", +1" : "");
  }
  return text + fmt::format("; scores from {:g}, at most {}", description.score, description.max);
}

}  // namespace reidbench
