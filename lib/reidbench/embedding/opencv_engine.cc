#include "reidbench/embedding/opencv_engine.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <mutex>
#include <opencv2/core/utility.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/dnn.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/hash.h"
#include "reidbench/core/isa.h"
#include "reidbench/core/random.h"
#include "reidbench/core/text.h"
#include "reidbench/weights/checkpoint.h"
#include "reidbench/weights/onnx_graph.h"

namespace reidbench {
namespace {

// OpenCV writes to stderr what it throws; the exceptions are translated, so the lines would only
// confuse.
class QuietOpencv {
 public:
  QuietOpencv() : level_(cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT)) {}
  ~QuietOpencv() { cv::utils::logging::setLogLevel(level_); }
  QuietOpencv(const QuietOpencv&) = delete;
  QuietOpencv& operator=(const QuietOpencv&) = delete;

 private:
  cv::utils::logging::LogLevel level_;
};

std::string Reason(const cv::Exception& e) {
  return std::string(Trim(std::string_view(e.err).substr(0, e.err.find('\n'))));
}

std::string ShapeOf(const cv::Mat& m) {
  std::vector<std::string> sizes;
  for (int i = 0; i < m.dims; ++i) sizes.push_back(std::to_string(m.size[i]));
  return "[" + JoinText(sizes, " x ") + "]";
}

class OpencvEngine : public Engine {
 public:
  explicit OpencvEngine(const std::filesystem::path& path)
      : path_(path.string()), bytes_(ReadFileBytes(path)) {
    // A call uses the thread that makes it: callers run batches in parallel.
    cv::setNumThreads(1);
    // OpenCV picks its code when it is loaded; later it can only be told to use nothing beyond
    // SSE3.
    if (IsaIsCapped()) cv::setUseOptimized(false);
    const QuietOpencv quiet;
    ReadGraph();
    info_.engine = "opencv " + cv::getVersionString();
    info_.architecture = "onnx";
    info_.precision = "fp32";
    info_.device = "cpu";
    info_.weights_sha256 = Sha256Hex({reinterpret_cast<const char*>(bytes_.data()), bytes_.size()});
    FindBatchSize();
  }

  const EmbedderInfo& info() const override { return info_; }

  void Run(const ImageBatch& images, float* embeddings) override {
    const size_t image_size = size_t{3} * images.height * images.width;
    for (int begin = 0; begin < images.count;) {
      const int count = std::min(step_, images.count - begin);
      const float* input = images.nchw + begin * image_size;
      std::vector<float> padded;
      if (fixed_ && count < step_) {  // the network takes exactly step_ images: repeat the last one
        padded.assign(input, input + count * image_size);
        for (int i = count; i < step_; ++i) {
          padded.insert(padded.end(), input + (count - 1) * image_size, input + count * image_size);
        }
        input = padded.data();
      }
      const int run = fixed_ ? step_ : count;
      const std::vector<float> rows = Forward({input, run, images.height, images.width});
      if (rows.size() != static_cast<size_t>(run) * info_.dim) {
        ThrowModel(
            "{}: {} images of {} x {} gave {} numbers instead of {} each; does the network take "
            "this size?",
            path_, run, images.height, images.width, rows.size(), info_.dim);
      }
      std::copy_n(rows.begin(), static_cast<size_t>(count) * info_.dim,
                  embeddings + static_cast<size_t>(begin) * info_.dim);
      begin += count;
    }
  }

 private:
  void ReadGraph() {
    std::map<std::string, Tensor> tensors;
    const OnnxGraph graph = ParseOnnx(bytes_, path_, tensors);
    if (graph.inputs.size() != 1 || graph.outputs.empty()) {
      ThrowModel(
          "{}: expected a network with one input, the images, and an output; it has {} inputs and "
          "{} outputs",
          path_, graph.inputs.size(), graph.outputs.size());
    }
    const std::vector<int64_t>& shape = graph.inputs[0].shape;
    const auto known = [](int64_t size) { return size > 0; };
    if (!shape.empty() && (shape.size() != 4 || (known(shape[1]) && shape[1] != 3))) {
      std::vector<std::string> sizes;
      for (const int64_t size : shape) sizes.push_back(known(size) ? std::to_string(size) : "?");
      ThrowModel("{}: expected an input [N x 3 x height x width], found [{}]", path_,
                 JoinText(sizes, " x "));
    }
    if (shape.size() == 4) {
      constexpr int64_t kLargest = int64_t{1} << 28;  // 1 GiB of floats
      int64_t values = 1;
      for (const int64_t size : shape) {
        if (known(size)) values = size > kLargest ? kLargest + 1 : values * size;
        if (values > kLargest) ThrowModel("{}: its input is implausibly large", path_);
      }
      if (known(shape[0])) declared_batch_ = static_cast<int>(shape[0]);
      if (known(shape[2])) info_.input_height = static_cast<int>(shape[2]);
      if (known(shape[3])) info_.input_width = static_cast<int>(shape[3]);
    }
    output_ = graph.outputs[0].name;
    if (graph.outputs.size() > 1) {
      info_.notes.push_back(fmt::format("the network has {} outputs; the first, {}, is used",
                                        graph.outputs.size(), output_));
    }
  }

  // Noise that differs from image to image, in the range of normalised pixels.
  std::vector<float> TrialImages(int count, int height, int width) const {
    std::vector<float> pixels(size_t{3} * count * height * width);
    Rng rng(1);
    for (float& p : pixels) p = static_cast<float>(rng.Uniform(-2.0, 2.0));
    return pixels;
  }

