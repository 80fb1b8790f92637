// The kernels of osnet_kernels.h, compiled once for each instruction set: osnet_kernels_<set>.cc
// includes this file in a namespace of its own, below all headers and within that set's target, so
// that no function here is shared with code that runs on older processors. It defines before:
//   Wide      a register of float32 channels: Register, kLanes and the operations on it
//   Narrow    a register of half as many, where kHasHalf; else Wide again
//   kRegisters  how many vector registers there are: how many sums a tile may hold
// and may define further arithmetics beside Fp32.

// Calls f(Wide or Narrow, first channel) until all channels, a multiple of 8, are covered.
template <typename F>
REIDBENCH_INLINE void ForChannels(int64_t channels, const F& f) {
  int64_t c = 0;
  for (; c + Wide::kLanes <= channels; c += Wide::kLanes) f(Wide(), c);
  if constexpr (kHasHalf) {
    if (c < channels) f(Narrow(), c);
  }
}

// Arithmetic of the matrix products: `kPair` values of the inner dimension are multiplied in one
// step.
struct Fp32 {
  using Value = float;
  static constexpr int kPair = 1;
  static Value FromFloat(float x) { return x; }
  static REIDBENCH_INLINE Wide::Register Broadcast(const float* a) { return Wide::Set(*a); }
  static REIDBENCH_INLINE Wide::Register Weights(const float* w) { return Wide::Load(w); }
  static REIDBENCH_INLINE Narrow::Register HalfWeights(const float* w) { return Narrow::Load(w); }
  static REIDBENCH_INLINE Wide::Register Multiply(Wide::Register sum, Wide::Register w,
                                                  Wide::Register a) {
    return Wide::MulAdd(w, a, sum);
  }
  static REIDBENCH_INLINE Narrow::Register MultiplyHalf(Narrow::Register sum, Narrow::Register w,
                                                        Wide::Register a) {
    return Narrow::MulAdd(w, Narrow::Lower(a), sum);
  }
};

// Finds infinities and NaN: 0 * x is 0 for every finite x and NaN otherwise. Two sums, because each
// addition waits for the one before.
class FiniteCheck {
 public:
  // Written out: an implicit one would be compiled for the processor of the command line.
  REIDBENCH_INLINE FiniteCheck() : first_(Wide::Zero()), second_(Wide::Zero()) {}
  // R: Wide or Narrow.
  template <typename R>
  REIDBENCH_INLINE void Add(typename R::Register a, typename R::Register b) {
    first_ = Wide::MulAdd(Wide::Zero(), R::Widen(a), first_);
    second_ = Wide::MulAdd(Wide::Zero(), R::Widen(b), second_);
  }
  REIDBENCH_INLINE bool ok() const { return Wide::Sum(Wide::Add(first_, second_)) == 0.0f; }

 private:
  Wide::Register first_;
  Wide::Register second_;
};

// ---- matrix products ----

constexpr int64_t kWide = Wide::kLanes;

// Columns of a weight matrix that one pass computes: `vectors` whole registers and perhaps
// half of one.
struct Panel {
  int vectors;
  bool half;
  int64_t channel;  // the first one
  int64_t offset;   // of its weights in Matrix::weights, which are [step][lane][pair]
  int64_t lanes() const { return kWide * vectors + (half ? 8 : 0); }
};

// Splits `channels`, a multiple of 8, into panels of about the same width, at most 3 registers.
std::vector<Panel> SplitChannels(int64_t channels, int64_t most) {
  const bool half = channels % kWide != 0;
  const int64_t vectors = channels / kWide;
  // A panel with a half register holds at most 2 whole ones: 8 rows of them fill the registers.
  const int64_t count = std::max<int64_t>(1, (vectors + (half ? 1 : 0) + most - 1) / most);
  REIDBENCH_CHECK(vectors > 0 && most <= 3);
  std::vector<Panel> panels;
  int64_t done = 0;
  for (int64_t i = 0; i < count; ++i) {
    // Later panels get what does not divide, the last one less for its half register.
    const int64_t end = (vectors + (half ? 1 : 0)) * (i + 1) / count;
    const bool last = i + 1 == count;
    const int64_t wide = std::min(end, vectors) - done;
    panels.push_back({static_cast<int>(wide), last && half, kWide * done, 0});
    done += wide;
  }
  return panels;
}

// Weights [steps x pair] x [channels], packed panel by panel.
template <typename P>
struct Matrix {
  std::vector<Panel> panels;
  Buffer<typename P::Value> weights;
  std::vector<float> bias;  // [channels]
  int64_t channels = 0;
  int64_t steps = 0;
  bool relu = false;

  Matrix() = default;
  // at(k, channel): weight of inner index k, 0 where the inner dimension is padded.
  template <typename At>
  Matrix(int64_t steps_, int64_t channels_, int64_t most, const At& at)
      : panels(SplitChannels(channels_, most)),
        weights(steps_ * P::kPair * channels_),
        bias(static_cast<size_t>(channels_), 0.0f),
        channels(channels_),
        steps(steps_) {
    typename P::Value* w = weights.data();
    for (Panel& panel : panels) {
      panel.offset = w - weights.data();
      for (int64_t step = 0; step < steps; ++step) {
        for (int64_t lane = 0; lane < panel.lanes(); ++lane) {
          for (int pair = 0; pair < P::kPair; ++pair) {
            *w++ = P::FromFloat(at(step * P::kPair + pair, panel.channel + lane));
          }
        }
      }
    }
  }
};

// `steps` consecutive steps of the inner dimension: those of pixel p start at a + p * stride.
template <typename P>
struct Operand {
  const typename P::Value* a;
  int64_t stride;
  int64_t steps;
};

// Memory that comes next, fetched into the second-level cache line by line while something else is
// multiplied: wide layers do not fit there, and waiting for the third level costs several percent.
// One line a step, because a burst of them would stall the loads that are needed now.
class Fetcher {
 public:
  static constexpr int64_t kLine = 64;

  template <typename T>
  void Add(const T* data, int64_t count) {
    if (count <= 0) return;
    REIDBENCH_CHECK(size_ < pieces_.size());
    const char* const begin = reinterpret_cast<const char*>(data);
    pieces_[size_++] = {begin, begin + count * static_cast<int64_t>(sizeof(T))};
  }

