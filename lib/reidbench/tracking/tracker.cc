#include "reidbench/tracking/tracker.h"

#include <cmath>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/tracking/bytetrack.h"
#include "reidbench/tracking/deepsort.h"
#include "reidbench/tracking/ocsort.h"
#include "reidbench/tracking/sort.h"

namespace reidbench {
namespace {

struct KnownTracker {
  std::string_view name;
  TrackerFactory (*read)(ConfigReader* section);
};

// A new tracker adds its line here.
constexpr KnownTracker kTrackers[] = {
    {"sort", ReadSort},
    {"bytetrack", ReadByteTrack},
    {"ocsort", ReadOcSort},
    {"deepsort", ReadDeepSort},
};

}  // namespace

bool IsTrackable(const BoxLtwh& box) {
  constexpr double kLeastSide = 1e-3;
  constexpr double kLargest = 1e9;
  // Written so that NaN fails.
  return std::abs(box.left) <= kLargest && std::abs(box.top) <= kLargest &&
         box.width >= kLeastSide && box.width <= kLargest && box.height >= kLeastSide &&
         box.height <= kLargest;
}

std::vector<std::string> TrackerNames() {
  std::vector<std::string> names;
  for (const KnownTracker& tracker : kTrackers) names.emplace_back(tracker.name);
  return names;
}

TrackerFactory ReadTracker(std::string_view name, ConfigReader* section) {
  for (const KnownTracker& tracker : kTrackers) {
    if (tracker.name == name) return tracker.read(section);
  }
  ThrowUsage("unknown tracker '{}'{}", name, SuggestName(name, TrackerNames()));
}

std::unique_ptr<Tracker> MakeTracker(std::string_view name) {
  const ConfigNode nothing;
  ConfigReader section(nothing);
  return ReadTracker(name, &section)();
}

}  // namespace reidbench
