#include "reidbench/features/box_rows.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/text.h"

namespace reidbench {
namespace {

constexpr double kSameBoxPx = 0.01;

bool SameBox(const BoxLtwh& a, const BoxLtwh& b) {
  return std::abs(a.left - b.left) <= kSameBoxPx && std::abs(a.top - b.top) <= kSameBoxPx &&
         std::abs(a.width - b.width) <= kSameBoxPx && std::abs(a.height - b.height) <= kSameBoxPx;
}

}  // namespace

std::vector<std::filesystem::path> FindSequenceFeatures(const std::filesystem::path& features,
                                                        std::span<const std::string> sequences) {
  std::vector<std::filesystem::path> found;
  const bool folder = IsFolder(features);
  for (const std::string& sequence : sequences) {
    found.push_back(folder ? features / (sequence + ".h5") : features);
    for (const char* other : {".npy", ".npz"}) {
      const std::filesystem::path path = features / (sequence + other);
      if (folder && !IsFile(found.back()) && IsFile(path)) found.back() = path;
    }
    if (!IsFile(found.back())) {
      ThrowIo("{}: expected the features of sequence {}, found no such file", found.back().string(),
              sequence);
    }
  }
  if (sequences.size() > 1 && !folder) {
    ThrowUsage("--features: expected a folder with SEQ.h5 for {} sequences, found the file {}",
               sequences.size(), features.string());
  }
  return found;
}

BoxRows FindBoxRows(const FeatureFile& file, std::span<const TrackBox> boxes) {
  const FeatureLabels& labels = file.labels();
  if (labels.frame.empty() || labels.box_ltwh.empty()) {
    const std::string label = file.HowToLabel();
    ThrowInput(
        "{}: expected the datasets 'frame' and 'box_ltwh' that tell which box a row belongs to, "
        "found no such labels\n  hint: {}",
        file.path(),
        label.empty() ? "extract features from the frames with these boxes (reidbench extract "
                        "--frames --boxes)"
                      : label);
  }
  std::vector<int64_t> by_frame(labels.frame.size());
  std::iota(by_frame.begin(), by_frame.end(), int64_t{0});
  const auto frame_of = [&](int64_t row) { return labels.frame[static_cast<size_t>(row)].value; };
  const auto earlier = [&](int64_t a, int64_t b) { return frame_of(a) < frame_of(b); };
  if (!std::is_sorted(by_frame.begin(), by_frame.end(), earlier))
    std::stable_sort(by_frame.begin(), by_frame.end(), earlier);
  BoxRows out;
  out.row.assign(boxes.size(), -1);
  for (size_t i = 0; i < boxes.size(); ++i) {
    const TrackBox& box = boxes[i];
    auto at = std::lower_bound(by_frame.begin(), by_frame.end(), box.frame.value,
                               [&](int64_t row, int64_t frame) { return frame_of(row) < frame; });
    for (; at != by_frame.end() && frame_of(*at) == box.frame.value; ++at) {
      const auto row = static_cast<size_t>(*at);
      if (!SameBox(labels.box_ltwh[row], box.box)) continue;
      const bool same_id = !labels.track_id.empty() && labels.track_id[row] == box.id;
      if (out.row[i] < 0 || same_id) out.row[i] = *at;
      if (same_id) break;
    }
    if (out.row[i] < 0 && out.missing++ == 0) out.first_missing = i;
  }
  return out;
}

BoxEmbeddings ReadBoxEmbeddings(const FeatureFile& file, std::span<const TrackBox> boxes,
                                std::span<const int64_t> rows, bool drop_bad,
                                std::string_view way_out) {
  BoxEmbeddings out;
  out.row.assign(rows.size(), -1);
  std::vector<int64_t> file_rows;
  std::vector<size_t> box_of;
  for (size_t k = 0; k < rows.size(); ++k) {
    if (rows[k] < 0) continue;
    out.row[k] = static_cast<int64_t>(file_rows.size());
    file_rows.push_back(rows[k]);
    box_of.push_back(k);
  }
  out.embeddings = FeatureMatrix(static_cast<int64_t>(file_rows.size()), file.dim());
  const std::vector<size_t> bad = file.ReadRowsUnchecked(file_rows, out.embeddings.data());
  if (!bad.empty() && !drop_bad) {
    const TrackBox& first = boxes[box_of[bad.front()]];
    ThrowInput(
        "{}: /features: expected finite numbers, found NaN or infinity in {} of {} rows, first "
        "row {} ({}, id {})\n  hint: extract these boxes again, or {}",
        file.path(), WithThousands(static_cast<int64_t>(bad.size())),
        WithThousands(static_cast<int64_t>(file_rows.size())), file_rows[bad.front()],
        DescribeBox(first), first.id.value, way_out);
  }
  for (const size_t k : bad) {
    out.row[box_of[k]] = -1;
    std::ranges::fill(out.embeddings.row(static_cast<int64_t>(k)), 0.0F);
  }
  return out;
}

std::string DescribeBox(const TrackBox& box) {
  return fmt::format("frame {} box {:.2f},{:.2f},{:.2f},{:.2f}", box.frame.value, box.box.left,
                     box.box.top, box.box.width, box.box.height);
}

}  // namespace reidbench
