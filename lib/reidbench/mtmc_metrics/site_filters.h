// What dialects take away before they count, each rule by itself.
#pragma once

#include <vector>

#include "reidbench/sites/site_tracks.h"

namespace reidbench {

// DukeMTMC: frames of the site inside the interval, on both sides, numbered from 1 in each camera.
void KeepInterval(const SiteInterval& interval, std::vector<CameraTracks>* cameras);
// DukeMTMC: results whose foot point is in the polygon of their camera or on its edge.
void KeepInPolygons(std::vector<CameraTracks>* cameras);
// AI City: results without a corner on a dark pixel of their camera's mask.
void KeepOnMasks(std::vector<CameraTracks>* cameras);
// AI City: results of ids that at least two cameras have.
void KeepIdsOfTwoCameras(std::vector<CameraTracks>* cameras);
// AI City, Metropolis: of results with equal frame and id in a camera the first.
void KeepFirstRows(std::vector<CameraTracks>* cameras);
// AI City, Metropolis: cameras in which anybody was.
void KeepWithTruthRows(std::vector<CameraTracks>* cameras);

}  // namespace reidbench
