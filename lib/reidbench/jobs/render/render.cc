#include "reidbench/jobs/render/render.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <utility>

#include "reidbench/core/clock.h"
#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/text.h"
#include "reidbench/datasets/mot_files.h"
#include "reidbench/datasets/mot_layout.h"
#include "reidbench/jobs/compare/compare.h"
#include "reidbench/jobs/render/render_overlay.h"
#include "reidbench/jobs/render/render_scene.h"
#include "reidbench/video/frame_source.h"
#include "reidbench/video/picture_sink.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

constexpr double kUsualFrameRate = 25;
constexpr double kRingSeconds = 1;
constexpr size_t kNamesShown = 3;

struct FrameSpan {
  int64_t first = 1, last = 0;
};

// "A-B", "A-" or "A".
FrameSpan ParseFrames(const std::string& text, int64_t frame_count) {
  FrameSpan span{1, frame_count};
  if (text.empty()) return span;
  const size_t dash = text.find('-');
  const std::optional<int64_t> first = ParseInt(std::string_view(text).substr(0, dash));
  std::optional<int64_t> last = first;
  if (dash != std::string::npos) {
    last = dash + 1 == text.size() ? std::optional(frame_count)
                                   : ParseInt(std::string_view(text).substr(dash + 1));
  }
  if (!first || !last || *first < 1 || *last < *first || *last > frame_count) {
    ThrowUsage("--frames {}: expected A-B with 1 <= A <= B <= {}, the length of the sequence", text,
               frame_count);
  }
  return {*first, *last};
}

// What a file name may hold everywhere.
std::string FileNameOf(std::string_view text) {
  std::string name;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    name += byte < 0x20 || c == '/' || c == '\\' || c == ':' || c == '"' || c == '*' || c == '?'
                ? '_'
                : c;
  }
  // 255 bytes is the limit of usual file systems; the rest of the name follows. Not within a
  // character of UTF-8.
  size_t length = std::min<size_t>(name.size(), 120);
  while (length > 0 && length < name.size() && (name[length] & 0xc0) == 0x80) --length;
  return name.substr(0, length);
}

class RenderStage {
 public:
  RenderStage(const RenderStageOptions& options, RenderStageResult* result)
      : options_(options),
        output_(options.output.has_filename() ? options.output : options.output.parent_path()),
        result_(result) {}

  void Prepare(bool check_only) {
    const std::vector<std::string> violations = options_.Validate();
    if (!violations.empty()) ThrowUsage("{}", fmt::join(violations, "; "));
    if (!options_.clips.empty() && options_.ground_truth.empty() && options_.corrected.empty()) {
      ThrowUsage("--clip-switches needs --gt (or --versus): without them nobody knows of switches");
    }
    ReadSequence();
    PlanOutput();
    span_ = ParseFrames(options_.frames, frame_count_);
    hold_ = std::max<int64_t>(1, std::llround(kRingSeconds * result_->frame_rate));
    const int64_t trail = std::llround(options_.trail_seconds * result_->frame_rate);
    plain_.emplace(ReadTracks(options_.tracks), frame_count_, hold_, trail);
    if (!options_.corrected.empty())
      corrected_.emplace(ReadTracks(options_.corrected), frame_count_, hold_, trail);
    if (options_.ground_truth.empty()) {
      plain_->NamePersonsBy(corrected_ ? *corrected_ : *plain_);
      if (corrected_) {
        corrected_->NamePersonsBy(*corrected_);
        AddRepairs(&*plain_, &*corrected_);
      }
    } else {
      UseGroundTruth(check_only);
    }
    if (size_.area() == 0) GuessSize();
    if (check_only) return;
    painter_.emplace(size_, options_.scale, corrected_ ? 2 : 1);
    result_->width = painter_->size().width;
    result_->height = painter_->size().height;
    result_->switches = plain_->CountEvents(Ring::kSwitch, span_.first, span_.last);
    if (corrected_)
      result_->given_back = corrected_->CountEvents(Ring::kRepair, span_.first, span_.last);
    PlanClips();
  }

  void Run(const std::function<void(int64_t, int64_t)>& progress) {
    const Clock::time_point start = Clock::now();
    int64_t total = output_.empty() ? 0 : span_.last - span_.first + 1;
    for (const Clip& clip : clips_) total += clip.span.last - clip.span.first + 1;
    const auto step = [&] {
      ++result_->frames;
      if (progress) progress(result_->frames, total);
    };
    if (!output_.empty()) {
      Write(span_, output_,
            NamesVideo(output_) ? MakeVideo(output_, options_.codec, result_->frame_rate,
                                            result_->width, result_->height, &result_->codec)
                                : MakePictureFolder(output_, options_.picture),
            step);
    }
    if (!clips_.empty()) CreateFolders(options_.clips);
    for (const Clip& clip : clips_) {
      Write(clip.span, clip.path,
            MakeVideo(clip.path, options_.codec, result_->frame_rate, result_->width,
                      result_->height, &result_->codec),
            step);
    }
    result_->seconds = SecondsSince(start);
    Report();
  }

