#include "reidbench/jobs/synth/synth.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <system_error>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/interrupt.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/random.h"
#include "reidbench/features/feature_store.h"
#include "reidbench/imaging/encode.h"
#include "reidbench/jobs/synth/synth_reid.h"
#include "reidbench/matching/iou.h"
#include "reidbench/synth/simulation.h"
#include "reidbench/synth/sketch.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

// The people of so long a time are in memory at once.
constexpr double kBatchS = 2;
constexpr const char* kRecord = "world.yaml";  // by which a folder is known as a world

std::string_view AsText(const std::vector<uint8_t>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// A text file that grows while the world runs. Its error names it.
class TextLog {
 public:
  TextLog(const fs::path& path, std::string_view header) : file_(path) { file_.Write(header); }
  void Add(std::string_view text) { file_.Write(text); }
  void Finish() { file_.Commit(); }

 private:
  AtomicFile file_;
};

// --force replaces worlds; it does not empty somebody's home.
void RequireOutput(const fs::path& output, bool force) {
  std::error_code ignored;
  if (!fs::exists(output, ignored)) return;
  if (!force) ThrowUsage("{}: exists; choose another name or add --force", output.string());
  if (IsFile(output / kRecord) || (IsFolder(output) && fs::is_empty(output, ignored))) return;
  ThrowUsage(
      "{}: exists and is no world made by `reidbench synth` (it has no {}): remove it yourself",
      output.string(), kRecord);
}

std::string SequenceName(const SynthOptions& world, const SynthCamera& camera) {
  return fmt::format("{}-{}-{}", world.scene, world.seed, camera.name);
}

// Frames that a camera takes while the first one takes its own.
int64_t FramesOf(const SynthOptions& world, const SynthCamera& camera) {
  const double watched_s = world.frames / world.FrameRate(0) - camera.clock_offset_s;
  return std::max<int64_t>(1, std::llround(watched_s * camera.frame_rate / camera.clock_rate));
}

// Image from world (X, Y, 0), as the site's description tells it. Wrong distances are those of a
// camera that hangs higher than it does.
Eigen::Matrix<double, 3, 4> ToldMatrix(const SynthCamera& camera, double error) {
  Eigen::Matrix3d intrinsic;
  intrinsic << camera.focal_px, 0, 0.5 * camera.width_px, 0, camera.focal_px,
      0.5 * camera.height_px, 0, 0, 1;
  Eigen::Vector3d position = camera.position_m;
  position.z() *= 1 + error;
  Eigen::Matrix<double, 3, 4> matrix;
  matrix.leftCols<3>() = intrinsic * camera.camera_from_world;
  matrix.col(3) = -matrix.leftCols<3>() * position;
  return matrix;
}

std::string Seconds(double value) { return std::isnan(value) ? "" : fmt::format("{:.2f}", value); }

// One picture of one camera, and what is written about it.
struct FrameTask {
  size_t camera = 0;
  int64_t frame = 1;
  std::string truth;
  std::string site_truth;
  std::string detections;
  std::vector<int64_t> persons;
  std::vector<BoxLtwh> boxes;  // of the detections, where embeddings are drawn
  std::vector<float> embeddings;
  SynthCameraSummary counts;
};

bool HasReidSet(const SynthOptions& world) {
  return world.reid_identities > 0 && world.cameras > 1 && !world.sketch;
}

class WorldWriter {
 public:
  WorldWriter(const SynthWorld& world, const fs::path& folder, SynthStageResult* result)
      : world_(world), options_(world.options()), folder_(folder), result_(result) {}

  void Write(const std::function<void(int64_t, int64_t)>& progress) {
    for (const SynthCamera& camera : world_.cameras()) total_ += FramesOf(options_, camera);
    const bool reid = HasReidSet(options_);
    if (reid) total_ += CountSynthReidPictures(options_);
    progress_ = progress;
    WriteFileAtomically(folder_ / kRecord, FormatSynthOptions(options_));
    WriteFileAtomically(folder_ / "cameras.yaml", FormatCameras());
    OpenSequences();
    Film();
    WriteSequenceRecords();
    WriteFileAtomically(folder_ / "site.yaml", FormatSite());
    if (options_.sketch) WriteEmbeddings();
    SynthReidPersons persons;
    if (reid) {
      persons = ChooseSynthReidPersons(options_, identities_);
      result_->reid = WriteSynthReid(world_, persons, folder_ / "reid", [&] { Made(); });
    }
    WriteIdentities(persons);
  }

 private:
  struct Sequence {
    fs::path folder;
    std::unique_ptr<TextLog> truth;
    std::unique_ptr<TextLog> site_truth;
    std::unique_ptr<TextLog> detections;
    std::set<int64_t> persons;
    FeatureLabels labels;  // of the drawn embeddings
    std::vector<float> embeddings;
  };

  void Made() {
    const std::lock_guard lock(progress_mutex_);
    ++made_;
    if (progress_) progress_(made_, total_);
  }

  std::string FormatCameras() const {
    std::string text =
        "# Pinhole cameras, no distortion, principal point in the middle. World: metres, x and y "
        "on the\n"
        "# ground, z up. A world point X is at camera_from_world * (X - position_m), then\n"
        "# u = width / 2 + focal_px * x / z, v = height / 2 + focal_px * y / z.\n"
        "cameras:\n";
    for (const SynthCamera& camera : world_.cameras()) {
      const Eigen::Matrix3d& r = camera.camera_from_world;
      text += fmt::format(
          "  - id: {}\n    sequence: {}\n    width_px: {}\n    height_px: {}\n    frame_rate: {}\n"
          "    focal_px: {:.4f}\n    position_m: [{:.4f}, {:.4f}, {:.4f}]\n    "
          "camera_from_world:\n",
          camera.id, SequenceName(options_, camera), camera.width_px, camera.height_px,
          camera.frame_rate, camera.focal_px, camera.position_m.x(), camera.position_m.y(),
          camera.position_m.z());
      for (int row = 0; row < 3; ++row)
        text += fmt::format("      - [{:.9f}, {:.9f}, {:.9f}]\n", r(row, 0), r(row, 1), r(row, 2));
      const Eigen::Vector3d& w = camera.white_balance;
      text += fmt::format(
          "    exposure_ev: {:.4f}\n    white_balance: [{:.4f}, {:.4f}, {:.4f}]\n    "
          "blur_sigma_px: {:.4f}\n"
          "    noise_sigma: {:.4f}\n    jpeg_quality: {}\n",
          camera.exposure_ev, w.x(), w.y(), w.z(), camera.blur_sigma_px, camera.noise_sigma,
          camera.jpeg_quality);
      if (options_.HasClocks()) {
        text += fmt::format("    clock: {{offset_s: {:.6f}, rate: {:.9f}}}\n",
                            camera.clock_offset_s, camera.clock_rate);
      }
    }
    return text;
  }

  // What `reidbench score --site` and `link` take.
  std::string FormatSite() const {
    double rate = 0;
    for (const SynthCamera& camera : world_.cameras()) rate = std::max(rate, camera.frame_rate);
    // Two frames of a slow clock must not become one of the site.
    if (options_.HasClocks() && !options_.hide_clocks) rate *= 2;
    std::string text = fmt::format(
        "# The cameras of this world. Ground truth has places in columns 8 and 9; results need "
        "none.\n"
        "name: {}-{}\nframe_rate: {:g}\nground_columns: metres\ncameras:\n",
        options_.scene, options_.seed, rate);
    for (const SynthCamera& camera : world_.cameras()) {
      const std::string name = SequenceName(options_, camera);
      text += fmt::format(
          "  {}:\n    truth: site/{}/gt.txt\n    resolution: [{}, {}]\n    frame_rate: {}\n", name,
          name, camera.width_px, camera.height_px, camera.frame_rate);
      if (options_.HasClocks() && !options_.hide_clocks) {
        text += fmt::format("    clock: {{offset_s: {:.6f}, rate: {:.9f}}}\n",
                            camera.clock_offset_s, camera.clock_rate);
      }
      const bool last = &camera == &world_.cameras().back();
      const auto m = ToldMatrix(camera, last ? options_.calibration_error : 0);
      text += "    calibration:\n      matrix:\n";
      for (int row = 0; row < 3; ++row)
        text += fmt::format("        - [{:.9g}, {:.9g}, {:.9g}, {:.9g}]\n", m(row, 0), m(row, 1),
                            m(row, 2), m(row, 3));
    }
    return text;
  }

  void WriteEmbeddings() {
    CreateFolders(folder_ / "features");
    for (size_t c = 0; c < sequences_.size(); ++c) {
      Sequence& sequence = sequences_[c];
      FeatureProvenance provenance;
      provenance.architecture = "drawn by reidbench synth --sketch";
      provenance.normalized = true;
      provenance.dataset = result_->cameras[c].sequence;
      FeatureFileWriter writer(folder_ / "features" / (provenance.dataset + ".h5"), kSketchDim,
                               sequence.labels, provenance, {});
      writer.Append(sequence.embeddings);
      writer.Finish();
    }
  }

  void OpenSequences() {
    for (size_t c = 0; c < world_.cameras().size(); ++c) {
      const SynthCamera& camera = world_.cameras()[c];
      Sequence sequence;
      const std::string name = SequenceName(options_, camera);
      sequence.folder = folder_ / "mot" / "train" / name;
      for (const char* part : {"img1", "gt", "det"}) {
        if (part != std::string_view("img1") || !options_.sketch)
          CreateFolders(sequence.folder / part);
      }
      CreateFolders(folder_ / "site" / name);
      sequence.site_truth = std::make_unique<TextLog>(folder_ / "site" / name / "gt.txt", "");
      sequence.truth = std::make_unique<TextLog>(sequence.folder / "gt" / "gt.txt", "");
      sequence.detections = std::make_unique<TextLog>(sequence.folder / "det" / "det.txt", "");
      sequences_.push_back(std::move(sequence));
      SynthCameraSummary& summary = result_->cameras.emplace_back();
      summary.sequence = name;
      summary.frame_rate = camera.frame_rate;
    }
    truth_log_ = std::make_unique<TextLog>(
        folder_ / "ground_truth.csv",
        "frame,time_s,identity,x_m,y_m,heading_rad,speed_mps,activity,zone\n");
    std::string header =
        "identity,visit,group,entry_s,entry,exit_s,exit,queue_joined_s,queue_served_s,queue_left_s";
    for (const std::string& zone : world_.plan().zones) header += ",seconds_" + zone;
    visit_log_ = std::make_unique<TextLog>(folder_ / "visits.csv", header + "\n");
  }

  // Runs the people and films them, a batch of time after the other.
  void Film() {
    SynthSimulation simulation(options_, world_.plan());
    const double watched_s = options_.frames / options_.FrameRate(0);
    std::vector<SynthMoment> moments = {simulation.Now()};
    std::vector<int64_t> next_frame(world_.cameras().size(), 1);
    for (const SynthPerson& person : moments.front().people)
      present_.insert(person.figure.identity);
    for (double begin = 0; begin < watched_s; begin += kBatchS) {
      const double end = std::min(begin + kBatchS, watched_s);
      while (moments.back().time_s < end) {
        simulation.Step();
        moments.push_back(simulation.Now());
        Watch(moments.back());
      }
      std::vector<FrameTask> tasks;
      for (size_t c = 0; c < world_.cameras().size(); ++c) {
        const SynthCamera& camera = world_.cameras()[c];
        const int64_t frames = FramesOf(options_, camera);
        for (; next_frame[c] <= frames && camera.TimeOf(next_frame[c]) < end; ++next_frame[c]) {
          tasks.emplace_back();
          tasks.back().camera = c;
          tasks.back().frame = next_frame[c];
        }
      }
      ParallelFor(static_cast<int64_t>(tasks.size()), [&](int64_t k) {
        if (InterruptRequested()) return;
        FilmOne(moments, &tasks[static_cast<size_t>(k)]);
        Made();
      });
      if (InterruptRequested()) throw Interrupted("interrupted while filming");
      LogMoments(moments, begin, end);
      for (FrameTask& task : tasks) Collect(&task);
      WriteVisits(simulation.TakeFinishedVisits());
      moments.erase(moments.begin(), moments.end() - 1);
    }
    WriteVisits(simulation.OpenVisits());
    identities_ = simulation.IdentitiesSoFar();
    result_->persons = static_cast<int64_t>(present_.size());
    result_->seconds = watched_s;
    result_->mean_people =
        moments_seen_ > 0 ? people_seen_ / static_cast<double>(moments_seen_) : 0;
    for (Sequence& sequence : sequences_) {
      sequence.truth->Finish();
      sequence.site_truth->Finish();
      sequence.detections->Finish();
    }
    truth_log_->Finish();
    visit_log_->Finish();
  }

  static double TimeOf(int64_t frame, double rate) { return static_cast<double>(frame - 1) / rate; }

  static std::vector<SynthPerson> PeopleAt(const std::vector<SynthMoment>& moments, double time_s) {
    const double steps = (time_s - moments.front().time_s) / SynthSimulation::kStepS;
    const auto before =
        std::min(static_cast<size_t>(std::max(0.0, steps + 1e-9)), moments.size() - 1);
    return SynthPeopleAt(moments[before], moments[std::min(before + 1, moments.size() - 1)],
                         time_s);
  }

  void FilmOne(const std::vector<SynthMoment>& moments, FrameTask* task) const {
    const SynthCamera& camera = world_.cameras()[task->camera];
    const double time_s = camera.TimeOf(task->frame);
    std::vector<SynthFigure> figures;
    std::set<int64_t> outside;
    for (const SynthPerson& person : PeopleAt(moments, time_s)) {
      figures.push_back(person.figure);
      if (person.zone == SynthFloorPlan::kOutside) outside.insert(person.figure.identity);
    }
    for (const SynthFixedFigure& fixed : world_.plan().fixed) figures.push_back(fixed.figure);
    Rng seeds(options_.seed, (0x4652414dULL << 32) + (static_cast<uint64_t>(camera.id) << 40) +
                                 static_cast<uint64_t>(task->frame));
    std::vector<SynthTarget> seen;
    if (options_.sketch) {
      seen = world_.Sketch(task->camera, figures);
    } else {
      SynthShot shot = world_.Shoot(task->camera, figures, seeds.Next());
      const std::string name = fmt::format("{:06}.jpg", task->frame);
      WriteFileAtomically(sequences_[task->camera].folder / "img1" / name,
                          AsText(EncodeJpeg(shot.frame.picture, camera.jpeg_quality)));
      seen = std::move(shot.targets);
    }
    std::map<int64_t, const SynthFigure*> figure_of;
    for (const SynthFigure& figure : figures) figure_of[figure.identity] = &figure;

    SynthCameraSummary& counts = task->counts;
    counts.frames = 1;
    std::vector<SynthTarget> targets;
    for (const SynthTarget& target : seen) {
      // Whoever is still behind a door is not in the scene.
      if (target.visibility <= 0 && outside.contains(target.identity)) continue;
      targets.push_back(target);
      const bool fixed = target.identity >= kSynthFirstFixedIdentity;
      const int class_id = !fixed ? 1 : target.person ? 7 : 8;
      task->truth += fmt::format("{},{},{:.2f},{:.2f},{:.2f},{:.2f},{},{},{:.4f}\n", task->frame,
                                 target.identity, target.box.left, target.box.top, target.box.width,
                                 target.box.height, fixed ? 0 : 1, class_id, target.visibility);
      if (fixed) continue;
      const Eigen::Vector2d& place = figure_of.at(target.identity)->position_m;
      task->site_truth += fmt::format("{},{},{:.2f},{:.2f},{:.2f},{:.2f},1,{:.3f},{:.3f},0\n",
                                      task->frame, target.identity, target.box.left, target.box.top,
                                      target.box.width, target.box.height, place.x(), place.y());
      task->persons.push_back(target.identity);
      ++counts.boxes;
      if (target.visibility < 0.1) ++counts.hidden_boxes;
      ++counts.visibility[std::min<size_t>(9, static_cast<size_t>(10 * target.visibility))];
      if (target.visibility >= 0.5)
        ++counts.heights[static_cast<size_t>(std::clamp(target.box.height, 0.0, 400.0))];
    }
    int64_t number = 0;
    for (const SynthDetection& detection : Detect(camera, targets, time_s)) {
      const BoxLtwh& box = detection.box;
      if (options_.sketch) {
        const SketchCrop crop = CropOf(camera, detection, targets, figure_of, time_s);
        const std::vector<float> embedding =
            SketchEmbedding(options_, camera, crop, seeds.Next() + static_cast<uint64_t>(number++));
        task->embeddings.insert(task->embeddings.end(), embedding.begin(), embedding.end());
        // As the text says it.
        const auto round = [](double px) { return std::round(100 * px) / 100; };
        task->boxes.push_back(
            {round(box.left), round(box.top), round(box.width), round(box.height)});
      }
      task->detections += fmt::format("{},-1,{:.2f},{:.2f},{:.2f},{:.2f},{:.4f}\n", task->frame,
                                      box.left, box.top, box.width, box.height, detection.score);
      ++counts.detections;
      if (detection.identity < 0) ++counts.false_detections;
    }
  }

  // What is drawn of a detection's crop.
  static SketchCrop CropOf(const SynthCamera& camera, const SynthDetection& detection,
                           const std::vector<SynthTarget>& targets,
                           const std::map<int64_t, const SynthFigure*>& figure_of, double time_s) {
    SketchCrop crop;
    crop.identity = detection.identity;
    crop.moment = std::llround(2 * time_s);
    if (detection.identity < 0) return crop;
    const SynthFigure& figure = *figure_of.at(detection.identity);
    const Eigen::Vector2d sight = figure.position_m - camera.position_m.head<2>();
    crop.facing_rad = figure.heading_rad - std::atan2(sight.y(), sight.x());
    double most = 0;
    for (const SynthTarget& target : targets) {
      if (target.identity == detection.identity) {
        crop.visibility = target.visibility;
      } else if (const double iou = Iou(target.box, detection.box); iou > most) {
        most = iou;
        crop.hidden_by = target.identity;
      }
    }
    return crop;
  }

  std::vector<SynthDetection> Detect(const SynthCamera& camera,
                                     const std::vector<SynthTarget>& targets, double time_s) const {
    if (options_.perfect_detections) {
      std::vector<SynthDetection> perfect;
      for (const SynthTarget& target : targets) {
        if (target.visibility > 0 && target.identity < kSynthFirstFixedIdentity)
          perfect.push_back({target.box, 1, target.identity});
      }
      return perfect;
    }
    SynthDetectorOptions detector;
    detector.miss_rate = options_.miss_rate;
    detector.false_positives = options_.false_positives;
    detector.jitter = options_.jitter;
    detector.seed = Rng(options_.seed, 0x44455400 + static_cast<uint64_t>(camera.id)).Next();
    return DetectSynthPeople(targets, time_s, camera.width_px, camera.height_px, detector);
  }

  // In the order of the tasks, whoever made them.
  void Collect(FrameTask* task) {
    Sequence& sequence = sequences_[task->camera];
    sequence.truth->Add(task->truth);
    sequence.site_truth->Add(task->site_truth);
    for (const BoxLtwh& box : task->boxes) {
      sequence.labels.frame.emplace_back(task->frame);
      sequence.labels.track_id.emplace_back(-1);
      sequence.labels.box_ltwh.push_back(box);
    }
    sequence.embeddings.insert(sequence.embeddings.end(), task->embeddings.begin(),
                               task->embeddings.end());
    sequence.detections->Add(task->detections);
    sequence.persons.insert(task->persons.begin(), task->persons.end());
    SynthCameraSummary& sum = result_->cameras[task->camera];
    const SynthCameraSummary& one = task->counts;
    sum.frames += one.frames;
    sum.boxes += one.boxes;
    sum.hidden_boxes += one.hidden_boxes;
    sum.detections += one.detections;
    sum.false_detections += one.false_detections;
    for (size_t k = 0; k < sum.visibility.size(); ++k) sum.visibility[k] += one.visibility[k];
    for (size_t k = 0; k < sum.heights.size(); ++k) sum.heights[k] += one.heights[k];
  }

  // Where everybody is at the first camera's frames of [begin, end).
  void LogMoments(const std::vector<SynthMoment>& moments, double begin, double end) {
    const double rate = options_.FrameRate(0);
    std::string text;
    for (; next_truth_ <= options_.frames && TimeOf(next_truth_, rate) < end; ++next_truth_) {
      const double time_s = TimeOf(next_truth_, rate);
      REIDBENCH_CHECK(time_s >= begin - 1e-6);
      for (const SynthPerson& person : PeopleAt(moments, time_s)) {
        const SynthFigure& figure = person.figure;
        text +=
            fmt::format("{},{:.3f},{},{:.3f},{:.3f},{:.3f},{:.3f},{},{}\n", next_truth_, time_s,
                        figure.identity, figure.position_m.x(), figure.position_m.y(),
                        figure.heading_rad, figure.speed_mps, SynthActivityName(person.activity),
                        world_.plan().zones[static_cast<size_t>(person.zone)]);
      }
    }
    truth_log_->Add(text);
  }

  void WriteVisits(const std::vector<SynthVisit>& visits) {
    std::string text;
    for (const SynthVisit& visit : visits) {
      text += fmt::format("{},{},{},{:.2f},{},{},{},{},{},{}", visit.identity, visit.number,
                          visit.group, visit.entry_s, visit.entry, Seconds(visit.exit_s),
                          visit.exit, Seconds(visit.queue_joined_s), Seconds(visit.queue_served_s),
                          Seconds(visit.queue_left_s));
      for (const double seconds : visit.zone_s) text += fmt::format(",{:.2f}", seconds);
      text += '\n';
      ++result_->visits;
      if (visit.number > 1) ++result_->reentries;
    }
    visit_log_->Add(text);
  }

  // Counts people and those who cross each other's way.
  void Watch(const SynthMoment& moment) {
    ++moments_seen_;
    people_seen_ += static_cast<double>(moment.people.size());
    std::set<std::pair<int64_t, int64_t>> close;
    for (size_t i = 0; i < moment.people.size(); ++i) {
      const SynthFigure& a = moment.people[i].figure;
      present_.insert(a.identity);
      for (size_t j = i + 1; j < moment.people.size(); ++j) {
        const SynthFigure& b = moment.people[j].figure;
        if ((a.position_m - b.position_m).squaredNorm() > 1) continue;
        if (a.speed_mps < 0.3 || b.speed_mps < 0.3 || std::cos(a.heading_rad - b.heading_rad) > 0.5)
          continue;
        close.emplace(a.identity, b.identity);
      }
    }
    for (const auto& pair : close) {
      if (!close_before_.contains(pair)) ++result_->crossings;
    }
    close_before_ = std::move(close);
  }

  void WriteSequenceRecords() {
    std::string names = "name\n";
    for (size_t c = 0; c < sequences_.size(); ++c) {
      const SynthCamera& camera = world_.cameras()[c];
      SynthCameraSummary& summary = result_->cameras[c];
      summary.persons = static_cast<int64_t>(sequences_[c].persons.size());
      names += summary.sequence + "\n";
      WriteFileAtomically(
          sequences_[c].folder / "seqinfo.ini",
          fmt::format("[Sequence]\nname={}\nimDir=img1\nframeRate={}\nseqLength={}\nimWidth={}\n"
                      "imHeight={}\nimExt=.jpg\n",
                      summary.sequence, camera.frame_rate, summary.frames, camera.width_px,
                      camera.height_px));
    }
    CreateFolders(folder_ / "mot" / "seqmaps");
    WriteFileAtomically(folder_ / "mot" / "seqmaps" / "train.txt", names);
  }

  void WriteIdentities(const SynthReidPersons& persons) {
    TextLog log(folder_ / "identities.csv",
                "identity,kind,split,in_videos,cameras,height_m,dressed_like\n");
    std::set<int64_t> test(persons.test.begin(), persons.test.end());
    std::set<int64_t> all(persons.train.begin(), persons.train.end());
    const std::set<int64_t> train = all;
    all.insert(test.begin(), test.end());
    all.insert(present_.begin(), present_.end());
    for (const SynthFixedFigure& fixed : world_.plan().fixed) all.insert(fixed.figure.identity);
    for (const int64_t identity : all) {
      std::string cameras;
      for (size_t c = 0; c < sequences_.size(); ++c) {
        if (!sequences_[c].persons.contains(identity)) continue;
        if (!cameras.empty()) cameras += ' ';
        cameras += fmt::format("{}", c + 1);
      }
      const bool fixed = identity >= kSynthFirstFixedIdentity;
      const char* kind = !fixed ? "person" : world_.IsMannequin(identity) ? "mannequin" : "staff";
      const int64_t like = fixed ? -1
                                 : SynthHardNegativeOf(options_.seed, identity,
                                                       {.hard_negatives = options_.hard_negatives});
      log.Add(fmt::format("{},{},{},{},{},{:.3f},{}\n", identity, kind,
                          train.contains(identity)  ? "train"
                          : test.contains(identity) ? "test"
                                                    : "",
                          fixed || present_.contains(identity) ? 1 : 0, cameras,
                          world_.Look(identity).height_m, like > 0 ? fmt::format("{}", like) : ""));
    }
    log.Finish();
  }

  const SynthWorld& world_;
  const SynthOptions& options_;
  fs::path folder_;
  SynthStageResult* result_;
  std::vector<Sequence> sequences_;
  std::unique_ptr<TextLog> truth_log_;
  std::unique_ptr<TextLog> visit_log_;
  std::set<int64_t> present_;
  std::set<std::pair<int64_t, int64_t>> close_before_;
  int64_t identities_ = 0;
  int64_t next_truth_ = 1;
  int64_t moments_seen_ = 0;
  double people_seen_ = 0;
  std::function<void(int64_t, int64_t)> progress_;
  std::mutex progress_mutex_;
  int64_t made_ = 0;
  int64_t total_ = 0;
};

}  // namespace

