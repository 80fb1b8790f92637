// The re-ID set of a synthetic world: people of its population before its cameras, cut out by
// imperfect boxes, in Market-1501's layout and names.
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "reidbench/jobs/synth/synth.h"
#include "reidbench/synth/world.h"

namespace reidbench {

// Who is in the set: test persons are the first of the population; training persons come after
// everybody whom the videos show.
struct SynthReidPersons {
  std::vector<int64_t> test;
  std::vector<int64_t> train;
};
SynthReidPersons ChooseSynthReidPersons(const SynthOptions& options, int64_t tracked_persons);

// Pictures that WriteSynthReid makes at least, for progress.
int64_t CountSynthReidPictures(const SynthOptions& options);

// Writes bounding_box_train, query and bounding_box_test below `folder`. `made` is called after
// each picture.
SynthReidSummary WriteSynthReid(const SynthWorld& world, const SynthReidPersons& persons,
                                const std::filesystem::path& folder,
                                const std::function<void()>& made);

}  // namespace reidbench
