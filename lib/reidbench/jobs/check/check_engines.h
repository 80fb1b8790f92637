// `reidbench check --weights W --engines`: runs every engine and precision that this machine has on
// the same images and holds their embeddings against those of engine "reference", plain loops that
// share nothing with what they judge. Loads LibTorch where it is there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "reidbench/core/finding.h"
#include "reidbench/reporting/table.h"

namespace reidbench {

struct EnginesOptions {
  std::filesystem::path weights;
  std::string weights_entry;  // see ReadCheckpoint
  // Image files, or folders of them; empty: `generated` pictures of `seed`, smooth and noisy.
  std::vector<std::filesystem::path> images;
  int generated = 8;
  uint64_t seed = 0;
};

struct EngineComparison {
  std::string engine;       // "onednn", as --engine takes it
  std::string precision;    // as --precision takes it
  std::string version;      // "libtorch 1.13.0"; empty where `unavailable`
  std::string unavailable;  // why it cannot run here; the rest is then empty
  // Against the reference, the worst image: cosine of the embeddings, and the largest difference of
  // a value in units of the embedding's L2 norm.
  std::optional<double> cosine;
  std::optional<double> difference;
  std::optional<double> images_per_cpu_second;  // one thread; absent for the reference
  bool ok = true;  // within what the precision promises (kFp32Difference, kBf16Cosine)
};

// What is promised: fp32 differs by rounding only; bf16 has 8 bits, and its rankings are those of
// fp32 within 0.1 points of mAP on Market-1501.
inline constexpr double kFp32Difference = 1e-4;
inline constexpr double kFp32Cosine = 0.99999;
inline constexpr double kBf16Cosine = 0.999;

struct EnginesResult {
  std::string architecture;
  int images = 0;
  int height = 0, width = 0;              // px, as given to the network
  std::vector<EngineComparison> engines;  // the reference first
  bool ok() const;
  std::vector<Finding> findings() const;  // a problem for every engine that is not ok
};

// Throws as LoadNetwork, DecodeImageFile and MakeEmbedder do; Error(kUsage) where a folder
// holds no image.
EnginesResult CompareEngines(const EnginesOptions& options);

std::string RenderEnginesTable(const EnginesResult& result, TableFormat format);
std::string RenderEnginesJson(const EnginesResult& result);  // kEnginesSchema

}  // namespace reidbench
