// OSNet as loops over doubles, written from the paper's figures and torchreid's tensor names and
// sharing nothing with the library, not even the graph: what all engines are held against. And
// random weights for it. Slow: for images of a few pixels.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reidbench/core/random.h"
#include "reidbench/networks/network.h"

namespace reidbench {

// Weights of a size that keeps activations near 1, running statistics that matter, variances above
// 0.5.
inline Network RandomOsnetWeights(std::string_view architecture, uint64_t seed) {
  Network weights{.name = std::string(architecture),
                  .graph = ArchitectureByName(architecture).graph};
  weights.path = "random";
  Rng rng(seed);
  for (const TensorSpec& spec : TensorsOf(weights.graph)) {
    Tensor tensor{spec.shape, {}};
    int64_t count = 1;
    for (const int64_t size : spec.shape) count *= size;
    const double fan_in = static_cast<double>(count) / static_cast<double>(spec.shape[0]);
    const bool vector = spec.shape.size() == 1;
    const bool variance = spec.name.ends_with("running_var");
    const bool scale = vector && spec.name.ends_with(".weight");
    for (int64_t i = 0; i < count; ++i) {
      const double value = variance ? rng.Uniform(0.5, 2.0)
                           : scale  ? rng.Uniform(0.5, 1.5)
                           : vector ? 0.2 * rng.Normal()
                                    : rng.Normal() * std::sqrt(1.5 / fan_in);
      tensor.values.push_back(static_cast<float>(value));
    }
    weights.tensors.emplace(spec.name, std::move(tensor));
  }
  return weights;
}

class OsnetReference {
 public:
  explicit OsnetReference(const Network& weights) : w_(weights) {}

  // [3 x height x width] -> features.
  std::vector<double> Features(const float* chw, int height, int width) const {
    const bool ain = w_.name.starts_with("osnet_ain");
    const bool plain = !ain && !w_.name.starts_with("osnet_ibn");
    Map x{3, height, width, std::vector<double>(chw, chw + 3 * height * width)};
    x = Conv(x, "conv1.conv", 2, 3);
    x = plain ? BatchNorm(x, "conv1.bn") : InstanceNorm(x, "conv1.bn");
    x = MaxPool(Relu(x));
    for (int stage = 2; stage <= 4; ++stage) {
      for (int index = 0; index < 2; ++index) x = Block(x, stage, index);
      if (stage == 4) break;
      const std::string name =
          (ain ? "pool" : "conv") + std::to_string(stage) + (ain ? ".0" : ".2.0");
      x = AveragePool(Relu(BatchNorm(Conv(x, name + ".conv", 1, 0), name + ".bn")));
    }
    x = Relu(BatchNorm(Conv(x, "conv5.conv", 1, 0), "conv5.bn"));
    Map v{x.c, 1, 1, Means(x)};
    return Relu(BatchNorm(Conv(v, "fc.0", 1, 0), "fc.1")).v;
  }

 private:
  struct Map {
    int c, h, w;
    std::vector<double> v;
    double& At(int k, int y, int x) { return v[(static_cast<size_t>(k) * h + y) * w + x]; }
    double At(int k, int y, int x) const { return v[(static_cast<size_t>(k) * h + y) * w + x]; }
  };

  const std::vector<float>& W(const std::string& name) const { return w_.tensors.at(name).values; }

  static Map Zeros(int c, int h, int w) {
    return {c, h, w, std::vector<double>(static_cast<size_t>(c) * h * w)};
  }

