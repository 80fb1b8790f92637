#include "reidbench/jobs/synth/synth_reid.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>
#include <string>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/interrupt.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/random.h"
#include "reidbench/imaging/crop.h"
#include "reidbench/imaging/encode.h"
#include "reidbench/matching/iou.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using Eigen::Vector2d;

constexpr int kPeopleAPicture = 6;
constexpr int kAttempts = 5;
constexpr double kLeastVisible = 0.5;  // of a labelled person
constexpr double kLeastHeightPx = 64;

// One image that is wanted: a person by a camera.
struct Wanted {
  int64_t identity = 0;
  int image = 0;
};

// A cut-out and what it is called: identity > 0, 0 = distractor, -1 = junk.
struct Crop {
  Wanted wanted;
  int64_t label = 0;
  std::vector<uint8_t> jpeg;
};

struct Picture {
  size_t camera = 0;
  int64_t number = 0;  // of the camera's pictures
  std::vector<Wanted> wanted;
  std::vector<Crop> crops;
};

class ReidPhotographer {
 public:
  explicit ReidPhotographer(const SynthWorld& world) : world_(world) {}

  // Places the people, takes the picture and cuts out who can be seen.
  void Take(Picture* picture) const {
    const SynthOptions& options = world_.options();
    Rng rng(options.seed,
            Stream(0x52454944, picture->camera, static_cast<uint64_t>(picture->number)));
    std::vector<SynthFigure> figures;
    for (const Wanted& wanted : picture->wanted) {
      SynthFigure figure;
      figure.identity = wanted.identity;
      if (!Place(picture->camera, figures, &rng, &figure.position_m)) continue;
      // Somebody passes one camera mostly from one side.
      Rng habit(options.seed ^ static_cast<uint64_t>(wanted.identity) * 0x9e3779b97f4a7c15ULL,
                Stream(0x48414249, picture->camera, static_cast<uint64_t>(wanted.image / 3)));
      figure.heading_rad = habit.Uniform(-std::numbers::pi, std::numbers::pi) + 0.35 * rng.Normal();
      figure.speed_mps = rng.Uniform() < 0.2 ? 0 : rng.Uniform(0.8, 1.6);
      figure.gait_phase = rng.Uniform();
      figures.push_back(figure);
    }
    const size_t people = figures.size();
    if (rng.Uniform() < 0.35) {
      SynthFigure figure;
      figure.identity = kSynthFirstFixedIdentity + 1000 + static_cast<int64_t>(rng.Below(40));
      figure.heading_rad = rng.Uniform(-std::numbers::pi, std::numbers::pi);
      if (Place(picture->camera, figures, &rng, &figure.position_m)) figures.push_back(figure);
    }
    const SynthShot shot = world_.Shoot(picture->camera, figures, rng.Next());
    CutPeople(shot, std::span(figures).first(people), &rng, picture);
    CutOthers(shot, &rng, picture);
  }

 private:
  static uint64_t Stream(uint64_t what, uint64_t camera, uint64_t number) {
    return (what << 32) + (camera << 26) + number;
  }

  // A free place before the camera where a person is tall enough and inside the picture.
  bool Place(size_t camera_index, const std::vector<SynthFigure>& others, Rng* rng,
             Vector2d* position) const {
    const SynthCamera& camera = world_.cameras()[camera_index];
    const SynthFloorPlan& plan = world_.plan();
    for (int tries = 0; tries < 400; ++tries) {
      const Vector2d p{rng->Uniform(0.35, plan.scenery.max_m.x() - 0.35),
                       rng->Uniform(0.35, plan.scenery.max_m.y() - 0.35)};
      const Eigen::Vector3d foot = camera.Project({p.x(), p.y(), 0});
      const Eigen::Vector3d head = camera.Project({p.x(), p.y(), 1.75});
      if (foot.z() < 0.5 || head.z() < 0.5) continue;
      const double height = foot.y() - head.y();
      // Some are cut at the feet or at a side, as before real cameras.
      if (height < kLeastHeightPx || height > 0.75 * camera.height_px || head.y() < 2 ||
          foot.y() > camera.height_px + 0.12 * height || head.x() < 0.12 * height ||
          head.x() > camera.width_px - 0.12 * height) {
        continue;
      }
      if (plan.ObstacleDistance(p) < 0.35) continue;
      const auto near = [&](const SynthFigure& other) {
        return (other.position_m - p).norm() < 0.5;
      };
      if (std::any_of(others.begin(), others.end(), near)) continue;
      *position = p;
      return true;
    }
    return false;
  }

