#include "reidbench/linking/linking.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <unordered_map>

#include "reidbench/core/parallel.h"
#include "reidbench/core/row_products.h"
#include "reidbench/matching/merging.h"

namespace reidbench {
namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();
// What a camera's own correction adds to a link that it made. What the tracker itself calls one
// person stays one unless something speaks against it.
constexpr double kOwnCamera = 3;
// People whom another camera sees at the same time: before anything about that pair is known.
constexpr double kSeenTogether = 0.5;
constexpr double kSeenTogetherCount = 6;
constexpr double kMostGround = 12;       // that places say about two groups
constexpr double kWorthALook = -4;       // first comparisons below this are not kept
constexpr double kDifferentPeople = -5;  // appearance and places: no time makes up for that
constexpr double kNearInTime_s = 25;     // between tracklets: a passage may speak for them
constexpr double kRefusedNear = 4;       // refused links are listed that missed the margin by less
constexpr int kSweeps = 4;
constexpr int kPasses = 2;  // transition times are learned from the pass before

struct PersonGroup {
  std::vector<int32_t> members;  // by first_s
  Eigen::RowVectorXf sum;
  double clean_s = 0;
  double chain = 0;  // what the order in time of its members says
};

// Parts of what speaks for one person.
struct SiteJoin {
  double total = kNever;
  double appearance = 0, ground = 0, chain = 0;
  double distance = -1;
};

class SiteLinker {
 public:
  SiteLinker(const SiteLinkInput& input, const LinkOptions& options, const SiteAppearance& looks,
             const SiteGround& ground, const std::vector<std::vector<Together>>& together,
             const TransitionTimes& transitions)
      : tracklets_(input.tracklets),
        options_(options),
        looks_(looks),
        ground_(ground),
        together_(together),
        transitions_(transitions),
        cameras_(static_cast<int32_t>(input.cameras.size())),
        stamp_(input.tracklets.size(), 0) {
    order_.resize(tracklets_.size());
    std::vector<int32_t> by_time(tracklets_.size());
    std::iota(by_time.begin(), by_time.end(), 0);
    std::stable_sort(by_time.begin(), by_time.end(),
                     [&](int32_t a, int32_t b) { return At(a).first_s < At(b).first_s; });
    for (size_t k = 0; k < by_time.size(); ++k)
      order_[static_cast<size_t>(by_time[k])] = static_cast<int32_t>(k);
    together_share_.assign(static_cast<size_t>(cameras_) * static_cast<size_t>(cameras_),
                           kSeenTogether);
    together_number_.assign(together_share_.size(), 1);
    CountTogether();
  }

  // How often who is in one camera is in another at the same time, from people found so far.
  void LearnTogether(const std::vector<std::vector<int32_t>>& people) {
    struct Tally {
      double met = 0, seen = 0;
    };
    std::vector<Tally> tallies(together_share_.size());
    for (const std::vector<int32_t>& members : people) {
      if (members.size() < 2) continue;
      for (const int32_t a : members) {
        std::vector<char> cameras(static_cast<size_t>(cameras_), 0);
        for (const int32_t b : members) {
          if (At(a).camera != At(b).camera && At(b).first_s <= At(a).last_s &&
              At(a).first_s <= At(b).last_s) {
            cameras[static_cast<size_t>(At(b).camera)] = 1;
          }
        }
        for (int32_t c = 0; c < cameras_; ++c) {
          tallies[PairIndex(At(a).camera, c)].seen += 1;
          tallies[PairIndex(At(a).camera, c)].met += cameras[static_cast<size_t>(c)];
        }
      }
    }
    for (size_t k = 0; k < tallies.size(); ++k) {
      together_share_[k] = (tallies[k].met + 0.5 * kSeenTogetherCount * kSeenTogether) /
                           (tallies[k].seen + kSeenTogetherCount);
    }
  }

  std::vector<std::vector<int32_t>> Solve() {
    std::vector<PersonGroup> groups;
    for (int32_t t = 0; t < Count(); ++t) groups.push_back(MakeGroup({t}));
    FirstPairs();
    MirrorNear();
    Contract(&groups);
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      if (!Refine(&groups)) break;
    }
    std::vector<std::vector<int32_t>> people;
    for (PersonGroup& group : groups) {
      if (!group.members.empty()) people.push_back(std::move(group.members));
    }
    std::sort(people.begin(), people.end(),
              [&](const auto& a, const auto& b) { return Earlier(a.front(), b.front()); });
    return people;
  }

