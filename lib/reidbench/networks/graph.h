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
  kLinear,             // of a vector or of each row: [weight (out, in), bias (out) or none]
  kBatchNorm,          // [weight, bias, running mean, running variance]
  kInstanceNorm,       // [weight, bias] or none
  kRelu,               //
  kSigmoid,            //
  kAdd,                // of two or more equal shapes
  kMultiply,           // of two; the second may be one number a channel
  kConcat,             // along `axis`
  kMaxPool,            //
  kAveragePool,        //
  kGlobalAveragePool,  // to 1 x 1
  kFlatten,            // to one dimension
  kL2Normalize,        // over channels: x / max(norm, epsilon)
  // Of values of any number of axes.
  kConstant,   // [values]: no input; its shape is `sizes`
  kSideInput,  // an input of `sizes` numbers beside the image, as a camera's number
  kFunction,   // `function` of each number
  kBinary,     // `function` of two, repeated along axes of size 1 as numpy does
  kReduce,     // `function` over `axes`, which become 1
  kSoftmax,    // along `axis`
  kLayerNorm,  // over the last axes from `axis` on: [weight, bias or none]
  kMatMul,     // of the last two axes; those before are repeated as in kBinary
  kReshape,    // to `sizes`
  kTranspose,  // to the order `axes` of the input's axes
  kSlice,      // from `begins` every `steps`-th, `sizes` numbers an axis
  kPad,        // by `begins` before and `ends` behind each axis, with `alpha`
  kGather,     // what the second input counts out along `axis` of the first
  kResize,     // of a map
};
std::string_view LayerOpName(LayerOp op);  // "convolution"

// What kFunction, kBinary and kReduce compute of their numbers.
enum class Function {
  kNone,
  // of one number
  kRelu,
  kSigmoid,
  kAbsolute,
  kNegative,
  kReciprocal,
  kExponential,
  kLogarithm,
  kSquareRoot,
  kErf,
  kTanh,
  kFloor,
  kCeil,
  kRound,  // halves to even
  kSign,
  kClip,         // max(alpha, min(beta, x))
  kLeakyRelu,    // alpha x where x < 0
  kElu,          // alpha (exp(x) - 1) where x < 0
  kHardSigmoid,  // max(0, min(1, alpha x + beta))
  kHardSwish,    // x max(0, min(1, alpha x + beta))
  kSilu,         // x sigmoid(x)
  kGelu,         // x / 2 (1 + erf(x / sqrt 2))
  kGeluTanh,     // its approximation by a tanh
  kSoftplus,     // log(1 + exp(x))
  kMish,         // x tanh(softplus(x))
  kScale,        // alpha x + beta
  // of two
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kPower,
  kMinimum,
  kMaximum,
  kModulo,  // with the sign of the divisor
  kPRelu,   // x where x >= 0, else x times the second
  kEqual,   // comparisons give 0 or 1
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kAnd,
  kOr,
  // of many, beside kMinimum and kMaximum
  kMean,
  kSum,
  kProduct,
  kSumSquares,
  kNormL1,
  kNormL2,
};
std::string_view FunctionName(Function function);  // "leaky relu"

// How kResize finds the place in its input that an output pixel shows, after ONNX's Resize.
enum class Coordinates { kHalfPixel, kPytorchHalfPixel, kAsymmetric, kAlignCorners };
enum class Rounding { kPreferFloor, kPreferCeil, kFloor, kCeil };
struct Sampling {
  bool linear = false;  // between pixels; else the nearest
  Coordinates coordinates = Coordinates::kHalfPixel;
  Rounding rounding = Rounding::kPreferFloor;  // of the nearest
  // Output pixels for one of the input, vertical and horizontal; 0: as many as Layer::sizes says.
  std::array<double, 2> scale = {0, 0};
  bool operator==(const Sampling&) const = default;
};
// The two pixels of a row of `in` that output pixel `at` of `out` is between, and the share of the
// second.
struct SampleTap {
  int64_t first = 0, second = 0;
  double share = 0;
};
std::vector<SampleTap> SampleTaps(const Sampling& sampling, size_t axis, int64_t in, int64_t out);

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

  // Of the operations on values of any number of axes; see LayerOp.
  Function function = Function::kNone;
  double alpha = 0;
  double beta = 0;
  int64_t axis = 0;
  std::vector<int64_t> axes = {};
  std::vector<int64_t> sizes = {};
  std::vector<int64_t> begins = {};
  std::vector<int64_t> ends = {};
  std::vector<int64_t> steps = {};
  Sampling sampling = {};

  // Set by FoldForInference (fold.h) only.
  bool relu = false;  // applied to the output of a convolution, instance norm or sum
  std::vector<int> factors =
      {};  // kAdd: for each input the layer that gives a factor a channel, or -1

  // Set by FuseForPrimitives (fuse.h) only, of convolutions and linear layers: what is applied to
  // their output, with `alpha` and `beta`. The sum with a second input comes before it, or behind.
  Function activation = Function::kNone;
  bool adds_last = false;
};

// Sizes of one image's value: [channels, height, width], [channels] behind kFlatten, or any others
// where layers on values of any number of axes come in. No axis counts images.
using ValueShape = std::vector<int64_t>;

struct TensorSpec {
  std::string name;
  std::vector<int64_t> shape;
};

// px: what re-ID networks are made for unless they say otherwise.
inline constexpr int64_t kPersonHeight = 256;
inline constexpr int64_t kPersonWidth = 128;

// The numbers that a network gives under a name.
struct GraphOutput {
  std::string name;
  int layer = 0;
  std::vector<int64_t> shape;  // as the file says it, with the axis of images, which is 1
};

struct Graph {
  std::vector<Layer> layers;  // the first is the input
  int output = 0;
  // Of networks that give several things, all of them, `output` among them; else empty.
  std::vector<GraphOutput> outputs = {};
  int64_t channels = 3;  // of the input
  int64_t height;        // px: the input that the network was made for
  int64_t width;
  bool one_size = false;  // numbers in it were computed from this size

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
  // Inputs beside the images, in their order.
  std::vector<int> SideInputs() const;
};

// The layers of all outputs: graph.outputs, or the one output.
std::vector<int> OutputLayers(const Graph& graph);

// How often each layer's output is read, each of the graph's outputs counted as one reader more.
std::vector<int> CountReaders(const Graph& graph);

// Removes the layers that no output needs, but for inputs.
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
