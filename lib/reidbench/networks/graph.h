// A network as a graph of layers: what an architecture is built as and an ONNX file is read into,
// and what shapes, tensors, multiply-accumulates, batch-norm folding, training and the engines
// walk. It holds no numbers: layers name their tensors.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace reidbench {

// In brackets the tensors of a layer, in the order of Layer::tensors.
enum class LayerOp {
  kInput,
  kConvolution,        // [weight (out, in / groups, height, width), bias (out) or none]
  kLinear,             // [weight (out, in), bias (out) or none]
  kBatchNorm,          // [weight, bias, running mean, running variance]
  kInstanceNorm,       // [weight, bias] or none
  kRelu,               //
  kSigmoid,            //
  kAdd,                // of two or more equal shapes
  kMultiply,           // of two; the second may be one number a channel
  kConcat,             // along channels
  kMaxPool,            //
  kAveragePool,        //
  kGlobalAveragePool,  // to 1 x 1
  kFlatten,            // to one dimension
  kL2Normalize,        // over channels: x / max(norm, epsilon)
};
std::string_view LayerOpName(LayerOp op);  // "convolution"

// What convolutions and pools look through; pairs are (vertical, horizontal).
struct Window {
  std::array<int64_t, 2> kernel = {1, 1};
  std::array<int64_t, 2> stride = {1, 1};
  std::array<int64_t, 2> dilation = {1, 1};
  std::array<int64_t, 4> padding = {0, 0, 0, 0};  // top, left, bottom, right
  bool ceil = false;          // pools: outputs for a last window that is not whole
  bool count_padding = true;  // average pools: zeros of the padding count

  // The same both ways.
  static Window Square(int64_t kernel, int64_t stride = 1, int64_t padding = 0);
  bool operator==(const Window&) const = default;
};

// The output of a layer is the value that its index in Graph::layers stands for.
struct Layer {
  LayerOp op = LayerOp::kInput;
  std::string name = {};         // of the layer in its architecture or file, for messages
  std::vector<int> inputs = {};  // earlier layers
  std::vector<std::string> tensors = {};
  int64_t channels = 0;  // outputs of convolutions and linear layers
  int64_t groups = 1;    // of convolutions
  Window window = {};
  double epsilon = 1e-5;  // of norms

  // Set by FoldForInference (fold.h) only.
  bool relu = false;  // applied to the output of a convolution, instance norm or sum
  std::vector<int> factors =
      {};  // kAdd: for each input the layer that gives a factor a channel, or -1
};

// Sizes of one image's value: [channels, height, width], or [channels] behind kFlatten.
using ValueShape = std::vector<int64_t>;

struct TensorSpec {
  std::string name;
  std::vector<int64_t> shape;
};

// px: what re-ID networks are made for unless they say otherwise.
inline constexpr int64_t kPersonHeight = 256;
inline constexpr int64_t kPersonWidth = 128;

struct Graph {
  std::vector<Layer> layers;  // the first is the input
  int output = 0;
  int64_t channels = 3;  // of the input
  int64_t height;        // px: the input that the network was made for
  int64_t width;

  // ---- building, each with the layer that it adds; tensors are named as torch names those of a
  // module `name` ----
  explicit Graph(int64_t input_height = kPersonHeight, int64_t input_width = kPersonWidth);
  int Add(Layer layer);
  int Convolution(int x, const std::string& name, int64_t out, const Window& window = {},
                  int64_t groups = 1, bool bias = false);
  int Linear(int x, const std::string& name, int64_t out, bool bias = true);
  int BatchNorm(int x, const std::string& name);
  int InstanceNorm(int x, const std::string& name);
  // Layers without tensors.
  int Apply(LayerOp op, std::vector<int> inputs, const Window& window = {});
};

// How often each layer's output is read, the graph's output counted as one reader more.
std::vector<int> CountReaders(const Graph& graph);

// Removes the layers that the output does not need.
void DropUnread(Graph* graph);

// For images of height x width pixels. Throws Error(kInput) that names the smallest image where
// these are too small; Error(kModel) naming the layer whose inputs do not fit it.
std::vector<ValueShape> ShapesOf(const Graph& graph, int64_t height, int64_t width,
                                 std::string_view network = "the network");
struct ImageSize {
  int64_t height = 0, width = 0;  // px
};
ImageSize SmallestImage(const Graph& graph);
// Whether images of other sizes than the graph's own give embeddings, and of the same length: no
// linear layer sees all pixels.
bool TakesAnySize(const Graph& graph);
// Of a layer that is about to be added to a graph whose layers have these shapes. Throws the same.
ValueShape NextShape(const Layer& layer, const std::vector<ValueShape>& shapes);
// Numbers of an embedding.
int64_t DimOf(const Graph& graph);

// Every tensor once, in the order of the layers.
std::vector<TensorSpec> TensorsOf(const Graph& graph);
bool IsRunningStatistic(std::string_view tensor);  // what is counted but not trained

int64_t CountParameters(const Graph& graph);  // without running statistics
// Multiply-accumulates of one image in torchreid's convention (its "FLOPs"): convolutions and
// linear layers, one more for each output of a layer with a bias; a layer counts as often as it is
// used.
int64_t CountMacs(const Graph& graph, int64_t height, int64_t width);
int64_t CountMacs(const Graph& graph);  // at the input that the network was made for

}  // namespace reidbench
