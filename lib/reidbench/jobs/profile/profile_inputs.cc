#include "reidbench/jobs/profile/profile_inputs.h"

#include <algorithm>
#include <cstring>

#include "reidbench/core/error.h"
#include "reidbench/core/random.h"
#include "reidbench/imaging/crop.h"
#include "reidbench/imaging/encode.h"
#include "reidbench/imaging/preprocess.h"
#include "reidbench/profiling/walkers.h"
#include "reidbench/synth/example_hall.h"

namespace reidbench {
namespace {

constexpr int kPeopleInHall = 18;
constexpr int kJpegQuality = 85;
// A silhouette that is worth a crop: tall enough and mostly seen.
constexpr double kLeastHeight = 60;
constexpr double kLeastSeen = 0.6;

class Hall {
 public:
  explicit Hall(uint64_t seed) : seed_(seed), renderer_(HallCamera(), HallScenery(seed)) {}

  SynthFrame Take() {
    const std::vector<SynthFigure> figures = HallCrowd(seed_ + ++frame_, kPeopleInHall);
    std::vector<SynthAppearance> looks;
    for (const SynthFigure& figure : figures)
      looks.push_back(MakeSynthAppearance(seed_ + frame_, figure.identity, {}));
    std::vector<const SynthAppearance*> pointers;
    for (const SynthAppearance& look : looks) pointers.push_back(&look);
    return renderer_.Render(figures, pointers, frame_);
  }

 private:
  uint64_t seed_;
  uint64_t frame_ = 0;
  SynthRenderer renderer_;
};

JpegFile Resized(const RgbImage& image, int width, int height) {
  RgbImage resized;
  ResizeLikePillow(image, width, height, ResizeFilter::kBilinear, &resized);
  return EncodeJpeg(resized, kJpegQuality);
}

void AppendFiles(const std::vector<JpegFile>& files, std::string* packed) {
  const auto number = [&](uint64_t value) {
    packed->append(reinterpret_cast<const char*>(&value), sizeof value);
  };
  number(files.size());
  for (const JpegFile& file : files) {
    number(file.size());
    packed->append(reinterpret_cast<const char*>(file.data()), file.size());
  }
}

std::vector<JpegFile> TakeFiles(std::string_view* packed) {
  const auto number = [&] {
    uint64_t value = 0;
    REIDBENCH_CHECK(packed->size() >= sizeof value);
    std::memcpy(&value, packed->data(), sizeof value);
    packed->remove_prefix(sizeof value);
    return value;
  };
  std::vector<JpegFile> files(number());
  for (JpegFile& file : files) {
    const uint64_t size = number();
    REIDBENCH_CHECK(packed->size() >= size);
    const auto* bytes = reinterpret_cast<const uint8_t*>(packed->data());
    file.assign(bytes, bytes + size);
    packed->remove_prefix(size);
  }
  return files;
}

}  // namespace

double GeneratedPictures::MeanBytes() const {
  const std::vector<JpegFile>& files = crops.empty() ? frames : crops;
  double sum = 0;
  for (const JpegFile& file : files) sum += static_cast<double>(file.size());
  return files.empty() ? 0 : sum / static_cast<double>(files.size());
}

GeneratedPictures MakeCrops(int width, int height, int count, uint64_t seed) {
  REIDBENCH_CHECK(count >= 1);
  GeneratedPictures pictures;
  Hall hall(seed);
  RgbImage crop;
  while (static_cast<int>(pictures.crops.size()) < count) {
    const SynthFrame frame = hall.Take();
    for (const SynthSilhouette& s : frame.silhouettes) {
      if (s.height < kLeastHeight ||
          static_cast<double>(s.visible_px) < kLeastSeen * static_cast<double>(s.whole_px) ||
          !CropImage(frame.picture, {s.left, s.top, s.width, s.height}, &crop)) {
        continue;
      }
      pictures.crops.push_back(Resized(crop, width, height));
      if (static_cast<int>(pictures.crops.size()) == count) break;
    }
  }
  return pictures;
}

GeneratedPictures MakeFrames(int width, int height, int count, uint64_t seed) {
  GeneratedPictures pictures;
  Hall hall(seed);
  for (int i = 0; i < count; ++i)
    pictures.frames.push_back(Resized(hall.Take().picture, width, height));
  return pictures;
}

std::string PackPictures(const GeneratedPictures& pictures) {
  std::string packed;
  AppendFiles(pictures.crops, &packed);
  AppendFiles(pictures.frames, &packed);
  return packed;
}

GeneratedPictures UnpackPictures(std::string_view packed) {
  GeneratedPictures pictures;
  pictures.crops = TakeFiles(&packed);
  pictures.frames = TakeFiles(&packed);
  return pictures;
}

GeneratedTracks MakeBrokenTracks(int people, int frames, int dim, uint64_t seed) {
  const WalkerScene scene =
      MakeWalkers({.people = people, .frames = frames, .dim = dim, .seed = seed});
  // Lost every 250 frames on average, for up to 25.
  constexpr double kLost = 0.004;
  constexpr uint64_t kLongest = 25;
  Rng rng(seed, 1);
  GeneratedTracks result;
  result.tracks.sequence = "generated";
  result.tracks.frame_count = frames;
  std::vector<int64_t> identity(people), lost(people, 0);
  for (int i = 0; i < people; ++i) identity[i] = i + 1;
  int64_t last = people;
  std::vector<std::span<const float>> rows;
  for (size_t f = 0; f < scene.frames.size(); ++f) {
    for (size_t b = 0; b < scene.frames[f].size(); ++b) {
      TrackBox box = scene.frames[f][b];
      const int64_t who = box.id.value;
      if (lost[who] > 0) {
        if (--lost[who] == 0) identity[who] = ++last;
        continue;
      }
      if (rng.Uniform() < kLost) lost[who] = 1 + static_cast<int64_t>(rng.Below(kLongest));
      box.id = TrackId(identity[who]);
      result.tracks.boxes.push_back(box);
      rows.push_back(scene.embeddings[f].row(static_cast<int64_t>(b)));
    }
  }
  result.embeddings = FeatureMatrix(static_cast<int64_t>(rows.size()), dim);
  for (size_t i = 0; i < rows.size(); ++i)
    std::ranges::copy(rows[i], result.embeddings.row(static_cast<int64_t>(i)).begin());
  return result;
}

RelinkInput RelinkInputOf(const GeneratedTracks& generated, double frame_rate) {
  RelinkInput input;
  input.tracks = &generated.tracks;
  input.embeddings = &generated.embeddings;
  for (size_t i = 0; i < generated.tracks.boxes.size(); ++i)
    input.embedding_row.push_back(static_cast<int64_t>(i));
  input.frame_rate = frame_rate;
  input.image_width = 1920;
  input.image_height = 1080;
  return input;
}

}  // namespace reidbench
