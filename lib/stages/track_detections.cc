#include "stages/track_detections.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <system_error>

#include "core/error.h"
#include "core/files.h"
#include "core/text.h"
#include "datasets/mot_files.h"
#include "tracking/tracker.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

// Far beyond any video; a slip in the frame column must not make the tracker walk through empty
// frames for hours.
constexpr int64_t kMostFrames = 10'000'000;
constexpr size_t kEmbeddingsInMemory = 16'384;
constexpr double kSameBoxPx = 0.01;

DetectionFiles SequenceAt(const fs::path& folder, const fs::path& detections) {
  DetectionFiles files;
  files.name = FolderName(folder);
  files.detections = detections;
  if (IsFile(folder / "seqinfo.ini")) files.sequence_info = folder / "seqinfo.ini";
  return files;
}

// SEQ/det/det.txt and SEQ/det/ANYTHING/det.txt belong to SEQ; any other file is its own sequence.
DetectionFiles FromFile(const fs::path& file) {
  const fs::path parent = fs::absolute(file).lexically_normal().parent_path();
  if (file.filename() == "det.txt") {
    if (parent.filename() == "det") return SequenceAt(parent.parent_path(), file);
    if (parent.parent_path().filename() == "det")
      return SequenceAt(parent.parent_path().parent_path(), file);
  }
  DetectionFiles files;
  files.name = file.stem().string();
  files.detections = file;
  return files;
}

bool LooksLikeSequence(const fs::path& folder) {
  return IsFolder(folder / "det") || IsFile(folder / "seqinfo.ini");
}

DetectionFiles FromSequenceFolder(const fs::path& folder) {
  const fs::path file = folder / "det" / "det.txt";
  if (IsFile(file)) return SequenceAt(folder, file);
  std::string hint;
  if (IsFolder(folder / "det")) {
    std::vector<std::string> found;
    for (const std::string& name : ListFolderNames(folder / "det")) {
      if (IsFile(folder / "det" / name / "det.txt"))
        found.push_back((folder / "det" / name / "det.txt").string());
    }
    if (!found.empty()) hint = fmt::format("\n  hint: give one of {}", JoinText(found, ", "));
  }
  ThrowIo("{}: expected the detections of sequence {}, found no such file{}", file.string(),
          FolderName(folder), hint);
}

std::vector<DetectionFiles> FromFolder(const fs::path& folder) {
  if (LooksLikeSequence(folder)) return {FromSequenceFolder(folder)};
  std::vector<DetectionFiles> sequences;
  for (const std::string& name : ListFolderNames(folder)) {
    if (LooksLikeSequence(folder / name)) sequences.push_back(FromSequenceFolder(folder / name));
  }
  if (!sequences.empty()) return sequences;
  for (const std::string& name : ListFileNames(folder)) {
    if (EndsWith(name, ".txt")) sequences.push_back(FromFile(folder / name));
  }
  if (sequences.empty()) {
    ThrowIo(
        "{}: expected sequence folders with det/det.txt, or SEQ.txt files, found none\n"
        "  hint: --detections takes a folder of sequences (MOT17/train), one sequence folder, a "
        "folder of SEQ.txt, or one file",
        folder.string());
  }
  return sequences;
}

std::string Describe(const TrackBox& box) {
  return fmt::format("frame {} box {:.2f},{:.2f},{:.2f},{:.2f}", box.frame.value, box.box.left,
                     box.box.top, box.box.width, box.box.height);
}

bool SameBox(const BoxLtwh& a, const BoxLtwh& b) {
  return std::abs(a.left - b.left) <= kSameBoxPx && std::abs(a.top - b.top) <= kSameBoxPx &&
         std::abs(a.width - b.width) <= kSameBoxPx && std::abs(a.height - b.height) <= kSameBoxPx;
}

}  // namespace

std::vector<DetectionFiles> FindDetections(const std::vector<fs::path>& paths,
                                           const fs::path& features) {
  std::vector<DetectionFiles> sequences;
  for (const fs::path& path : paths) {
    if (IsFile(path)) {
      sequences.push_back(FromFile(path));
    } else if (IsFolder(path)) {
      for (DetectionFiles& files : FromFolder(path)) sequences.push_back(std::move(files));
    } else {
      ThrowIo("{}: expected a detection file or folder, found nothing there", path.string());
    }
  }
  std::set<std::string> names;
  for (const DetectionFiles& files : sequences) {
    if (!names.insert(files.name).second)
      ThrowUsage("--detections: sequence {} is given more than once", files.name);
  }
  if (features.empty()) return sequences;
  for (DetectionFiles& files : sequences) {
    files.features = IsFolder(features) ? features / (files.name + ".h5") : features;
    if (!IsFile(files.features)) {
      ThrowIo("{}: expected the features of sequence {}, found no such file",
              files.features.string(), files.name);
    }
  }
  if (sequences.size() > 1 && !IsFolder(features)) {
    ThrowUsage("--features: expected a folder with SEQ.h5 for {} sequences, found the file {}",
               sequences.size(), features.string());
  }
  return sequences;
}