 private:
  struct Clip {
    FrameSpan span;
    fs::path path;
  };

  void PlanOutput() const {
    if (!NamesVideo(output_) && IsFolder(output_)) {
      if (!options_.force)
        ThrowUsage("{} exists already; --force writes pictures into it", output_.string());
    } else if (!output_.empty()) {
      // A file is not replaced by a folder, --force or not.
      RequireWritable(output_, options_.force && NamesVideo(output_));
    }
    // A folder of clips that is not there yet is made. Which switches there are is not known yet:
    // any clip of this sequence counts.
    if (!IsFolder(options_.clips)) return;
    for (const std::string& name : ListFileNames(options_.clips)) {
      if (name.starts_with(ClipPrefix())) RequireWritable(options_.clips / name, options_.force);
    }
  }
  std::string ClipPrefix() const { return FileNameOf(name_) + "_frame"; }

  void ReadSequence() {
    const fs::path& path = options_.sequence;
    std::unique_ptr<FrameSource> source;
    if (IsFolder(path)) {
      auto folder = std::make_unique<FrameFolder>(path);
      name_ = folder->info().name;
      frame_count_ = folder->info().frame_count > 0 ? folder->info().frame_count : folder->last();
      has_pictures_ = !folder->images().empty();
      if (!has_pictures_) {
        result_->warnings.push_back(fmt::format("{}: no pictures there: every frame is grey",
                                                folder->folder().images.string()));
      }
      source = std::move(folder);
    } else if (IsFile(path)) {
      source = OpenVideo(path);
      name_ = path.stem().string();
      frame_count_ = source->info().frame_count;
    } else {
      ThrowIo("--sequence {}: expected a sequence folder or a video, found none", path.string());
    }
    size_ = {source->info().width, source->info().height};
    Frame frame;
    while (size_.area() == 0 && source->Next(&frame)) {  // of the first picture that there is
      frame.Decode();
      size_ = {frame.picture.width, frame.picture.height};
    }
    if (frame_count_ == 0) {  // nobody says: to the end
      source->SkipTo(std::numeric_limits<int64_t>::max());
      frame_count_ = source->next() - 1;
    }
    double rate = source->info().frame_rate.value_or(0);
    if (options_.frame_rate > 0) {
      rate = options_.frame_rate;
    } else if (rate <= 0) {
      rate = kUsualFrameRate;
      result_->warnings.push_back(
          fmt::format("{}: the frame rate is not known: taken as {:g} (--fps says otherwise)",
                      options_.sequence.string(), rate));
    }
    result_->frame_rate = rate;
  }

  TrackSet ReadTracks(const fs::path& path) {
    MotReadOptions read;
    read.frame_count = frame_count_;
    read.result_classes = {};
    MotFile file = ReadMotFile(path, read);
    for (std::string& warning : file.warnings) result_->warnings.push_back(std::move(warning));
    return std::move(file.tracks);
  }

  void UseGroundTruth(bool check_only) {
    CompareStageOptions compare;
    compare.ground_truth = options_.ground_truth;
    compare.plain = options_.tracks;
    compare.corrected = corrected_ ? options_.corrected : options_.tracks;
    compare.benchmark = options_.benchmark;
    compare.allow_interpolated = true;
    compare.timelines = true;
    compare.bootstrap.resamples = 0;
    CompareStageResult compared = RunCompare(compare, check_only);
    if (compared.benchmark.frames != FramePart::kAll) {
      ThrowUsage("--benchmark {}: expected rules that score whole videos", options_.benchmark);
    }
    for (std::string& warning : compared.warnings) {
      if (std::find(result_->warnings.begin(), result_->warnings.end(), warning) ==
          result_->warnings.end())
        result_->warnings.push_back(std::move(warning));
    }
    if (check_only) return;
    truth_ = std::move(compared.sequences.front());
    std::unordered_map<int64_t, int> person_index;
    for (const IdentityTimeline& timeline : truth_->plain_timelines)
      person_index.emplace(timeline.gt_id, static_cast<int>(person_index.size()));
    const auto was = [](const IdSwitch& s) { return fmt::format(" (was {})", s.old_track); };
    plain_->NamePersons(truth_->plain_timelines, person_index);
    for (const IdSwitch& s : truth_->plain_switches)
      plain_->Add({s.frame, s.gt_id, Ring::kSwitch, was(s)});
    plain_->SortEvents();
    if (!corrected_) return;
    corrected_->NamePersons(truth_->corrected_timelines, person_index);
    for (size_t k = 0; k < truth_->plain_switches.size(); ++k) {
      const IdSwitch& s = truth_->plain_switches[k];
      if (truth_->status.plain[k] == SwitchStatus::kFixed)
        corrected_->Add({s.frame, s.gt_id, Ring::kRepair, fmt::format(", not {}", s.new_track)});
    }
    for (const IdSwitch& s : truth_->corrected_switches)
      corrected_->Add({s.frame, s.gt_id, Ring::kSwitch, was(s)});
    corrected_->SortEvents();
  }