  // Every link of the people, seen from the end, and those that were refused by little.
  std::vector<LinkDecision> Explain(const std::vector<std::vector<int32_t>>& people) {
    std::vector<PersonGroup> groups;
    std::vector<int32_t> group_of(tracklets_.size(), -1);
    for (const std::vector<int32_t>& members : people) {
      for (const int32_t t : members)
        group_of[static_cast<size_t>(t)] = static_cast<int32_t>(groups.size());
      groups.push_back(MakeGroup(members));
    }
    std::vector<LinkDecision> decisions;
    for (size_t g = 0; g < groups.size(); ++g) {
      const std::vector<int32_t>& members = groups[g].members;
      for (size_t k = 0; k < members.size(); ++k) {
        const int32_t after = members[k];
        const auto [rival, rival_score] =
            BestOther(after, static_cast<int32_t>(g), groups, group_of);
        if (k == 0) {
          if (rival >= 0 && rival_score > options_.margin - kRefusedNear) {
            LinkDecision refused =
                Describe(groups[static_cast<size_t>(rival)], groups[g], rival_score);
            refused.reason = rival_score >= options_.margin ? "lead" : "margin";
            decisions.push_back(std::move(refused));
          }
          continue;
        }
        const PersonGroup head =
            MakeGroup({members.begin(), members.begin() + static_cast<int64_t>(k)});
        const PersonGroup tail =
            MakeGroup({members.begin() + static_cast<int64_t>(k), members.end()});
        LinkDecision link = Describe(head, tail, Join(head, tail).total);
        link.accepted = true;
        if (rival >= 0 && std::isfinite(rival_score)) {
          link.runner_up = rival_score;
          link.runner_up_tracklet = groups[static_cast<size_t>(rival)].members.front();
        }
        decisions.push_back(std::move(link));
      }
    }
    std::stable_sort(decisions.begin(), decisions.end(),
                     [&](const auto& a, const auto& b) { return Earlier(a.after, b.after); });
    return decisions;
  }

  void LearnTransitions(const std::vector<std::vector<int32_t>>& people, TransitionTimes* times) {
    for (const std::vector<int32_t>& members : people) {
      int32_t latest = members.front();
      for (size_t k = 1; k < members.size(); ++k) {
        const SiteTracklet& p = At(latest);
        const SiteTracklet& q = At(members[k]);
        if (q.first_s > p.last_s) times->Count(p.camera, q.camera, q.first_s - p.last_s);
        if (q.last_s > p.last_s) latest = members[k];
      }
    }
  }

 private:
  const SiteTracklet& At(int32_t t) const { return tracklets_[static_cast<size_t>(t)]; }
  int32_t Count() const { return static_cast<int32_t>(tracklets_.size()); }
  bool Earlier(int32_t a, int32_t b) const {
    return order_[static_cast<size_t>(a)] < order_[static_cast<size_t>(b)];
  }
  size_t PairIndex(int32_t a, int32_t b) const {
    return static_cast<size_t>(a) * static_cast<size_t>(cameras_) + static_cast<size_t>(b);
  }

  void CountTogether() {
    std::vector<double> met(together_number_.size(), 0), tracks(static_cast<size_t>(cameras_), 0);
    for (int32_t t = 0; t < Count(); ++t) {
      tracks[static_cast<size_t>(At(t).camera)] += 1;
      for (const Together& entry : together_[static_cast<size_t>(t)])
        met[PairIndex(At(t).camera, At(entry.other).camera)] += 1;
    }
    for (int32_t a = 0; a < cameras_; ++a) {
      for (int32_t b = 0; b < cameras_; ++b) {
        together_number_[PairIndex(a, b)] =
            std::max(1.0, met[PairIndex(a, b)] / std::max(1.0, tracks[static_cast<size_t>(a)]));
      }
    }
  }

