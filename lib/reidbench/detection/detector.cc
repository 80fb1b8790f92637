#include "reidbench/detection/detector.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

#include "reidbench/core/error.h"
#include "reidbench/detection/frame_input.h"
#include "reidbench/detection/nms.h"
#include "reidbench/detection/recognition.h"
#include "reidbench/embedding/network_runner.h"
#include "reidbench/networks/network.h"
#include "reidbench/weights/byte_reader.h"
#include "reidbench/weights/checkpoint.h"

namespace reidbench {
namespace {

constexpr int kUsualSize = 640;  // px, of networks that take any

// Sizes that a configuration says before anything is known of the network.
DetectorInput SizeWanted(const DetectorOptions& options) {
  DetectorInput input;
  if (!options.config.empty()) input = LoadDetectorDescription(options.config, {}).input;
  if (options.width > 0) input.width = options.width;
  if (options.height > 0) input.height = options.height;
  return input;
}

// A picture's size as the network wants it.
std::vector<float> TellSize(SizeInput kind, const DetectorInput& input, const RgbImage& picture) {
  const auto w = static_cast<float>(picture.width), h = static_cast<float>(picture.height);
  if (kind == SizeInput::kWidthHeight) return {w, h};
  if (kind == SizeInput::kHeightWidth) return {h, w};
  return {static_cast<float>(input.height) / h, static_cast<float>(input.width) / w};
}

}  // namespace

struct Detector::Impl {
  std::string recognised;
  std::vector<std::string> warnings;
  std::string sha256;
  Network network;
  std::optional<OutputDecoder> decoder;
  std::unique_ptr<NetworkRunner> runner;
  std::vector<size_t> sizes;  // numbers of each output
};

Detector::Detector(const DetectorOptions& options) : impl_(std::make_unique<Impl>()) {
  Checkpoint checkpoint = ReadCheckpoint(options.weights);
  const GraphHints hints = LookAtGraph(checkpoint);
  const DetectorInput wanted = SizeWanted(options);
  const auto size = [&](int said, int stored) {
    return stored > 0 ? stored : said > 0 ? said : kUsualSize;
  };
  NetworkReading reading;
  reading.width = size(wanted.width, hints.width);
  reading.height = size(wanted.height, hints.height);
  if (!hints.nms_boxes.empty()) reading.outputs = {hints.nms_boxes, hints.nms_scores};
  impl_->sha256 = checkpoint.sha256;
  Network& network = impl_->network;
  network = ToNetwork(std::move(checkpoint), reading);
  const int width = static_cast<int>(network.graph.width);
  const int height = static_cast<int>(network.graph.height);

  std::vector<OutputShape> outputs;
  const std::vector<ValueShape> shapes = ShapesOf(network.graph, height, width);
  for (const int layer : OutputLayers(network.graph)) {
    const ValueShape& shape = shapes[static_cast<size_t>(layer)];
    OutputShape output{"output", {1}};
    if (!network.graph.outputs.empty()) output.name = network.graph.outputs[outputs.size()].name;
    output.shape.insert(output.shape.end(), shape.begin(), shape.end());
    impl_->sizes.push_back(static_cast<size_t>(NumElements(shape)));
    outputs.push_back(std::move(output));
  }

  DetectorDescription description;
  const auto recognise = [&] { return RecogniseDetector(hints, outputs, width, height); };
  if (options.config.empty()) {
    try {
      RecognisedDetector found = recognise();
      impl_->recognised = std::move(found.why);
      description = std::move(found.description);
      if (!found.certain) {
        impl_->warnings.push_back(fmt::format(
            "{}: what colours, scale and mean the network was trained with is not to be seen in "
            "the file: taken as those of preset '{}'; --detector-config says otherwise",
            options.weights.string(), description.name));
      }
    } catch (const Error& error) {
      throw Error(error.kind(), options.weights.string() + ": " + error.what());
    }
  } else {
    DetectorDescription base;
    try {  // what a file of the user leaves out
      base = recognise().description;
    } catch (const Error&) {
      base.input.width = width;
      base.input.height = height;
    }
    const OutputLayout layout = base.output.layout;
    description = LoadDetectorDescription(options.config, base);
    impl_->recognised = "as " + options.config.string() + " says";
    if (description.output.layout != layout) {
      for (auto* names : {&description.output.box_names, &description.output.score_names,
                          &description.output.label_names}) {
        names->clear();
      }
      // Of a file that names its outputs they are read again.
      DetectorDescription blank;
      blank.input = description.input;
      description = LoadDetectorDescription(options.config, blank);
    }
    if (!hints.nms_boxes.empty() && description.output.box_names.empty() &&
        description.output.layout == OutputLayout::kSeparate) {
      description.output.box_names = {hints.nms_boxes};
      description.output.score_names = {hints.nms_scores};
    }
  }
  const auto choose = [](int asked, int taken, int* said) {
    if (asked > 0) *said = asked;
    if (*said == 0) *said = taken;
  };
  choose(options.width, width, &description.input.width);
  choose(options.height, height, &description.input.height);
  if (description.input.width != width || description.input.height != height) {
    ThrowConfig("{}: input.size is {}x{}, and {} takes pictures of {}x{}", description.name,
                description.input.width, description.input.height, options.weights.string(), width,
                height);
  }
  if (options.score) description.score = *options.score;
  if (options.iou) description.nms.iou = *options.iou;
  description.nms.least_score = description.score;
  const size_t side_inputs = network.graph.SideInputs().size();
  const size_t expected = description.input.size_input == SizeInput::kNone ? 0 : 1;
  if (side_inputs != expected) {
    ThrowConfig(
        "{}: the network has {} inputs beside the picture, and input.size_input is for {}\n  hint: "
        "input.size_input: width_height, height_width or scales",
        options.weights.string(), side_inputs, expected);
  }
  impl_->decoder.emplace(description, std::move(outputs));
  impl_->runner = MakeNetworkRunner(network, options.engine);
}

Detector::~Detector() = default;

const DetectorDescription& Detector::description() const { return impl_->decoder->description(); }
const std::string& Detector::recognised() const { return impl_->recognised; }
const std::vector<std::string>& Detector::warnings() const { return impl_->warnings; }
const std::string& Detector::sha256() const { return impl_->sha256; }

std::vector<Detection> Detector::Detect(const RgbImage& picture, DecodeSigns* signs) const {
  const DetectorDescription& d = description();
  const FramePlacement placement = PlaceFrame(picture.width, picture.height, d.input);
  // Kept between pictures: they are large.
  static thread_local RgbImage scratch;
  static thread_local std::vector<float> pixels;
  static thread_local std::vector<std::vector<float>> numbers;
  pixels.resize(3 * static_cast<size_t>(d.input.width) * static_cast<size_t>(d.input.height));
  FillInput(picture, placement, d.input, &scratch, pixels.data());
  numbers.resize(impl_->sizes.size());
  std::vector<float*> outputs;
  for (size_t i = 0; i < numbers.size(); ++i) {
    numbers[i].resize(impl_->sizes[i]);
    outputs.push_back(numbers[i].data());
  }
  NetworkInput input{{pixels.data(), 1, d.input.height, d.input.width}};
  std::vector<float> told;
  if (d.input.size_input != SizeInput::kNone) {
    told = TellSize(d.input.size_input, d.input, picture);
    input.side_inputs.push_back(told.data());
  }
  impl_->runner->Run(input, outputs);
  const std::vector<const float*> found(outputs.begin(), outputs.end());
  const std::vector<ScoredBox> kept =
      SuppressNonMaxima(impl_->decoder->Decode(found, signs), d.nms);

  std::vector<Detection> detections;
  const std::vector<int>& person = d.output.person;
  for (const ScoredBox& one : kept) {
    if (detections.size() == static_cast<size_t>(d.max)) break;
    if (std::find(person.begin(), person.end(), one.class_id) == person.end()) continue;
    BoxLtwh box = {one.box.left, one.box.top, one.box.right - one.box.left,
                   one.box.bottom - one.box.top};
    if (d.output.units != BoxUnits::kOriginal) box = placement.ToPicture(one.box);
    const double right = std::min<double>(box.left + box.width, picture.width);
    const double bottom = std::min<double>(box.top + box.height, picture.height);
    const double left = std::max(box.left, 0.0), top = std::max(box.top, 0.0);
    if (!(right > left) || !(bottom > top)) continue;  // outside the picture
    if (d.output.clip) box = {left, top, right - left, bottom - top};
    detections.push_back({box, one.score});
  }
  return detections;
}

}  // namespace reidbench