  Map Conv(const Map& in, const std::string& name, int stride, int pad) const {
    const Tensor& t = w_.tensors.at(name + ".weight");
    const int out_c = static_cast<int>(t.shape[0]);
    const int group_c = static_cast<int>(t.shape[1]);
    const int k = t.shape.size() == 4 ? static_cast<int>(t.shape[2]) : 1;
    const int per_group = out_c / (in.c / group_c);
    Map out = Zeros(out_c, (in.h + 2 * pad - k) / stride + 1, (in.w + 2 * pad - k) / stride + 1);
    const auto bias = w_.tensors.find(name + ".bias");
    for (int o = 0; o < out_c; ++o) {
      const auto plane = out.v.begin() + static_cast<ptrdiff_t>(o) * out.h * out.w;
      if (bias != w_.tensors.end())
        std::fill_n(plane, static_cast<ptrdiff_t>(out.h) * out.w, bias->second.values[o]);
      for (int i = 0; i < group_c; ++i) {
        for (int dy = 0; dy < k; ++dy) {
          for (int dx = 0; dx < k; ++dx) {
            const double weight =
                t.values[((static_cast<size_t>(o) * group_c + i) * k + dy) * k + dx];
            AddShifted(in, o / per_group * group_c + i, dy - pad, dx - pad, stride, weight, o, out);
          }
        }
      }
    }
    return out;
  }

  // out(o, y, x) += weight * in(i, stride * y + dy, stride * x + dx), in where it has pixels.
  static void AddShifted(const Map& in, int i, int dy, int dx, int stride, double weight, int o,
                         Map& out) {
    const auto begin = [&](int shift) { return shift >= 0 ? 0 : (stride - 1 - shift) / stride; };
    const auto end = [&](int shift, int size, int limit) {
      return size - shift <= 0 ? 0 : std::min(limit, (size - shift - 1) / stride + 1);
    };
    const int left = begin(dx), right = end(dx, in.w, out.w);
    for (int y = begin(dy); y < end(dy, in.h, out.h); ++y) {
      const double* const from =
          &in.v[(static_cast<size_t>(i) * in.h + stride * y + dy) * static_cast<size_t>(in.w)];
      double* const to = &out.v[(static_cast<size_t>(o) * out.h + y) * static_cast<size_t>(out.w)];
      for (int x = left; x < right; ++x) to[x] += weight * from[stride * x + dx];
    }
  }

  static std::vector<double> Means(const Map& x) {
    std::vector<double> means;
    for (int c = 0; c < x.c; ++c) {
      double sum = 0;
      for (int i = 0; i < x.h * x.w; ++i) sum += x.v[static_cast<size_t>(c) * x.h * x.w + i];
      means.push_back(sum / (x.h * x.w));
    }
    return means;
  }

  static Map Affine(Map x, const std::vector<double>& mean, const std::vector<double>& var,
                    const std::vector<float>& weight, const std::vector<float>& bias) {
    for (int c = 0; c < x.c; ++c) {
      for (int i = 0; i < x.h * x.w; ++i) {
        double& v = x.v[static_cast<size_t>(c) * x.h * x.w + i];
        v = (v - mean[c]) / std::sqrt(var[c] + 1e-5) * weight[c] + bias[c];
      }
    }
    return x;
  }

  Map BatchNorm(const Map& x, const std::string& name) const {
    const auto& mean = W(name + ".running_mean");
    const auto& var = W(name + ".running_var");
    return Affine(x, {mean.begin(), mean.end()}, {var.begin(), var.end()}, W(name + ".weight"),
                  W(name + ".bias"));
  }

  Map InstanceNorm(const Map& x, const std::string& name) const {
    const std::vector<double> mean = Means(x);
    Map squares = x;
    for (int c = 0; c < x.c; ++c) {
      for (int i = 0; i < x.h * x.w; ++i) {
        double& v = squares.v[static_cast<size_t>(c) * x.h * x.w + i];
        v = (v - mean[c]) * (v - mean[c]);
      }
    }
    return Affine(x, mean, Means(squares), W(name + ".weight"), W(name + ".bias"));
  }

  static Map Relu(Map x) {
    for (double& v : x.v) v = std::max(v, 0.0);
    return x;
  }

