// Time per image of decoding, resizing and normalising. Pictures: the JPEGs of the folder
// $REIDBENCH_BENCH_IMAGES (the first 500 by name; for Market-1501 its `query`), else the 64x128
// ones of tests/golden/preprocess.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "reidbench/core/files.h"
#include "reidbench/core/text.h"
#include "reidbench/imaging/decode.h"
#include "reidbench/imaging/encode.h"
#include "reidbench/imaging/preprocess.h"

namespace reidbench {
namespace {

struct Pictures {
  std::vector<std::filesystem::path> paths;
  std::vector<std::vector<uint8_t>> files;
  std::vector<RgbImage> images;
};

const Pictures& BenchPictures() {
  static const Pictures pictures = [] {
    const char* variable = std::getenv("REIDBENCH_BENCH_IMAGES");
    const std::filesystem::path folder =
        variable != nullptr ? variable : REIDBENCH_SOURCE_DIR "/tests/golden/preprocess";
    const std::string_view prefix = variable != nullptr ? "" : "jpg_64x128";
    Pictures result;
    for (const std::string& name : ListFileNames(folder)) {
      if (!EndsWith(name, ".jpg") || !StartsWith(name, prefix) || result.files.size() == 500)
        continue;
      result.paths.push_back(folder / name);
      result.files.push_back(ReadFileBytes(folder / name));
      result.images.push_back(DecodeImageFile(folder / name, ExifOrientation::kIgnore));
    }
    return result;
  }();
  return pictures;
}

// Calls step(i) for picture after picture; the reported time is that of one picture.
template <typename Step>
void ForEachPicture(benchmark::State& state, const Step& step) {
  const size_t count = BenchPictures().files.size();
  if (count == 0) {
    state.SkipWithError("no .jpg in the folder");
    return;
  }
  size_t i = 0;
  for (auto _ : state) {
    step(i);
    i = i + 1 == count ? 0 : i + 1;
  }
  state.SetItemsProcessed(state.iterations());
}

void BM_Decode(benchmark::State& state) {
  RgbImage image;
  ForEachPicture(state, [&](size_t i) {
    DecodeImage(BenchPictures().files[i], "", ExifOrientation::kIgnore, &image);
  });
}
BENCHMARK(BM_Decode);

void BM_Resize(benchmark::State& state, ResizeFilter filter) {
  RgbImage out;
  ForEachPicture(state, [&](size_t i) {
    ResizeLikePillow(BenchPictures().images[i], 128, 256, filter, &out);
  });
}
BENCHMARK_CAPTURE(BM_Resize, bilinear, ResizeFilter::kBilinear);
BENCHMARK_CAPTURE(BM_Resize, bicubic, ResizeFilter::kBicubic);

void BM_ResizeAndNormalise(benchmark::State& state, const char* preset) {
  const PreprocessOptions options = PreprocessPreset(preset);
  Preprocessor preprocessor(options);
  std::vector<float> chw(size_t{3} * options.height * options.width);
  ForEachPicture(state, [&](size_t i) { preprocessor.Run(BenchPictures().images[i], chw.data()); });
}
BENCHMARK_CAPTURE(BM_ResizeAndNormalise, torchreid, "torchreid");
BENCHMARK_CAPTURE(BM_ResizeAndNormalise, fastreid, "fastreid");

void BM_FileToNetworkInput(benchmark::State& state, const char* preset) {
  const PreprocessOptions options = PreprocessPreset(preset);
  Preprocessor preprocessor(options);
  std::vector<float> chw(size_t{3} * options.height * options.width);
  ForEachPicture(state, [&](size_t i) {
    preprocessor.Run(DecodeImageFile(BenchPictures().paths[i], options.exif), chw.data());
  });
}
BENCHMARK_CAPTURE(BM_FileToNetworkInput, torchreid, "torchreid");
BENCHMARK_CAPTURE(BM_FileToNetworkInput, fastreid, "fastreid");

void BM_EncodeJpeg(benchmark::State& state) {
  ForEachPicture(state, [&](size_t i) {
    benchmark::DoNotOptimize(EncodeJpeg(BenchPictures().images[i], 90));
  });
}
BENCHMARK(BM_EncodeJpeg);

}  // namespace
}  // namespace reidbench

BENCHMARK_MAIN();
