#include "reidbench/relinking/gallery_mean.h"

#include <fmt/core.h>

#include <cmath>
#include <limits>

#include "reidbench/core/eigen_views.h"
#include "reidbench/core/error.h"
#include "reidbench/core/row_products.h"
#include "reidbench/core/text.h"
#include "reidbench/relinking/box_groups.h"
#include "reidbench/relinking/track_table.h"

namespace reidbench {
namespace {

// The nearest known persons of a track.
struct Nearest {
  double distance = std::numeric_limits<double>::infinity();
  double second_distance = std::numeric_limits<double>::infinity();
  int64_t person = -1;
  int64_t second = -1;

  void Offer(double d, int64_t p) {
    if (d < distance) {
      second_distance = distance;
      second = person;
      distance = d;
      person = p;
    } else if (d < second_distance) {
      second_distance = d;
      second = p;
    }
  }
};

}  // namespace

OptionTable GalleryMeanOptions::Table() {
  return OptionTable().Add("threshold", &threshold, {0, 2},
                           "Cosine distance of mean embeddings below which it is the same person");
}

RelinkResult RelinkByGalleryMean(const RelinkInput& input, const GalleryMeanOptions& options) {
  RequireOptions("gallery-mean", options.Validate());
  const TrackTable table = MakeTrackTable(*input.tracks);
  RelinkResult result;
  for (const int64_t row : input.embedding_row) result.boxes_without_embedding += row < 0;

  std::vector<BoxGroup> persons;
  // Unit means of `persons`, a row each.
  RowMatrix means(static_cast<Eigen::Index>(table.tracks.size()), input.embeddings->cols());
  for (const TrackTable::Track& track : table.tracks) {
    BoxGroup group = MakeBoxGroup(input, track.id, track.boxes);
    Nearest nearest;
    Nearest vetoed;
    if (group.embeddings > 0) {
      const Eigen::VectorXf mean = group.Mean(true);
      for (size_t p = 0; p < persons.size(); ++p) {
        if (persons[p].embeddings == 0) continue;
        const double distance = 1.0 - Dot(means.data() + static_cast<int64_t>(p) * mean.size(),
                                          mean.data(), mean.size());
        (CommonFrame(persons[p], group) ? vetoed : nearest)
            .Offer(distance, static_cast<int64_t>(p));
      }
    }
    const auto decide = [&](const Nearest& of, bool accepted, std::string reason) {
      RelinkDecision link =
          LinkGroups(persons[static_cast<size_t>(of.person)], group, input.frame_rate);
      link.accepted = accepted;
      link.appearance_distance = of.distance;
      link.gates = {{"distance", of.distance}, {"distance_below", options.threshold}};
      if (of.second >= 0) {
        link.gates.emplace_back("runner_up_distance", of.second_distance);
        link.runner_up_track = persons[static_cast<size_t>(of.second)].stretches.front().track;
      }
      link.reason = std::move(reason);
      result.decisions.push_back(std::move(link));
    };
    if (vetoed.person >= 0 && vetoed.distance < options.threshold) {
      decide(vetoed, false,
             fmt::format("veto: both in frame {}",
                         *CommonFrame(persons[static_cast<size_t>(vetoed.person)], group)));
    }
    auto place = static_cast<Eigen::Index>(persons.size());
    if (nearest.person >= 0 && nearest.distance < options.threshold) {
      decide(nearest, true, "");
      place = nearest.person;
      MergeInto(&persons[static_cast<size_t>(place)], group);
    } else {
      if (nearest.person >= 0 && nearest.distance < 1.5 * options.threshold)
        decide(nearest, false, "threshold");
      persons.push_back(std::move(group));
    }
    means.row(place) = persons[static_cast<size_t>(place)].Mean(true).transpose();
  }
  result.tracks = ApplyDecisions(*input.tracks, result.decisions);
  return result;
}

}  // namespace reidbench