SequenceDetections ReadDetections(const DetectionFiles& files, bool ignore_scores) {
  SequenceDetections out;
  out.name = files.name;
  MotReadOptions read;
  read.kind = MotFileKind::kDetections;
  if (!files.sequence_info.empty())
    read.frame_count = ReadSequenceInfo(files.sequence_info).frame_count;
  MotFile file = ReadMotFile(files.detections, read);
  out.frame_count = file.tracks.frame_count;
  if (out.frame_count > kMostFrames) {
    ThrowInput("{}: expected at most {} frames, found frame {}", files.detections.string(),
               WithThousands(kMostFrames), WithThousands(out.frame_count));
  }
  out.warnings = std::move(file.warnings);
  out.boxes = std::move(file.tracks.boxes);
  std::stable_sort(out.boxes.begin(), out.boxes.end(),
                   [](const TrackBox& a, const TrackBox& b) { return a.frame < b.frame; });
  out.frame_begin.assign(static_cast<size_t>(out.frame_count) + 1, 0);
  for (TrackBox& box : out.boxes) {
    ++out.frame_begin[static_cast<size_t>(box.frame.value)];
    if (ignore_scores) box.confidence = 1;
    if (!(box.confidence >= 0 && box.confidence <= 1)) out.scores_in_unit_range = false;
    if (!IsTrackable(box.box)) ++out.untrackable;
  }
  for (size_t f = 1; f < out.frame_begin.size(); ++f) out.frame_begin[f] += out.frame_begin[f - 1];
  return out;
}

DetectionEmbeddings::DetectionEmbeddings(const fs::path& path, const SequenceDetections& detections)
    : detections_(detections) {
  file_ = std::make_unique<FeatureFile>(path);
  dim_ = file_->dim();
  const FeatureLabels& labels = file_->labels();
  if (labels.frame.empty() || labels.box_ltwh.empty()) {
    ThrowInput(
        "{}: expected the datasets 'frame' and 'box_ltwh' that tell which detection a row belongs "
        "to, found no such labels\n  hint: extract features from the frames with the detections "
        "as boxes",
        path.string());
  }
  std::vector<int64_t> by_frame(labels.frame.size());
  for (size_t i = 0; i < by_frame.size(); ++i) by_frame[i] = static_cast<int64_t>(i);
  const auto frame_of = [&](int64_t row) { return labels.frame[static_cast<size_t>(row)].value; };
  std::stable_sort(by_frame.begin(), by_frame.end(),
                   [&](int64_t a, int64_t b) { return frame_of(a) < frame_of(b); });
  row_.resize(detections.boxes.size());
  int64_t missing = 0;
  std::string first_missing;
  for (size_t d = 0; d < detections.boxes.size(); ++d) {
    const TrackBox& box = detections.boxes[d];
    auto at = std::lower_bound(by_frame.begin(), by_frame.end(), box.frame.value,
                               [&](int64_t row, int64_t frame) { return frame_of(row) < frame; });
    while (at != by_frame.end() && frame_of(*at) == box.frame.value &&
           !SameBox(labels.box_ltwh[static_cast<size_t>(*at)], box.box)) {
      ++at;
    }
    if (at != by_frame.end() && frame_of(*at) == box.frame.value) {
      row_[d] = *at;
    } else if (missing++ == 0) {
      first_missing = Describe(box);
    }
  }
  if (missing > 0) {
    ThrowInput(
        "{}: expected an embedding for every detection of sequence {}, found none for {} of {}, "
        "first {}\n  hint: extract the features again from the same detection file",
        path.string(), detections.name, missing, detections.boxes.size(), first_missing);
  }
}

FeatureView DetectionEmbeddings::Frame(int64_t frame) {
  const size_t begin = detections_.frame_begin[static_cast<size_t>(frame) - 1];
  const size_t end = detections_.frame_begin[static_cast<size_t>(frame)];
  if (end > block_end_) {
    // Whole frames, at least this one.
    size_t last = static_cast<size_t>(frame);
    while (last + 1 < detections_.frame_begin.size() &&
           detections_.frame_begin[last + 1] - begin <= kEmbeddingsInMemory) {
      ++last;
    }
    block_begin_ = begin;
    block_end_ = detections_.frame_begin[last];
    block_ = file_->ReadRows(std::span(row_).subspan(block_begin_, block_end_ - block_begin_));
  }
  return FeatureView(block_.data() + static_cast<Eigen::Index>(begin - block_begin_) * dim_,
                     static_cast<Eigen::Index>(end - begin), dim_);
}

}  // namespace reidbench
