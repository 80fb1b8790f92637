// usage: synth_contact_sheet FOLDER [SEED]
// Writes PNG sheets of synthetic people to look at: turned.png (people x directions), walk.png (one
// stride), above.png (a high camera), sizes.png, similar.png (hard negatives beside whom they
// copy), cameras.png (the same people under other exposure and white balance), hall_*.png (whole
// frames).
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>

#include "reidbench/imaging/encode.h"
#include "reidbench/synth/example_hall.h"

namespace reidbench {
namespace {

void WritePng(const std::filesystem::path& path, const RgbImage& image) {
  const std::vector<uint8_t> bytes = EncodePng(image);
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
  std::printf("%s\n", path.c_str());
}

class Sheet {
 public:
  Sheet(int columns, int rows, int cell_width, int cell_height)
      : cell_width_(cell_width), cell_height_(cell_height) {
    image_.width = columns * cell_width;
    image_.height = rows * cell_height;
    image_.pixels.assign(3 * static_cast<size_t>(image_.width) * static_cast<size_t>(image_.height),
                         40);
  }
  void Put(int column, int row, const RgbImage& cell) {
    for (int y = 0; y < std::min(cell.height, cell_height_); ++y) {
      std::copy_n(cell.Row(y), 3 * std::min(cell.width, cell_width_),
                  image_.Row(row * cell_height_ + y) + 3 * column * cell_width_);
    }
  }
  const RgbImage& image() const { return image_; }

 private:
  int cell_width_, cell_height_;
  RgbImage image_;
};

// A studio that shows a person of 1.75 m `height_px` tall.
struct Studio {
  explicit Studio(int height_px, double exposure_ev = 0, Eigen::Vector3d white_balance = {1, 1, 1},
                  double camera_m = 2.9)
      : width(static_cast<int>(height_px * 0.62)), height(static_cast<int>(height_px * 1.28)) {
    SynthScenery scenery;
    scenery.min_m = {-6, -6};
    scenery.max_m = {6, 6};
    scenery.look_seed = 3;
    constexpr double kDistance = 7;
    SynthCamera camera = CameraLookingAt({-kDistance + 1.2, 0, camera_m}, {0, 0, 0.95});
    camera.width_px = width;
    camera.height_px = height;
    camera.focal_px = height_px * kDistance / 1.75 / 0.97;
    camera.exposure_ev = exposure_ev;
    camera.white_balance = white_balance;
    renderer = std::make_unique<SynthRenderer>(camera, scenery);
  }
  RgbImage Take(const SynthAppearance& looks, double heading, double speed, double phase) const {
    SynthFigure figure;
    figure.heading_rad = heading;
    figure.speed_mps = speed;
    figure.gait_phase = phase;
    const SynthAppearance* pointer = &looks;
    return renderer->Render({&figure, 1}, {&pointer, 1}, 1).picture;
  }
  int width, height;
  std::unique_ptr<SynthRenderer> renderer;
};

int Main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: synth_contact_sheet FOLDER [SEED]\n");
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  std::filesystem::create_directories(folder);
  const uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  const double turn = 2 * std::numbers::pi;
  const auto person = [&](int64_t identity) { return MakeSynthAppearance(seed, identity, {}); };

