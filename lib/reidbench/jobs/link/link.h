// `reidbench link`: tracks of the cameras of a site and the embeddings of their boxes -> the same
// boxes with identities of the site, every decision, and the times between cameras that were
// learned on the way.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "reidbench/results/link.h"

namespace reidbench {

struct LinkStageOptions {
  std::filesystem::path site;        // sites/site.h says which layouts
  std::filesystem::path tracks;      // CAMERA/pred.txt or CAMERA.txt, ids of the cameras' own
  std::filesystem::path features;    // a folder with CAMERA.h5; empty: places and times alone
  std::string method;                // of Associations(); empty: as the config says, else the first
  std::filesystem::path config;      // YAML with `method` and its options
  std::vector<std::string> options;  // "key=value", over the config file
  bool allow_missing = false;        // boxes without (finite) embedding are no error
  std::optional<bool> correct_cameras;  // each by itself first; nullopt: as the method wants it
  std::filesystem::path transitions;    // times learned elsewhere; empty: learn them here
  double frame_rate = 0;         // frames/s of a site that does not say; 0 = 25 with a warning
  std::filesystem::path output;  // folder; empty: nothing is written
  bool force = false;            // overwrite
  bool judge = false;            // by the site's ground truth
};

// Writes OUTPUT/CAMERA.txt (the rows of the input byte for byte but for the id),
// OUTPUT/decisions.json and OUTPUT/transitions.json. What is written does not depend on the number
// of threads. Throws Error(kUsage, kConfig, kInput, kIo) before anything is written. With
// `check_only` files and options are checked and nothing is run. `progress` (may be empty) is
// called with cameras done and their number.
LinkStageResult RunLink(const LinkStageOptions& options, bool check_only,
                        const std::function<void(int64_t, int64_t)>& progress);

}  // namespace reidbench