  // The box that a detector would give.
  static BoxLtwh Imperfect(const BoxLtwh& box, double jitter, Rng* rng) {
    const double left = box.left + box.width * (jitter * rng->Normal() - 0.03);
    const double right = box.left + box.width * (1.03 + jitter * rng->Normal());
    const double top = box.top + box.height * (0.6 * jitter * rng->Normal() - 0.01);
    const double bottom = box.top + box.height * (1.01 + 0.6 * jitter * rng->Normal());
    return {left, top, std::max(8.0, right - left), std::max(16.0, bottom - top)};
  }

  bool Cut(const SynthShot& shot, const BoxLtwh& box, size_t camera, Crop* crop) const {
    RgbImage image;
    if (!CropImage(shot.frame.picture, box, &image)) return false;
    if (image.width < 8 || image.height < 24) return false;
    crop->jpeg = EncodeJpeg(image, world_.cameras()[camera].jpeg_quality);
    return true;
  }

  void CutPeople(const SynthShot& shot, std::span<const SynthFigure> people, Rng* rng,
                 Picture* picture) const {
    for (const SynthTarget& target : shot.targets) {
      const BoxLtwh box = Imperfect(target.box, 1.5 * world_.options().jitter, rng);
      const bool bad = rng->Uniform() < 0.08;
      const double shift = (rng->Below(2) == 0 ? -1 : 1) * rng->Uniform(0.45, 0.8);
      if (!target.person) {  // a dummy: nobody's picture
        Crop crop;
        if (target.visibility > kLeastVisible && Cut(shot, box, picture->camera, &crop))
          picture->crops.push_back(std::move(crop));
        continue;
      }
      const auto wanted =
          std::find_if(picture->wanted.begin(), picture->wanted.end(),
                       [&](const Wanted& w) { return w.identity == target.identity; });
      REIDBENCH_CHECK(wanted != picture->wanted.end() && !people.empty());
      Crop crop;
      if (target.visibility >= kLeastVisible && Cut(shot, box, picture->camera, &crop)) {
        crop.wanted = *wanted;
        crop.label = target.identity;
        picture->crops.push_back(std::move(crop));
      }
      if (!bad) continue;
      // Half beside the person: neither right nor wrong.
      Crop junk;
      const BoxLtwh beside{box.left + shift * box.width, box.top + 0.2 * shift * box.height,
                           box.width, box.height};
      junk.label = -1;
      if (Cut(shot, beside, picture->camera, &junk)) picture->crops.push_back(std::move(junk));
    }
  }

  // Boxes of nobody.
  void CutOthers(const SynthShot& shot, Rng* rng, Picture* picture) const {
    if (rng->Uniform() > 0.6) return;
    const RgbImage& image = shot.frame.picture;
    for (int tries = 0; tries < 20; ++tries) {
      const double height = image.height * rng->Uniform(0.14, 0.4);
      const double width = height * rng->Uniform(0.35, 0.55);
      const BoxLtwh box{rng->Uniform(0, image.width - width),
                        rng->Uniform(0, image.height - height), width, height};
      const bool empty =
          std::all_of(shot.targets.begin(), shot.targets.end(),
                      [&](const SynthTarget& target) { return Iou(target.box, box) < 0.1; });
      if (!empty) continue;
      Crop crop;
      if (Cut(shot, box, picture->camera, &crop)) picture->crops.push_back(std::move(crop));
      return;
    }
  }

  const SynthWorld& world_;
};

}  // namespace

SynthReidPersons ChooseSynthReidPersons(const SynthOptions& options, int64_t tracked_persons) {
  SynthReidPersons persons;
  const auto train =
      static_cast<int64_t>(std::lround(options.reid_train * options.reid_identities));
  const int64_t test = options.reid_identities - train;
  for (int64_t k = 1; k <= test; ++k) persons.test.push_back(k);
  const int64_t first = std::max(test, tracked_persons) + 1;
  for (int64_t k = 0; k < train; ++k) persons.train.push_back(first + k);
  return persons;
}

