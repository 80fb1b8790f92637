// The counts of a sequence split by person, so that resampling people says how sure a score is: in
// several cameras the people are what is independent, and their frames are not.
#pragma once

#include <vector>

#include "reidbench/mot_metrics/scores.h"

namespace reidbench {

// By ground truth id, under the matches of the whole sequence. A result counts for the person it is
// matched with; results on nobody are dealt out evenly. HOTA, Identity and CLEAR's TP, FN, FP, IDSW
// and IoU sum add up to those of CountMot (within rounding); VACE and what belongs to whole tracks
// is 0.
std::vector<MotCounts> CountMotByPerson(const MotSequence& sequence);

}  // namespace reidbench
