#include "reidbench/jobs/relink/relink_galleries.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/text.h"
#include "reidbench/imaging/crop.h"
#include "reidbench/imaging/encode.h"
#include "reidbench/video/frame_source.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

constexpr int kJpegQuality = 90;
constexpr std::string_view kSides[] = {"before", "after"};

// A box that becomes a file on one or both sides.
struct Crop {
  size_t box = 0;
  bool side[2] = {false, false};
};

void Choose(const TrackSet& tracks, int crops_per_id, size_t side, std::vector<Crop>* crops) {
  std::unordered_map<TrackId, std::vector<size_t>> boxes_of;
  for (size_t i = 0; i < tracks.boxes.size(); ++i) boxes_of[tracks.boxes[i].id].push_back(i);
  for (auto& [id, boxes] : boxes_of) {
    std::stable_sort(boxes.begin(), boxes.end(), [&](size_t a, size_t b) {
      return tracks.boxes[a].frame < tracks.boxes[b].frame;
    });
    const size_t n = boxes.size();
    const size_t wanted = crops_per_id == 0 ? n : std::min(n, static_cast<size_t>(crops_per_id));
    for (size_t k = 0; k < wanted; ++k)
      (*crops)[boxes[(2 * k + 1) * n / (2 * wanted)]].side[side] = true;
  }
}

}  // namespace

void CheckGalleryOutput(const GalleryOptions& options, bool force) {
  std::error_code failed;
  if (fs::exists(options.output, failed) && !fs::is_directory(options.output, failed))
    ThrowUsage("--save-galleries {}: expected a folder, found a file", options.output.string());
  for (const std::string_view side : kSides) {
    const fs::path folder = options.output / side;
    if (!fs::exists(folder, failed)) continue;
    if (!force) ThrowUsage("{} exists already; --force replaces it", folder.string());
    bool ours = IsFolder(folder) && ListFileNames(folder).empty();
    if (ours) {
      for (const std::string& name : ListFolderNames(folder)) ours = ours && ParseInt(name);
    }
    if (!ours) {
      ThrowUsage("{}: expected a folder of identities, which --force replaces, found other things",
                 folder.string());
    }
  }
}

void CheckGalleryFrames(const TrackSet& tracks, const GalleryOptions& options) {
  const FrameFolder frames(options.frames);
  int64_t missing = 0;
  int64_t first = 0;
  for (const TrackBox& box : tracks.boxes) {
    if (frames.images().contains(box.frame.value)) continue;
    if (missing++ == 0 || box.frame.value < first) first = box.frame.value;
  }
  if (missing == 0) return;
  ThrowIo(
      "{}: expected an image of every frame with boxes, found none for {} boxes, first of "
      "frame {} (sequence {})",
      frames.folder().images.string(), missing, first, tracks.sequence);
}

int64_t SaveGalleries(const TrackSet& before, const TrackSet& after,
                      const GalleryOptions& options) {
  REIDBENCH_CHECK(before.boxes.size() == after.boxes.size());
  std::vector<Crop> crops(before.boxes.size());
  for (size_t i = 0; i < crops.size(); ++i) crops[i].box = i;
  const TrackSet* sets[] = {&before, &after};
  CreateFolders(options.output);
  AtomicFolder folders[] = {AtomicFolder(options.output / kSides[0]),
                            AtomicFolder(options.output / kSides[1])};
  for (size_t side = 0; side < 2; ++side) Choose(*sets[side], options.crops_per_id, side, &crops);
  std::erase_if(crops, [](const Crop& crop) { return !crop.side[0] && !crop.side[1]; });
  std::stable_sort(crops.begin(), crops.end(), [&](const Crop& a, const Crop& b) {
    return before.boxes[a.box].frame < before.boxes[b.box].frame;
  });
  std::vector<size_t> begin;  // of each frame
  for (size_t k = 0; k < crops.size(); ++k) {
    if (k == 0 || before.boxes[crops[k].box].frame != before.boxes[crops[k - 1].box].frame)
      begin.push_back(k);
    for (size_t side = 0; side < 2; ++side) {
      if (!crops[k].side[side]) continue;
      const int64_t id = sets[side]->boxes[crops[k].box].id.value;
      CreateFolders(folders[side].path() / std::to_string(id));
    }
  }
  std::vector<int64_t> numbers;
  for (const size_t k : begin) numbers.push_back(before.boxes[crops[k].box].frame.value);
  begin.push_back(crops.size());
  std::atomic<int64_t> files = 0;
  FrameFolder source(options.frames);
  ForEachFrame(&source, numbers, "saving galleries", [&](size_t f, const Frame& frame) {
    if (frame.status == FrameStatus::kCorrupt) throw Error(ErrorKind::kInput, frame.problem);
    RgbImage crop;
    for (size_t k = begin[f]; k < begin[f + 1]; ++k) {
      if (!CropImage(frame.picture, before.boxes[crops[k].box].box, &crop)) continue;
      const std::vector<uint8_t> bytes = EncodeJpeg(crop, kJpegQuality);
      const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      for (size_t side = 0; side < 2; ++side) {
        if (!crops[k].side[side]) continue;
        const int64_t id = sets[side]->boxes[crops[k].box].id.value;
        WriteFileAtomically(
            folders[side].path() / std::to_string(id) / fmt::format("{:06}.jpg", frame.number),
            text);
        ++files;
      }
    }
    return nullptr;
  });
  for (AtomicFolder& folder : folders) folder.Commit();
  return files;
}

}  // namespace reidbench
