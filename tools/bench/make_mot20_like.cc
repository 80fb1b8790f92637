// Writes a crowd like MOT20's for benchmarks: four videos with its lengths, 150 to 300 people a
// frame, and what a tracker with misses, jitter, false alarms and identity switches makes of them.
// TrackEval's folder layout, so that both programs read the same files; always the same bytes for
// one seed. Nothing of a real data set is in it.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <numbers>
#include <optional>
#include <string>
#include <vector>

#include "reidbench/core/files.h"
#include "reidbench/core/random.h"
#include "reidbench/core/text.h"

namespace {

using namespace reidbench;
namespace fs = std::filesystem;

constexpr double kImageWidth = 1920;
constexpr double kImageHeight = 1080;
constexpr char kTracker[] = "made";

// Lengths of MOT20-01, -02, -03, -05; the crowd swells and shrinks between the two numbers.
struct Video {
  const char* name;
  int frames;
  int fewest;
  int most;
};
constexpr Video kVideos[] = {{"CROWD-01", 429, 150, 180},
                             {"CROWD-02", 2782, 150, 160},
                             {"CROWD-03", 2405, 150, 180},
                             {"CROWD-05", 3315, 150, 300}};

struct GroundTruthRow {
  int id;
  int frame;
  int left, top, width, height;
  int mark;
  int class_id;
  double visibility;
};

struct Walker {
  int id = 0;
  int track = 0;  // what the tracker calls the person
  int class_id = 1;
  int mark = 1;
  double x = 0, y = 0;  // feet, pixels
  double step_x = 0, step_y = 0;
  double size = 1;   // of the person, against the mean at that distance
  double phase = 0;  // of the sway
  int missed = 0;    // frames that the tracker still loses the person
};

// A false alarm that lasts some frames.
struct Ghost {
  int track;
  int frames_left;
  double left, top, width, height;
};
constexpr double kGhostsPerBox = 0.02;
constexpr int kMeanGhostFrames = 12;

class Crowd {
 public:
  Crowd(const Video& video, uint64_t seed, uint64_t stream) : video_(video), rng_(seed, stream) {}

  void Run() {
    for (int frame = 1; frame <= video_.frames; ++frame) {
      SetCrowd(frame);
      for (Walker& w : walkers_) Move(&w);
      Observe(frame);
    }
    std::sort(truth_.begin(), truth_.end(), [](const GroundTruthRow& a, const GroundTruthRow& b) {
      return a.id != b.id ? a.id < b.id : a.frame < b.frame;
    });
  }

  std::string TruthText() const {
    std::string text;
    for (const GroundTruthRow& r : truth_) {
      fmt::format_to(std::back_inserter(text), "{},{},{},{},{},{},{},{},{:.5f}\n", r.frame, r.id,
                     r.left, r.top, r.width, r.height, r.mark, r.class_id, r.visibility);
    }
    return text;
  }
  const std::string& result_text() const { return result_; }
  int64_t truth_boxes() const { return static_cast<int64_t>(truth_.size()); }
  int64_t result_boxes() const { return result_boxes_; }

 private:
  void SetCrowd(int frame) {
    const double phase = 2 * std::numbers::pi * frame / 900;
    const double swell = 0.5 - 0.5 * std::cos(phase);
    const size_t count =
        static_cast<size_t>(std::lround(video_.fewest + swell * (video_.most - video_.fewest)));
    while (walkers_.size() < count) walkers_.push_back(Enter(frame == 1));
    if (walkers_.size() > count) walkers_.resize(count);
  }

  Walker Enter(bool anywhere) {
    Walker w;
    w.id = ++last_id_;
    w.track = ++last_track_;
    const double kind = rng_.Uniform();
    if (kind < 0.02) {
      w.class_id = 7;  // static person: a distractor
      w.mark = 0;
    } else if (kind < 0.03) {
      w.class_id = 6;  // non-motorised vehicle
      w.mark = 0;
    } else if (kind < 0.05) {
      w.mark = 0;  // a pedestrian left out of the evaluation
    }
    w.y = rng_.Uniform(250, kImageHeight - 20);
    w.step_x = rng_.Uniform(0.4, 2.2) * (rng_.Uniform() < 0.5 ? -1 : 1);
    w.step_y = rng_.Uniform(-0.3, 0.3);
    if (w.class_id == 7) w.step_x = w.step_y = 0;
    w.x = anywhere || w.class_id == 7 || rng_.Uniform() < 0.5 ? rng_.Uniform(0, kImageWidth)
          : w.step_x > 0                                      ? 0
                                                              : kImageWidth;
    w.size = rng_.Uniform(0.85, 1.15);
    w.phase = rng_.Uniform(0, 2 * std::numbers::pi);
    return w;
  }

  void Move(Walker* w) {
    w->x += w->step_x;
    w->y += w->step_y;
    w->phase += 0.12;
    if (w->x < 0 || w->x > kImageWidth || w->y < 230 || w->y > kImageHeight ||
        rng_.Uniform() < 1.0 / 1500) {
      *w = Enter(false);
    }
  }

  static double HeightOf(const Walker& w) { return (45 + 0.14 * w.y) * w.size; }

  void Observe(int frame) {
    std::vector<GroundTruthRow> rows;
    for (const Walker& w : walkers_) {
      const double height = HeightOf(w);
      const double width = height * (0.42 + 0.03 * std::sin(w.phase));
      rows.push_back({w.id, frame, static_cast<int>(std::lround(w.x - width / 2)),
                      static_cast<int>(std::lround(w.y - height)),
                      static_cast<int>(std::lround(width)), static_cast<int>(std::lround(height)),
                      w.mark, w.class_id, 1});
    }
    for (size_t i = 0; i < rows.size(); ++i) rows[i].visibility = VisibilityOf(i, rows);
    truth_.insert(truth_.end(), rows.begin(), rows.end());
    Track(frame, rows);
  }