  // Where the next `steps` lines start, and the distance between them: 0 where nothing is left.
  REIDBENCH_INLINE std::pair<const char*, int64_t> Take(int64_t steps) {
    if (now_.begin >= now_.end) {
      if (next_ == size_) return {reinterpret_cast<const char*>(this), 0};
      now_ = pieces_[next_++];
    }
    const char* const begin = now_.begin;
    now_.begin += steps * kLine;
    return {begin, kLine};
  }

 private:
  struct Piece {
    const char* begin;
    const char* end;
  };
  std::array<Piece, 7> pieces_;
  Piece now_ = {nullptr, nullptr};  // what is left of the piece before next_
  size_t size_ = 0;
  size_t next_ = 0;
};

// out[p][c] = bias[c] + sum over operands + residual[p][c], then ReLU, for the channels of a panel.
// `Out` is float or P::Value; `out` and `residual` point at the panel's first channel.
template <typename P, typename Out>
struct Product {
  std::span<const Operand<P>> operands;
  Out* out = nullptr;
  int64_t out_stride = 0;                       // of `residual` too
  const typename P::Value* residual = nullptr;  // null: none
  FiniteCheck* finite = nullptr;                // null: nobody looks for values that are not finite
  Fetcher* fetcher = nullptr;
};

template <int64_t kCount, typename Value>
REIDBENCH_INLINE void PrefetchChannels(const Value* values) {
  constexpr int64_t kPerLine = 64 / sizeof(Value);
#pragma GCC unroll 4
  for (int64_t c = 0; c < kCount; c += kPerLine) __builtin_prefetch(values + c, 0, 3);
}

// What is known of a product when the program is compiled. Products of few steps are most of a
// narrow network, and whatever a tile does beside them costs as much as several steps.
template <int kStepsOf, bool kPlainOf>
struct Form {
  static constexpr int kSteps = kStepsOf;   // of every operand, where that is known; else 0
  static constexpr bool kPlain = kPlainOf;  // one operand, no residual, not watched
};

// M pixels of one panel.
template <typename P, typename Out, typename F, int M, int V, bool kHalf>
REIDBENCH_INLINE void Tile(const Matrix<P>& matrix, const Panel& panel,
                           const Product<P, Out>& product, int64_t first) {
  constexpr int64_t kLanes = kWide * V + (kHalf ? 8 : 0);
  const float* const bias = matrix.bias.data() + panel.channel;
  Wide::Register sum[M][V];
  Narrow::Register half[M];
#pragma GCC unroll 16
  for (int i = 0; i < M; ++i) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) sum[i][v] = Wide::Load(bias + kWide * v);
    if constexpr (kHalf) half[i] = Narrow::Load(bias + kWide * V);
  }
  Out* const out = product.out + first * product.out_stride;
  const typename P::Value* const residual =
      product.residual == nullptr ? nullptr : product.residual + first * product.out_stride;
  // What is needed at the end comes into the first-level cache meanwhile.
#pragma GCC unroll 16
  for (int i = 0; i < M; ++i) {
    PrefetchChannels<kLanes>(out + i * product.out_stride);
    if (!F::kPlain && product.residual != nullptr)
      PrefetchChannels<kLanes>(residual + i * product.out_stride);
  }
  const typename P::Value* w = matrix.weights.data() + panel.offset;
  auto [line, distance] = product.fetcher->Take(matrix.steps);
  const size_t operands = F::kPlain ? 1 : product.operands.size();
  for (size_t o = 0; o < operands; ++o) {
    const Operand<P>& operand = product.operands[o];
    const int64_t stride = operand.stride;
    const typename P::Value* a = operand.a + first * stride;
    const int64_t steps = F::kSteps > 0 ? F::kSteps : operand.steps;
#pragma GCC unroll 1
    for (int64_t step = 0; step < steps; ++step) {
      __builtin_prefetch(line, 0, 2);  // into the second-level cache
      line += distance;
      Wide::Register weights[V];
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) weights[v] = P::Weights(w + kWide * v * P::kPair);
      Narrow::Register half_weights;
      if constexpr (kHalf) half_weights = P::HalfWeights(w + kWide * V * P::kPair);
#pragma GCC unroll 16
      for (int i = 0; i < M; ++i) {
        const Wide::Register value = P::Broadcast(a + i * stride);
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) sum[i][v] = P::Multiply(sum[i][v], weights[v], value);
        if constexpr (kHalf) half[i] = P::MultiplyHalf(half[i], half_weights, value);
      }
      a += P::kPair;
      w += kLanes * P::kPair;
    }
  }
  if (!F::kPlain && product.residual != nullptr) {
#pragma GCC unroll 16
    for (int i = 0; i < M; ++i) {
      const typename P::Value* const row = residual + i * product.out_stride;
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sum[i][v] = Wide::Add(sum[i][v], Wide::Load(row + kWide * v));
      if constexpr (kHalf) half[i] = Narrow::Add(half[i], Narrow::Load(row + kWide * V));
    }
  }
  if (!F::kPlain && product.finite != nullptr) {
#pragma GCC unroll 16
    for (int i = 0; i < M; i += 2) {
      const int next = i + 1 < M ? i + 1 : i;
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) product.finite->template Add<Wide>(sum[i][v], sum[next][v]);
      if constexpr (kHalf) product.finite->template Add<Narrow>(half[i], half[next]);
    }
  }
  if (matrix.relu) {
#pragma GCC unroll 16
    for (int i = 0; i < M; ++i) {
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sum[i][v] = Wide::Max(Wide::Zero(), sum[i][v]);
      if constexpr (kHalf) half[i] = Narrow::Max(Narrow::Zero(), half[i]);
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < M; ++i) {
    Out* const row = out + i * product.out_stride;
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) Wide::Store(row + kWide * v, sum[i][v]);
    if constexpr (kHalf) Narrow::Store(row + kWide * V, half[i]);
  }
}

// Pixels of a tile that is V (and a half) registers wide: as many as the registers hold beside the
// weights and an input.
template <int V, bool kHalf>
constexpr int kTileRows = kRegisters >= 32 ? (V == 1 && !kHalf ? 16 : 8)
                                           : (V == 1   ? 8
                                              : V == 2 ? 6
                                                       : 4);