int64_t CountSynthReidPictures(const SynthOptions& options) {
  if (options.reid_identities == 0 || options.cameras < 2) return 0;
  const int64_t scenes = (options.reid_identities + kPeopleAPicture - 1) / kPeopleAPicture;
  return scenes * options.cameras * options.reid_images;
}

SynthReidSummary WriteSynthReid(const SynthWorld& world, const SynthReidPersons& persons,
                                const fs::path& folder, const std::function<void()>& made) {
  const SynthOptions& options = world.options();
  const ReidPhotographer photographer(world);
  for (const char* name : {"bounding_box_train", "query", "bounding_box_test"})
    fs::create_directories(folder / name);

  SynthReidSummary summary;
  summary.train_persons = static_cast<int64_t>(persons.train.size());
  summary.test_persons = static_cast<int64_t>(persons.test.size());
  std::vector<int64_t> everybody = persons.test;
  everybody.insert(everybody.end(), persons.train.begin(), persons.train.end());
  const int64_t first_train = persons.train.empty() ? INT64_MAX : persons.train.front();

  const auto write = [&](const Picture& picture) {
    for (size_t k = 0; k < picture.crops.size(); ++k) {
      const Crop& crop = picture.crops[k];
      const bool train = crop.label >= first_train;
      // The first image of a test person by each camera asks, the others answer.
      const bool query = !train && crop.label > 0 && crop.wanted.image == 0;
      const char* split = train ? "bounding_box_train" : query ? "query" : "bounding_box_test";
      const std::string label = crop.label < 0 ? "-1" : fmt::format("{:04}", crop.label);
      const fs::path path =
          folder / split /
          fmt::format("{}_c{}s1_{:06}_{:02}.jpg", label, picture.camera + 1, picture.number, k + 1);
      WriteFileAtomically(path, std::string_view(reinterpret_cast<const char*>(crop.jpeg.data()),
                                                 crop.jpeg.size()));
    }
  };
  for (size_t camera = 0; camera < world.cameras().size(); ++camera) {
    int64_t number = 0;
    for (int image = 0; image < options.reid_images; ++image) {
      std::vector<int64_t> pending = everybody;
      for (int attempt = 0; attempt < kAttempts && !pending.empty(); ++attempt) {
        Rng rng(options.seed, (0x53484655ULL << 32) + camera * 1000003 +
                                  static_cast<uint64_t>(image * 16 + attempt));
        rng.Shuffle(std::span(pending));
        // Whom the others hid is given more room at every attempt.
        const auto together = static_cast<size_t>(std::max(1, kPeopleAPicture - 2 * attempt));
        std::vector<Picture> pictures;
        for (size_t k = 0; k < pending.size(); k += together) {
          Picture picture;
          picture.camera = camera;
          picture.number = ++number;
          for (size_t j = k; j < std::min(pending.size(), k + together); ++j)
            picture.wanted.push_back({pending[j], image});
          pictures.push_back(std::move(picture));
        }
        ParallelFor(static_cast<int64_t>(pictures.size()), [&](int64_t k) {
          if (InterruptRequested()) return;
          Picture& picture = pictures[static_cast<size_t>(k)];
          photographer.Take(&picture);
          write(picture);
          for (Crop& crop : picture.crops) crop.jpeg = {};
          if (attempt == 0) made();
        });
        if (InterruptRequested()) throw Interrupted("interrupted while taking re-ID pictures");
        std::vector<int64_t> found;
        for (const Picture& picture : pictures) {
          for (const Crop& crop : picture.crops) {
            if (crop.label < 0) {
              ++summary.junk;
            } else if (crop.label == 0) {
              ++summary.distractors;
              ++summary.gallery_images;
            } else {
              found.push_back(crop.label);
              ++(crop.label >= first_train ? summary.train_images
                 : image == 0              ? summary.query_images
                                           : summary.gallery_images);
            }
          }
        }
        std::sort(found.begin(), found.end());
        std::sort(pending.begin(), pending.end());
        std::erase_if(pending, [&](int64_t identity) {
          return std::binary_search(found.begin(), found.end(), identity);
        });
      }
    }
  }
  return summary;
}

}  // namespace reidbench
