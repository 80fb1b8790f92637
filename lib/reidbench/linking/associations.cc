#include "reidbench/linking/associations.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "reidbench/matching/assignment.h"
#include "reidbench/matching/merging.h"

namespace reidbench {
namespace {

// People of single cameras: their tracklets, and the mean of their embeddings.
struct PlainPerson {
  std::vector<int32_t> tracklets;
  Eigen::RowVectorXf sum;
  double first_s = 0;
};

std::vector<PlainPerson> PeopleOfCameras(const SiteLinkInput& input) {
  std::vector<PlainPerson> people;
  std::vector<int32_t> person_of(input.tracklets.size(), -1);
  for (size_t t = 0; t < input.tracklets.size(); ++t) {
    const SiteTracklet& tracklet = input.tracklets[t];
    int32_t& person = person_of[t];
    if (tracklet.before >= 0) {
      person = person_of[static_cast<size_t>(tracklet.before)];
    } else {
      person = static_cast<int32_t>(people.size());
      people.push_back({{}, Eigen::RowVectorXf::Zero(input.sums.cols()), tracklet.first_s});
    }
    people[static_cast<size_t>(person)].tracklets.push_back(static_cast<int32_t>(t));
    people[static_cast<size_t>(person)].sum += input.sums.row(static_cast<int64_t>(t));
  }
  return people;
}

// Whether a camera's frame has both.
bool Exclude(const SiteLinkInput& input, const PlainPerson& a, const PlainPerson& b) {
  for (const int32_t s : a.tracklets) {
    for (const int32_t t : b.tracklets) {
      const SiteTracklet& p = input.tracklets[static_cast<size_t>(s)];
      const SiteTracklet& q = input.tracklets[static_cast<size_t>(t)];
      if (p.camera != q.camera || p.first_s > q.last_s || q.first_s > p.last_s) continue;
      for (const FrameRun& x : p.runs) {
        for (const FrameRun& y : q.runs) {
          if (x.first <= y.last && y.first <= x.last) return true;
        }
      }
    }
  }
  return false;
}

double CosineBetween(const Eigen::RowVectorXf& a, const Eigen::RowVectorXf& b) {
  const double norms = static_cast<double>(a.norm()) * static_cast<double>(b.norm());
  return norms > 1e-9 ? 1 - static_cast<double>(a.dot(b)) / norms : 2;
}

void Absorb(PlainPerson* into, const PlainPerson& other) {
  into->tracklets.insert(into->tracklets.end(), other.tracklets.begin(), other.tracklets.end());
  into->sum += other.sum;
  into->first_s = std::min(into->first_s, other.first_s);
}

// Persons by first sighting, and a decision for every link.
SiteLinkResult Report(const SiteLinkInput& input, std::vector<PlainPerson> people) {
  SiteLinkResult result;
  std::erase_if(people, [](const PlainPerson& p) { return p.tracklets.empty(); });
  const auto at = [&](int32_t t) -> const SiteTracklet& {
    return input.tracklets[static_cast<size_t>(t)];
  };
  for (PlainPerson& person : people) {
    std::sort(person.tracklets.begin(), person.tracklets.end(), [&](int32_t a, int32_t b) {
      return std::pair(at(a).first_s, a) < std::pair(at(b).first_s, b);
    });
  }
  std::sort(people.begin(), people.end(), [&](const PlainPerson& a, const PlainPerson& b) {
    return std::pair(at(a.tracklets.front()).first_s, a.tracklets.front()) <
           std::pair(at(b.tracklets.front()).first_s, b.tracklets.front());
  });
  result.person.assign(input.tracklets.size(), 0);
  for (size_t k = 0; k < people.size(); ++k) {
    int32_t latest = people[k].tracklets.front();
    for (const int32_t t : people[k].tracklets) {
      result.person[static_cast<size_t>(t)] = static_cast<int32_t>(k);
      if (t == people[k].tracklets.front()) continue;
      LinkDecision link;
      link.accepted = true;
      link.before = latest;
      link.after = t;
      link.gap_s = at(t).first_s - at(latest).last_s;
      link.log_likelihood_ratio = std::numeric_limits<double>::quiet_NaN();
      result.decisions.push_back(link);
      if (at(t).last_s > at(latest).last_s) latest = t;
    }
  }
  return result;
}

}  // namespace

OptionTable NearestMeanOptions::Table() {
  return OptionTable().Add("threshold", &threshold, {.low = 0, .high = 2}, "Most cosine distance");
}
OptionTable AgglomerativeOptions::Table() {
  return OptionTable().Add("threshold", &threshold, {.low = 0, .high = 2},
                           "Most mean cosine distance");
}
OptionTable HungarianOptions::Table() {
  return OptionTable().Add("threshold", &threshold, {.low = 0, .high = 2}, "Most cosine distance");
}

SiteLinkResult LinkByNearestMean(const SiteLinkInput& input, const NearestMeanOptions& options) {
  std::vector<PlainPerson> arriving = PeopleOfCameras(input);
  std::stable_sort(arriving.begin(), arriving.end(),
                   [](const auto& a, const auto& b) { return a.first_s < b.first_s; });
  std::vector<PlainPerson> people;
  for (const PlainPerson& person : arriving) {
    PlainPerson* nearest = nullptr;
    double least = options.threshold;
    for (PlainPerson& known : people) {
      const double distance = CosineBetween(person.sum, known.sum);
      if (distance > least || Exclude(input, known, person)) continue;
      least = distance;
      nearest = &known;
    }
    if (nearest != nullptr) {
      Absorb(nearest, person);
    } else {
      people.push_back(person);
    }
  }
  return Report(input, std::move(people));
}

SiteLinkResult LinkByClustering(const SiteLinkInput& input, const AgglomerativeOptions& options) {
  std::vector<PlainPerson> people = PeopleOfCameras(input);
  const auto n = static_cast<int32_t>(people.size());
  // Sums of the similarities between members; their means are average linkage.
  RowMatrix unit(n, input.sums.cols());
  for (int32_t k = 0; k < n; ++k) {
    const float length = people[static_cast<size_t>(k)].sum.norm();
    unit.row(k) = length > 0 ? Eigen::RowVectorXf(people[static_cast<size_t>(k)].sum / length)
                             : people[static_cast<size_t>(k)].sum;
  }
  RowMatrix similarity = unit * unit.transpose();
  std::vector<float> members(people.size(), 1);
  const auto least = static_cast<float>(1 - options.threshold);
  const auto mean = [&](int32_t a, int32_t b) {
    return similarity(a, b) / (members[static_cast<size_t>(a)] * members[static_cast<size_t>(b)]);
  };
  std::vector<ScoredPair> pairs;
  for (int32_t a = 0; a < n; ++a) {
    for (int32_t b = a + 1; b < n; ++b) {
      if (mean(a, b) >= least &&
          !Exclude(input, people[static_cast<size_t>(a)], people[static_cast<size_t>(b)]))
        pairs.push_back({a, b, mean(a, b)});
    }
  }
  MergeBestFirst(
      n, least, pairs,
      [&](int32_t a, int32_t b) {
        Absorb(&people[static_cast<size_t>(a)], people[static_cast<size_t>(b)]);
        people[static_cast<size_t>(b)].tracklets.clear();
        members[static_cast<size_t>(a)] += members[static_cast<size_t>(b)];
        similarity.row(a) += similarity.row(b);
        similarity.col(a) = similarity.row(a).transpose();
        return true;
      },
      [&](int32_t a, const auto& emit) {
        for (int32_t c = 0; c < n; ++c) {
          if (c == a || people[static_cast<size_t>(c)].tracklets.empty() || mean(a, c) < least)
            continue;
          if (!Exclude(input, people[static_cast<size_t>(a)], people[static_cast<size_t>(c)]))
            emit(c, mean(a, c));
        }
      });
  return Report(input, std::move(people));
}

SiteLinkResult LinkByAssignment(const SiteLinkInput& input, const HungarianOptions& options) {
  std::vector<PlainPerson> people;
  const std::vector<PlainPerson> all = PeopleOfCameras(input);
  for (size_t camera = 0; camera < input.cameras.size(); ++camera) {
    std::vector<const PlainPerson*> rows;
    for (const PlainPerson& person : all) {
      if (input.tracklets[static_cast<size_t>(person.tracklets.front())].camera ==
          static_cast<int32_t>(camera))
        rows.push_back(&person);
    }
    std::vector<double> cost;
    for (const PlainPerson* row : rows) {
      for (const PlainPerson& known : people) {
        const double distance = CosineBetween(row->sum, known.sum);
        cost.push_back(distance <= options.threshold ? distance : 1000);
      }
    }
    const std::vector<int32_t> known_of =
        people.empty() || rows.empty()
            ? std::vector<int32_t>(rows.size(), kUnassigned)
            : LinearSumAssignment(static_cast<int32_t>(rows.size()),
                                  static_cast<int32_t>(people.size()), cost);
    const size_t before = people.size();
    for (size_t r = 0; r < rows.size(); ++r) {
      const int32_t k = known_of[r];
      if (k != kUnassigned && cost[r * before + static_cast<size_t>(k)] <= options.threshold) {
        Absorb(&people[static_cast<size_t>(k)], *rows[r]);
      } else {
        people.push_back(*rows[r]);
      }
    }
  }
  return Report(input, std::move(people));
}

const std::vector<Association>& Associations() {
  // A new association adds its entry here.
  static const std::vector<Association> associations = {
      {MakeMethod<LinkOptions, AssociationRun>(
           "link", "appearance, places and times between cameras by the site's own evidence",
           {.can_use_embeddings = true}, LinkSite),
       true},
      {MakeMethod<NearestMeanOptions, AssociationRun>(
           "nearest-mean", "each tracklet joins the nearest mean embedding (OpenVINO's demo)",
           {.embeddings = true}, LinkByNearestMean),
       false},
      {MakeMethod<AgglomerativeOptions, AssociationRun>(
           "agglomerative", "constrained average linkage (AI City Challenge)", {.embeddings = true},
           LinkByClustering),
       false},
      {MakeMethod<HungarianOptions, AssociationRun>(
           "hungarian", "camera after camera, least-cost assignment (DIVOTrack)",
           {.embeddings = true}, LinkByAssignment),
       false},
  };
  return associations;
}

const Association& AssociationByName(std::string_view name) {
  return MethodByName(Associations(), "method", name);
}

}  // namespace reidbench