// What heights are multiples of: with many registers every height would be much code for the few
// images that need it.
constexpr int64_t kHeightStep = kRegisters >= 32 ? 4 : 1;

// `count` tiles of `height` pixels.
template <typename P, typename Out, typename F, int M, int V, bool kHalf>
void TileRun(int64_t height, int64_t count, const Matrix<P>& matrix, const Panel& panel,
             const Product<P, Out>& product, int64_t first) {
  if (height == M) {
    for (int64_t i = 0; i < count; ++i) {
      Tile<P, Out, F, M, V, kHalf>(matrix, panel, product, first + i * M);
    }
  } else if constexpr (M > kHeightStep) {
    TileRun<P, Out, F, M - kHeightStep, V, kHalf>(height, count, matrix, panel, product, first);
  }
}

// Tiles of nearly the same height: one of a few pixels would leave the multipliers waiting.
template <typename P, typename Out, typename F, int V, bool kHalf>
void Tiles(const Matrix<P>& matrix, const Panel& panel, const Product<P, Out>& product,
           int64_t pixels) {
  constexpr int64_t kMostSteps = kTileRows<V, kHalf> / kHeightStep;
  constexpr auto kRun = TileRun<P, Out, F, kTileRows<V, kHalf>, V, kHalf>;
  const int64_t steps = pixels / kHeightStep;
  const int64_t tiles = (steps + kMostSteps - 1) / kMostSteps;
  int64_t done = 0;
  if (tiles > 0) {
    const int64_t low = steps / tiles;
    const int64_t higher = steps - low * tiles;
    kRun((low + 1) * kHeightStep, higher, matrix, panel, product, 0);
    done = (low + 1) * kHeightStep * higher;
    kRun(low * kHeightStep, tiles - higher, matrix, panel, product, done);
    done += low * kHeightStep * (tiles - higher);
  }
  if constexpr (kHeightStep > 1) {
    for (; done < pixels; ++done) {
      Tile<P, Out, F, 1, V, kHalf>(matrix, panel, product, done);
    }
  }
}

template <typename F, typename P, typename Out>
void FormedPanel(const Matrix<P>& matrix, const Panel& panel, const Product<P, Out>& product,
                 int64_t pixels) {
  if constexpr (kHasHalf) {
    if (panel.half && panel.vectors == 1)
      return Tiles<P, Out, F, 1, true>(matrix, panel, product, pixels);
    if (panel.half) return Tiles<P, Out, F, 2, true>(matrix, panel, product, pixels);
  }
  if (panel.vectors == 1) return Tiles<P, Out, F, 1, false>(matrix, panel, product, pixels);
  if (panel.vectors == 2) return Tiles<P, Out, F, 2, false>(matrix, panel, product, pixels);
  Tiles<P, Out, F, 3, false>(matrix, panel, product, pixels);
}

template <int kSteps = 0, typename P, typename Out>
void MultiplyPanel(const Matrix<P>& matrix, const Panel& panel, const Product<P, Out>& product,
                   int64_t pixels) {
  if constexpr (kSteps == 0) {
    if (product.operands.size() == 1 && product.residual == nullptr && product.finite == nullptr)
      return FormedPanel<Form<0, true>>(matrix, panel, product, pixels);
  }
  FormedPanel<Form<kSteps, false>>(matrix, panel, product, pixels);
}

// All panels: `out` and `residual` point at channel 0.
template <int kSteps = 0, typename P, typename Out>
void Multiply(const Matrix<P>& matrix, const Product<P, Out>& product, int64_t pixels) {
  Fetcher nothing;
  for (const Panel& panel : matrix.panels) {
    Product<P, Out> part = product;
    part.out += panel.channel;
    if (part.residual != nullptr) part.residual += panel.channel;
    if (part.fetcher == nullptr) part.fetcher = &nothing;
    MultiplyPanel<kSteps>(matrix, panel, part, pixels);
  }
}

// ---- depthwise 3x3 ----

// Two rows of output (or the first of them only, when `out1` is null) from four rows of input with
// a column of zeros at each end, for the channels of one register; ReLU behind. `weights` is
// [9][lane] with `stride` between the taps, then the bias. Adds the sum over pixels to `sums`
// unless it is null.
template <typename R, typename Value>
void DepthwiseRows(const std::array<const float*, 4>& rows, int64_t stride, int64_t width,
                   const float* weights, int64_t weights_stride, Value* out0, Value* out1,
                   int64_t out_stride, float* sums) {
  using Register = typename R::Register;
  Register w[9];
#pragma GCC unroll 9
  for (int i = 0; i < 9; ++i) w[i] = R::Load(weights + i * weights_stride);
  const Register bias = R::Load(weights + 9 * weights_stride);
  Register total = R::Zero();
  if constexpr (kRegisters >= 32) {
    const float* const r0 = rows[0];
    const float* const r1 = rows[1];
    const float* const r2 = rows[2];
    const float* const r3 = rows[3];
    Register left[4] = {R::Load(r0), R::Load(r1), R::Load(r2), R::Load(r3)};
    Register middle[4] = {R::Load(r0 + stride), R::Load(r1 + stride), R::Load(r2 + stride),
                          R::Load(r3 + stride)};
    for (int64_t x = 0; x < width; ++x) {
      const int64_t next = (x + 2) * stride;
      const Register right[4] = {R::Load(r0 + next), R::Load(r1 + next), R::Load(r2 + next),
                                 R::Load(r3 + next)};
      Register first = bias;
      Register second = bias;
#pragma GCC unroll 3
      for (int y = 0; y < 3; ++y) {
        first = R::MulAdd(w[3 * y], left[y], first);
        second = R::MulAdd(w[3 * y], left[y + 1], second);
        first = R::MulAdd(w[3 * y + 1], middle[y], first);
        second = R::MulAdd(w[3 * y + 1], middle[y + 1], second);
        first = R::MulAdd(w[3 * y + 2], right[y], first);
        second = R::MulAdd(w[3 * y + 2], right[y + 1], second);
      }
      first = R::Max(R::Zero(), first);
      R::Store(out0 + x * out_stride, first);
      total = R::Add(total, first);
      if (out1 != nullptr) {
        second = R::Max(R::Zero(), second);
        R::Store(out1 + x * out_stride, second);
        total = R::Add(total, second);
      }
#pragma GCC unroll 4
      for (int y = 0; y < 4; ++y) {
        left[y] = middle[y];
        middle[y] = right[y];
      }
    }
  } else {
    // Too few registers for the taps and three columns of input: of those one is read at a time and
    // added to the three columns of output that it is part of.
    Register sum[3][2];  // the output that ends with this column of input, the next one, and a new
#pragma GCC unroll 2
    for (int i = 0; i < 2; ++i) sum[0][i] = sum[1][i] = bias;
    for (int64_t x = -2; x < width; ++x) {
      Register in[4];
#pragma GCC unroll 4
      for (int y = 0; y < 4; ++y) in[y] = R::Load(rows[y] + (x + 2) * stride);
#pragma GCC unroll 2
      for (int i = 0; i < 2; ++i) sum[2][i] = bias;
#pragma GCC unroll 3
      for (int tap = 0; tap < 3; ++tap) {
#pragma GCC unroll 3
        for (int y = 0; y < 3; ++y) {
#pragma GCC unroll 2
          for (int i = 0; i < 2; ++i) {
            sum[2 - tap][i] = R::MulAdd(w[3 * y + tap], in[y + i], sum[2 - tap][i]);
          }
        }
      }
      if (x >= 0) {
        const Register first = R::Max(R::Zero(), sum[0][0]);
        R::Store(out0 + x * out_stride, first);
        total = R::Add(total, first);
        if (out1 != nullptr) {
          const Register second = R::Max(R::Zero(), sum[0][1]);
          R::Store(out1 + x * out_stride, second);
          total = R::Add(total, second);
        }
      }
#pragma GCC unroll 2
      for (int i = 0; i < 2; ++i) {
        sum[0][i] = sum[1][i];
        sum[1][i] = sum[2][i];
      }
    }
  }
  if (sums != nullptr) R::Store(sums, R::Add(R::Load(sums), total));
}

