// Figures over several sites, where a dialect says what those are: some add counts up, others
// average.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "reidbench/mtmc_metrics/dialects.h"

namespace reidbench {

// AI City 2024: the plain mean over scenes of the means over the thresholds.
struct AiCity3dOverSites {
  std::vector<std::string> scenes;
  double hota = 0, det_a = 0, ass_a = 0, loc_a = 0;
};

// MvMHAT: precision and recall are means over scenes, F1 is made of these, MVMA adds counts up.
struct MvmhatOverSites {
  int64_t scenes = 0;
  double precision = 0, recall = 0;
  std::optional<double> f1, mvma;
};

// DukeMTMC and DIVOTrack: counts added up, and what people print instead.
struct DukeOverSites {
  int64_t scenes = 0;
  IdentityCounts identity;
  double mean_idf1 = 0;  // of the scenes, which the added counts are not
};

struct OverSites {
  std::optional<AiCity3dOverSites> aicity3d;
  std::optional<MvmhatOverSites> mvmhat;
  std::optional<DukeOverSites> duke;
};

struct NamedDialects {
  std::string site;
  std::span<const DialectScore> dialects;
};

// Over the sites that the dialect could score.
OverSites CombineSites(std::span<const NamedDialects> sites);

}  // namespace reidbench