  PersonGroup MakeGroup(std::vector<int32_t> members) const {
    PersonGroup group;
    std::sort(members.begin(), members.end(), [&](int32_t a, int32_t b) { return Earlier(a, b); });
    group.sum = Eigen::RowVectorXf::Zero(looks_.vectors.cols());
    for (const int32_t t : members) {
      AddLooks(t, &group);
    }
    group.members = std::move(members);
    group.chain = Chain(group.members);
    return group;
  }

  void AddLooks(int32_t t, PersonGroup* group) const {
    const double clean_s = std::min(At(t).clean_s, 8.0);
    group->clean_s += clean_s;
    // A long look is worth more, but not in proportion: crops of one passage are alike.
    AddScaled(static_cast<float>(std::sqrt(clean_s)),
              looks_.vectors.data() + static_cast<int64_t>(t) * looks_.vectors.cols(),
              looks_.vectors.cols(), group->sum.data());
  }

  // Log odds of `later` being the next sighting of who was last seen as `earlier`; kNever where
  // nobody gets there.
  double Follow(int32_t earlier, int32_t later) const {
    const SiteTracklet& p = At(earlier);
    const SiteTracklet& q = At(later);
    if (q.first_s <= p.last_s) {
      if (p.camera == q.camera) return 0;
      const size_t k = PairIndex(p.camera, q.camera);
      return std::log(together_share_[k] / together_number_[k]);
    }
    const double gap_s = q.first_s - p.last_s;
    if (options_.horizon_s > 0 && gap_s > options_.horizon_s) return kNever;
    double odds = transitions_.LogOdds(p.camera, q.camera, gap_s);
    if (options_.ground) {
      double passage = 0;
      if (!GroundPassage(p, q, ground_, &passage)) return kNever;
      odds += passage;
    }
    if (q.before == earlier) odds = (q.goes_on ? std::max(odds, 0.0) : odds) + kOwnCamera;
    return odds;
  }

  double Chain(const std::vector<int32_t>& members) const {
    double sum = 0;
    int32_t latest = members.front();
    for (size_t k = 1; k < members.size(); ++k) {
      sum += Follow(latest, members[k]);
      if (At(members[k]).last_s > At(latest).last_s) latest = members[k];
    }
    return sum;
  }

  bool Conflict(const PersonGroup& a, const PersonGroup& b) const {
    const PersonGroup& few = a.members.size() <= b.members.size() ? a : b;
    Mark(&few == &a ? b : a);
    for (const int32_t t : few.members) {
      for (const Together& entry : together_[static_cast<size_t>(t)]) {
        if (entry.apart && stamp_[static_cast<size_t>(entry.other)] == now_) return true;
      }
    }
    return false;
  }

  void Mark(const PersonGroup& group) const {
    ++now_;
    for (const int32_t t : group.members) stamp_[static_cast<size_t>(t)] = now_;
  }

  SiteJoin Join(const PersonGroup& a, const PersonGroup& b, bool prune = false) const {
    SiteJoin join;
    if (options_.appearance && looks_.usable) {
      const int64_t d = a.sum.size();
      const double norms = std::sqrt(static_cast<double>(Dot(a.sum.data(), a.sum.data(), d)) *
                                     static_cast<double>(Dot(b.sum.data(), b.sum.data(), d)));
      if (norms > 1e-9) {
        join.distance = 1 - static_cast<double>(Dot(a.sum.data(), b.sum.data(), d)) / norms;
        join.appearance = looks_.LogRatio(join.distance, std::min(a.clean_s, b.clean_s));
      }
    }
    const PersonGroup& few = a.members.size() <= b.members.size() ? a : b;
    Mark(&few == &a ? b : a);
    for (const int32_t t : few.members) {
      for (const Together& entry : together_[static_cast<size_t>(t)]) {
        if (stamp_[static_cast<size_t>(entry.other)] != now_) continue;
        if (entry.apart) return join;
        if (options_.ground) join.ground += entry.ground;
      }
    }
    join.ground = std::min(join.ground, kMostGround);
    if (prune && join.appearance + join.ground < kDifferentPeople) return join;
    std::vector<int32_t> merged(a.members.size() + b.members.size());
    std::merge(a.members.begin(), a.members.end(), b.members.begin(), b.members.end(),
               merged.begin(), [&](int32_t x, int32_t y) { return Earlier(x, y); });
    const double chain = Chain(merged);
    if (chain == kNever) return join;
    join.chain = chain - a.chain - b.chain;
    join.total = join.appearance + join.ground + join.chain;
    return join;
  }

