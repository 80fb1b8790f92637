#include "reidbench/jobs/link/link.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <mutex>
#include <set>
#include <system_error>

#include "reidbench/config/option_file.h"
#include "reidbench/config/reader.h"
#include "reidbench/core/clock.h"
#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/text.h"
#include "reidbench/features/box_rows.h"
#include "reidbench/features/feature_store.h"
#include "reidbench/jobs/link/link_truth.h"
#include "reidbench/linking/associations.h"
#include "reidbench/sites/site.h"
#include "reidbench/sites/site_rows.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

constexpr double kAssumedSiteRate = 25;
// A camera that saw fewer people together says nothing about embeddings.
constexpr int64_t kTellingPairs = 20;

struct ChosenAssociation {
  const Association* association = nullptr;
  AssociationRun run;
};

ChosenAssociation ReadAssociation(const LinkStageOptions& options) {
  ChosenAssociation chosen;
  ReadMethodOptions(options.config, "linking", options.options, options.method,
                    Associations().front().name,
                    [&](const std::string& name, ConfigReader* reader) {
                      chosen.association = &AssociationByName(name);
                      chosen.run = chosen.association->read(reader);
                    });
  return chosen;
}

class LinkStage {
 public:
  LinkStage(const LinkStageOptions& options, LinkStageResult* result)
      : options_(options), result_(result) {}

  void Prepare() {
    if (options_.site.empty()) ThrowUsage("--site is missing: a .yaml file or a folder of cameras");
    if (options_.tracks.empty()) ThrowUsage("--tracks is missing: a folder with CAMERA.txt");
    if (!(std::isfinite(options_.frame_rate) && options_.frame_rate >= 0))
      ThrowUsage("--frame-rate {}: expected frames per second", options_.frame_rate);
    chosen_ = ReadAssociation(options_);
    if (chosen_.association->needs.embeddings && options_.features.empty()) {
      ThrowUsage("--features is missing: --method {} needs the embeddings of the boxes",
                 chosen_.association->name);
    }
    result_->method = chosen_.association->name;
    const Clock::time_point start = Clock::now();
    site_ = LoadSite(options_.site);
    result_->site = site_.name.empty() ? options_.site.filename().string() : site_.name;
    PlanOutput();
    results_ = ReadSiteResults(site_, options_.tracks);
    camera_warnings_.resize(results_.size());
    std::vector<std::string> names;
    for (const SiteResults& one : results_) names.push_back(one.camera.name);
    if (!options_.features.empty()) {
      if (!IsFolder(options_.features)) {
        ThrowUsage("--features {}: expected a folder with CAMERA.h5 of each camera",
                   options_.features.string());
      }
      feature_files_ = FindSequenceFeatures(options_.features, names);
    }
    site_rate_ = site_.frame_rate.value_or(options_.frame_rate);
    if (site_rate_ <= 0) {
      site_rate_ = kAssumedSiteRate;
      Warn(
          fmt::format("the frame rate is not known, {} frames/s are assumed; frame_rate in a "
                      "site's .yaml or --frame-rate tells it",
                      kAssumedSiteRate));
    }
    result_->read_seconds = SecondsSince(start);
    bool places = false;
    for (const SiteResults& one : results_) {
      places = places || std::any_of(one.boxes.begin(), one.boxes.end(),
                                     [](const SiteBox& box) { return box.ground.has_value(); });
    }
    if (!places && options_.features.empty()) {
      ThrowUsage(
          "nothing to link by: --features is missing, and neither calibrations nor columns 8 and 9 "
          "say where people are");
    }
    if (options_.features.empty()) Warn("no --features: places and times alone decide");
    RequireOnce();
  }

