// Time per frame of drawing a hall full of people, and of encoding it as JPEG.
#include <benchmark/benchmark.h>

#include "reidbench/imaging/encode.h"
#include "reidbench/synth/example_hall.h"

namespace reidbench {
namespace {

// state.range(0) people in a 960 x 540 picture of the hall.
void RenderHall(benchmark::State& state, bool encode) {
  const SynthRenderer renderer(HallCamera(), HallScenery(1));
  const std::vector<SynthFigure> figures = HallCrowd(1, static_cast<int>(state.range(0)));
  std::vector<SynthAppearance> looks;
  for (const SynthFigure& figure : figures)
    looks.push_back(MakeSynthAppearance(1, figure.identity, {}));
  std::vector<const SynthAppearance*> pointers;
  for (const SynthAppearance& look : looks) pointers.push_back(&look);
  uint64_t frame_seed = 0;
  double height_px = 0;
  double seen = 0;
  for (auto _ : state) {
    const SynthFrame frame = renderer.Render(figures, pointers, ++frame_seed);
    if (encode) benchmark::DoNotOptimize(EncodeJpeg(frame.picture, 85));
    for (const SynthSilhouette& silhouette : frame.silhouettes) {
      height_px += silhouette.height;
      ++seen;
    }
  }
  if (seen > 0) state.counters["height_px"] = height_px / seen;
  state.counters["seen"] = seen / static_cast<double>(state.iterations());
}

void BM_Render(benchmark::State& state) { RenderHall(state, false); }
void BM_RenderAndEncode(benchmark::State& state) { RenderHall(state, true); }
BENCHMARK(BM_Render)->Arg(0)->Arg(15)->Arg(40)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_RenderAndEncode)->Arg(15)->Unit(benchmark::kMillisecond);

void BM_MakeRenderer(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(SynthRenderer(HallCamera(), HallScenery(1)));
}
BENCHMARK(BM_MakeRenderer)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace reidbench

BENCHMARK_MAIN();
