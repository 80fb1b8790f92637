#include "reidbench/jobs/relink/relink.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <numeric>
#include <set>
#include <system_error>
#include <unordered_set>

#include "reidbench/config/option_file.h"
#include "reidbench/config/reader.h"
#include "reidbench/core/clock.h"
#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/tasks.h"
#include "reidbench/core/text.h"
#include "reidbench/datasets/mot_files.h"
#include "reidbench/datasets/mot_layout.h"
#include "reidbench/features/box_rows.h"
#include "reidbench/features/feature_store.h"
#include "reidbench/jobs/relink/relink_galleries.h"
#include "reidbench/jobs/relink/relink_truth.h"
#include "reidbench/jobs/score/score_inputs.h"
#include "reidbench/mot_metrics/benchmark.h"
#include "reidbench/relinking/corrections.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

// Embeddings in memory at a time, beyond those of a single sequence.
constexpr int64_t kEmbeddingBytes = int64_t{256} << 20;

// Lets sequences in as long as their embeddings fit into the memory set aside, one always.
class MemoryGate {
 public:
  class Pass {
   public:
    Pass(MemoryGate* gate, int64_t bytes) : gate_(gate), bytes_(bytes) {
      std::unique_lock lock(gate_->mutex_);
      gate_->changed_.wait(
          lock, [&] { return gate_->taken_ == 0 || gate_->taken_ + bytes_ <= kEmbeddingBytes; });
      gate_->taken_ += std::max<int64_t>(bytes_, 1);
    }
    ~Pass() {
      {
        const std::lock_guard lock(gate_->mutex_);
        gate_->taken_ -= std::max<int64_t>(bytes_, 1);
      }
      gate_->changed_.notify_all();
    }
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;

   private:
    MemoryGate* gate_;
    int64_t bytes_;
  };

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int64_t taken_ = 0;
};

struct ChosenCorrection {
  const Correction* correction = nullptr;
  CorrectionRun run;
};

ChosenCorrection ReadCorrection(const RelinkStageOptions& options) {
  ChosenCorrection chosen;
  ReadMethodOptions(options.config, "relinking", options.options, options.method,
                    Corrections().front().name, [&](const std::string& name, ConfigReader* reader) {
                      chosen.correction = &CorrectionByName(name);
                      chosen.run = chosen.correction->read(reader);
                    });
  return chosen;
}

int64_t CountTracks(const TrackSet& tracks) {
  std::unordered_set<TrackId> ids;
  for (const TrackBox& box : tracks.boxes) ids.insert(box.id);
  return static_cast<int64_t>(ids.size());
}

// The rows of `text` and, where their frame ends, the rows added. `line` of each box of the text.
std::string InsertRows(const std::string& text, const std::vector<TrackBox>& boxes,
                       const std::vector<int32_t>& line, const std::vector<TrackBox>& added) {
  struct Row {
    int64_t frame;
    std::string_view text;
  };
  std::vector<Row> rows;
  const bool by_frame =
      std::is_sorted(boxes.begin(), boxes.end(),
                     [](const TrackBox& a, const TrackBox& b) { return a.frame < b.frame; });
  int64_t frame = 0;  // of what stands before the first row
  size_t box = 0;
  int32_t number = 1;
  for (const std::string_view row : SplitText(text, '\n')) {
    if (box < line.size() && line[box] == number) frame = boxes[box++].frame.value;
    ++number;
    if (!Trim(row).empty()) rows.push_back({by_frame ? frame : 0, row});
  }
  TrackSet set;
  set.boxes = added;
  const std::string added_text = FormatMotResult(set);
  size_t k = 0;
  for (const std::string_view row : SplitText(added_text, '\n')) {
    if (!row.empty()) rows.push_back({by_frame ? added[k++].frame.value : 0, row});
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row& a, const Row& b) { return a.frame < b.frame; });
  std::string out;
  for (const Row& row : rows) {
    out += row.text;
    out += '\n';
  }
  return out;
}

class RelinkStage {
 public:
  RelinkStage(const RelinkStageOptions& options, RelinkStageResult* result)
      : options_(options), result_(result) {}