// ---- the network ----

template <typename P>
struct LightConvolution {
  Matrix<P> pointwise;
  Buffer<float> depthwise;  // [10 x channels]: 9 taps, then the bias
};

template <typename P>
struct Block {
  Matrix<P> conv1;
  std::array<std::vector<LightConvolution<P>>, 4> streams;
  FoldedGate gate;
  Matrix<P> conv3;                      // with the residual's convolution as further inner steps
  std::optional<Matrix<P>> downsample;  // AIN with a residual convolution: apart
  bool fused_downsample = false;
  std::optional<FoldedInstanceNorm> norm;
  bool norm_before_sum = false;
};

template <typename P>
struct Stage {
  std::array<Block<P>, 2> blocks;
  std::optional<Matrix<P>> transition;
};

template <typename P>
Matrix<P> PackPointwise(const FoldedConvolution& conv, int64_t most) {
  Matrix<P> matrix(conv.in / P::kPair, conv.out, most,
                   [&](int64_t k, int64_t channel) { return conv.weight[channel * conv.in + k]; });
  matrix.bias = conv.bias;
  matrix.relu = conv.relu;
  return matrix;
}

constexpr int64_t kMost = 3;  // registers across of a matrix product
// Of a light convolution: its weights stay in the first-level cache.
constexpr int64_t kMostLight = kRegisters >= 32 ? 2 : 3;

template <typename P>
Block<P> PackBlock(const FoldedBlock& folded) {
  Block<P> block;
  block.conv1 = PackPointwise<P>(folded.conv1, kMost);
  for (int s = 0; s < 4; ++s) {
    for (const FoldedLightConvolution& layer : folded.streams[s]) {
      const int64_t channels = layer.depthwise.out;
      Buffer<float> depthwise(10 * channels);
      for (int64_t c = 0; c < channels; ++c) {
        for (int64_t tap = 0; tap < 9; ++tap) {
          depthwise.data()[tap * channels + c] = layer.depthwise.weight[c * 9 + tap];
        }
        depthwise.data()[9 * channels + c] = layer.depthwise.bias[c];
      }
      block.streams[s].push_back(
          {PackPointwise<P>(layer.pointwise, kMostLight), std::move(depthwise)});
    }
  }
  block.gate = folded.gate;
  block.norm = folded.norm;
  const bool relu = !folded.norm;  // else behind the norm
  block.norm_before_sum = folded.norm_before_sum;
  const FoldedConvolution& conv3 = folded.conv3;
  if (!folded.downsample || folded.norm_before_sum) {
    block.conv3 = PackPointwise<P>(conv3, kMost);
    block.conv3.relu = relu;
    if (folded.downsample) block.downsample = PackPointwise<P>(*folded.downsample, kMost);
    return block;
  }
  const FoldedConvolution& residual = *folded.downsample;
  block.fused_downsample = true;
  block.conv3 = Matrix<P>(
      (conv3.in + residual.in) / P::kPair, conv3.out, kMost, [&](int64_t k, int64_t channel) {
        return k < conv3.in ? conv3.weight[channel * conv3.in + k]
                            : residual.weight[channel * residual.in + k - conv3.in];
      });
  block.conv3.relu = relu;
  for (int64_t c = 0; c < conv3.out; ++c) block.conv3.bias[c] = conv3.bias[c] + residual.bias[c];
  return block;
}

// Taps of a row of the stem that are multiplied together: 7, padded to pairs.
template <typename P>
constexpr int kStemSteps = (7 + P::kPair - 1) / P::kPair;

template <typename P>
struct PackedNetwork {
  Matrix<P> stem;
  std::optional<FoldedInstanceNorm> stem_norm;
  std::array<Stage<P>, 3> stages;
  Matrix<P> conv5;
  Matrix<Fp32> fc;

  explicit PackedNetwork(const OsnetBlocks& folded) {
    constexpr int64_t kTaps = kStemSteps<P> * P::kPair;
    stem = Matrix<P>(21 * kStemSteps<P>, folded.stem.out, kMost, [&](int64_t k, int64_t channel) {
      const int64_t row = k / kTaps;  // 7 * colour + y
      const int64_t x = k % kTaps;
      return x < 7 ? folded.stem.weight[(channel * 21 + row) * 7 + x] : 0.0f;
    });
    stem.bias = folded.stem.bias;
    stem.relu = folded.stem.relu;
    stem_norm = folded.stem_norm;
    for (int s = 0; s < 3; ++s) {
      for (int b = 0; b < 2; ++b) stages[s].blocks[b] = PackBlock<P>(folded.stages[s].blocks[b]);
      if (folded.stages[s].transition) {
        stages[s].transition = PackPointwise<P>(*folded.stages[s].transition, kMost);
      }
    }
    conv5 = PackPointwise<P>(folded.conv5, kMost);
    fc = PackPointwise<Fp32>(folded.fc, kMost);
  }
};