  const Studio tall(200);
  {
    Sheet sheet(12, 4, tall.width, tall.height);
    for (int row = 0; row < 4; ++row) {
      for (int column = 0; column < 12; ++column) {
        const int identity = row * 3 + column / 4;
        sheet.Put(column, row,
                  tall.Take(person(identity), turn * (0.5 + (column % 4) * 0.25 + 0.04),
                            identity % 3 == 0 ? 0 : 1.3, 0.1 + 0.23 * column));
      }
    }
    WritePng(folder / "turned.png", sheet.image());
  }
  {
    Sheet sheet(12, 3, tall.width, tall.height);
    for (int column = 0; column < 12; ++column) {
      sheet.Put(column, 0, tall.Take(person(1), turn * 0.25, 1.4, column / 12.0));
      sheet.Put(column, 1, tall.Take(person(4), turn * 0.5, 1.4, column / 12.0));
      sheet.Put(column, 2, tall.Take(person(7), turn * column / 12, 0, 0));
    }
    WritePng(folder / "walk.png", sheet.image());
  }
  {
    // From under a high ceiling.
    const Studio high(200, 0, {1, 1, 1}, 6.5);
    Sheet sheet(12, 2, high.width, high.height);
    for (int i = 0; i < 24; ++i) {
      sheet.Put(i % 12, i / 12,
                high.Take(person(i), turn * 0.1 * i, i % 3 == 0 ? 0 : 1.3, 0.17 * i));
    }
    WritePng(folder / "above.png", sheet.image());
  }
  {
    const Studio small(100);
    Sheet sheet(20, 8, small.width, small.height);
    for (int i = 0; i < 160; ++i) {
      sheet.Put(
          i % 20, i / 20,
          small.Take(person(i), turn * (0.5 + 0.21 * (i % 5)), i % 4 == 0 ? 0 : 1.3, 0.37 * i));
    }
    WritePng(folder / "people.png", sheet.image());
  }
  {
    Sheet sheet(10, 4, tall.width, tall.height);
    int row = 0;
    for (const int size : {30, 50, 80, 120}) {
      const Studio studio(size);
      for (int i = 0; i < 10; ++i) {
        sheet.Put(i, row, studio.Take(person(i), turn * 0.1 * i, 1.3, 0.13 * i));
      }
      ++row;
    }
    WritePng(folder / "sizes.png", sheet.image());
  }
  {
    Sheet sheet(8, 4, tall.width, tall.height);
    int column = 0;
    for (int64_t i = 1; i < 1000 && column < 8; ++i) {
      const int64_t other = SynthHardNegativeOf(seed, i, {});
      if (other < 0) continue;
      sheet.Put(column, 0, tall.Take(person(other), turn * 0.53, 1.3, 0.1));
      sheet.Put(column, 1, tall.Take(person(i), turn * 0.53, 1.3, 0.1));
      sheet.Put(column, 2, tall.Take(person(other), turn * 0.03, 1.3, 0.3));
      sheet.Put(column, 3, tall.Take(person(i), turn * 0.03, 1.3, 0.3));
      ++column;
    }
    WritePng(folder / "similar.png", sheet.image());
  }
  {
    Sheet sheet(10, 4, tall.width, tall.height);
    const std::array<Studio, 4> studios = {Studio(200), Studio(200, 0.5, {1.12, 1, 0.86}),
                                           Studio(200, -0.6, {0.88, 1, 1.14}),
                                           Studio(200, 0.2, {0.95, 1.05, 0.95})};
    for (int row = 0; row < 4; ++row) {
      for (int i = 0; i < 9; ++i) {
        sheet.Put(i, row,
                  studios[row].Take(person(20 + i), turn * (0.5 + 0.25 * row), 1.3, 0.1 * i));
      }
      sheet.Put(9, row, studios[row].Take(MakeSynthMannequin(seed, row), turn * 0.55, 0, 0));
    }
    WritePng(folder / "cameras.png", sheet.image());
  }
  for (const uint64_t hall : {seed, seed + 1}) {
    const SynthRenderer renderer(HallCamera(), HallScenery(hall));
    const std::vector<SynthFigure> figures = HallCrowd(hall, 18);
    std::vector<SynthAppearance> looks;
    for (const SynthFigure& figure : figures)
      looks.push_back(MakeSynthAppearance(hall, figure.identity, {}));
    std::vector<const SynthAppearance*> pointers;
    for (const SynthAppearance& look : looks) pointers.push_back(&look);
    WritePng(folder / ("hall_" + std::to_string(hall) + ".png"),
             renderer.Render(figures, pointers, 1).picture);
  }
  return 0;
}

}  // namespace
}  // namespace reidbench

int main(int argc, char** argv) { return reidbench::Main(argc, argv); }