  void Prepare() {
    if (options_.tracks.empty()) ThrowUsage("--tracks is missing: result files or a folder");
    chosen_ = ReadCorrection(options_);
    result_->method = chosen_.correction->name;
    if (chosen_.correction->needs.embeddings && options_.features.empty() &&
        !options_.allow_missing) {
      ThrowUsage(
          "--features is missing: the embeddings of the boxes (reidbench extract --frames "
          "--boxes), or --allow-missing to correct by motion alone");
    }
    if (!(std::isfinite(options_.frame_rate) && options_.frame_rate >= 0))
      ThrowUsage("--frame-rate {}: expected frames per second", options_.frame_rate);
    if (options_.interpolate < 0)
      ThrowUsage("--interpolate {}: expected 0 or more frames", options_.interpolate);
    if (options_.gallery_crops < 0)
      ThrowUsage("--gallery-crops {}: expected 0 (all) or more", options_.gallery_crops);
    if (options_.galleries.empty() != options_.frames.empty())
      ThrowUsage("--save-galleries and --frames belong together");
    result_->interpolate = options_.interpolate;
    if (!options_.ground_truth.empty()) {
      benchmark_ = LoadMotBenchmark(options_.benchmark);
      result_->benchmark = benchmark_->name;
    }
    FindFiles();
    PlanOutput();
  }

  void Check() {
    RunTasks(sequences_.size(), "checking", [&](size_t s) { Read(&sequences_[s]); });
    CollectWarnings();
  }