// Pixels that are multiplied in one go, whole pairs of rows: few enough for their operands and
// results to stay in the second-level cache, many enough for reading all weights of a layer again
// for the next ones to be cheap. The weights of the last stage fill that cache: once must do.
int64_t StripPixels(int64_t height, int64_t width) {
  const int64_t target = height * width <= 128 ? 128 : 64;
  return 2 * width * ((target + 2 * width - 1) / (2 * width));
}

// Memory to compute one image of one size, and the computation.
template <typename P>
class Worker {
 public:
  using Value = typename P::Value;

  explicit Worker(const PackedNetwork<P>& network) : network_(network) {}

  // Features before the fully connected layer: float32 [conv5's channels]. False when a value on
  // the way was not finite.
  bool Run(const float* nchw, int64_t height, int64_t width, float* features) {
    Resize(height, width);
    all_finite_ = true;
    PadImage(nchw);
    Stem();
    int64_t h = (stem_height_ + 1) / 2;
    int64_t w = (stem_width_ + 1) / 2;
    const int64_t channels = network_.conv5.channels;
    std::fill_n(features, channels, 0.0f);
    int64_t in_channels = network_.stem.channels;
    int64_t pixels = 0;
    for (const Stage<P>& stage : network_.stages) {
      pixels = h * w;
      RunBlock(stage, 0, in_channels, h, w, features);
      in_channels = stage.blocks[0].conv3.channels;
      RunBlock(stage, 1, in_channels, h, w, features);
      h /= 2;
      w /= 2;
    }
    const float scale = 1.0f / static_cast<float>(pixels);
    for (int64_t c = 0; c < channels; ++c) features[c] *= scale;
    return all_finite_;
  }

 private:
  void Resize(int64_t height, int64_t width) {
    if (height == height_ && width == width_) return;
    height_ = height;
    width_ = width;
    padded_width_ = width + 8;
    stem_height_ = (height + 1) / 2;
    stem_width_ = (width + 1) / 2;
    padded_ = Buffer<Value>(3 * (height + 6) * padded_width_);
    padded_.Clear();
    const int64_t stem_channels = network_.stem.channels;
    const int64_t stem_rows = network_.stem_norm ? stem_height_ : 3;
    stem_ = Buffer<float>(stem_rows * stem_width_ * stem_channels);
    int64_t h = (stem_height_ + 1) / 2;
    int64_t w = (stem_width_ + 1) / 2;
    int64_t input = h * w * stem_channels;
    int64_t wide = 0;
    int64_t middle = 0;
    int64_t ring = 0;
    int64_t strip = 0;
    int64_t norm = 0;
    int64_t most = 0;
    for (const Stage<P>& stage : network_.stages) {
      const int64_t channels = stage.blocks[0].conv3.channels;
      wide = std::max(wide, h * w * channels);
      middle = std::max(middle, h * w * stage.blocks[0].conv1.channels);
      ring = std::max(ring, (w + 2) * stage.blocks[0].conv1.channels);
      strip = std::max(strip, StripPixels(h, w) * channels);
      most = std::max(most, channels);
      if (stage.blocks[0].norm || stage.blocks[1].norm) norm = std::max(norm, h * w * channels);
      h /= 2;
      w /= 2;
      if (stage.transition) input = std::max(input, h * w * channels);
    }
    x_ = Buffer<Value>(input);
    y_ = Buffer<Value>(wide);
    x1_ = Buffer<Value>(middle);
    inner_ = Buffer<Value>(middle);
    for (auto& stream : streams_) stream = Buffer<Value>(middle);
    ring_ = Buffer<float>(5 * ring);
    strip_ = Buffer<float>(strip);
    y_strip_ = Buffer<Value>(strip);
    gated_ = Buffer<Value>(strip);
    if (norm > 0) {
      norm_y_ = Buffer<float>(norm);
      norm_residual_ = Buffer<float>(norm);
    }
    sums_ = Buffer<float>(4 * most);
    factors_ = Buffer<float>(4 * most);
  }

  void PadImage(const float* nchw) {
    FiniteCheck finite;
    for (int64_t colour = 0; colour < 3; ++colour) {
      for (int64_t y = 0; y < height_; ++y) {
        const float* const in = nchw + (colour * height_ + y) * width_;
        Value* const out = padded_.data() + (colour * (height_ + 6) + y + 3) * padded_width_ + 3;
        int64_t x = 0;
        for (; x + 2 * kWide <= width_; x += 2 * kWide) {
          const Wide::Register a = Wide::Load(in + x);
          const Wide::Register b = Wide::Load(in + x + kWide);
          finite.Add<Wide>(a, b);
          Wide::Store(out + x, a);
          Wide::Store(out + x + kWide, b);
        }
        for (; x < width_; ++x) {
          if (!std::isfinite(in[x])) all_finite_ = false;
          out[x] = P::FromFloat(in[x]);
        }
      }
    }
    if (!finite.ok()) all_finite_ = false;
  }

  // Row y of the stem's convolution.
  void StemRow(int64_t y, float* out) {
    std::array<Operand<P>, 21> operands;
    for (int64_t row = 0; row < 21; ++row) {
      const Value* const a =
          padded_.data() + (row / 7 * (height_ + 6) + 2 * y + row % 7) * padded_width_;
      operands[row] = {a, 2, kStemSteps<P>};
    }
    Multiply<kStemSteps<P>>(network_.stem, Product<P, float>{operands, out, network_.stem.channels},
                            stem_width_);
  }

  void NormRelu(const FoldedInstanceNorm& norm, const float* residual, int64_t pixels, float* x) {
    if (!InstanceNorm(norm.weight, norm.bias, norm.epsilon, residual, true, pixels,
                      static_cast<int64_t>(norm.weight.size()), x, x))
      all_finite_ = false;
  }

