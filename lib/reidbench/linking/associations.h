// Every way of this module to link a site's tracklets, by name, with its options: what `reidbench
// link --method` and experiments choose from. Beside `link` these are plain baselines, each as it
// was published; they know nothing of the ground, of times between cameras or of a margin.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "reidbench/config/method.h"
#include "reidbench/linking/linking.h"

namespace reidbench {

using AssociationRun = std::function<SiteLinkResult(const SiteLinkInput&)>;

struct Association : Method<AssociationRun> {
  // Takes each camera's tracks corrected by themselves; the others take them as they are.
  bool corrects_cameras = false;
};

// Tracklets in the order of time join the person with the nearest mean embedding below `threshold`,
// else they are somebody new: OpenVINO's multi_camera_multi_target_tracking demo.
struct NearestMeanOptions {
  double threshold = 0.6;  // cosine distance

  OptionTable Table();
  std::vector<std::string> Validate() const { return OptionViolations(*this); }
};
SiteLinkResult LinkByNearestMean(const SiteLinkInput& input, const NearestMeanOptions& options);

// Average linkage up to `threshold`, never two tracklets of one camera at the same time: what teams
// of the AI City Challenge's track 1 do (2019 to 2023).
struct AgglomerativeOptions {
  double threshold = 0.6;

  OptionTable Table();
  std::vector<std::string> Validate() const { return OptionViolations(*this); }
};
SiteLinkResult LinkByClustering(const SiteLinkInput& input, const AgglomerativeOptions& options);

// Cameras one after the other: the least-cost assignment of a camera's people to those known so
// far, up to `threshold` (DIVOTrack's and others' matching of views).
struct HungarianOptions {
  double threshold = 0.6;

  OptionTable Table();
  std::vector<std::string> Validate() const { return OptionViolations(*this); }
};
SiteLinkResult LinkByAssignment(const SiteLinkInput& input, const HungarianOptions& options);

// The first is what is meant when nothing is said.
const std::vector<Association>& Associations();

// Throws Error(kUsage) for an unknown name.
const Association& AssociationByName(std::string_view name);

}  // namespace reidbench