  static Map MaxPool(const Map& in) {
    Map out = Zeros(in.c, (in.h + 1) / 2, (in.w + 1) / 2);
    for (int c = 0; c < in.c; ++c) {
      for (int y = 0; y < out.h; ++y) {
        for (int x = 0; x < out.w; ++x) {
          double best = -1e300;
          for (int sy = std::max(2 * y - 1, 0); sy <= std::min(2 * y + 1, in.h - 1); ++sy) {
            for (int sx = std::max(2 * x - 1, 0); sx <= std::min(2 * x + 1, in.w - 1); ++sx) {
              best = std::max(best, in.At(c, sy, sx));
            }
          }
          out.At(c, y, x) = best;
        }
      }
    }
    return out;
  }

  static Map AveragePool(const Map& in) {
    Map out = Zeros(in.c, in.h / 2, in.w / 2);
    for (int c = 0; c < in.c; ++c) {
      for (int y = 0; y < out.h; ++y) {
        for (int x = 0; x < out.w; ++x) {
          out.At(c, y, x) = (in.At(c, 2 * y, 2 * x) + in.At(c, 2 * y, 2 * x + 1) +
                             in.At(c, 2 * y + 1, 2 * x) + in.At(c, 2 * y + 1, 2 * x + 1)) /
                            4;
        }
      }
    }
    return out;
  }

  static Map Sum(Map a, const Map& b) {
    for (size_t i = 0; i < a.v.size(); ++i) a.v[i] += b.v[i];
    return a;
  }

  Map Gate(Map x, const std::string& name) const {
    const Map pooled{x.c, 1, 1, Means(x)};
    const Map gate = Conv(Relu(Conv(pooled, name + ".fc1", 1, 0)), name + ".fc2", 1, 0);
    for (int c = 0; c < x.c; ++c) {
      for (int i = 0; i < x.h * x.w; ++i)
        x.v[static_cast<size_t>(c) * x.h * x.w + i] /= 1 + std::exp(-gate.v[c]);
    }
    return x;
  }

  Map Block(const Map& in, int stage, int index) const {
    const bool ain = w_.name.starts_with("osnet_ain");
    const bool ibn = w_.name.starts_with("osnet_ibn");
    const std::string name = "conv" + std::to_string(stage) + "." + std::to_string(index);
    const Map x1 = Relu(BatchNorm(Conv(in, name + ".conv1.conv", 1, 0), name + ".conv1.bn"));
    Map sum = Zeros(x1.c, x1.h, x1.w);
    const std::array<std::string, 4> letters = {"a", "b", "c", "d"};
    for (int s = 0; s < 4; ++s) {
      Map y = x1;
      for (int i = 0; i <= s; ++i) {
        const std::string n =
            ain      ? name + ".conv2." + std::to_string(s) + ".layers." + std::to_string(i)
            : s == 0 ? name + ".conv2a"
                     : name + ".conv2" + letters[s] + "." + std::to_string(i);
        y = Relu(BatchNorm(Conv(Conv(y, n + ".conv1", 1, 0), n + ".conv2", 1, 1), n + ".bn"));
      }
      sum = Sum(sum, Gate(y, name + ".gate"));
    }
    Map y = Conv(sum, name + ".conv3.conv", 1, 0);
    // AIN: conv2.0, conv2.1, conv3.1 and conv4.0 normalise inside.
    const bool inside =
        ain && (stage == 2 || (stage == 3 && index == 1) || (stage == 4 && index == 0));
    y = inside ? InstanceNorm(y, name + ".IN") : BatchNorm(y, name + ".conv3.bn");
    const bool widens = w_.tensors.contains(name + ".downsample.conv.weight");
    y = Sum(y, widens
                   ? BatchNorm(Conv(in, name + ".downsample.conv", 1, 0), name + ".downsample.bn")
                   : in);
    if (ibn && stage == 2) y = InstanceNorm(y, name + ".IN");
    return Relu(y);
  }

  const Network& w_;
};

// [3 x height x width] -> features.
inline std::vector<double> ReferenceFeatures(const Network& weights, const float* chw, int height,
                                             int width) {
  return OsnetReference(weights).Features(chw, height, width);
}

}  // namespace reidbench