  void Run(const std::function<void(int64_t, int64_t)>& progress) {
    Clock::time_point start = Clock::now();
    SiteLinkInput input;
    std::vector<RowMatrix> sums;
    int64_t telling = 0, useless = 0;
    std::string useless_note;
    // Two cameras' embeddings at a time, at most.
    std::vector<CameraTracklets> described(results_.size());
    result_->cameras.resize(results_.size());
    std::mutex mutex;
    int64_t done = 0;
    ParallelFor(2, [&](int64_t worker) {
      for (size_t c = static_cast<size_t>(worker); c < results_.size(); c += 2) {
        described[c] = Describe(c);
        const std::lock_guard lock(mutex);
        if (progress) progress(++done, static_cast<int64_t>(results_.size()));
      }
    });
    for (std::string& warning : camera_warnings_) {
      if (!warning.empty()) Warn(std::move(warning));
    }
    for (size_t c = 0; c < results_.size(); ++c) {
      CameraTracklets& camera = described[c];
      const RelinkCalibration& calibration = camera.corrected.calibration;
      if (calibration.negative_pairs >= kTellingPairs) {
        ++(calibration.appearance_usable ? telling : useless);
        if (!calibration.appearance_usable) useless_note = calibration.note;
      }
      const auto before = static_cast<int32_t>(input.tracklets.size());
      for (SiteTracklet& tracklet : camera.tracklets) {
        tracklet.camera = static_cast<int32_t>(c);
        if (tracklet.before >= 0) tracklet.before += before;
        input.tracklets.push_back(std::move(tracklet));
      }
      sums.push_back(std::move(camera.sums));
      input.cameras.push_back(results_[c].camera.name);
    }
    described.clear();
    if (useless > telling) {
      input.appearance_unusable = fmt::format(
          "the embeddings do not tell people apart in {} of {} cameras ({}): appearance is not "
          "used",
          useless, useless + telling, useless_note);
    }
    JoinSums(sums, &input);
    result_->describe_seconds = SecondsSince(start);
    start = Clock::now();
    if (!options_.transitions.empty()) {
      std::vector<double> arrivals(input.cameras.size(), 0);
      double last_s = 1;
      for (const SiteTracklet& tracklet : input.tracklets) {
        arrivals[static_cast<size_t>(tracklet.camera)] += 1;
        last_s = std::max(last_s, tracklet.last_s);
      }
      for (double& rate : arrivals) rate /= last_s;
      input.transitions.emplace(static_cast<int32_t>(input.cameras.size()), arrivals);
      ReadTransitions(options_.transitions, input.cameras, &*input.transitions);
    }
    SiteLinkResult linked = chosen_.run(input);
    result_->link_seconds = SecondsSince(start);
    for (const std::string& note : linked.notes) Warn(note);
    result_->notes = linked.notes;
    result_->tracklets = static_cast<int64_t>(input.tracklets.size());
    result_->appearance = std::move(linked.appearance);
    result_->ground = std::move(linked.ground);
    result_->transitions = std::move(linked.transitions);
    Name(input, linked);
    if (options_.judge) Judge(input);
    Write(input);
  }

 private:
  void Warn(std::string text) { result_->warnings.push_back(std::move(text)); }

  // An id twice in a frame is no track.
  void RequireOnce() const {
    for (const SiteResults& one : results_) {
      std::set<std::pair<int64_t, int64_t>> seen;
      for (size_t k = 0; k < one.boxes.size(); ++k) {
        if (seen.emplace(one.boxes[k].frame, one.boxes[k].id).second) continue;
        ThrowInput("{}: expected every id once in a frame, found id {} twice in frame {}",
                   one.file.string(), one.boxes[k].id, one.boxes[k].frame);
      }
    }
  }

  // Before anything is read: which files there will be follows from the names of files.
  void PlanOutput() const {
    if (options_.output.empty()) return;
    std::error_code failed;
    if (fs::exists(options_.output, failed) && !fs::is_directory(options_.output, failed)) {
      ThrowUsage("--output {}: expected a folder for one file per camera, found a file",
                 options_.output.string());
    }
    std::set<std::string> names;
    for (const SiteCamera& camera : site_.cameras) names.insert(camera.name);
    if (IsFolder(options_.tracks)) {
      for (const std::string& name : ListFolderNames(options_.tracks)) names.insert(name);
      for (const std::string& name : ListFileNames(options_.tracks)) {
        if (EndsWith(name, ".txt")) names.insert(name.substr(0, name.size() - 4));
      }
    }
    std::vector<fs::path> paths;
    for (const std::string& name : names) paths.emplace_back(name + ".txt");
    paths.emplace_back("decisions.json");
    paths.emplace_back("transitions.json");
    for (const fs::path& name : paths) {
      const fs::path path = options_.output / name;
      if (!fs::exists(path, failed)) continue;
      if (fs::equivalent(path, options_.tracks / name, failed)) {
        ThrowUsage("--output {}: expected another folder than that of the tracks",
                   options_.output.string());
      }
      RequireWritable(path, options_.force);
    }
  }

