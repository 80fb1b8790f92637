#include "reidbench/results/link.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "reidbench/core/text.h"
#include "reidbench/results/schemas.h"

namespace reidbench {
namespace {

Json LinkNumberJson(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json LinkJson(const NamedLink& link) {
  const LinkDecision& d = link.decision;
  Json json;
  json["kind"] = "link";
  json["accepted"] = d.accepted;
  json["before"] = {
      {"camera", link.camera_before}, {"track", link.track_before}, {"frame", link.frame_before}};
  json["after"] = {
      {"camera", link.camera_after}, {"track", link.track_after}, {"frame", link.frame_after}};
  json["person"] = link.person;
  json["gap_s"] = d.gap_s;
  json["log_likelihood_ratio"] = LinkNumberJson(d.log_likelihood_ratio);
  json["distance"] = OrNull(d.distance);
  json["parts"] = {{"appearance", d.appearance}, {"ground", d.ground}, {"passage", d.passage}};
  json["runner_up"] = OrNull(d.runner_up);
  json["reason"] = d.reason;
  json["right"] = OrNull(link.right);
  return json;
}

Json LinkScoreJson(const LinkScore& score) {
  return {{"IDF1", score.idf1()}, {"IDTP", score.tp}, {"IDFP", score.fp}, {"IDFN", score.fn}};
}

int64_t CountTaken(const LinkStageResult& result, bool accepted) {
  return std::count_if(result.decisions.begin(), result.decisions.end(),
                       [&](const NamedLink& d) { return d.decision.accepted == accepted; });
}

}  // namespace

std::optional<double> LinkTruthScores::Share() const {
  const double way = perfect_link.idf1() - plain.idf1();
  if (way <= 0) return std::nullopt;
  return (linked.idf1() - plain.idf1()) / way;
}

std::optional<double> LinkTruthScores::Precision() const {
  if (right + wrong == 0) return std::nullopt;
  return static_cast<double>(right) / static_cast<double>(right + wrong);
}

std::string RenderLinkTables(const LinkStageResult& result, TableFormat format) {
  std::string text;
  if (format == TableFormat::kText) {
    text = fmt::format(
        "{}: {} tracklets of {} cameras are {} people ({}: {} links taken, {} "
        "refused)\n\n",
        result.site, WithThousands(result.tracklets), result.cameras.size(),
        WithThousands(result.people), result.method, WithThousands(CountTaken(result, true)),
        WithThousands(CountTaken(result, false)));
  }
  Table table({{"camera", Align::kLeft},
               {"boxes"},
               {"tracks"},
               {"tracklets"},
               {"people"},
               {"own links"},
               {"splits"},
               {"swaps"}});
  const auto count = [&](int64_t n) {
    return format == TableFormat::kCsv ? fmt::format("{}", n) : WithThousands(n);
  };
  for (const LinkedCamera& c : result.cameras) {
    table.AddRow({c.name, count(c.boxes), count(c.tracks), count(c.tracklets), count(c.people),
                  count(c.own_links), count(c.own_splits), count(c.own_swaps)});
  }
  text += table.Render(format);
  Table times({{"from", Align::kLeft}, {"to", Align::kLeft}, {"transitions"}, {"median s"}});
  bool any = false;
  for (int32_t a = 0; a < result.transitions.cameras(); ++a) {
    for (int32_t b = 0; b < result.transitions.cameras(); ++b) {
      const int64_t seen = result.transitions.Seen(a, b);
      if (seen == 0) continue;
      any = true;
      times.AddRow({result.cameras[static_cast<size_t>(a)].name,
                    result.cameras[static_cast<size_t>(b)].name, count(seen),
                    Number(result.transitions.Median_s(a, b), 1)});
    }
  }
  if (any) text += "\n" + times.Render(format);
  if (!result.truth) return text;
  const LinkTruthScores& truth = *result.truth;
  Table scores({{"identities (duke)", Align::kLeft}, {"IDF1"}, {"IDTP"}, {"IDFP"}, {"IDFN"}});
  const auto row = [&](const std::string& name, const LinkScore& s) {
    scores.AddRow({name, Percent(s.idf1(), 2), count(s.tp), count(s.fp), count(s.fn)});
  };
  row("plain tracks", truth.plain);
  row("linked", truth.linked);
  row("perfect links", truth.perfect_link);
  row("perfect splits and links", truth.perfect);
  text += "\n" + scores.Render(format);
  if (format == TableFormat::kText) {
    text += fmt::format("\nlinks taken: {} right, {} wrong, {} of nobody", truth.right, truth.wrong,
                        truth.neutral);
    if (truth.Precision()) text += fmt::format("; precision {:.1f} %", 100 * *truth.Precision());
    if (truth.Share())
      text += fmt::format("; {:.1f} % of the way to perfect links", 100 * *truth.Share());
    text += "\n";
  }
  return text;
}

std::string RenderLinkCsv(const LinkStageResult& result) {
  std::string text =
      "accepted,camera_before,track_before,frame_before,camera_after,track_after,frame_after,"
      "person,"
      "gap_s,log_likelihood_ratio,distance,appearance,ground,passage,runner_up,reason,right\n";
  const auto number = [](const std::optional<double>& v) {
    return v && std::isfinite(*v) ? fmt::format("{:.4f}", *v) : std::string();
  };
  for (const NamedLink& link : result.decisions) {
    const LinkDecision& d = link.decision;
    text += fmt::format("{},{},{},{},{},{},{},{},{:.3f},{},{},{:.4f},{:.4f},{:.4f},{},{},{}\n",
                        d.accepted ? 1 : 0, link.camera_before, link.track_before,
                        link.frame_before, link.camera_after, link.track_after, link.frame_after,
                        link.person, d.gap_s, number(d.log_likelihood_ratio), number(d.distance),
                        d.appearance, d.ground, d.passage, number(d.runner_up), d.reason,
                        link.right ? (*link.right ? "1" : "0") : "");
  }
  return text;
}

std::string RenderLinkJson(const LinkStageResult& result, bool seconds) {
  Json json;
  json["schema"] = kLinkSchema;
  json["method"] = result.method;
  json["site"] = result.site;
  json["tracklets"] = result.tracklets;
  json["people"] = result.people;
  json["cameras"] = Json::array();
  for (const LinkedCamera& c : result.cameras) {
    json["cameras"].push_back(
        {{"name", c.name},
         {"boxes", c.boxes},
         {"tracks", c.tracks},
         {"tracklets", c.tracklets},
         {"people", c.people},
         {"boxes_without_embedding", c.boxes_without_embedding},
         {"own", {{"splits", c.own_splits}, {"swaps", c.own_swaps}, {"links", c.own_links}}}});
  }
  const SiteAppearance& looks = result.appearance;
  json["appearance"] = {{"usable", looks.usable},       {"separation", looks.separation},
                        {"same_mean", looks.same_mean}, {"other_mean", looks.other_mean},
                        {"pairs", looks.pairs},         {"known", looks.known}};
  json["ground"] = Json::array();
  for (const GroundAgreement& pair : result.ground.pairs) {
    if (!pair.shared) continue;
    json["ground"].push_back({{"cameras",
                               {result.cameras[static_cast<size_t>(pair.first)].name,
                                result.cameras[static_cast<size_t>(pair.second)].name}},
                              {"usable", pair.usable},
                              {"clock_shift_s", pair.clock_shift_s},
                              {"agreement", pair.agreement},
                              {"by_chance", pair.by_chance},
                              {"median_m", pair.median_m},
                              {"scale", pair.scale}});
  }
  json["decisions"] = Json::array();
  for (const NamedLink& link : result.decisions) json["decisions"].push_back(LinkJson(link));
  if (result.truth) {
    const LinkTruthScores& truth = *result.truth;
    json["truth"] = {{"plain", LinkScoreJson(truth.plain)},
                     {"linked", LinkScoreJson(truth.linked)},
                     {"perfect_links", LinkScoreJson(truth.perfect_link)},
                     {"perfect_splits_and_links", LinkScoreJson(truth.perfect)},
                     {"right", truth.right},
                     {"wrong", truth.wrong},
                     {"neutral", truth.neutral},
                     {"precision", OrNull(truth.Precision())},
                     {"share_of_possible", OrNull(truth.Share())}};
  }
  if (seconds) {
    json["seconds"] = {{"read", result.read_seconds},
                       {"describe", result.describe_seconds},
                       {"link", result.link_seconds}};
  }
  json["notes"] = result.notes;
  json["warnings"] = result.warnings;
  return DumpJson(json);
}

std::string RenderTransitions(const TransitionTimes& times,
                              const std::vector<std::string>& cameras) {
  Json json;
  json["schema"] = kTransitionsSchema;
  json["cameras"] = cameras;
  json["edges_s"] = Json::array();
  for (const double edge : TransitionTimes::Edges_s()) json["edges_s"].push_back(edge);
  json["transitions"] = Json::array();
  for (int32_t a = 0; a < times.cameras(); ++a) {
    for (int32_t b = 0; b < times.cameras(); ++b) {
      if (times.Seen(a, b) == 0) continue;
      json["transitions"].push_back({{"from", cameras[static_cast<size_t>(a)]},
                                     {"to", cameras[static_cast<size_t>(b)]},
                                     {"counts", times.counts(a, b)}});
    }
  }
  return DumpJson(json);
}

void ReadTransitions(const std::filesystem::path& file, const std::vector<std::string>& cameras,
                     TransitionTimes* times) {
  const std::string place = file.string();
  const Json json = ReadJson(file);
  RequireSchema(json, kTransitionsSchema, "reidbench link", place);
  const JsonReader reader(json, place);
  const std::vector<JsonReader> edges = reader.At("edges_s").Items();
  const auto known = TransitionTimes::Edges_s();
  bool same = edges.size() == known.size();
  for (size_t k = 0; same && k < known.size(); ++k) same = edges[k].Number() == known[k];
  if (!same) {
    ThrowInput("{}: edges_s: expected the {} edges of this version, found {} others", place,
               known.size(), edges.size());
  }
  const auto index = [&](const std::string& name) {
    const auto at = std::find(cameras.begin(), cameras.end(), name);
    return at == cameras.end() ? -1 : static_cast<int32_t>(at - cameras.begin());
  };
  for (const JsonReader& entry : reader.At("transitions").Items()) {
    const int32_t from = index(entry.At("from").Text());
    const int32_t to = index(entry.At("to").Text());
    std::vector<double> counts;
    for (const JsonReader& count : entry.At("counts").Items()) counts.push_back(count.Number(0));
    if (counts.size() != known.size()) {
      ThrowInput("{}: counts: expected {} numbers, found {}", place, known.size(), counts.size());
    }
    if (from >= 0 && to >= 0) times->SetCounts(from, to, std::move(counts));
  }
}

}  // namespace reidbench