  // Convolution, norm, ReLU and max pooling into x_.
  void Stem() {
    const int64_t channels = network_.stem.channels;
    const int64_t row_size = stem_width_ * channels;
    const bool whole = network_.stem_norm.has_value();
    if (whole) {
      for (int64_t y = 0; y < stem_height_; ++y) StemRow(y, stem_.data() + y * row_size);
      NormRelu(*network_.stem_norm, nullptr, stem_height_ * stem_width_, stem_.data());
    }
    const auto row = [&](int64_t y) { return stem_.data() + (whole ? y : y % 3) * row_size; };
    const int64_t out_width = (stem_width_ + 1) / 2;
    int64_t done = whole ? stem_height_ : 0;
    for (int64_t y = 0; y < (stem_height_ + 1) / 2; ++y) {
      const int64_t last = std::min(2 * y + 1, stem_height_ - 1);
      for (; done <= last; ++done) StemRow(done, row(done));
      const float* const top = row(std::max<int64_t>(2 * y - 1, 0));
      MaxRows(top, row(2 * y), row(last), x_.data() + y * out_width * channels);
    }
  }

  // 3 wide, stride 2; values are at least 0 or NaN.
  void MaxRows(const float* top, const float* centre, const float* bottom, Value* out) {
    const int64_t channels = network_.stem.channels;
    FiniteCheck finite;
    ForChannels(channels, [&](auto r, int64_t c) {
      using R = decltype(r);
      const auto column = [&](int64_t x) {
        const int64_t i = x * channels + c;
        const auto middle = R::Load(centre + i);
        const auto below = R::Load(bottom + i);
        finite.Add<R>(middle, below);
        return R::Max(R::Max(R::Load(top + i), middle), below);
      };
      auto left = R::Zero();
      for (int64_t x = 0; x < stem_width_; x += 2) {
        const auto here = column(x);
        const auto right = x + 1 < stem_width_ ? column(x + 1) : R::Zero();
        R::Store(out + x / 2 * channels + c, R::Max(R::Max(left, here), right));
        left = right;
      }
    });
    if (!finite.ok()) all_finite_ = false;
  }

  // out = matrix x in over all pixels, `strip` at a time.
  void Pointwise(const Matrix<P>& matrix, const Value* in, int64_t in_channels, int64_t pixels,
                 int64_t strip, Value* out) {
    for (int64_t p = 0; p < pixels; p += strip) {
      const int64_t count = std::min(strip, pixels - p);
      const int64_t next = p + count;
      const int64_t next_count = std::min(strip, pixels - next);
      Fetcher fetcher;
      fetcher.Add(in + next * in_channels, next_count * in_channels);
      fetcher.Add(out + next * matrix.channels, next_count * matrix.channels);
      const std::array<Operand<P>, 1> operands = {
          {{in + p * in_channels, in_channels, in_channels / P::kPair}}};
      Product<P, Value> product{operands, out + p * matrix.channels, matrix.channels};
      product.fetcher = &fetcher;
      Multiply(matrix, product, count);
    }
  }

  static void Convert(const float* in, int64_t count, Value* out) {
    ForChannels(count, [&](auto r, int64_t i) {
      using R = decltype(r);
      R::Store(out + i, R::Load(in + i));
    });
  }

  // A light convolution: rings of four rows, one for each panel, hold what the 1x1 convolution
  // gave.
  void Light(const LightConvolution<P>& layer, const Value* in, int64_t height, int64_t width,
             Value* out, float* sums) {
    const int64_t channels = layer.pointwise.channels;
    ClearMargins(layer.pointwise, width);
    int64_t done = 0;
    for (int64_t y = 0; y < height; y += 2) {
      const int64_t begin = done;
      done = std::min(y + 3, height);
      Fetcher fetcher;
      const int64_t next = std::min(done + 2, height) - done;
      fetcher.Add(in + done * width * channels, next * width * channels);
      fetcher.Add(out + (y + 2) * width * channels,
                  std::clamp<int64_t>(height - y - 2, 0, 2) * width * channels);
      for (const Panel& panel : layer.pointwise.panels) {
        const int64_t lanes = panel.lanes();
        const int64_t row_size = (width + 2) * lanes;
        float* const ring = ring_.data() + 5 * (width + 2) * panel.channel;
        for (int64_t row = begin; row < done; ++row) {
          const std::array<Operand<P>, 1> operands = {
              {{in + row * width * channels, channels, channels / P::kPair}}};
          Product<P, float> product{operands, ring + row % 4 * row_size + lanes, lanes};
          product.fetcher = &fetcher;
          MultiplyPanel(layer.pointwise, panel, product, width);
        }
        Depthwise(layer, panel, ring, y, height, width, out, sums);
      }
    }
  }

  // A column of zeros at either end of each row of the rings, and a row of zeros behind the four.
  void ClearMargins(const Matrix<P>& matrix, int64_t width) {
    for (const Panel& panel : matrix.panels) {
      const int64_t lanes = panel.lanes();
      const int64_t row_size = (width + 2) * lanes;
      float* const ring = ring_.data() + 5 * (width + 2) * panel.channel;
      for (int64_t row = 0; row < 4; ++row) {
        std::fill_n(ring + row * row_size, lanes, 0.0f);
        std::fill_n(ring + (row + 1) * row_size - lanes, lanes, 0.0f);
      }
      std::fill_n(ring + 4 * row_size, row_size, 0.0f);
    }
  }

  // Rows y and y + 1 of the output, a panel's channels, from its ring.
  static void Depthwise(const LightConvolution<P>& layer, const Panel& panel, const float* ring,
                        int64_t y, int64_t height, int64_t width, Value* out, float* sums) {
    const int64_t channels = layer.pointwise.channels;
    const int64_t lanes = panel.lanes();
    const int64_t row_size = (width + 2) * lanes;
    std::array<const float*, 4> rows;
    for (int64_t i = 0; i < 4; ++i) {
      const int64_t from = y - 1 + i;
      rows[i] = ring + (from < 0 || from >= height ? 4 : from % 4) * row_size;
    }
    ForChannels(lanes, [&](auto r, int64_t c) {
      const int64_t channel = panel.channel + c;
      Value* const out0 = out + y * width * channels + channel;
      DepthwiseRows<decltype(r)>({rows[0] + c, rows[1] + c, rows[2] + c, rows[3] + c}, lanes, width,
                                 layer.depthwise.data() + channel, channels, out0,
                                 y + 1 < height ? out0 + width * channels : nullptr, channels,
                                 sums == nullptr ? nullptr : sums + channel);
    });
  }