std::string FormatSynthOptions(const SynthOptions& options) {
  std::string text =
      "# A synthetic world: `reidbench synth --config` makes it again, byte for byte.\n";
  text += fmt::format("scene: {}\nseed: {}\n", options.scene, options.seed);
  std::string group;
  // Values in their shortest digits that are read back as the same numbers.
  for (const SynthKnob& knob : SynthKnobs()) {
    if (group != knob.group) text += fmt::format("\n# {}\n", group = knob.group);
    const double value = knob.Get(options);
    text += knob.whole != nullptr ? fmt::format("{}: {}", knob.name, static_cast<int64_t>(value))
                                  : fmt::format("{}: {}", knob.name, value);
    const std::string high =
        knob.high >= 1e6 ? fmt::format("{:.0f}", knob.high) : fmt::format("{:g}", knob.high);
    text += fmt::format("  # {:g}..{}: {}\n", knob.low, high, knob.help);
    if (std::string_view(knob.name) == "frames") {
      text += fmt::format("frame_rate: [{}]  # 0.5..60 per second: of all cameras, or of each\n",
                          fmt::join(options.frame_rate, ", "));
    }
    if (std::string_view(knob.name) == "jitter") {
      text += fmt::format(
          "perfect_detections: {}  # the true boxes of everybody of whom a pixel is seen\n",
          options.perfect_detections);
    }
    if (std::string_view(knob.name) == "calibration_error") {
      text += fmt::format(
          "hide_clocks: {}  # offsets and drifts do not stand in site.yaml\n"
          "sketch: {}  # no pictures: boxes by projection, embeddings drawn beside them\n",
          options.hide_clocks, options.sketch);
    }
  }
  return text;
}

SynthStageResult RunSynth(const SynthStageOptions& options, bool check_only,
                          const std::function<void(int64_t, int64_t)>& progress) {
  if (options.output.empty()) ThrowUsage("--output is missing: the folder for the world");
  RequireOutput(options.output, options.force);
  const SynthWorld world(options.world);
  SynthStageResult result;
  result.world = options.world;
  result.output = options.output;
  if (options.world.reid_identities > 0 && options.world.cameras < 2) {
    result.notes.emplace_back("no re-ID set: with one camera nobody is seen by two");
  } else if (options.world.reid_identities > 0 && options.world.sketch) {
    result.notes.emplace_back("no re-ID set: a sketch has no pictures");
  }
  if (check_only) return result;
  AtomicFolder folder(options.output);
  RequireOutput(options.output, options.force);  // again under the lock: another may have finished
  WorldWriter(world, folder.path(), &result).Write(progress);
  folder.Commit();
  return result;
}

}  // namespace reidbench