  // Forward, or the reason why it failed, without the file's name.
  std::optional<std::vector<float>> Try(const ImageBatch& images, std::string* reason) {
    try {
      return Forward(images);
    } catch (const Error& e) {
      *reason = std::string_view(e.what()).substr(path_.size() + 2);
      return std::nullopt;
    }
  }

  static bool Agree(const float* a, const float* b, int dim) {
    double norm = 0;
    double worst = 0;
    for (int i = 0; i < dim; ++i) {
      norm += static_cast<double>(a[i]) * a[i];
      worst = std::max(worst, static_cast<double>(std::abs(a[i] - b[i])));
    }
    return worst <= 1e-4 * std::sqrt(norm);
  }

  // Finds dim and how many images may go into one forward pass.
  void FindBatchSize() {
    constexpr int kPreferred = 4;
    info_.native_height = info_.input_height;
    info_.native_width = info_.input_width;
    const int height = info_.input_height > 0 ? info_.input_height : kPersonHeight;
    const int width = info_.input_width > 0 ? info_.input_width : kPersonWidth;
    const size_t image_size = size_t{3} * height * width;
    const int trial = std::max(declared_batch_, 2);
    std::vector<float> pixels = TrialImages(trial, height, width);
    const auto batch = [&](int first, int count) {
      return ImageBatch{pixels.data() + first * image_size, count, height, width};
    };

    std::string reason;
    const auto one = Try(batch(0, 1), &reason);
    if (!one) {
      if (declared_batch_ < 2) ThrowModel("{}: {}", path_, reason);
      FindFixedBatch(batch(0, declared_batch_), &pixels);
      return;
    }
    info_.dim = static_cast<int>(one->size());
    const auto two = Try(batch(0, 2), &reason);
    const auto second = Forward(batch(1, 1));
    if (!two) {
      reason = "fails on two images: " + reason;
    } else if (two->size() != 2 * one->size() || !Agree(one->data(), two->data(), info_.dim) ||
               !Agree(second.data(), two->data() + info_.dim, info_.dim)) {
      reason = "gives other numbers for two images than for each alone";
    } else {
      step_ = info_.batch_size = kPreferred;
      return;
    }
    step_ = info_.batch_size = 1;
    info_.notes.push_back("runs image by image: in OpenCV the network " + reason);
  }

  void FindFixedBatch(const ImageBatch& images, std::vector<float>* pixels) {
    const int count = declared_batch_;
    const std::vector<float> rows = Forward(images);
    const int dim = static_cast<int>(rows.size()) / count;
    const size_t image_size = pixels->size() / count;
    std::swap_ranges(pixels->begin(), pixels->begin() + image_size, pixels->end() - image_size);
    const std::vector<float> swapped = Forward(images);
    const float* const last = rows.data() + static_cast<size_t>(count - 1) * dim;
    const float* const swapped_last = swapped.data() + static_cast<size_t>(count - 1) * dim;
    if (!Agree(rows.data(), swapped_last, dim) || !Agree(last, swapped.data(), dim) ||
        Agree(rows.data(), last, dim)) {
      ThrowModel(
          "{}: in a batch of {}, the only size this network takes, the output for an image depends "
          "on the other images; export it again with a free batch size",
          path_, count);
    }
    info_.dim = dim;
    step_ = info_.batch_size = count;
    fixed_ = true;
    info_.notes.push_back(fmt::format(
        "runs {} images at a time: the exported network takes no other batch size", count));
  }

  // One pass through a network of this caller's own: cv::dnn::Net is not thread-safe.
  std::vector<float> Forward(const ImageBatch& images) {
    try {
      std::unique_ptr<cv::dnn::Net> net = Acquire();
      const int sizes[4] = {images.count, 3, images.height, images.width};
      net->setInput(cv::Mat(4, sizes, CV_32F, const_cast<float*>(images.nchw)));
      const cv::Mat out = net->forward(output_);
      const bool vectors = out.dims >= 2 && out.size[0] == images.count &&
                           out.total() == static_cast<size_t>(out.size[0]) * out.size[1];
      if (!vectors || out.depth() != CV_32F || !out.isContinuous() || out.empty()) {
        ThrowModel("{}: expected an output [{} x d] for {} images, found {}", path_, images.count,
                   images.count, ShapeOf(out));
      }
      std::vector<float> rows(out.ptr<float>(), out.ptr<float>() + out.total());
      Release(std::move(net));
      return rows;
    } catch (const cv::Exception& e) {
      ThrowModel("{}: OpenCV {} cannot run this network: {}", path_, cv::getVersionString(),
                 Reason(e));
    }
  }

  std::unique_ptr<cv::dnn::Net> Acquire() {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        auto net = std::move(idle_.back());
        idle_.pop_back();
        return net;
      }
    }
    auto net = std::make_unique<cv::dnn::Net>(
        cv::dnn::readNetFromONNX(reinterpret_cast<const char*>(bytes_.data()), bytes_.size()));
    net->setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
    net->setPreferableTarget(cv::dnn::DNN_TARGET_CPU);
    return net;
  }

  void Release(std::unique_ptr<cv::dnn::Net> net) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(net));
  }

  std::string path_;
  std::vector<uint8_t> bytes_;
  std::string output_;
  int declared_batch_ = 0;  // 0: free
  int step_ = 1;            // images in one forward pass
  bool fixed_ = false;      // exactly step_, not at most
  EmbedderInfo info_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<cv::dnn::Net>> idle_;
};

}  // namespace

std::unique_ptr<Engine> MakeOpencvEngine(const std::filesystem::path& onnx,
                                         std::string_view device) {
  if (device != "cpu") ThrowUsage("engine opencv has no device '{}'; it supports: cpu", device);
  return std::make_unique<OpencvEngine>(onnx);
}

}  // namespace reidbench