  // Factors of the gate from the sums over pixels.
  void Gate(const FoldedGate& gate, const float* sums, int64_t pixels, float* factors) const {
    const int64_t channels = static_cast<int64_t>(gate.bias2.size());
    const int64_t hidden = static_cast<int64_t>(gate.bias1.size());
    std::array<float, 64> inner{};
    REIDBENCH_CHECK(hidden <= static_cast<int64_t>(inner.size()));
    const float scale = 1.0f / static_cast<float>(pixels);
    for (int64_t h = 0; h < hidden; ++h) {
      float sum = 0;
      ForChannels(channels, [&](auto r, int64_t c) {
        using R = decltype(r);
        const auto product =
            R::Mul(R::Load(gate.weight1.data() + h * channels + c), R::Load(sums + c));
        sum += R::Sum(product);
      });
      sum = sum * scale + gate.bias1[h];
      inner[h] = 0.0f > sum ? 0.0f : sum;
    }
    for (int64_t c = 0; c < channels; ++c) {
      float sum = gate.bias2[c];
      for (int64_t h = 0; h < hidden; ++h) sum += gate.weight2[c * hidden + h] * inner[h];
      factors[c] = 1.0f / (1.0f + std::exp(-sum));
    }
  }

  // Pixels [begin, begin + count) of the gated sum of the streams, into gated_.
  void GateStrip(int64_t begin, int64_t count, int64_t channels) {
    const float* const factors = factors_.data();
    for (int64_t p = 0; p < count; ++p) {
      const int64_t at = (begin + p) * channels;
      Value* const out = gated_.data() + p * channels;
      ForChannels(channels, [&](auto r, int64_t c) {
        using R = decltype(r);
        auto sum = R::Mul(R::Load(streams_[0].data() + at + c), R::Load(factors + c));
        for (int s = 1; s < 4; ++s) {
          sum = R::MulAdd(R::Load(streams_[s].data() + at + c), R::Load(factors + s * channels + c),
                          sum);
        }
        R::Store(out + c, sum);
      });
    }
  }

  // Block 0 reads x_ and writes y_, block 1 reads y_ and leaves what follows the stage: the next
  // stage's x_, or the sums of conv5 in `features`. Each strip of output goes on at once into the
  // convolution behind it, so that a wide map is written once and read once, or not at all.
  void RunBlock(const Stage<P>& stage, int index, int64_t in_channels, int64_t height,
                int64_t width, float* features) {
    const Block<P>& block = stage.blocks[index];
    const Value* const x = index == 0 ? x_.data() : y_.data();
    const int64_t pixels = height * width;
    const int64_t channels = block.conv1.channels;
    const int64_t out_channels = block.conv3.channels;
    const int64_t strip = StripPixels(height, width);
    if (index == 0) Pointwise(block.conv1, x, in_channels, pixels, strip, x1_.data());
    Streams(block, height, width);
    FiniteCheck finite;
    for (int64_t p = 0; p < pixels; p += strip) {
      const int64_t count = std::min(strip, pixels - p);
      GateStrip(p, count, channels);
      const Value* const x_strip = x + p * in_channels;
      const std::array<Operand<P>, 2> operands = {{{gated_.data(), channels, channels / P::kPair},
                                                   {x_strip, in_channels, in_channels / P::kPair}}};
      const std::span<const Operand<P>> used(operands.data(), block.fused_downsample ? 2 : 1);
      const int64_t next = p + count;
      const int64_t next_count = std::min(strip, pixels - next);
      Fetcher fetcher;
      fetcher.Add(x + next * in_channels, next_count * in_channels);
      for (const auto& stream : streams_) {
        fetcher.Add(stream.data() + next * channels, next_count * channels);
      }
      if (block.norm) {
        float* const result = norm_y_.data() + p * out_channels;
        Product<P, float> product{used, result, out_channels};
        product.fetcher = &fetcher;
        Multiply(block.conv3, product, count);
        Residual(block, x_strip, in_channels, count, result,
                 norm_residual_.data() + p * out_channels);
        continue;
      }
      if (index == 0) {
        fetcher.Add(y_.data() + next * out_channels, next_count * out_channels);
        fetcher.Add(x1_.data() + next * channels, next_count * channels);
      }
      Value* const y = index == 0 ? y_.data() + p * out_channels : y_strip_.data();
      Product<P, Value> product{used, y, out_channels};
      if (!block.fused_downsample) product.residual = x_strip;
      product.finite = &finite;
      product.fetcher = &fetcher;
      Multiply(block.conv3, product, count);
      Continue(stage, index, y, p, count, width, features);
    }
    if (!finite.ok()) all_finite_ = false;
    if (!block.norm) return;
    NormRelu(*block.norm, block.norm_before_sum ? norm_residual_.data() : nullptr, pixels,
             norm_y_.data());
    Convert(norm_y_.data(), pixels * out_channels, y_.data());
    for (int64_t p = 0; p < pixels; p += strip) {
      Continue(stage, index, y_.data() + p * out_channels, p, std::min(strip, pixels - p), width,
               features);
    }
  }

  // The four streams of light convolutions from x1_ into streams_, and their gates' factors.
  void Streams(const Block<P>& block, int64_t height, int64_t width) {
    const int64_t channels = block.conv1.channels;
    std::memset(sums_.data(), 0, static_cast<size_t>(4 * channels) * sizeof(float));
    for (int s = 0; s < 4; ++s) {
      const Value* from = x1_.data();
      const int layers = s + 1;
      float* const sums = sums_.data() + s * channels;
      for (int i = 0; i < layers; ++i) {
        // Alternately, so that the last one writes the stream.
        const bool even = (layers - 1 - i) % 2 == 0;
        Value* const to = even ? streams_[s].data() : inner_.data();
        Light(block.streams[s][i], from, height, width, to, i + 1 == layers ? sums : nullptr);
        from = to;
      }
      Gate(block.gate, sums, height * width, factors_.data() + s * channels);
    }
  }

