#include "reidbench/embedding/onednn_engine.h"

#include <algorithm>
#include <utility>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/embedding/osnet_blocks.h"
#include "reidbench/embedding/osnet_kernels.h"
#include "reidbench/networks/fold.h"
#ifdef REIDBENCH_ONEDNN
#include "reidbench/embedding/graph_onednn.h"
#endif

namespace reidbench {
namespace {

#ifdef REIDBENCH_ONEDNN
constexpr bool kHasOnednn = true;
#else
constexpr bool kHasOnednn = false;
std::string OnednnVersion() { return "none"; }
std::unique_ptr<NetworkRunner> MakeOnednnRunner(const Network&) { REIDBENCH_CHECK(false); }
#endif

class OnednnEngine : public Engine {
 public:
  OnednnEngine(const Network& network, std::string_view precision, OnednnExecution execution)
      : info_(DescribeNetwork(network, precision, "cpu")) {
    Network folded = FoldForInference(OfEmbeddings(network));
    std::optional<OsnetBlocks> blocks;
    if (execution != OnednnExecution::kOnednn && OnednnAvailable(OnednnExecution::kOwn))
      blocks = FindOsnetBlocks(folded);
    if (blocks) {
      runner_ = MakeOsnetRunner(
          *blocks, precision == "bf16" ? OsnetPrecision::kBf16 : OsnetPrecision::kFp32);
      info_.engine = fmt::format("onednn (own {} kernels)", OsnetKernelsName());
    } else if (precision != "fp32" || execution == OnednnExecution::kOwn || !kHasOnednn) {
      ThrowUsage(
          "engine onednn: the own kernels{} are for OSNet's blocks alone, which {} is not made of; "
          "use {}",
          precision != "fp32" ? fmt::format(" of precision {}", precision) : "", network.name,
          kHasOnednn ? "--precision fp32" : "--engine libtorch");
    } else {
      runner_ = AsGraphRunner(folded, MakeOnednnRunner(folded));
      info_.engine = "onednn " + OnednnVersion();
    }
    info_.batch_size = runner_->batch_size();
  }

  const EmbedderInfo& info() const override { return info_; }

  void Run(const ImageBatch& images, float* embeddings) override {
    runner_->Run(images, embeddings);
  }

 private:
  EmbedderInfo info_;
  std::unique_ptr<GraphRunner> runner_;
};

void RequireAvailable(OnednnExecution execution) {
  if (!OnednnAvailable(execution)) {
    ThrowUsage(
        "engine onednn: there are no own kernels for this kind of processor and this build has no "
        "oneDNN; use --engine libtorch, or install libdnnl-dev and build again");
  }
}

}  // namespace

bool OnednnAvailable(OnednnExecution execution) {
  const bool own = OsnetKernelsAvailable(OsnetPrecision::kFp32);
  switch (execution) {
    case OnednnExecution::kOnednn:
      return kHasOnednn;
    case OnednnExecution::kOwn:
      return own;
    case OnednnExecution::kBest:
      break;
  }
  return kHasOnednn || own;
}

std::vector<std::string> OnednnPrecisions() {
  std::vector<std::string> precisions;
  if (OnednnAvailable()) precisions.emplace_back("fp32");
  if (OsnetKernelsAvailable(OsnetPrecision::kBf16)) precisions.emplace_back("bf16");
  return precisions;
}

std::unique_ptr<NetworkRunner> MakeOnednnNetworkRunner(const Network& network) {
  if (!kHasOnednn) {
    ThrowUsage(
        "engine onednn: this build has no oneDNN, which networks other than OSNet need; install "
        "libdnnl-dev and build again");
  }
  return MakeOnednnRunner(FoldForInference(network));
}

std::unique_ptr<Engine> MakeOnednnEngine(const Network& network, std::string_view device,
                                         std::string_view precision, OnednnExecution execution) {
  if (device != "cpu") ThrowUsage("engine onednn has no device '{}'; it supports: cpu", device);
  RequireAvailable(execution);
  RequireOnednnPrecision(precision);
  return std::make_unique<OnednnEngine>(network, precision, execution);
}

void RequireOnednnPrecision(std::string_view precision) {
  RequireAvailable(OnednnExecution::kBest);
  if (precision == "bf16" && !OsnetKernelsAvailable(OsnetPrecision::kBf16)) {
    ThrowUsage(
        "engine onednn: this processor has no bfloat16 instructions (AVX512_BF16), which "
        "precision bf16 needs; use --precision fp32");
  }
  if (precision == "int8") {
    ThrowUsage(
        "engine onednn has no precision 'int8': it needs calibration, and at most 1.3 to 1.5 "
        "times the speed of bf16 was in reach (lib/reidbench/embedding/README.md); it supports: {}",
        JoinText(OnednnPrecisions(), ", "));
  }
  const std::vector<std::string> known = OnednnPrecisions();
  if (std::find(known.begin(), known.end(), precision) == known.end()) {
    ThrowUsage("engine onednn has no precision '{}'; it supports: {}", precision,
               JoinText(known, ", "));
  }
}

}  // namespace reidbench