  // Pairs of single tracklets worth a look, in parallel.
  void FirstPairs() {
    near_.assign(tracklets_.size(), {});
    const auto n = static_cast<int64_t>(tracklets_.size());
    constexpr int64_t kRows = 128;
    const RightFactor right(ViewOf(looks_.vectors));
    ParallelFor((n + kRows - 1) / kRows, [&](int64_t block) {
      // Each pair once, from its smaller number.
      const int64_t begin = block * kRows;
      const int64_t rows = std::min(kRows, n - begin);
      const FeatureMatrix cosine = right.LeftTimes(ViewOf(looks_.vectors, begin, rows));
      for (int64_t r = 0; r < rows; ++r) {
        const auto a = static_cast<int32_t>(begin + r);
        size_t next = 0;
        const std::vector<Together>& together = together_[static_cast<size_t>(a)];
        for (int32_t b = a + 1; b < n; ++b) {
          while (next < together.size() && together[next].other < b) ++next;
          const bool met = next < together.size() && together[next].other == b;
          if (met && together[next].apart) continue;
          const int32_t first = Earlier(a, b) ? a : b;
          const int32_t second = first == a ? b : a;
          if (options_.horizon_s > 0 && At(second).first_s - At(first).last_s > options_.horizon_s)
            continue;
          double total = 0;
          if (options_.appearance && looks_.usable) {
            total += looks_.LogRatio(1 - static_cast<double>(cosine(r, b)),
                                     std::min({At(a).clean_s, At(b).clean_s, 8.0}));
            // What else can make up for it: places at one time, or a passage just before.
            const double gap_s = At(second).first_s - At(first).last_s;
            const double most = met                     ? std::max(together[next].ground, 0.0) + 1
                                : gap_s < kNearInTime_s ? 5
                                                        : 0;
            if (total + most < kWorthALook) continue;
          }
          if (met && options_.ground) total += together[next].ground;
          total += Follow(first, second);
          if (total > kWorthALook)
            near_[static_cast<size_t>(a)].push_back({b, static_cast<float>(total)});
        }
      }
    });
  }

  // Also from the other number.
  void MirrorNear() {
    const std::vector<std::vector<std::pair<int32_t, float>>> once = near_;
    for (size_t a = 0; a < once.size(); ++a) {
      for (const auto& [b, total] : once[a])
        near_[static_cast<size_t>(b)].push_back({static_cast<int32_t>(a), total});
    }
    for (auto& entries : near_) std::sort(entries.begin(), entries.end());
  }

  void Contract(std::vector<PersonGroup>* groups) {
    std::vector<PersonGroup>& g = *groups;
    const auto n = static_cast<int32_t>(g.size());
    // Scores of groups by number, as they are now.
    std::vector<std::unordered_map<int32_t, float>> score(g.size());
    std::vector<ScoredPair> pairs;
    for (int32_t a = 0; a < n; ++a) {
      for (const auto& [b, total] : near_[static_cast<size_t>(a)]) {
        score[static_cast<size_t>(a)][b] = total;
        if (a < b) pairs.push_back({a, b, total});
      }
    }
    const auto excluded = [&](int32_t keep, int32_t with, float most) {
      // Whether somebody else fits `keep` nearly as well who cannot be `with`.
      for (const auto& [c, other] : score[static_cast<size_t>(keep)]) {
        if (c != with && other > most &&
            Conflict(g[static_cast<size_t>(c)], g[static_cast<size_t>(with)]))
          return true;
      }
      return false;
    };
    const auto merge = [&](int32_t a, int32_t b) {
      const float limit = score[static_cast<size_t>(a)].at(b) - static_cast<float>(options_.lead);
      if (excluded(a, b, limit) || excluded(b, a, limit)) return false;
      PersonGroup& into = g[static_cast<size_t>(a)];
      PersonGroup& from = g[static_cast<size_t>(b)];
      std::vector<int32_t> members(into.members.size() + from.members.size());
      std::merge(into.members.begin(), into.members.end(), from.members.begin(), from.members.end(),
                 members.begin(), [&](int32_t x, int32_t y) { return Earlier(x, y); });
      into.members = std::move(members);
      into.sum += from.sum;
      into.clean_s += from.clean_s;
      into.chain = Chain(into.members);
      from.members.clear();
      for (const auto& [c, ignored] : score[static_cast<size_t>(b)]) {
        score[static_cast<size_t>(c)].erase(b);
        if (c != a) score[static_cast<size_t>(a)].emplace(c, 0.0F);
      }
      score[static_cast<size_t>(b)].clear();
      return true;
    };
    MergeBestFirst(
        n, static_cast<float>(options_.margin), pairs, merge, [&](int32_t a, const auto& emit) {
          std::vector<int32_t> others;
          for (const auto& [c, ignored] : score[static_cast<size_t>(a)]) others.push_back(c);
          std::sort(others.begin(), others.end());
          for (const int32_t c : others) {
            const auto total = static_cast<float>(
                Join(g[static_cast<size_t>(a)], g[static_cast<size_t>(c)], true).total);
            if (total > -1e30F) {
              score[static_cast<size_t>(a)][c] = score[static_cast<size_t>(c)][a] = total;
              emit(c, total);
            } else {
              score[static_cast<size_t>(a)].erase(c);
              score[static_cast<size_t>(c)].erase(a);
            }
          }
        });
  }