  CameraTracklets Describe(size_t c) {
    const SiteResults& one = results_[c];
    LinkCamera camera;
    camera.name = one.camera.name;
    camera.boxes = one.boxes;
    camera.site_rate = site_rate_;
    camera.frame_rate = one.camera.frame_rate.value_or(site_rate_);
    camera.clock_offset_s = one.camera.clock_offset_s;
    camera.clock_rate = one.camera.clock_rate;
    camera.image_width = one.camera.image_width;
    camera.image_height = one.camera.image_height;
    if (one.camera.projection) camera.projection = &*one.camera.projection;
    BoxEmbeddings read = ReadEmbeddings(c);
    const FeatureMatrix& embeddings = read.embeddings;
    camera.embedding_row = std::move(read.row);
    camera.embeddings = &embeddings;
    const RelinkOptions own;
    CameraTracklets out = DescribeCamera(
        camera,
        options_.correct_cameras.value_or(chosen_.association->corrects_cameras) ? &own : nullptr);
    LinkedCamera& summary = result_->cameras[c];
    summary.name = camera.name;
    summary.boxes = static_cast<int64_t>(one.boxes.size());
    std::set<int64_t> ids;
    for (const SiteBox& box : one.boxes) ids.insert(box.id);
    summary.tracks = static_cast<int64_t>(ids.size());
    summary.tracklets = static_cast<int64_t>(out.tracklets.size());
    summary.boxes_without_embedding = out.boxes_without_embedding;
    for (const RelinkDecision& d : out.corrected.decisions) {
      if (!d.accepted) continue;
      ++(d.kind == RelinkDecisionKind::kLink    ? summary.own_links
         : d.kind == RelinkDecisionKind::kSplit ? summary.own_splits
                                                : summary.own_swaps);
    }
    return out;
  }

  BoxEmbeddings ReadEmbeddings(size_t c) {
    const SiteResults& one = results_[c];
    if (feature_files_.empty())
      return {FeatureMatrix(0, 1), std::vector<int64_t>(one.boxes.size(), -1)};
    std::vector<TrackBox> boxes;
    for (const SiteBox& box : one.boxes) {
      TrackBox& row = boxes.emplace_back();
      row.frame = FrameIndex{box.frame};
      row.id = TrackId{box.id};
      row.box = box.box;
    }
    const FeatureFile file(feature_files_[c]);
    const BoxRows found = FindBoxRows(file, boxes);
    const auto all = static_cast<int64_t>(boxes.size());
    if (found.missing > 0) {
      const std::string what =
          fmt::format("camera {}: {} of {} boxes have no embedding in {}, first {}",
                      one.camera.name, WithThousands(found.missing), WithThousands(all),
                      feature_files_[c].string(), DescribeBox(boxes[found.first_missing]));
      if (!options_.allow_missing) {
        ThrowInput("{}\n  hint: extract them again with --boxes {}, or go on with --allow-missing",
                   what, one.file.string());
      }
      camera_warnings_[c] = what;
    }
    return ReadBoxEmbeddings(file, boxes, found.row, options_.allow_missing,
                             "go on with --allow-missing");
  }

  // Cameras without boxes have sums of no width.
  void JoinSums(const std::vector<RowMatrix>& sums, SiteLinkInput* input) const {
    int64_t rows = 0, width = 1;
    for (size_t c = 0; c < sums.size(); ++c) {
      rows += sums[c].rows();
      if (sums[c].rows() == 0) continue;
      if (width > 1 && sums[c].cols() != width) {
        ThrowInput("{}: expected embeddings of {} numbers as in the other cameras, found {}",
                   feature_files_[c].string(), width, sums[c].cols());
      }
      width = std::max(width, int64_t{sums[c].cols()});
    }
    input->sums = RowMatrix::Zero(rows, width);
    int64_t at = 0;
    for (const RowMatrix& block : sums) {
      if (block.rows() == 0) continue;
      input->sums.block(at, 0, block.rows(), block.cols()) = block;
      at += block.rows();
    }
  }

