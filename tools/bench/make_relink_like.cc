// Writes the input of a correction of MOT17's size for benchmarks: seven sequences with its lengths
// and 100,000 tracked boxes, what a tracker with misses, fresh identities and takeovers makes of
// people who walk past each other, an embedding of every box, and the ground truth. Always the same
// bytes for one seed. Nothing of a real data set is in it.
#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/random.h"
#include "reidbench/core/text.h"
#include "reidbench/features/feature_store.h"

namespace {

using namespace reidbench;
namespace fs = std::filesystem;

constexpr int kImageWidth = 1920;
constexpr int kImageHeight = 1080;
constexpr int kDim = 512;         // OSNet's
constexpr double kNoise = 0.45;   // length of what differs from crop to crop, against 1
constexpr double kPeople = 23.6;  // in the picture at a time

struct Video {
  const char* name;
  int frames;
  int frame_rate;
};
constexpr Video kVideos[] = {{"WALK-02", 600, 30}, {"WALK-04", 1050, 30}, {"WALK-05", 837, 14},
                             {"WALK-09", 525, 30}, {"WALK-10", 654, 30},  {"WALK-11", 900, 30},
                             {"WALK-13", 750, 25}};

struct Walker {
  int id = 0;
  int track = 0;
  double x = 0, y = 0;  // feet, px
  double step = 0;      // px a frame
  int missed = 0;       // frames that the tracker still loses the person
  std::vector<float> look;
};

class Street {
 public:
  Street(const Video& video, uint64_t seed, uint64_t stream) : video_(video), rng_(seed, stream) {
    while (static_cast<double>(walkers_.size()) < kPeople) walkers_.push_back(Enter(true));
  }

  void Write(const fs::path& root) {
    for (int frame = 1; frame <= video_.frames; ++frame) Step(frame);
    const std::string name = video_.name;
    WriteTo(root / "sequences" / name / "gt" / "gt.txt", truth_);
    WriteTo(root / "sequences" / name / "seqinfo.ini",
            fmt::format("[Sequence]\nname={}\nimDir=img1\nframeRate={}\nseqLength={}\nimWidth={}\n"
                        "imHeight={}\nimExt=.jpg\n",
                        name, video_.frame_rate, video_.frames, kImageWidth, kImageHeight));
    WriteTo(root / "tracks" / (name + ".txt"), tracks_);
    fs::create_directories(root / "features");
    FeatureProvenance provenance;
    provenance.dataset = name;
    provenance.normalized = true;
    FeatureFileWriter writer(root / "features" / (name + ".h5"), kDim, labels_, provenance, {});
    writer.Append(features_);
    writer.Finish();
  }
  int64_t boxes() const { return static_cast<int64_t>(labels_.frame.size()); }

 private:
  static void WriteTo(const fs::path& path, const std::string& text) {
    fs::create_directories(path.parent_path());
    WriteFileAtomically(path, text);
  }

  std::vector<float> Direction() {
    std::vector<float> v(kDim);
    double sum = 0;
    for (float& value : v) {
      value = static_cast<float>(rng_.Normal());
      sum += static_cast<double>(value) * value;
    }
    for (float& value : v) value /= static_cast<float>(std::sqrt(sum));
    return v;
  }

  Walker Enter(bool anywhere) {
    Walker w;
    w.id = ++last_id_;
    w.track = ++last_track_;
    w.y = rng_.Uniform(400, kImageHeight - 10);
    w.step = rng_.Uniform(1.5, 5) * (rng_.Uniform() < 0.5 ? -1 : 1);
    w.x = anywhere ? rng_.Uniform(0, kImageWidth) : w.step > 0 ? 0 : kImageWidth;
    w.look = Direction();
    return w;
  }

  void Step(int frame) {
    for (Walker& w : walkers_) {
      w.x += w.step;
      if (w.x < 0 || w.x > kImageWidth) w = Enter(false);
    }
    for (size_t i = 0; i < walkers_.size(); ++i) {
      Walker& w = walkers_[i];
      const double height = 0.3 * w.y;
      const double width = 0.42 * height;
      fmt::format_to(std::back_inserter(truth_), "{},{},{:.1f},{:.1f},{:.1f},{:.1f},1,1,1\n", frame,
                     w.id, w.x - width / 2, w.y - height, width, height);
      if (w.missed > 0) {
        // Found again: as before, under a fresh identity, or under that of somebody near.
        if (--w.missed > 0) continue;
        const double luck = rng_.Uniform();
        if (luck < 0.5) w.track = ++last_track_;
        if (luck > 0.9) std::swap(w.track, walkers_[rng_.Below(walkers_.size())].track);
        continue;
      }
      if (rng_.Uniform() < 0.012) {
        w.missed = 1 + static_cast<int>(rng_.Below(40));
        continue;
      }
      const BoxLtwh box{std::round(100 * (w.x - width / 2 + rng_.Normal())) / 100,
                        std::round(100 * (w.y - height + rng_.Normal())) / 100,
                        std::round(100 * width) / 100, std::round(100 * height) / 100};
      fmt::format_to(std::back_inserter(tracks_),
                     "{},{},{:.2f},{:.2f},{:.2f},{:.2f},{:.3f},-1,-1,-1\n", frame, w.track,
                     box.left, box.top, box.width, box.height, rng_.Uniform(0.5, 1));
      labels_.frame.emplace_back(frame);
      labels_.track_id.emplace_back(w.track);
      labels_.box_ltwh.push_back(box);
      labels_.path.push_back(fmt::format("img1/{:06}.jpg#xywh={},{},{},{}", frame, box.left,
                                         box.top, box.width, box.height));
      const std::vector<float> crop = Direction();
      const auto length = static_cast<float>(std::sqrt(1 + kNoise * kNoise));
      for (int c = 0; c < kDim; ++c)
        features_.push_back((w.look[c] + static_cast<float>(kNoise) * crop[c]) / length);
    }
  }

  Video video_;
  Rng rng_;
  int last_id_ = 0;
  int last_track_ = 0;
  std::vector<Walker> walkers_;
  std::string truth_;
  std::string tracks_;
  FeatureLabels labels_;
  std::vector<float> features_;
};

}  // namespace

int main(int argc, char** argv) {
  const std::optional<int64_t> seed = argc > 2 ? ParseInt(argv[2]) : 17;
  if (argc < 2 || argc > 3 || !seed) {
    fmt::print(stderr, "usage: make_relink_like FOLDER [SEED]\n");
    return kExitUsage;
  }
  try {
    int64_t boxes = 0;
    for (size_t v = 0; v < std::size(kVideos); ++v) {
      Street street(kVideos[v], static_cast<uint64_t>(*seed), v);
      street.Write(argv[1]);
      boxes += street.boxes();
    }
    fmt::print("{} boxes with embeddings of {} numbers in {}\n", WithThousands(boxes), kDim,
               argv[1]);
  } catch (const std::exception& error) {
    fmt::print(stderr, "make_relink_like: {}\n", error.what());
    return kExitInput;
  }
  return kExitOk;
}