  // Moves single tracklets to the person they fit best, or out. Returns whether anything moved.
  bool Refine(std::vector<PersonGroup>* groups) {
    std::vector<PersonGroup>& g = *groups;
    std::vector<int32_t> group_of(tracklets_.size(), -1);
    for (size_t k = 0; k < g.size(); ++k) {
      for (const int32_t t : g[k].members)
        group_of[static_cast<size_t>(t)] = static_cast<int32_t>(k);
    }
    bool moved = false;
    for (int32_t t = 0; t < Count(); ++t) {
      const int32_t home = group_of[static_cast<size_t>(t)];
      const PersonGroup alone = MakeGroup({t});
      PersonGroup rest;
      double here = 0;
      if (g[static_cast<size_t>(home)].members.size() > 1) {
        std::vector<int32_t> others;
        for (const int32_t m : g[static_cast<size_t>(home)].members) {
          if (m != t) others.push_back(m);
        }
        rest = MakeGroup(std::move(others));
        here = Join(rest, alone).total;
        if (here == kNever) here = -100;
      }
      const auto [target, best] = BestOther(t, home, g, group_of);
      const bool better = target >= 0 && best > std::max(here, 0.0) + options_.margin;
      if (!better && (here >= 0 || rest.members.empty())) continue;
      moved = true;
      g[static_cast<size_t>(home)] = std::move(rest);
      if (better) {
        std::vector<int32_t> members = g[static_cast<size_t>(target)].members;
        members.push_back(t);
        g[static_cast<size_t>(target)] = MakeGroup(std::move(members));
        group_of[static_cast<size_t>(t)] = target;
      } else {
        group_of[static_cast<size_t>(t)] = static_cast<int32_t>(g.size());
        g.push_back(alone);
      }
    }
    return moved;
  }

  // Among the persons of tracklets that were worth a look.
  std::pair<int32_t, double> BestOther(int32_t t, int32_t home, const std::vector<PersonGroup>& g,
                                       const std::vector<int32_t>& group_of) const {
    std::vector<int32_t> candidates;
    for (const auto& [b, ignored] : near_[static_cast<size_t>(t)]) {
      const int32_t k = group_of[static_cast<size_t>(b)];
      if (k != home) candidates.push_back(k);
    }
    std::sort(candidates.begin(), candidates.end());
    candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
    const PersonGroup alone = MakeGroup({t});
    int32_t target = -1;
    double best = kNever;
    for (const int32_t k : candidates) {
      const double there = Join(g[static_cast<size_t>(k)], alone).total;
      if (there > best) {
        best = there;
        target = k;
      }
    }
    return {target, best};
  }

