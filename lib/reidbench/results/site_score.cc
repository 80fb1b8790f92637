#include "reidbench/results/site_score.h"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

#include "reidbench/core/text.h"
#include "reidbench/core/version.h"
#include "reidbench/mot_metrics/fields.h"
#include "reidbench/mtmc_metrics/over_sites.h"
#include "reidbench/results/schemas.h"
#include "reidbench/results/score_cells.h"

namespace reidbench {
namespace {

// TrackEval's fields of one family; those over the alphas as lists.
Json FamilyJson(const MotSummary& summary, std::string_view family, bool frames) {
  Json out = Json::object();
  for (const MotField& field : MotFields()) {
    if (field.family != family || !field.in_trackeval || (field.name == "Frames" && !frames))
      continue;
    const MotValue value = field.get(summary);
    Json& entry = out[std::string(field.name)];
    if (!field.over_alphas) {
      entry = ScoreJson(field, value.value);
      continue;
    }
    entry = Json::array();
    for (const double alpha : value.alphas) entry.push_back(ScoreJson(field, alpha));
  }
  return out;
}

void AddFamilies(const MotSummary& summary, std::span<const std::string_view> families, bool frames,
                 Json* out) {
  for (const std::string_view family : families)
    (*out)[std::string(family)] = FamilyJson(summary, family, frames);
}

// 0 where nothing was predicted, as the program says it; nullopt where there is nothing at all.
std::optional<double> ShareOf(int64_t part, int64_t whole) {
  if (whole == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

void Add(const DukeScore& score, Json* out) {
  const IdentityCounts& c = score.identity;
  const int64_t gt = c.tp + c.fn, predictions = c.tp + c.fp;
  (*out)["IDTP"] = c.tp;
  (*out)["IDFP"] = c.fp;
  (*out)["IDFN"] = c.fn;
  (*out)["numGT"] = gt;
  (*out)["numPRED"] = predictions;
  (*out)["IDF1"] = OrNull(ShareOf(2 * c.tp, gt + predictions));
  (*out)["IDP"] = ShareOf(c.tp, predictions).value_or(0);
  (*out)["IDR"] = OrNull(ShareOf(c.tp, gt));
  Json& cameras = (*out)["clear_per_camera"] = Json::object();
  for (const auto& [name, clear] : score.clear_per_camera) {
    Json& camera = cameras[name];
    if (!clear) continue;
    camera["TP"] = clear->tp;
    camera["FP"] = clear->fp;
    camera["FN"] = clear->fn;
    camera["IDSW"] = clear->id_switches;
    camera["distance_sum"] = clear->distance_sum;
  }
}

void AddRatios(const AccumulatorSummary& s, Json* out) {
  (*out)["idf1"] = OrNull(s.idf1);
  (*out)["idp"] = OrNull(s.idp);
  (*out)["idr"] = OrNull(s.idr);
  (*out)["idtp"] = s.counts.id_tp;
  (*out)["idfp"] = s.counts.id_fp;
  (*out)["idfn"] = s.counts.id_fn;
  (*out)["mota"] = OrNull(s.mota);
  (*out)["motp"] = OrNull(s.motp);
  (*out)["recall"] = OrNull(s.recall);
  (*out)["precision"] = OrNull(s.precision);
  (*out)["num_false_positives"] = s.counts.false_positives;
  (*out)["num_misses"] = s.counts.misses;
  (*out)["num_switches"] = s.counts.switches;
  (*out)["num_fragmentations"] = s.counts.fragmentations;
  (*out)["num_frames"] = s.counts.frames;
}

void AddPersons(const AccumulatorSummary& s, Json* out) {
  (*out)["num_unique_objects"] = s.counts.persons;
  (*out)["mostly_tracked"] = s.counts.mostly_tracked;
  (*out)["partially_tracked"] = s.counts.partly_tracked;
  (*out)["mostly_lost"] = s.counts.mostly_lost;
}

void AddObjects(const AccumulatorSummary& s, Json* out) {
  (*out)["num_objects"] = s.counts.objects;
  (*out)["num_predictions"] = s.counts.predictions;
  (*out)["num_matches"] = s.counts.matches;
}

void Add(const AccumulatorSummary& s, Json* out) {
  AddRatios(s, out);
  AddPersons(s, out);
}

void Add(const TrackevalScore& score, Json* out) {
  MotSummary summary = Summarize(score.counts);
  for (int a = 0; score.no_match_no_location && a < kAlphas; ++a) {
    if (summary.hota.counts.tp[a] == 0) summary.hota.loc_a[a] = 0;
  }
  AddFamilies(summary, score.families, /*frames=*/true, out);
}

void Add(const DevkitClearCounts& c, Json* out) {
  (*out)["TP"] = c.tp;
  (*out)["FP"] = c.fp;
  (*out)["FN"] = c.fn;
  (*out)["IDSW"] = c.id_switches;
  (*out)["distance_sum"] = c.distance_sum;
  (*out)["MOTA"] = OrNull(c.mota());
}

// Of one camera, and averaged over all of them.
constexpr std::string_view kPerCameraFields[] = {"IDF1", "IDTP", "MOTA", "IDSW", "HOTA"};
constexpr std::string_view kAveragedFields[] = {"IDF1", "MOTA", "HOTA"};

double MeanOverCameras(const PerCameraScore& score, std::string_view field) {
  double sum = 0;
  for (const auto& [name, counts] : score.cameras)
    sum += FieldValue(Summarize(counts), field).value_or(0);
  return sum / static_cast<double>(score.cameras.size());
}

MotCounts PooledCameras(const PerCameraScore& score) {
  std::vector<MotCounts> counts;
  for (const auto& [name, camera] : score.cameras) counts.push_back(camera);
  return Combine(counts);
}

void Add(const PerCameraScore& score, Json* out) {
  Json& cameras = (*out)["cameras"] = Json::object();
  for (const auto& [name, counts] : score.cameras) {
    const MotSummary summary = Summarize(counts);
    for (const std::string_view field : kPerCameraFields)
      cameras[name][std::string(field)] =
          ScoreJson(FindMotField(field), FieldValue(summary, field));
  }
  static constexpr std::string_view kFamilies[] = {"HOTA", "CLEAR", "Identity", "Count"};
  AddFamilies(Summarize(PooledCameras(score)), kFamilies, /*frames=*/false, &(*out)["pooled"]);
  for (const std::string_view field : kAveragedFields)
    (*out)["mean"][std::string(field)] = MeanOverCameras(score, field);
}

// A part of a dialect, which says that it is in order as the whole does.
Json OkJson() { return Json{{"status", "ok"}}; }

void Add(const BevScore& score, Json* out) {
  Json& earlybird = (*out)["earlybird"] = OkJson();
  AddRatios(score.earlybird, &earlybird);
  AddObjects(score.earlybird, &earlybird);
  Json& cells = (*out)["earlybird_program_on_cells"] = OkJson();
  AddRatios(score.earlybird_on_cells, &cells);
  AddPersons(score.earlybird_on_cells, &cells);
  Add(score.trackeval, &((*out)["trackeval"] = OkJson()));
}

void Add(const AiCity3dScore& score, Json* out) {
  Add(score.all_frames, &((*out)["all_frames"] = OkJson()));
  Add(score.truth_frames, &((*out)["predictions_without_gt_frame_dropped"] = OkJson()));
}

void AddPercents(const ModaScore& score, Json* out) {
  (*out)["MODA"] = OrNull(score.moda);
  (*out)["MODP"] = OrNull(score.modp);
  (*out)["precision"] = OrNull(score.precision);
  (*out)["recall"] = OrNull(score.recall);
}

void Add(const ModaScores& scores, Json* out) {
  Json matlab = Json::object();
  matlab["frames"] = scores.matlab.frames;
  matlab["GT"] = scores.matlab.gt;
  matlab["TP"] = scores.matlab.tp;
  matlab["FP"] = scores.matlab.fp;
  matlab["FN"] = scores.matlab.fn;
  matlab["pairs_at_exactly_td"] = scores.matlab.pairs_at_reach;
  AddPercents(scores.matlab, &matlab);
  (*out)["matlab_rule"] = std::move(matlab);
  AddPercents(scores.python, &((*out)["python_port"] = OkJson()));
}

void Add(const MctaScore& score, Json* out) {
  (*out)["gt"] = score.gt;
  (*out)["results"] = score.results;
  (*out)["missing"] = score.missing;
  (*out)["falsepos"] = score.false_positives;
  (*out)["mismatch_s"] = score.mismatch_s;
  (*out)["mismatch_c"] = score.mismatch_c;
  (*out)["truepos_s"] = score.truepos_s;
  (*out)["truepos_c"] = score.truepos_c;
  (*out)["precision"] = OrNull(score.precision);
  (*out)["recall"] = OrNull(score.recall);
  (*out)["mcta"] = OrNull(score.mcta);
}

void Add(const MvmhatScore& score, Json* out) {
  (*out)["start"] = score.first_frame;
  (*out)["end"] = score.last_frame;
  (*out)["frames"] = score.frames;
  (*out)["MVIDP"] = OrNull(score.precision);
  (*out)["MVIDR"] = OrNull(score.recall);
  (*out)["MVIDF1"] = OrNull(score.f1);
  (*out)["mme"] = score.mme;
  (*out)["fp"] = score.fp;
  (*out)["missed"] = score.missed;
  (*out)["boxes"] = score.boxes;
  (*out)["MVMA"] = OrNull(score.mvma);
  (*out)["frame_pairs_where_MATLAB_is_unclear"] = score.unclear_pairs;
}

void Add(const std::monostate&, Json*) {}

// Filters that say nothing where there was nothing to remove: no program of the dialect lists them.
bool IsListed(const DialectScore& score, const Removal& removal) {
  if (removal.boxes > 0) return true;
  return StartsWith(score.name, "duke") ||
         (score.name == "aicity" && removal.filter != "camera_not_in_gt");
}

// The few numbers of one dialect that stand side by side with those of others.
struct Headline {
  std::string variant = "";  // of the dialect; empty where it has one only
  std::optional<double> idf1 = {}, idp = {}, idr = {}, hota = {}, ass_a = {}, mota = {};
  std::optional<int64_t> switches = {};
  std::string other = "";  // what no column is for
};

void Fill(const MotCounts& counts, std::span<const std::string_view> families, Headline* out) {
  const MotSummary summary = Summarize(counts);
  for (const std::string_view family : families) {
    if (family == "HOTA") {
      out->hota = FieldValue(summary, "HOTA");
      out->ass_a = FieldValue(summary, "AssA");
    } else if (family == "CLEAR") {
      out->mota = summary.clear.mota;
      out->switches = summary.clear.counts.id_switches;
    } else if (family == "Identity") {
      out->idf1 = summary.identity.f1;
      out->idp = summary.identity.precision;
      out->idr = summary.identity.recall;
    }
  }
}

Headline Of(const std::string& variant, const TrackevalScore& score) {
  Headline out{.variant = variant};
  Fill(score.counts, score.families, &out);
  return out;
}

Headline Of(const std::string& variant, const AccumulatorSummary& s) {
  return {.variant = variant,
          .idf1 = s.idf1,
          .idp = s.idp,
          .idr = s.idr,
          .mota = s.mota,
          .switches = s.counts.switches};
}

std::string PercentNumber(std::string_view name, std::optional<double> percent) {
  return fmt::format("{} {}", name, percent ? fmt::format("{:.2f}", *percent) : "n/a");
}

std::string PercentOf(std::string_view name, std::optional<double> fraction) {
  return fmt::format("{} {}", name, Percent(fraction));
}

std::vector<Headline> HeadlinesOf(const DialectScore& score) {
  std::vector<Headline> out;
  std::visit(
      [&](const auto& v) {
        using V = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<V, DukeScore>) {
          const IdentitySummary s = Summarize(v.identity);
          out.push_back({.idf1 = s.f1, .idp = s.precision, .idr = s.recall});
        } else if constexpr (std::is_same_v<V, AccumulatorSummary> ||
                             std::is_same_v<V, TrackevalScore>) {
          out.push_back(Of("", v));
        } else if constexpr (std::is_same_v<V, DevkitClearCounts>) {
          out.push_back({.mota = v.mota(), .switches = v.id_switches});
        } else if constexpr (std::is_same_v<V, PerCameraScore>) {
          static constexpr std::string_view kFamilies[] = {"HOTA", "CLEAR", "Identity"};
          Fill(PooledCameras(v), kFamilies, &out.emplace_back(Headline{.variant = "pooled"}));
          out.push_back({.variant = "mean",
                         .idf1 = MeanOverCameras(v, "IDF1"),
                         .hota = MeanOverCameras(v, "HOTA"),
                         .mota = MeanOverCameras(v, "MOTA")});
        } else if constexpr (std::is_same_v<V, BevScore>) {
          out.push_back(Of("earlybird", v.earlybird));
          out.push_back(Of("earlybird, cells", v.earlybird_on_cells));
          out.push_back(Of("trackeval", v.trackeval));
        } else if constexpr (std::is_same_v<V, AiCity3dScore>) {
          out.push_back(Of("all frames", v.all_frames));
          out.push_back(Of("frames with people", v.truth_frames));
        } else if constexpr (std::is_same_v<V, ModaScores>) {
          for (const auto& [variant, s] :
               {std::pair{"MATLAB", &v.matlab}, std::pair{"Python port", &v.python}}) {
            out.push_back(
                {.variant = variant,
                 .other = PercentNumber("MODA", s->moda) + ", " + PercentNumber("MODP", s->modp)});
          }
        } else if constexpr (std::is_same_v<V, MctaScore>) {
          out.push_back({.other = PercentOf("MCTA", v.mcta)});
        } else if constexpr (std::is_same_v<V, MvmhatScore>) {
          out.push_back({.other = PercentOf("MVIDF1", v.f1) + ", " + PercentOf("MVMA", v.mvma)});
        }
      },
      score.values);
  return out;
}

// Empty where a dialect has no such number: that is not "undefined".
std::string CellOf(std::optional<double> value) { return value ? Percent(value) : ""; }

Table HeadlineTable(const SiteScore& site) {
  Table table({{"dialect", Align::kLeft},
               {"IDF1"},
               {"IDP"},
               {"IDR"},
               {"HOTA"},
               {"AssA"},
               {"MOTA"},
               {"IDSW"},
               {"other", Align::kLeft}},
              fmt::format("{}, {} cameras: %", site.name, site.cameras.size()));
  for (const DialectScore& dialect : site.dialects) {
    if (dialect.status != DialectStatus::kOk) {
      table.AddRow({dialect.name, "", "", "", "", "", "", "",
                    dialect.status == DialectStatus::kError ? "error" : "not applicable"});
      continue;
    }
    for (const Headline& h : HeadlinesOf(dialect)) {
      table.AddRow(
          {h.variant.empty() ? dialect.name : fmt::format("{} ({})", dialect.name, h.variant),
           CellOf(h.idf1), CellOf(h.idp), CellOf(h.idr), CellOf(h.hota), CellOf(h.ass_a),
           CellOf(h.mota), h.switches ? fmt::format("{}", *h.switches) : "", h.other});
    }
  }
  return table;
}

Table RemovalTable(const SiteScore& site) {
  Table table({{"dialect", Align::kLeft}, {"filter", Align::kLeft}, {"boxes"}, {"ids"}},
              "What filters removed from the results");
  for (const DialectScore& dialect : site.dialects) {
    for (const Removal& removal : dialect.removed) {
      if (!IsListed(dialect, removal)) continue;
      table.AddRow(
          {dialect.name, removal.filter, WithThousands(removal.boxes), WithThousands(removal.ids)});
    }
  }
  return table;
}

Table IdentityTable(const SiteIdentity& identity) {
  Table table({{"camera", Align::kLeft},
               {"boxes"},
               {"IDFN"},
               {"missed"},
               {"inside"},
               {"between"},
               {"results"},
               {"IDFP"},
               {"of nobody"},
               {"inside"},
               {"between"}},
              "Identity errors: in the camera itself, or between cameras");
  const auto add = [&](const CameraErrors& camera) {
    table.AddRow({camera.camera, WithThousands(camera.truth_boxes),
                  WithThousands(camera.truth.total()), WithThousands(camera.truth.undetected),
                  WithThousands(camera.truth.inside), WithThousands(camera.truth.between),
                  WithThousands(camera.result_boxes), WithThousands(camera.results.total()),
                  WithThousands(camera.results.undetected), WithThousands(camera.results.inside),
                  WithThousands(camera.results.between)});
  };
  for (const CameraErrors& camera : identity.cameras) add(camera);
  if (identity.cameras.size() > 1) add(identity.Sum());
  return table;
}

Table PairTable(const SiteIdentity& identity) {
  Table table({{"cameras", Align::kLeft}, {"people"}, {"IDF1"}, {"apart"}, {"lost between"}},
              "Two cameras alone: %");
  for (const CameraPair& pair : identity.pairs) {
    table.AddRow({pair.first + " " + pair.second, WithThousands(pair.people), Percent(pair.idf1),
                  Percent(pair.idf1_apart), SignedPercent(pair.idf1 - pair.idf1_apart)});
  }
  return table;
}

Table AssociationTable(const AssociationSplit& split) {
  Table table({{"AssA", Align::kLeft}, {"%"}}, "Association inside and between cameras");
  table.AddRow({"site", Percent(split.whole)});
  table.AddRow({"inside cameras", Percent(split.inside)});
  table.AddRow({"between cameras", Percent(split.between)});
  return table;
}

Table PersonIntervalTable(const SiteIdentity& identity) {
  Table table({{"metric", Align::kLeft}, {"%"}, {"from"}, {"to"}},
              "Confidence intervals over people (trackeval_concat)");
  for (const MotInterval& i : identity.intervals)
    table.AddRow({i.field, Percent(i.value), Percent(i.low), Percent(i.high)});
  return table;
}

Table ExplanationTable(const Explanation& explanation) {
  Table table({{"rule alone", Align::kLeft},
               {"removes"},
               {"IDF1"},
               {"change"},
               {"MOTA"},
               {"change"},
               {"dialects", Align::kLeft}},
              "Which rule moves the number how much: %");
  table.AddRow({"plain: cameras one after the other", "", Percent(explanation.idf1), "",
                Percent(explanation.mota), "", "trackeval_concat"});
  const auto change = [](std::optional<double> value, double plain) {
    return value ? SignedPercent(*value - plain) : "";
  };
  for (const SiteRuleEffect& effect : explanation.effects) {
    table.AddRow({effect.rule, effect.removed > 0 ? WithThousands(effect.removed) : "",
                  CellOf(effect.idf1), change(effect.idf1, explanation.idf1), CellOf(effect.mota),
                  change(effect.mota, explanation.mota), effect.dialects});
  }
  return table;
}

Json ErrorsJson(const IdentityErrors& errors) {
  return {{"undetected", errors.undetected},
          {"inside_camera", errors.inside},
          {"between_cameras", errors.between}};
}

Json CameraErrorsJson(const CameraErrors& camera) {
  return {{"IDFN", ErrorsJson(camera.truth)}, {"IDFP", ErrorsJson(camera.results)}};
}

Json IdentityJson(const SiteIdentity& identity) {
  Json out = Json::object();
  out["errors"] = CameraErrorsJson(identity.Sum());
  out["errors"]["cameras"] = Json::object();
  for (const CameraErrors& camera : identity.cameras)
    out["errors"]["cameras"][camera.camera] = CameraErrorsJson(camera);
  out["AssA"] = {{"site", identity.association.whole},
                 {"inside_cameras", identity.association.inside},
                 {"between_cameras", OrNull(identity.association.between)}};
  Json& pairs = out["camera_pairs"] = Json::array();
  for (const CameraPair& pair : identity.pairs) {
    pairs.push_back({{"cameras", {pair.first, pair.second}},
                     {"people", pair.people},
                     {"IDF1", pair.idf1},
                     {"IDF1_apart", pair.idf1_apart}});
  }
  if (!identity.intervals.empty()) {
    Json& intervals = out["intervals_over_people"] = Json::object();
    for (const MotInterval& i : identity.intervals)
      intervals[i.field] = Json::array({OrNull(i.low), OrNull(i.high)});
  }
  return out;
}

Json ExplanationJson(const Explanation& explanation) {
  Json out = {{"plain", {{"IDF1", explanation.idf1}, {"MOTA", explanation.mota}}}};
  Json& rules = out["rules"] = Json::array();
  for (const SiteRuleEffect& effect : explanation.effects) {
    rules.push_back({{"rule", effect.rule},
                     {"dialects", effect.dialects},
                     {"removed", effect.removed},
                     {"IDF1", OrNull(effect.idf1)},
                     {"MOTA", OrNull(effect.mota)}});
  }
  return out;
}

void AddCsvRows(const std::string& of, const std::string& path, const Json& json,
                std::string* out) {
  if (json.is_object()) {
    for (const auto& [key, value] : json.items())
      AddCsvRows(of, path.empty() ? key : path + "." + key, value, out);
  } else if (json.is_array()) {
    double sum = 0;
    for (const Json& value : json) sum += value.is_null() ? 0 : value.get<double>();
    *out += fmt::format("{},{},{}\n", of, path, sum / static_cast<double>(json.size()));
  } else if (json.is_number_integer()) {
    *out += fmt::format("{},{},{}\n", of, path, json.get<int64_t>());
  } else if (json.is_number()) {
    *out += fmt::format("{},{},{}\n", of, path, json.get<double>());
  } else if (json.is_null()) {
    *out += fmt::format("{},{},\n", of, path);
  }
}

OverSites OverSitesOf(const std::vector<SiteScore>& sites) {
  std::vector<NamedDialects> named;
  for (const SiteScore& site : sites) named.push_back({site.name, site.dialects});
  return CombineSites(named);
}

Json OverSitesJson(const OverSites& over) {
  Json out = Json::object();
  if (over.aicity3d) {
    out["aicity2024_3d"] = {{"scenes", over.aicity3d->scenes},
                            {"HOTA", over.aicity3d->hota},
                            {"DetA", over.aicity3d->det_a},
                            {"AssA", over.aicity3d->ass_a},
                            {"LocA", over.aicity3d->loc_a}};
  }
  if (over.mvmhat) {
    out["mvmhat"] = {{"scenes", over.mvmhat->scenes},
                     {"MVIDP", over.mvmhat->precision},
                     {"MVIDR", over.mvmhat->recall},
                     {"MVIDF1", OrNull(over.mvmhat->f1)},
                     {"MVMA", OrNull(over.mvmhat->mvma)}};
  }
  if (over.duke) {
    const IdentityCounts& c = over.duke->identity;
    out["duke_pooled_over_scenes"] = {
        {"scenes", over.duke->scenes}, {"IDTP", c.tp},
        {"numGT", c.tp + c.fn},        {"numPRED", c.tp + c.fp},
        {"IDF1", Summarize(c).f1},     {"mean_of_scene_IDF1", over.duke->mean_idf1}};
  }
  return out;
}

Table OverSitesTable(const OverSites& over) {
  Table table({{"over all sites", Align::kLeft}, {"sites"}, {"%"}}, "Over all sites");
  const auto add = [&](const std::string& name, size_t sites, std::optional<double> value) {
    table.AddRow({name, fmt::format("{}", sites), Percent(value)});
  };
  if (over.duke) {
    add("duke IDF1, counts added up", over.duke->scenes, Summarize(over.duke->identity).f1);
    add("duke IDF1, mean of sites", over.duke->scenes, over.duke->mean_idf1);
  }
  if (over.aicity3d) {
    add("aicity2024_3d HOTA, mean of sites", over.aicity3d->scenes.size(), over.aicity3d->hota);
  }
  if (over.mvmhat) {
    add("mvmhat MVIDF1, of mean precision and recall", over.mvmhat->scenes, over.mvmhat->f1);
    add("mvmhat MVMA, counts added up", over.mvmhat->scenes, over.mvmhat->mvma);
  }
  return table;
}

Json SiteJson(const SiteScore& score) {
  Json site = Json::object();
  site["name"] = score.name;
  site["cameras"] = score.cameras;
  Json dialects = Json::object();
  for (const DialectScore& dialect : score.dialects) dialects[dialect.name] = DialectJson(dialect);
  site["dialects"] = std::move(dialects);
  if (score.identity) site["identity"] = IdentityJson(*score.identity);
  if (score.explanation) site["explanation"] = ExplanationJson(*score.explanation);
  return site;
}

void AddSiteTables(const SiteScore& site, TableFormat format, std::vector<std::string>* parts) {
  parts->push_back(HeadlineTable(site).Render(format));
  const Table removals = RemovalTable(site);
  if (!removals.empty()) parts->push_back(removals.Render(format));
  if (const std::optional<SiteIdentity>& identity = site.identity) {
    parts->push_back(IdentityTable(*identity).Render(format));
    if (!identity->pairs.empty()) {
      parts->push_back(PairTable(*identity).Render(format));
      parts->push_back(AssociationTable(identity->association).Render(format));
    }
    if (!identity->intervals.empty())
      parts->push_back(PersonIntervalTable(*identity).Render(format));
  }
  if (site.explanation) parts->push_back(ExplanationTable(*site.explanation).Render(format));
  std::string reasons;
  for (const DialectScore& dialect : site.dialects) {
    if (dialect.status != DialectStatus::kOk && format == TableFormat::kText)
      reasons += fmt::format("{}: {}\n", dialect.name, dialect.reason);
  }
  if (!reasons.empty()) parts->push_back(reasons);
}

}  // namespace

Json DialectJson(const DialectScore& score) {
  Json out = Json::object();
  out["status"] = score.status == DialectStatus::kOk      ? "ok"
                  : score.status == DialectStatus::kError ? "error"
                                                          : "not applicable";
  if (score.status != DialectStatus::kOk) {
    out["reason"] = score.reason;
    return out;
  }
  std::visit([&](const auto& values) { Add(values, &out); }, score.values);
  const bool always = StartsWith(score.name, "duke") || score.name == "aicity";
  Json removed = Json::object(), removed_ids = Json::object();
  for (const Removal& removal : score.removed) {
    if (!IsListed(score, removal)) continue;
    removed[removal.filter] = removal.boxes;
    removed_ids[removal.filter] = removal.ids;
  }
  if (always || !removed.empty()) {
    out["removed"] = removed;
    out["removed_ids"] = removed_ids;
  }
  return out;
}

std::string RenderSiteScoreTables(const SiteScoreResult& result, TableFormat format) {
  std::vector<std::string> parts;
  for (const SiteScore& site : result.sites) AddSiteTables(site, format, &parts);
  if (result.several) {
    const Table over = OverSitesTable(OverSitesOf(result.sites));
    if (!over.empty()) parts.push_back(over.Render(format));
  }
  return JoinText(parts, "\n");
}

std::string RenderSiteScoreCsv(const SiteScoreResult& result) {
  std::string out = "site,dialect,metric,value\n";
  for (const SiteScore& site : result.sites) {
    for (const DialectScore& dialect : site.dialects) {
      AddCsvRows(CsvName(site.name) + "," + dialect.name, "", DialectJson(dialect), &out);
    }
  }
  return out;
}

std::string RenderSiteScoreJson(const SiteScoreResult& result) {
  Json out = Json::object();
  out["schema"] = kScoreSchema;
  out["version"] = std::string(Version());
  if (result.several) {
    Json sites = Json::object();
    for (const SiteScore& site : result.sites) sites[site.name] = SiteJson(site);
    out["sites"] = std::move(sites);
    out["over_sites"] = OverSitesJson(OverSitesOf(result.sites));
  } else {
    out["site"] = SiteJson(result.sites.front());
  }
  out["warnings"] = result.warnings;
  return DumpJson(out);
}

}  // namespace reidbench