  // Without pictures, what the boxes need.
  void GuessSize() {
    double right = 2, bottom = 2;
    for (const TrackBox& box : plain_->tracks().boxes) {
      right = std::max(right, box.box.left + box.box.width);
      bottom = std::max(bottom, box.box.top + box.box.height);
    }
    size_ = cv::Size(static_cast<int>(std::min(right, 16000.0)),
                     static_cast<int>(std::min(bottom, 16000.0)));
  }

  void PlanClips() {
    if (options_.clips.empty()) return;
    const auto add = [&](int64_t last_frame, int64_t frame, const std::string& what) {
      if (frame < span_.first || frame > span_.last) return;
      const int64_t n =
          std::max<int64_t>(1, std::llround(options_.clip_seconds * result_->frame_rate));
      // From before the gap, unless that is long.
      const int64_t first = std::min(frame - n, std::max(last_frame - n / 2, frame - 4 * n));
      clips_.push_back({{std::max<int64_t>(1, first), std::min(frame_count_, frame + n)},
                        options_.clips / fmt::format("{}{:06}_{}.mp4", ClipPrefix(), frame, what)});
    };
    if (truth_) {
      const auto describe = [&](const IdSwitch& s, std::optional<SwitchStatus> status) {
        std::string what = fmt::format("person{}_{}", s.gt_id, SwitchCauseName(s.cause));
        if (status) what += fmt::format("_{}", SwitchStatusName(*status));
        add(s.last_frame, s.frame, what);
      };
      for (size_t k = 0; k < truth_->plain_switches.size(); ++k) {
        describe(truth_->plain_switches[k],
                 corrected_ ? std::optional(truth_->status.plain[k]) : std::nullopt);
      }
      for (size_t k = 0; corrected_ && k < truth_->corrected_switches.size(); ++k) {
        if (truth_->status.corrected[k] == SwitchStatus::kIntroduced)
          describe(truth_->corrected_switches[k], SwitchStatus::kIntroduced);
      }
    } else {
      for (const RenderEvent& event : corrected_->events())
        add(event.first_frame, event.first_frame, fmt::format("id{}_given_back", event.subject));
    }
    if (clips_.empty())
      result_->warnings.push_back("--clip-switches: there is no switch in these frames");
  }

  void Write(const FrameSpan& span, const fs::path& path, std::unique_ptr<PictureSink> sink,
             const std::function<void()>& step) {
    std::vector<int64_t> frames(static_cast<size_t>(span.last - span.first + 1));
    std::iota(frames.begin(), frames.end(), span.first);
    const std::unique_ptr<FrameSource> source = OpenFrames(options_.sequence);
    ForEachFrame(source.get(), frames, "rendering", [&](size_t, const Frame& frame) {
      const auto picture = std::make_shared<RgbImage>(TakeMemory());
      Paint(frame, picture.get());
      return [this, &sink, &step, number = frame.number, picture] {
        sink->Write(number, *picture);
        const std::lock_guard lock(mutex_);
        memory_.push_back(std::move(*picture));
        step();
      };
    });
    sink->Finish();
    result_->files.push_back(path);
  }

  // Of a picture that was written.
  RgbImage TakeMemory() {
    const std::lock_guard lock(mutex_);
    if (memory_.empty()) return {};
    RgbImage image = std::move(memory_.back());
    memory_.pop_back();
    return image;
  }