  void Run(const std::function<void(int64_t, int64_t)>& progress) {
    std::vector<size_t> order(sequences_.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return sequences_[a].file_bytes > sequences_[b].file_bytes;
    });
    std::mutex progress_mutex;
    int64_t done = 0;
    RunTasks(order.size(), "correcting", [&](size_t k) {
      CorrectSequence(&sequences_[order[k]]);
      const std::lock_guard lock(progress_mutex);
      if (progress) progress(++done, static_cast<int64_t>(order.size()));
    });
    CollectWarnings();
    for (Sequence& sequence : sequences_) result_->sequences.push_back(std::move(sequence.summary));
    Write();
    if (options_.galleries.empty()) return;
    for (Sequence& sequence : sequences_) {
      SaveGalleries(sequence.tracks.tracks, sequence.after, sequence.galleries);
      sequence.tracks = {};
    }
  }

 private:
  struct Sequence {
    MotBoxFiles files;
    fs::path features;
    std::optional<MotSequenceFiles> truth_files;
    SequenceInfo info;  // what is known of it
    uintmax_t file_bytes = 0;
    GalleryOptions galleries;

    // While it is worked on.
    std::string text;
    MotFile tracks;
    std::unique_ptr<FeatureFile> feature_file;
    std::vector<int64_t> row;  // in the feature file, of each box; -1 = none

    RelinkedSequence summary;
    TrackSet after;  // for the galleries
    std::string corrected;
    std::string interpolated;
    std::vector<std::string> warnings;
  };

  void FindFiles() {
    std::vector<std::string> names;
    for (MotBoxFiles& files : FindMotBoxes(MotFileKind::kResult, options_.tracks)) {
      names.push_back(files.name);
      sequences_.emplace_back().files = std::move(files);
    }
    if (!options_.features.empty()) {
      const std::vector<fs::path> features = FindSequenceFeatures(options_.features, names);
      for (size_t s = 0; s < names.size(); ++s) sequences_[s].features = features[s];
    }
    if (benchmark_) {
      const std::vector<MotSequenceFiles> truth = MatchMotSequences(
          {options_.ground_truth, options_.benchmark, options_.split, options_.seqmap}, names,
          "tracks");
      for (size_t s = 0; s < names.size(); ++s) {
        sequences_[s].truth_files = truth[s];
        sequences_[s].files.sequence_info = truth[s].sequence_info;
      }
    }
    if (!options_.sequences.empty()) {
      const std::vector<fs::path> infos = FindSequenceInfos(options_.sequences, names);
      for (size_t s = 0; s < names.size(); ++s) sequences_[s].files.sequence_info = infos[s];
    }
    for (Sequence& sequence : sequences_) {
      std::error_code failed;
      const uintmax_t bytes = fs::file_size(sequence.files.boxes, failed);
      if (!failed) sequence.file_bytes = bytes;
      if (!sequence.files.sequence_info.empty())
        sequence.info = ReadSequenceInfo(sequence.files.sequence_info);
      if (options_.frame_rate > 0) sequence.info.frame_rate = options_.frame_rate;
      if (!sequence.info.frame_rate) {
        sequence.warnings.push_back(
            fmt::format("{}: the frame rate is not known, 25 frames/s are assumed; --sequences or "
                        "--frame-rate tells it",
                        sequence.files.name));
      }
      if (!options_.galleries.empty()) PlanGalleries(&sequence);
    }
  }

  void PlanGalleries(Sequence* sequence) const {
    const fs::path& frames = options_.frames;
    if (IsFile(frames)) {
      ThrowUsage(
          "--frames {}: expected a sequence folder or a folder of frames, found a file\n  hint: "
          "extract a video's frames first (ffmpeg -i clip.mp4 frames/%06d.jpg)",
          frames.string());
    }
    const std::string& name = sequence->files.name;
    const bool alone = sequences_.size() == 1;
    const std::optional<fs::path> found = FindSequenceFrames(frames, name, alone);
    if (!found) {
      if (alone) FindFrameImages(FindFrameFolder(frames).images);  // says what is wrong with them
      ThrowIo("{}: expected the frames of sequence {}, found none", (frames / name).string(), name);
    }
    GalleryOptions& galleries = sequence->galleries;
    galleries.frames = *found;
    galleries.output =
        sequences_.size() > 1 ? options_.galleries / sequence->files.name : options_.galleries;
    galleries.crops_per_id = options_.gallery_crops;
    CheckGalleryOutput(galleries, options_.force);
  }

  std::vector<fs::path> Outputs() const {
    std::vector<fs::path> paths = {options_.output / "decisions.csv",
                                   options_.output / "decisions.json"};
    if (options_.interpolate > 0) paths.push_back(options_.output / "interpolation.csv");
    for (const Sequence& sequence : sequences_) {
      const std::string name = sequence.files.name + ".txt";
      paths.push_back(options_.output / name);
      if (options_.interpolate > 0) paths.push_back(options_.output / "interpolated" / name);
    }
    return paths;
  }

  // Refuses to overwrite before anything is computed, and the tracks themselves always.
  void PlanOutput() const {
    if (options_.output.empty()) return;
    std::error_code failed;
    if (fs::exists(options_.output, failed) && !fs::is_directory(options_.output, failed)) {
      ThrowUsage("--output {}: expected a folder for one file per sequence, found a file",
                 options_.output.string());
    }
    for (const fs::path& path : Outputs()) {
      if (!fs::exists(path, failed)) continue;
      for (const Sequence& sequence : sequences_) {
        if (fs::equivalent(path, sequence.files.boxes, failed))
          ThrowUsage("--output {}: expected another folder than that of the tracks",
                     options_.output.string());
      }
      RequireWritable(path, options_.force);
    }
  }

  // Tracks, and which embedding belongs to which box.
  void Read(Sequence* sequence) const {
    MotReadOptions read;
    read.kind = MotFileKind::kResult;
    read.frame_count = sequence->info.frame_count;
    if (benchmark_) {
      read.has_classes = benchmark_->has_classes;
      read.result_classes.clear();
      for (const MotClass& c : benchmark_->classes) read.result_classes.push_back(c.id);
    } else {
      read.has_classes = false;  // of any class
    }
    const std::string source = sequence->files.boxes.string();
    sequence->text = ReadFileText(sequence->files.boxes);
    sequence->tracks = ParseMotText(sequence->text, source, read);
    sequence->tracks.tracks.sequence = sequence->files.name;
    sequence->warnings.insert(sequence->warnings.end(), sequence->tracks.warnings.begin(),
                              sequence->tracks.warnings.end());
    const std::vector<TrackBox>& boxes = sequence->tracks.tracks.boxes;
    sequence->row.assign(boxes.size(), -1);
    if (!options_.galleries.empty())
      CheckGalleryFrames(sequence->tracks.tracks, sequence->galleries);
    if (sequence->features.empty()) return;
    sequence->feature_file = std::make_unique<FeatureFile>(sequence->features);
    BoxRows found = FindBoxRows(*sequence->feature_file, boxes);
    sequence->row = std::move(found.row);
    if (found.missing == 0) return;
    const auto all = static_cast<int64_t>(boxes.size());
    const std::string what = fmt::format(
        "{}: expected an embedding for every box of {}, found none for {} of {}, first {} (id {})",
        sequence->features.string(), source, WithThousands(found.missing), WithThousands(all),
        DescribeBox(boxes[found.first_missing]), boxes[found.first_missing].id.value);
    if (!options_.allow_missing) {
      const std::string& dataset = sequence->feature_file->provenance().dataset;
      const std::string hint =
          2 * found.missing < all
              ? std::string("the tracks have boxes that were not extracted")
              : fmt::format("these features are of other tracks or another sequence{}",
                            dataset.empty() ? "" : fmt::format(" (extracted from {})", dataset));
      ThrowInput(
          "{}\n  hint: {}; extract them again with --boxes {}, or correct what has none by motion "
          "alone with --allow-missing",
          what, hint, source);
    }
    if (found.missing == all)
      sequence->warnings.push_back(what + "; everything is decided by motion alone");
  }

  // Embeddings of the boxes that have one; closes the feature file.
  BoxEmbeddings ReadEmbeddings(Sequence* sequence) const {
    if (sequence->feature_file == nullptr)
      return {FeatureMatrix(0, 1), std::vector<int64_t>(sequence->row.size(), -1)};
    BoxEmbeddings read =
        ReadBoxEmbeddings(*sequence->feature_file, sequence->tracks.tracks.boxes, sequence->row,
                          options_.allow_missing,
                          "correct what has no embedding by motion alone with --allow-missing");
    sequence->feature_file.reset();
    return read;
  }

  void CorrectSequence(Sequence* sequence) {
    Clock::time_point start = Clock::now();
    Read(sequence);
    const TrackSet& tracks = sequence->tracks.tracks;
    const int64_t dim = sequence->feature_file ? sequence->feature_file->dim() : 0;
    const auto bytes = static_cast<int64_t>(tracks.boxes.size() * sizeof(float)) * dim;
    std::optional<MemoryGate::Pass> pass(std::in_place, &gate_, bytes);
    RelinkInput input;
    BoxEmbeddings read = ReadEmbeddings(sequence);
    input.embedding_row = std::move(read.row);
    input.tracks = &tracks;
    input.embeddings = &read.embeddings;
    input.frame_rate = sequence->info.frame_rate.value_or(0);
    input.image_width = static_cast<int>(sequence->info.image_width.value_or(0));
    input.image_height = static_cast<int>(sequence->info.image_height.value_or(0));
    RelinkedSequence& summary = sequence->summary;
    summary.read_seconds = SecondsSince(start);
    start = Clock::now();
    RelinkResult corrected = chosen_.run(input);
    summary.relink_seconds = SecondsSince(start);
    read.embeddings = FeatureMatrix();
    pass.reset();

    Summarise(*sequence, input.embedding_row, corrected, &summary);
    std::vector<TrackId> ids;
    for (const TrackBox& box : corrected.tracks.boxes) ids.push_back(box.id);
    sequence->corrected = ReplaceMotIds(sequence->text, sequence->tracks, ids);
    if (options_.interpolate > 0) {
      Interpolation filled = InterpolateGaps(corrected.tracks, options_.interpolate);
      summary.interpolated_boxes = static_cast<int64_t>(filled.added.size());
      summary.gaps = std::move(filled.gaps);
      sequence->interpolated = AddRows(*sequence, corrected.tracks.boxes, filled.added);
    }
    if (sequence->truth_files) {
      RelinkTruth truth = JudgeRelinking(ReadGroundTruth(*sequence->truth_files, *benchmark_),
                                         tracks, corrected, *benchmark_);
      summary.plain = truth.plain;
      summary.corrected = truth.corrected;
      summary.truth = std::move(truth.decisions);
    }
    summary.decisions = std::move(corrected.decisions);
    if (!options_.galleries.empty()) sequence->after = std::move(corrected.tracks);
    sequence->text.clear();
    if (options_.galleries.empty()) sequence->tracks = {};
  }

  // The corrected tracks with the boxes that fill gaps: their own text where rows can stand among
  // it, else all as MOT text.
  static std::string AddRows(const Sequence& sequence, const std::vector<TrackBox>& boxes,
                             const std::vector<TrackBox>& added) {
    if (sequence.tracks.id_field < 0 && sequence.tracks.delimiter == ',' &&
        sequence.tracks.added_to_frames == 0)
      return InsertRows(sequence.corrected, boxes, sequence.tracks.line, added);
    TrackSet all;
    all.boxes = boxes;
    all.boxes.insert(all.boxes.end(), added.begin(), added.end());
    std::stable_sort(all.boxes.begin(), all.boxes.end(),
                     [](const TrackBox& a, const TrackBox& b) { return a.frame < b.frame; });
    return FormatMotResult(all);
  }

  void Summarise(const Sequence& sequence, const std::vector<int64_t>& embedding_row,
                 const RelinkResult& corrected, RelinkedSequence* summary) const {
    const TrackSet& tracks = sequence.tracks.tracks;
    summary->name = sequence.files.name;
    summary->frames = tracks.frame_count;
    summary->frame_rate = sequence.info.frame_rate.value_or(0);
    summary->boxes = static_cast<int64_t>(tracks.boxes.size());
    summary->tracks_before = CountTracks(tracks);
    summary->tracks_after = CountTracks(corrected.tracks);
    summary->calibration = corrected.calibration;
    for (const RelinkDecision& d : corrected.decisions) {
      if (!d.accepted) {
        ++summary->refused;
      } else if (d.kind == RelinkDecisionKind::kLink) {
        ++summary->links;
      } else {
        ++(d.kind == RelinkDecisionKind::kSplit ? summary->splits : summary->swaps);
      }
    }
    std::unordered_set<TrackId> with_embedding;
    for (size_t i = 0; i < embedding_row.size(); ++i) {
      if (embedding_row[i] < 0) {
        ++summary->boxes_without_embedding;
      } else {
        with_embedding.insert(tracks.boxes[i].id);
      }
    }
    summary->tracks_without_embedding =
        summary->tracks_before - static_cast<int64_t>(with_embedding.size());
  }

  void CollectWarnings() {
    for (Sequence& sequence : sequences_) {
      for (std::string& warning : sequence.warnings)
        result_->warnings.push_back(std::move(warning));
    }
  }

  void Write() const {
    if (options_.output.empty()) return;
    const fs::path interpolated = options_.output / "interpolated";
    CreateFolders(options_.interpolate > 0 ? interpolated : options_.output);
    for (size_t s = 0; s < sequences_.size(); ++s) {
      const std::string name = sequences_[s].files.name + ".txt";
      WriteFileAtomically(options_.output / name, sequences_[s].corrected);
      if (options_.interpolate > 0)
        WriteFileAtomically(interpolated / name, sequences_[s].interpolated);
    }
    WriteFileAtomically(options_.output / "decisions.csv", RenderDecisionsCsv(*result_));
    WriteFileAtomically(options_.output / "decisions.json", RenderDecisionsJson(*result_));
    if (options_.interpolate > 0)
      WriteFileAtomically(options_.output / "interpolation.csv", RenderInterpolationCsv(*result_));
  }

  const RelinkStageOptions& options_;
  RelinkStageResult* result_;
  ChosenCorrection chosen_;
  std::optional<MotBenchmark> benchmark_;
  std::vector<Sequence> sequences_;
  MemoryGate gate_;
};

}  // namespace

RelinkStageResult RunRelink(const RelinkStageOptions& options, bool check_only,
                            const std::function<void(int64_t, int64_t)>& progress) {
  RelinkStageResult result;
  RelinkStage stage(options, &result);
  stage.Prepare();
  if (check_only) {
    stage.Check();
  } else {
    stage.Run(progress);
  }
  return result;
}

}  // namespace reidbench