  // Identities of the site, from 1, and decisions by the names of the input.
  void Name(const SiteLinkInput& input, const SiteLinkResult& linked) {
    people_.resize(results_.size());
    for (size_t c = 0; c < results_.size(); ++c) people_[c].assign(results_[c].boxes.size(), 0);
    std::vector<std::set<int64_t>> of_camera(results_.size());
    int64_t most = 0;
    for (size_t t = 0; t < input.tracklets.size(); ++t) {
      const SiteTracklet& tracklet = input.tracklets[t];
      const int64_t person = linked.person[t] + 1;
      most = std::max(most, person);
      of_camera[static_cast<size_t>(tracklet.camera)].insert(person);
      for (const int32_t box : tracklet.boxes)
        people_[static_cast<size_t>(tracklet.camera)][static_cast<size_t>(box)] = person;
    }
    result_->people = most;
    for (size_t c = 0; c < results_.size(); ++c)
      result_->cameras[c].people = static_cast<int64_t>(of_camera[c].size());
    const auto box_of = [&](int32_t t, bool last) -> const SiteBox& {
      const SiteTracklet& tracklet = input.tracklets[static_cast<size_t>(t)];
      return results_[static_cast<size_t>(tracklet.camera)]
          .boxes[static_cast<size_t>(last ? tracklet.boxes.back() : tracklet.boxes.front())];
    };
    const auto camera_of = [&](int32_t t) {
      return input.cameras[static_cast<size_t>(input.tracklets[static_cast<size_t>(t)].camera)];
    };
    for (const LinkDecision& decision : linked.decisions) {
      NamedLink named;
      named.decision = decision;
      named.camera_before = camera_of(decision.before);
      named.camera_after = camera_of(decision.after);
      named.track_before = box_of(decision.before, true).id;
      named.track_after = box_of(decision.after, false).id;
      named.frame_before = box_of(decision.before, true).frame;
      named.frame_after = box_of(decision.after, false).frame;
      named.person = linked.person[static_cast<size_t>(decision.after)] + 1;
      result_->decisions.push_back(std::move(named));
    }
  }

  void Judge(const SiteLinkInput& input) {
    SiteReading reading = ReadSiteTracks(site_, options_.tracks);
    std::vector<JudgedCamera> judged;
    std::vector<CameraTracks> kept;
    for (size_t c = 0; c < results_.size(); ++c) {
      // By name in both; cameras without results are scored, too.
      for (CameraTracks& camera : reading.tracks.cameras) {
        if (camera.name != results_[c].camera.name) continue;
        JudgedCamera one;
        for (const SiteBox& box : results_[c].boxes) one.tracks.push_back(box.id);
        one.people = people_[c];
        judged.push_back(std::move(one));
        kept.push_back(std::move(camera));
      }
    }
    for (CameraTracks& camera : reading.tracks.cameras) {
      if (camera.name.empty() || std::any_of(kept.begin(), kept.end(), [&](const CameraTracks& k) {
            return k.name == camera.name;
          })) {
        continue;
      }
      judged.emplace_back();
      kept.push_back(std::move(camera));
    }
    reading.tracks.cameras = std::move(kept);
    result_->truth =
        JudgeLinks(std::move(reading.tracks), judged, input.tracklets, &result_->decisions);
  }

  void Write(const SiteLinkInput& input) const {
    if (options_.output.empty()) return;
    CreateFolders(options_.output);
    for (size_t c = 0; c < results_.size(); ++c) {
      WriteFileAtomically(
          options_.output / (results_[c].camera.name + ".txt"),
          WithOtherIds(ReadFileText(results_[c].file), results_[c].file, people_[c]));
    }
    WriteFileAtomically(options_.output / "decisions.json", RenderLinkJson(*result_, false));
    WriteFileAtomically(options_.output / "transitions.json",
                        RenderTransitions(result_->transitions, input.cameras));
  }

  const LinkStageOptions& options_;
  LinkStageResult* result_;
  ChosenAssociation chosen_;
  Site site_;
  double site_rate_ = kAssumedSiteRate;
  std::vector<SiteResults> results_;
  std::vector<fs::path> feature_files_;
  std::vector<std::string> camera_warnings_;  // of each camera, made side by side
  std::vector<std::vector<int64_t>> people_;  // of each camera's boxes
};

}  // namespace

LinkStageResult RunLink(const LinkStageOptions& options, bool check_only,
                        const std::function<void(int64_t, int64_t)>& progress) {
  LinkStageResult result;
  LinkStage stage(options, &result);
  stage.Prepare();
  if (!check_only) stage.Run(progress);
  return result;
}

}  // namespace reidbench