  // What the one person who stands most in the way leaves visible.
  double VisibilityOf(size_t i, const std::vector<GroundTruthRow>& rows) const {
    const GroundTruthRow& a = rows[i];
    int64_t most = 0;
    for (size_t j = 0; j < rows.size(); ++j) {
      const GroundTruthRow& b = rows[j];
      if (j == i || walkers_[j].y < walkers_[i].y) continue;  // behind
      const int64_t across =
          std::min(a.left + a.width, b.left + b.width) - std::max(a.left, b.left);
      const int64_t down = std::min(a.top + a.height, b.top + b.height) - std::max(a.top, b.top);
      if (across > 0 && down > 0) most = std::max(most, across * down);
    }
    return 1 - static_cast<double>(most) / (static_cast<double>(a.width) * a.height);
  }

  void Track(int frame, const std::vector<GroundTruthRow>& rows) {
    for (size_t i = 0; i < rows.size(); ++i) {  // two people change names
      if (rng_.Uniform() < 0.001 * (1 - rows[i].visibility))
        std::swap(walkers_[i].track, walkers_[rng_.Below(walkers_.size())].track);
    }
    for (size_t i = 0; i < rows.size(); ++i) {
      Walker& w = walkers_[i];
      if (w.missed > 0) {
        if (--w.missed == 0 && rng_.Uniform() < 0.3) w.track = ++last_track_;
        continue;
      }
      const double hidden = 1 - rows[i].visibility;
      if (rng_.Uniform() < 0.004 + 0.05 * hidden * hidden) {
        w.missed = 1 + static_cast<int>(rng_.Below(25));
        continue;
      }
      const double width = rows[i].width, height = rows[i].height;
      AddResult(frame, w.track, rows[i].left + rng_.Normal() * 0.05 * width,
                rows[i].top + rng_.Normal() * 0.03 * height,
                width * std::max(0.5, 1 + 0.05 * rng_.Normal()),
                height * std::max(0.5, 1 + 0.04 * rng_.Normal()));
    }
    for (Ghost& g : ghosts_) {
      --g.frames_left;
      AddResult(frame, g.track, g.left + rng_.Normal(), g.top + rng_.Normal(), g.width, g.height);
    }
    std::erase_if(ghosts_, [](const Ghost& g) { return g.frames_left == 0; });
    for (const GroundTruthRow& r : rows) {
      if (rng_.Uniform() > kGhostsPerBox / kMeanGhostFrames) continue;
      const int frames = 1 + static_cast<int>(rng_.Below(2 * kMeanGhostFrames - 1));
      ghosts_.push_back({++last_track_, frames, r.left + rng_.Uniform(-2, 2) * r.width,
                         r.top + rng_.Uniform(-1, 1) * r.height, static_cast<double>(r.width),
                         static_cast<double>(r.height)});
    }
  }

  void AddResult(int frame, int track, double left, double top, double width, double height) {
    fmt::format_to(std::back_inserter(result_),
                   "{},{},{:.2f},{:.2f},{:.2f},{:.2f},{:.3f},-1,-1,-1\n", frame, track, left, top,
                   width, height, rng_.Uniform(0.3, 1));
    ++result_boxes_;
  }

  const Video& video_;
  Rng rng_;
  std::vector<Walker> walkers_;
  std::vector<Ghost> ghosts_;
  int last_id_ = 0;
  int last_track_ = 0;
  std::vector<GroundTruthRow> truth_;
  std::string result_;
  int64_t result_boxes_ = 0;
};

void WriteFile(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  WriteFileAtomically(path, text);
}

}  // namespace

int main(int argc, char** argv) {
  const std::optional<int64_t> seed = argc > 2 ? ParseInt(argv[2]) : 20;
  if (argc < 2 || argc > 3 || !seed) {
    fmt::print(stderr, "usage: make_mot20_like FOLDER [SEED]\n");
    return 2;
  }
  try {
    const fs::path root = argv[1];
    std::string seqmap = "name\n";
    int64_t frames = 0, truth_boxes = 0, result_boxes = 0;
    for (size_t v = 0; v < std::size(kVideos); ++v) {
      const Video& video = kVideos[v];
      Crowd crowd(video, static_cast<uint64_t>(*seed), v);
      crowd.Run();
      const fs::path folder = root / "gt" / "mot_challenge" / "MOT20-train" / video.name;
      WriteFile(folder / "gt" / "gt.txt", crowd.TruthText());
      WriteFile(folder / "seqinfo.ini",
                fmt::format("[Sequence]\nname={}\nimDir=img1\nframeRate=25\nseqLength={}\n"
                            "imWidth={}\nimHeight={}\nimExt=.jpg\n",
                            video.name, video.frames, kImageWidth, kImageHeight));
      WriteFile(root / "trackers" / "mot_challenge" / "MOT20-train" / kTracker / "data" /
                    fmt::format("{}.txt", video.name),
                crowd.result_text());
      seqmap += fmt::format("{}\n", video.name);
      frames += video.frames;
      truth_boxes += crowd.truth_boxes();
      result_boxes += crowd.result_boxes();
    }
    WriteFile(root / "gt" / "mot_challenge" / "seqmaps" / "MOT20-train.txt", seqmap);
    fmt::print("{} frames, {} ground truth and {} result boxes in {}\n", WithThousands(frames),
               WithThousands(truth_boxes), WithThousands(result_boxes), root.string());
  } catch (const std::exception& error) {
    fmt::print(stderr, "make_mot20_like: {}\n", error.what());
    return 3;
  }
  return 0;
}