  LinkDecision Describe(const PersonGroup& a, const PersonGroup& b, double score) const {
    const SiteJoin join = Join(a, b);
    LinkDecision link;
    const PersonGroup& first = Earlier(a.members.front(), b.members.front()) ? a : b;
    const PersonGroup& second = &first == &a ? b : a;
    link.after = second.members.front();
    link.before = first.members.front();
    for (const int32_t t : first.members) {
      if (Earlier(t, link.after) && At(t).last_s > At(link.before).last_s) link.before = t;
    }
    link.gap_s = At(link.after).first_s - At(link.before).last_s;
    link.log_likelihood_ratio = std::isfinite(score) ? score : -50;
    if (join.distance >= 0) link.distance = join.distance;
    link.appearance = join.appearance;
    link.ground = join.ground;
    link.passage = join.chain;
    return link;
  }

  std::span<const SiteTracklet> tracklets_;
  const LinkOptions& options_;
  const SiteAppearance& looks_;
  const SiteGround& ground_;
  const std::vector<std::vector<Together>>& together_;
  const TransitionTimes& transitions_;
  int32_t cameras_;
  std::vector<int32_t> order_;                                // place of each tracklet in time
  std::vector<double> together_share_, together_number_;      // by pair of cameras
  std::vector<std::vector<std::pair<int32_t, float>>> near_;  // worth a look, of single tracklets
  mutable std::vector<int64_t> stamp_;
  mutable int64_t now_ = 0;
};

std::vector<double> ArrivalRates(std::span<const SiteTracklet> tracklets, size_t cameras) {
  std::vector<double> rate(cameras, 0);
  double first = std::numeric_limits<double>::infinity(), last = -first;
  for (const SiteTracklet& tracklet : tracklets) {
    rate[static_cast<size_t>(tracklet.camera)] += 1;
    first = std::min(first, tracklet.first_s);
    last = std::max(last, tracklet.last_s);
  }
  for (double& r : rate) r /= std::max(last - first, 1.0);
  return rate;
}

}  // namespace

OptionTable LinkOptions::Table() {
  return OptionTable()
      .Add("appearance", &appearance, "Link by appearance")
      .Add("ground", &ground, "Link by places on the ground")
      .Add("transitions", &transitions, "Learn the times between cameras from surer links")
      .Add("margin", &margin, {.low = 0},
           "Log-likelihood ratio from which two groups are one person")
      .Add("lead", &lead, {.low = 0}, "By which a link must be better than what excludes it")
      .Add("clock_search_s", &clock_search_s, {.low = 0, .high = 60},
           "How far clocks may be from what is told, s; 0: as told")
      .Add("horizon_s", &horizon_s, {.low = 0},
           "How long after the last sighting people are looked for, s; 0: for ever");
}

SiteLinkResult LinkSite(const SiteLinkInput& told, const LinkOptions& options) {
  SiteLinkResult result;
  SiteLinkInput input = told;
  const auto cameras = static_cast<int32_t>(input.cameras.size());
  result.ground =
      CalibrateGround(input.tracklets, input.cameras, options.ground ? options.clock_search_s : 0);
  if (options.ground) result.notes = result.ground.notes;
  const std::vector<std::vector<Together>> together = FindTogether(input.tracklets, result.ground);
  result.appearance = CalibrateSiteAppearance(input.tracklets, input.sums, together, cameras,
                                              input.appearance_unusable);
  if (!result.appearance.usable && options.appearance)
    result.notes.push_back(result.appearance.note);
  const std::vector<double> arrivals = ArrivalRates(input.tracklets, input.cameras.size());
  result.transitions = input.transitions ? *input.transitions : TransitionTimes(cameras, arrivals);
  std::vector<std::vector<int32_t>> people;
  const bool learn = options.transitions && !input.transitions;
  SiteLinker linker(input, options, result.appearance, result.ground, together, result.transitions);
  for (int pass = 0; pass < (learn ? kPasses : 1); ++pass) {
    people = linker.Solve();
    if (!learn) break;
    TransitionTimes times(cameras, arrivals);
    linker.LearnTransitions(people, &times);
    linker.LearnTogether(people);
    result.transitions = std::move(times);
  }
  result.person.assign(input.tracklets.size(), 0);
  for (size_t k = 0; k < people.size(); ++k) {
    for (const int32_t t : people[k])
      result.person[static_cast<size_t>(t)] = static_cast<int32_t>(k);
  }
  result.decisions = linker.Explain(people);
  result.appearance.vectors = RowMatrix();
  return result;
}

}  // namespace reidbench
