#include "reidbench/mtmc_metrics/site_filters.h"

#include <cstdint>
#include <unordered_map>
#include <unordered_set>

namespace reidbench {

void KeepInterval(const SiteInterval& interval, std::vector<CameraTracks>* cameras) {
  for (CameraTracks& camera : *cameras) {
    for (std::vector<SiteBox>* side : {&camera.truth, &camera.results}) {
      std::erase_if(*side, [&](const SiteBox& box) {
        const int64_t frame = box.frame + camera.start - 1;
        return frame < interval.first || frame > interval.last;
      });
      for (SiteBox& box : *side) box.frame += camera.start - interval.first;
    }
  }
}

void KeepInPolygons(std::vector<CameraTracks>* cameras) {
  for (CameraTracks& camera : *cameras) {
    if (camera.polygon.empty()) continue;
    std::erase_if(camera.results, [&](const SiteBox& row) {
      const ImagePoint foot{row.box.left + row.box.width / 2, row.box.top + row.box.height};
      return !InPolygon(camera.polygon, foot);
    });
  }
}

void KeepOnMasks(std::vector<CameraTracks>* cameras) {
  for (CameraTracks& camera : *cameras) {
    if (!camera.roi) continue;
    const RoiMask& roi = *camera.roi;
    std::erase_if(camera.results, [&](const SiteBox& row) {
      const BoxLtwh& b = row.box;
      return roi.Excludes(b.left, b.top) || roi.Excludes(b.left + b.width, b.top) ||
             roi.Excludes(b.left, b.top + b.height) ||
             roi.Excludes(b.left + b.width, b.top + b.height);
    });
  }
}

void KeepIdsOfTwoCameras(std::vector<CameraTracks>* cameras) {
  constexpr size_t kSeveral = SIZE_MAX;
  std::unordered_map<int64_t, size_t> camera_of;
  for (size_t c = 0; c < cameras->size(); ++c) {
    for (const SiteBox& box : (*cameras)[c].results) {
      size_t& camera = camera_of.emplace(box.id, c).first->second;
      if (camera != c) camera = kSeveral;
    }
  }
  for (CameraTracks& camera : *cameras) {
    std::erase_if(camera.results,
                  [&](const SiteBox& box) { return camera_of[box.id] != kSeveral; });
  }
}

void KeepFirstRows(std::vector<CameraTracks>* cameras) {
  for (CameraTracks& camera : *cameras) {
    std::unordered_map<int64_t, std::unordered_set<int64_t>> frames_of;  // by id
    std::erase_if(camera.results,
                  [&](const SiteBox& box) { return !frames_of[box.id].insert(box.frame).second; });
  }
}

void KeepWithTruthRows(std::vector<CameraTracks>* cameras) {
  std::erase_if(*cameras, [](const CameraTracks& camera) { return camera.truth.empty(); });
}

}  // namespace reidbench