  void Paint(const Frame& pulled, RgbImage* image) {
    const int64_t frame = pulled.number;
    std::string note;
    if (pulled.status == FrameStatus::kMissing) {
      note = fmt::format("frame {}: no picture", frame);
      NoteMissing(frame, "");
    } else if (pulled.status == FrameStatus::kCorrupt) {
      note = fmt::format("frame {}: picture cannot be read", frame);
      NoteMissing(frame, pulled.problem);
    } else if (cv::Size(pulled.picture.width, pulled.picture.height) != size_) {
      ThrowInput("{}: expected {} x {} px as in the rest of the sequence, found {} x {}",
                 pulled.name, size_.width, size_.height, pulled.picture.width,
                 pulled.picture.height);
    }
    std::vector<DrawnPanel> panels(corrected_ ? 2 : 1);
    panels[0].boxes = plain_->Boxes(frame);
    panels[0].caption =
        fmt::format("{}{}  frame {}/{}", corrected_ ? "plain  " : "", name_, frame, frame_count_);
    if (truth_ || corrected_) {
      const int64_t switches = plain_->CountEvents(Ring::kSwitch, frame);
      panels[0].caption = fmt::format("{} switch{} so far  {}", switches, switches == 1 ? "" : "es",
                                      panels[0].caption);
    }
    if (corrected_) {
      panels[1].boxes = corrected_->Boxes(frame);
      panels[1].caption = "corrected";
      if (truth_) {
        const int64_t switches = corrected_->CountEvents(Ring::kSwitch, frame);
        panels[1].caption =
            fmt::format("{} switch{} so far, {} repaired  corrected", switches,
                        switches == 1 ? "" : "es", corrected_->CountEvents(Ring::kRepair, frame));
      } else {
        panels[1].caption = fmt::format("{} ids given back so far  corrected",
                                        corrected_->CountEvents(Ring::kRepair, frame));
      }
    }
    painter_->Paint(pulled.picture, note, panels, image);
  }

  void NoteMissing(int64_t frame, const std::string& reason) {
    const std::lock_guard lock(mutex_);
    ++result_->missing_frames;
    missing_.emplace(frame, reason);
  }

  void Report() {
    if (missing_.empty() || !has_pictures_) return;
    std::vector<std::string> shown;
    for (const auto& [frame, reason] : missing_) {
      if (shown.size() == kNamesShown) break;
      shown.push_back(reason.empty() ? fmt::format("frame {} has no picture", frame) : reason);
    }
    result_->warnings.push_back(fmt::format("{} of {} frames are grey: {}{}", missing_.size(),
                                            frame_count_, JoinText(shown, "; "),
                                            missing_.size() > shown.size() ? "; ..." : ""));
  }

  const RenderStageOptions& options_;
  const fs::path output_;  // without a slash at its end
  RenderStageResult* const result_;
  std::string name_;
  int64_t frame_count_ = 0;
  int64_t hold_ = 1;  // frames
  bool has_pictures_ = true;
  cv::Size size_;  // of the pictures
  FrameSpan span_;
  std::optional<RenderSide> plain_, corrected_;
  std::optional<ComparedSequence> truth_;
  std::optional<OverlayPainter> painter_;
  std::vector<Clip> clips_;
  std::mutex mutex_;  // of what follows
  std::vector<RgbImage> memory_;
  std::map<int64_t, std::string> missing_;  // by frame: why, or empty
};

}  // namespace

std::vector<std::string> RenderStageOptions::Validate() const {
  std::vector<std::string> violations;
  const auto require = [&](bool holds, const char* flag, const std::string& expected,
                           const auto& found) {
    if (!holds) violations.push_back(fmt::format("{} {}: expected {}", flag, found, expected));
  };
  if (sequence.empty()) violations.push_back("--sequence is missing: the sequence's folder");
  if (tracks.empty()) violations.push_back("--tracks is missing: the result file");
  if (output.empty() && clips.empty()) {
    violations.push_back(
        "--output is missing: a video (.mp4), or a folder for pictures (or --clip-switches)");
  }
  require(scale >= 0.1 && scale <= 4, "--scale", "0.1 to 4", scale);
  require(frame_rate == 0 || (frame_rate >= 1 && frame_rate <= 240), "--fps",
          "1 to 240, or 0 for that of the sequence", frame_rate);
  require(clip_seconds >= 0.1 && clip_seconds <= 60, "--clip-seconds", "0.1 to 60", clip_seconds);
  require(trail_seconds >= 0 && trail_seconds <= 60, "--trail", "0 to 60 seconds", trail_seconds);
  return violations;
}

RenderStageResult RunRender(const RenderStageOptions& options, bool check_only,
                            const std::function<void(int64_t, int64_t)>& progress) {
  RenderStageResult result;
  RenderStage stage(options, &result);
  stage.Prepare(check_only);
  if (!check_only) stage.Run(progress);
  return result;
}

}  // namespace reidbench