  // What reads the output y of block `index`, for pixels [p, p + count).
  void Continue(const Stage<P>& stage, int index, const Value* y, int64_t p, int64_t count,
                int64_t width, float* features) {
    const int64_t channels = stage.blocks[0].conv3.channels;
    const std::array<Operand<P>, 1> operands = {{{y, channels, channels / P::kPair}}};
    if (index == 0) {
      const Matrix<P>& conv1 = stage.blocks[1].conv1;
      Multiply(conv1, Product<P, Value>{operands, x1_.data() + p * conv1.channels, conv1.channels},
               count);
    } else if (stage.transition) {
      Multiply(*stage.transition, Product<P, float>{operands, strip_.data(), channels}, count);
      // An odd row at the end is left out.
      const int64_t row_pairs = count / (2 * width);
      Value* out = x_.data() + p / (2 * width) * (width / 2) * channels;
      for (int64_t i = 0; i < row_pairs; ++i) {
        AverageRows(strip_.data() + i * 2 * width * channels, channels, width, out);
        out += width / 2 * channels;
      }
    } else {
      Multiply(network_.conv5, Product<P, float>{operands, strip_.data(), channels}, count);
      ForChannels(channels, [&](auto r, int64_t c) {
        using R = decltype(r);
        auto sum = R::Load(strip_.data() + c);
        for (int64_t i = 1; i < count; ++i) {
          sum = R::Add(sum, R::Load(strip_.data() + i * channels + c));
        }
        R::Store(features + c, R::Add(R::Load(features + c), sum));
      });
    }
  }

  // What a strip of a block with an instance norm adds: to `result` before the norm (IBN), or into
  // `residual` for after it (AIN).
  void Residual(const Block<P>& block, const Value* x, int64_t in_channels, int64_t count,
                float* result, float* residual) {
    const int64_t size = count * block.conv3.channels;
    if (block.norm_before_sum) {
      if (block.downsample) {
        const std::array<Operand<P>, 1> operands = {{{x, in_channels, in_channels / P::kPair}}};
        Multiply(*block.downsample, Product<P, float>{operands, residual, block.conv3.channels},
                 count);
        return;
      }
      ForChannels(size, [&](auto r, int64_t i) {
        using R = decltype(r);
        R::Store(residual + i, R::Load(x + i));
      });
    } else if (!block.fused_downsample) {
      ForChannels(size, [&](auto r, int64_t i) {
        using R = decltype(r);
        R::Store(result + i, R::Add(R::Load(result + i), R::Load(x + i)));
      });
    }
  }

  // The means of 2 x 2 pixels of two rows.
  static void AverageRows(const float* rows, int64_t channels, int64_t width, Value* out) {
    for (int64_t column = 0; column < width / 2; ++column) {
      const float* const top = rows + 2 * column * channels;
      const float* const bottom = top + width * channels;
      ForChannels(channels, [&](auto r, int64_t c) {
        using R = decltype(r);
        const auto above = R::Add(R::Load(top + c), R::Load(top + channels + c));
        const auto below = R::Add(R::Load(bottom + c), R::Load(bottom + channels + c));
        R::Store(out + c, R::Mul(R::Add(above, below), R::Set(0.25f)));
      });
      out += channels;
    }
  }

  const PackedNetwork<P>& network_;
  int64_t height_ = 0, width_ = 0;
  int64_t padded_width_ = 0;
  int64_t stem_height_ = 0, stem_width_ = 0;
  Buffer<Value> padded_;  // [3 x (height + 6) x (width + 8)], the image at (3, 3)
  Buffer<float> stem_;    // three rows in turn, or all of them before an instance norm
  Buffer<Value> x_, y_;   // a stage's input, its first block's output
  Buffer<Value> x1_, inner_;
  std::array<Buffer<Value>, 4> streams_;
  Buffer<float> ring_;
  Buffer<float> strip_;  // of pixels, as the next two
  Buffer<Value> y_strip_, gated_;
  Buffer<float> norm_y_, norm_residual_;
  Buffer<float> sums_, factors_;  // [4 streams x channels]
  bool all_finite_ = true;        // every value seen of this image
};

template <typename P>
class OsnetRunner : public GraphRunner {
 public:
  explicit OsnetRunner(const OsnetBlocks& folded)
      : network_(folded), l2_epsilon_(folded.l2_epsilon) {}

  int batch_size() const override { return kBatch; }

  void Run(const ImageBatch& images, float* embeddings) override {
    const int64_t image_size = int64_t{3} * images.height * images.width;
    const int64_t dim = network_.fc.channels;
    const int64_t inner = network_.conv5.channels;
    std::unique_ptr<Scratch> scratch = Take();
    for (int64_t begin = 0; begin < images.count; begin += kBatch) {
      const int64_t count = std::min<int64_t>(kBatch, images.count - begin);
      std::array<bool, kBatch> finite{};
      float* const features = scratch->features.data();
      for (int64_t n = 0; n < count; ++n) {
        finite[n] = scratch->worker.Run(images.nchw + (begin + n) * image_size, images.height,
                                        images.width, features + n * inner);
      }
      const std::array<Operand<Fp32>, 1> operands = {{{features, inner, inner}}};
      float* const out = embeddings + begin * dim;
      Multiply(network_.fc, Product<Fp32, float>{operands, out, dim}, count);
      Relu(out, count * dim, out);
      if (l2_epsilon_) L2Normalize(out, count, dim, *l2_epsilon_, out);
      for (int64_t n = 0; n < count; ++n) {
        if (!finite[n]) out[n * dim] = std::numeric_limits<float>::quiet_NaN();
      }
    }
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(scratch));
  }

 private:
  // The fully connected layer's megabyte of weights is read once for so many images.
  static constexpr int kBatch = 8;

  struct Scratch {
    explicit Scratch(const PackedNetwork<P>& network)
        : worker(network), features(kBatch * network.conv5.channels) {}
    Worker<P> worker;
    Buffer<float> features;
  };

  std::unique_ptr<Scratch> Take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return std::make_unique<Scratch>(network_);
    std::unique_ptr<Scratch> scratch = std::move(idle_.back());
    idle_.pop_back();
    return scratch;
  }

  const PackedNetwork<P> network_;
  const std::optional<double> l2_epsilon_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Scratch>> idle_;
};
