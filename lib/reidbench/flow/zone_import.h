// Zones files of other programs: supervision's JSON ({"lines": ...} or lists of polygons),
// DeepStream's nvdsanalytics ini, Frigate's YAML, CVAT's XML. Which it is, is told from the text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "reidbench/flow/zones.h"

namespace reidbench {

// Nullopt for a file of ours. Throws Error(kInput) with file:line for one of the others that is not
// whole.
std::optional<Zones> ImportZones(std::string_view text, const std::string& source);

// The same as a file of ours, for people to go on with.
std::string FormatZones(const Zones& zones);

}  // namespace reidbench
