#include "reidbench/results/rank.h"

#include <fmt/core.h>

#include <algorithm>

#include "reidbench/core/text.h"
#include "reidbench/core/version.h"
#include "reidbench/results/schemas.h"

namespace reidbench {
namespace {

constexpr int kListedRanks[] = {1, 5, 10, 20};

// As the shortest decimal that reads back as the same float, not as its long double expansion.
Json DistanceJson(std::optional<float> value) {
  return value ? Json(*ParseDouble(fmt::format("{}", *value))) : Json(nullptr);
}
Json IntervalJson(const std::optional<ConfidenceInterval>& interval) {
  return interval ? Json::array({interval->low, interval->high}) : Json(nullptr);
}

std::string IntervalText(const std::optional<ConfidenceInterval>& interval) {
  return interval ? fmt::format("{} .. {}", Percent(interval->low), Percent(interval->high))
                  : "n/a";
}

const char* StatusName(QueryStatus status) {
  switch (status) {
    case QueryStatus::kValid:
      return "valid";
    case QueryStatus::kNoPositive:
      return "no_positive";
    case QueryStatus::kSameCameraOnly:
      return "same_camera_only";
  }
  return "valid";
}

// RankDialects in the order of the issue tracker's favourites; the names are keys of the JSON too.
struct Dialect {
  const char* key;
  const char* title;
  const VariantScore* score;
};
std::vector<Dialect> RankDialects(const RankingResult& ranking) {
  return {{"trapezoid", "official Market-1501 code (trapezoid AP)", &ranking.trapezoid},
          {"layumi", "layumi (trapezoid AP, divides by all queries)", &ranking.layumi},
          {"sklearn", "open-reid with scikit-learn >= 0.19 (ties grouped)",
           &ranking.sklearn_ties_grouped},
          {"map_at_r", "pytorch-metric-learning (MAP@R)", &ranking.map_at_r},
          {"oml_map_at_k", "open-metric-learning (map@5)", &ranking.oml_map_at_k}};
}

std::string Heading(const RankStageResult& result) {
  const FeatureProvenance& made = result.provenance;
  const RankingResult& ranking = result.ranking;
  std::string text = JoinText(result.files, ", ");
  if (!made.architecture.empty())
    text += fmt::format(": {} on {}", made.architecture, made.dataset);
  text += fmt::format("\nprotocol {}, {} distance", ProtocolName(result.options.protocol),
                      MetricName(result.options.metric));
  if (!result.options.camera_rule) text += ", camera rule off";
  if (result.expansion) {
    text += fmt::format(", query expansion k={} alpha={}", result.expansion->neighbors,
                        result.expansion->alpha);
  }
  if (result.rerank) {
    const RerankOptions& rerank = result.rerank->options;
    text += fmt::format(", re-ranked ({}, k1={} k2={} lambda={})",
                        RerankDialectName(rerank.dialect), rerank.k1, rerank.k2, rerank.lambda);
  }
  return text + fmt::format("\n{} queries ({} valid), {} gallery images ({} distractors)\n",
                            WithThousands(ranking.num_queries), WithThousands(ranking.num_valid),
                            WithThousands(ranking.num_gallery),
                            WithThousands(ranking.num_distractors));
}

Table DialectTable(const RankStageResult& result) {
  Table table({{"rule of", Align::kLeft}, {"mAP %"}, {"rank-1 %"}},
              "The same ranking, scored as other programs do");
  table.AddRow({"torchreid, fast-reid (step AP): the rows above", Percent(result.ranking.mean_ap),
                Percent(result.Cmc(1))});
  for (const Dialect& dialect : RankDialects(result.ranking)) {
    table.AddRow({dialect.title, Percent(dialect.score->mean_ap), Percent(dialect.score->rank1)});
  }
  return table;
}

Table VerificationTable(const VerificationResult& verification) {
  Table table({{"verification", Align::kLeft},
               {"accepted genuine %"},
               {"accepted impostors %"},
               {"distance <="}},
              fmt::format("Same person? {} genuine and {} impostor pairs",
                          WithThousands(verification.num_genuine),
                          WithThousands(verification.num_impostor)));
  const auto threshold = [](std::optional<float> t) {
    return t ? fmt::format("{:.6g}", *t) : std::string("n/a");
  };
  for (size_t i = 0; i < verification.fpr_levels.size(); ++i) {
    const auto& point = verification.tpr_at_fpr[i];
    const std::string name =
        fmt::format("at most {:g} % impostors", verification.fpr_levels[i] * 100);
    if (point) {
      table.AddRow(
          {name, Percent(point->tpr), Percent(point->fpr, 4), threshold(point->threshold)});
    } else {
      table.AddRow({name, "n/a", "n/a", "too few pairs"});
    }
  }
  std::optional<double> accepted;
  if (verification.eer) accepted = 1 - *verification.eer;
  table.AddRow({"equal error rate", Percent(accepted), Percent(verification.eer),
                threshold(verification.eer_threshold)});
  if (verification.recommended) {
    const OperatingPoint& point = *verification.recommended;
    table.AddRow({"recommended threshold", Percent(point.tpr), Percent(point.fpr, 4),
                  threshold(point.threshold)});
  }
  return table;
}

Table EffectTable(const std::vector<RuleEffect>& effects) {
  Table table({{"choice", Align::kLeft},
               {"used by", Align::kLeft},
               {"mAP %"},
               {"change"},
               {"rank-1 %"},
               {"change"}},
              "How much each choice moves the number");
  for (const RuleEffect& effect : effects) {
    table.AddRow({effect.rule, effect.used_by, Percent(effect.score.mean_ap),
                  SignedPercent(effect.mean_ap_change), Percent(effect.score.rank1),
                  SignedPercent(effect.rank1_change)});
  }
  return table;
}

Table CameraPairTable(const RankingResult& ranking) {
  Table table({{"query camera"}, {"gallery camera"}, {"queries"}, {"mAP %"}, {"rank-1 %"}},
              "Per camera pair");
  for (const CameraPairScore& pair : ranking.camera_pairs) {
    table.AddRow({fmt::format("{}", pair.query_camera.value),
                  fmt::format("{}", pair.gallery_camera.value), WithThousands(pair.num_queries),
                  Percent(pair.mean_ap), Percent(pair.rank1)});
  }
  return table;
}

// One row a method, as in papers.
Table PaperTable(const RankStageResult& result) {
  Table table({{"features", Align::kLeft},
               {"mAP", Align::kRight, Better::kHigher},
               {"rank-1", Align::kRight, Better::kHigher}},
              "One row a method, %");
  const auto add = [&](const std::string& name, std::optional<double> map,
                       std::optional<double> rank1) {
    table.AddRow({name, Percent(map), Percent(rank1)});
  };
  const std::string own = JoinText(result.files, ", ");
  if (result.rerank)
    add(own + ", before re-ranking", result.rerank->mean_ap_before, result.rerank->rank1_before);
  add(own, result.ranking.mean_ap, result.Cmc(1));
  if (result.versus)
    add(*result.versus_file, result.versus->mean_ap.mean_b, result.versus->rank1.mean_b);
  return table;
}

Table VersusTable(const RankStageResult& result) {
  Table table({{"metric", Align::kLeft}, {"A %"}, {"B %"}, {"B - A"}, {"95 % interval"}, {"p"}},
              fmt::format("A = {}, B = {}: paired by query, persons resampled",
                          result.files.front(), *result.versus_file));
  const auto add = [&](const char* name, const PairedDifference& d) {
    table.AddRow({name, Percent(d.mean_a), Percent(d.mean_b), SignedPercent(d.difference),
                  IntervalText(d.interval), Number(d.p_value)});
  };
  add("mAP", result.versus->mean_ap);
  add("rank-1", result.versus->rank1);
  return table;
}

Json VariantScoreJson(const VariantScore& score) {
  return {{"mAP", OrNull(score.mean_ap)},
          {"rank1", OrNull(score.rank1)},
          {"num_queries", score.num_queries}};
}

Json VerificationJson(const std::optional<VerificationResult>& verification) {
  if (!verification) return nullptr;
  const auto point_json = [](const std::optional<OperatingPoint>& point) -> Json {
    if (!point) return nullptr;
    return {{"max_fpr", point->max_fpr},
            {"tpr", point->tpr},
            {"fpr", point->fpr},
            {"threshold", DistanceJson(point->threshold)}};
  };
  Json tpr_at_fpr = Json::object();
  for (size_t i = 0; i < verification->fpr_levels.size(); ++i) {
    tpr_at_fpr[fmt::format("{:g}", verification->fpr_levels[i])] =
        point_json(verification->tpr_at_fpr[i]);
  }
  Json roc = Json::array();
  for (const RocPoint& point : verification->roc) {
    roc.push_back({{"fpr", point.fpr},
                   {"tpr", point.tpr},
                   {"threshold", DistanceJson(std::optional(point.threshold))}});
  }
  return {{"num_genuine", verification->num_genuine},
          {"num_impostor", verification->num_impostor},
          {"tpr_at_fpr", tpr_at_fpr},
          {"eer", OrNull(verification->eer)},
          {"eer_threshold", DistanceJson(verification->eer_threshold)},
          {"d_prime", OrNull(verification->d_prime)},
          {"recommended", point_json(verification->recommended)},
          {"roc", roc}};
}

Json PairedJson(const PairedDifference& difference) {
  return {{"a", difference.mean_a},
          {"b", difference.mean_b},
          {"difference", difference.difference},
          {"ci95", IntervalJson(difference.interval)},
          {"p_value", OrNull(difference.p_value)},
          {"num_queries", difference.num_queries},
          {"num_persons", difference.num_persons}};
}

Json ProvenanceJson(const RankStageResult& result) {
  const FeatureProvenance& made = result.provenance;
  return {{"files", result.files},
          {"weights_file", made.weights_file},
          {"weights_sha256", made.weights_sha256},
          {"architecture", made.architecture},
          {"preprocessing", made.preprocessing},
          {"engine", made.engine},
          {"precision", made.precision},
          {"normalized", made.normalized},
          {"dataset", made.dataset},
          {"dataset_fingerprint", made.dataset_fingerprint},
          {"extracted_by", made.reidbench_version},
          {"reidbench_version", Version()},
          {"bootstrap_seed", result.options.bootstrap.seed},
          {"bootstrap_resamples", result.options.bootstrap.resamples},
          {"skipped_corrupt", result.skipped}};
}

Json RerankJson(const RankStageResult& result) {
  if (!result.rerank) return nullptr;
  const RerankOptions& rerank = result.rerank->options;
  return {{"dialect", RerankDialectName(rerank.dialect)},
          {"k1", rerank.k1},
          {"k2", rerank.k2},
          {"lambda", rerank.lambda},
          {"before",
           {{"mAP", OrNull(result.rerank->mean_ap_before)},
            {"rank1", OrNull(result.rerank->rank1_before)}}}};
}

Json ExpectationJson(const RankStageResult& result) {
  if (!result.expectation_outcome) return nullptr;
  Json rows = Json::array();
  for (const ExpectationRow& row : result.expectation_outcome->rows) {
    rows.push_back({{"metric", row.expected.name},
                    {"expected_percent", row.expected.percent},
                    {"measured_percent", OrNull(row.measured_percent)},
                    {"difference", OrNull(row.difference)},
                    {"tolerance", row.expected.tolerance},
                    {"within", row.within}});
  }
  return {{"file", result.expectation->file},
          {"source", result.expectation->source},
          {"passed", result.expectation_outcome->passed},
          {"rows", rows}};
}

}  // namespace

std::optional<double> RankStageResult::Cmc(int k) const {
  if (ranking.cmc.empty() || k < 1) return std::nullopt;
  return ranking.cmc[std::min(static_cast<size_t>(k), ranking.cmc.size()) - 1];
}

Table RankScoresTable(const RankStageResult& result) {
  const RankingResult& ranking = result.ranking;
  Table table({{"metric", Align::kLeft}, {"%"}, {"95 % interval"}});
  table.AddRow({"mAP", Percent(ranking.mean_ap), IntervalText(ranking.mean_ap_interval)});
  for (int k : kListedRanks) {
    table.AddRow({fmt::format("rank-{}", k), Percent(result.Cmc(k)),
                  k == 1 ? IntervalText(ranking.rank1_interval) : ""});
  }
  table.AddRow({"mINP", Percent(ranking.mean_inp), IntervalText(ranking.mean_inp_interval)});
  if (result.rerank) {
    table.AddRow({"mAP before re-ranking", Percent(result.rerank->mean_ap_before), ""});
    table.AddRow({"rank-1 before re-ranking", Percent(result.rerank->rank1_before), ""});
  }
  if (ranking.num_tied_positives > 0) {
    const auto bounds = [](std::optional<double> low, std::optional<double> high) {
      return fmt::format("{} .. {}", Percent(low), Percent(high));
    };
    table.AddRow(
        {"mAP, ties against .. for", "", bounds(ranking.mean_ap_worst, ranking.mean_ap_best)});
    table.AddRow(
        {"rank-1, ties against .. for", "", bounds(ranking.rank1_worst, ranking.rank1_best)});
  }
  return table;
}

Table ExpectationTable(const RankStageResult& result) {
  const Expectation& expectation = *result.expectation;
  Table table({{"metric", Align::kLeft},
               {"published %"},
               {"measured %"},
               {"difference"},
               {"tolerance"},
               {"", Align::kLeft}},
              fmt::format("{}\n({})", expectation.question, expectation.source));
  for (const ExpectationRow& row : result.expectation_outcome->rows) {
    table.AddRow({row.expected.name, Number(row.expected.percent, 2),
                  Number(row.measured_percent, 2),
                  row.difference ? fmt::format("{:+.2f}", *row.difference) : "n/a",
                  fmt::format("{:.2f}", row.expected.tolerance), row.within ? "ok" : "OUTSIDE"});
  }
  return table;
}

std::string RenderRankTables(const RankStageResult& result, TableFormat format,
                             bool with_camera_pairs) {
  std::vector<std::string> blocks;
  const auto add = [&](const Table& table) { blocks.push_back(table.Render(format)); };
  if (format == TableFormat::kText) blocks.push_back(Heading(result));
  add(RankScoresTable(result));
  add(DialectTable(result));
  if (result.ranking.verification) add(VerificationTable(*result.ranking.verification));
  if (!result.effects.empty()) add(EffectTable(result.effects));
  if (with_camera_pairs && !result.ranking.camera_pairs.empty())
    add(CameraPairTable(result.ranking));
  if (result.versus) add(VersusTable(result));
  if (format == TableFormat::kMarkdown || format == TableFormat::kLatex) add(PaperTable(result));
  if (result.expectation_outcome) add(ExpectationTable(result));
  return JoinText(blocks, "\n");
}

std::string RenderRankCsv(const RankStageResult& result) {
  const RankingResult& ranking = result.ranking;
  Table table({{"metric"}, {"value"}, {"ci95_low"}, {"ci95_high"}});
  const auto add = [&](const std::string& name, std::optional<double> value,
                       const std::optional<ConfidenceInterval>& interval = std::nullopt) {
    const auto cell = [](std::optional<double> v) {
      return v ? fmt::format("{}", *v) : std::string();
    };
    table.AddRow({name, cell(value), interval ? cell(interval->low) : "",
                  interval ? cell(interval->high) : ""});
  };
  add("mAP", ranking.mean_ap, ranking.mean_ap_interval);
  add("mINP", ranking.mean_inp, ranking.mean_inp_interval);
  for (int k : kListedRanks)
    add(fmt::format("rank{}", k), result.Cmc(k), k == 1 ? ranking.rank1_interval : std::nullopt);
  for (const Dialect& dialect : RankDialects(ranking))
    add(fmt::format("{}.mAP", dialect.key), dialect.score->mean_ap);
  if (ranking.verification) {
    for (size_t i = 0; i < ranking.verification->fpr_levels.size(); ++i) {
      const auto& point = ranking.verification->tpr_at_fpr[i];
      add(fmt::format("tpr_at_fpr_{:g}", ranking.verification->fpr_levels[i]),
          point ? std::optional(point->tpr) : std::nullopt);
    }
    add("eer", ranking.verification->eer);
  }
  for (const CameraPairScore& pair : ranking.camera_pairs) {
    const std::string name =
        fmt::format("camera_pair_{}_{}", pair.query_camera.value, pair.gallery_camera.value);
    add(name + ".mAP", pair.mean_ap);
    add(name + ".rank1", pair.rank1);
  }
  if (result.versus) {
    add("versus.mAP_difference", result.versus->mean_ap.difference,
        result.versus->mean_ap.interval);
    add("versus.rank1_difference", result.versus->rank1.difference, result.versus->rank1.interval);
  }
  return table.Render(TableFormat::kCsv);
}

std::string RenderRankJson(const RankStageResult& result) {
  const RankingResult& ranking = result.ranking;
  Json cmc = Json::array();
  for (int k = 1; k <= result.options.max_rank; ++k) cmc.push_back(OrNull(result.Cmc(k)));
  Json rank = Json::object();
  for (int k : kListedRanks) rank[fmt::format("{}", k)] = OrNull(result.Cmc(k));
  Json dialects = {{"step", OrNull(ranking.mean_ap)},
                   {"trapezoid", OrNull(ranking.trapezoid.mean_ap)}};
  for (const Dialect& dialect : RankDialects(ranking)) {
    if (std::string_view(dialect.key) != "trapezoid")
      dialects[dialect.key] = OrNull(dialect.score->mean_ap);
  }
  Json effects = Json::array();
  for (const RuleEffect& effect : result.effects) {
    effects.push_back({{"rule", effect.rule},
                       {"used_by", effect.used_by},
                       {"score", VariantScoreJson(effect.score)},
                       {"mAP_change", OrNull(effect.mean_ap_change)},
                       {"rank1_change", OrNull(effect.rank1_change)}});
  }
  Json pairs = Json::array();
  for (const CameraPairScore& pair : ranking.camera_pairs) {
    pairs.push_back({{"query_camera", pair.query_camera.value},
                     {"gallery_camera", pair.gallery_camera.value},
                     {"num_queries", pair.num_queries},
                     {"mAP", OrNull(pair.mean_ap)},
                     {"rank1", OrNull(pair.rank1)}});
  }
  Json json = {
      {"schema", kRankSchema},
      {"protocol", ProtocolName(result.options.protocol)},
      {"metric", MetricName(result.options.metric)},
      {"camera_rule", result.options.camera_rule},
      {"num_queries", ranking.num_queries},
      {"num_valid_queries", ranking.num_valid},
      {"num_gallery", ranking.num_gallery},
      {"num_distractors", ranking.num_distractors},
      {"num_own_pictures_left_out", ranking.num_own_pictures},
      {"num_queries_without_match", ranking.num_no_positive},
      {"num_queries_with_same_camera_matches_only", ranking.num_same_camera_only},
      {"mAP", OrNull(ranking.mean_ap)},
      {"mINP", OrNull(ranking.mean_inp)},
      {"cmc", cmc},
      {"rank", rank},
      {"ci95",
       {{"mAP", IntervalJson(ranking.mean_ap_interval)},
        {"rank1", IntervalJson(ranking.rank1_interval)},
        {"mINP", IntervalJson(ranking.mean_inp_interval)}}},
      {"ties",
       {{"num_tied_positives", ranking.num_tied_positives},
        {"mAP", Json::array({OrNull(ranking.mean_ap_worst), OrNull(ranking.mean_ap_best)})},
        {"rank1", Json::array({OrNull(ranking.rank1_worst), OrNull(ranking.rank1_best)})}}},
      {"dialects", dialects},
      {"explain", effects},
      {"camera_pairs", pairs},
      {"verification", VerificationJson(ranking.verification)},
      {"reranking", RerankJson(result)},
      {"versus", nullptr},
      {"expectation", ExpectationJson(result)},
      {"provenance", ProvenanceJson(result)}};
  if (result.versus) {
    json["versus"] = {{"file", *result.versus_file},
                      {"mAP", PairedJson(result.versus->mean_ap)},
                      {"rank1", PairedJson(result.versus->rank1)}};
  }
  json["warnings"] = result.notes;
  return DumpJson(json);
}

RankStageResult RankFromJson(const Json& json, const std::string& place) {
  RequireSchema(json, kRankSchema, "reidbench rank --format json", place);
  const JsonReader root(json, place);
  RankStageResult result;
  RankingResult& ranking = result.ranking;
  ranking.num_queries = root.At("num_queries").Integer(0);
  ranking.num_valid = root.At("num_valid_queries").Integer(0);
  ranking.num_gallery = root.At("num_gallery").Integer(0);
  ranking.mean_ap = root.At("mAP").OptionalNumber();
  ranking.mean_inp = root.At("mINP").OptionalNumber();
  for (const JsonReader& value : root.At("cmc").Items()) {
    if (const std::optional<double> rate = value.OptionalNumber()) ranking.cmc.push_back(*rate);
  }
  result.options.max_rank = static_cast<int>(root.At("cmc").Items().size());
  const auto interval = [&](const char* name) -> std::optional<ConfidenceInterval> {
    const std::optional<JsonReader> ends = root.At("ci95").Find(name);
    if (!ends || ends->Items().size() != 2) return std::nullopt;
    return ConfidenceInterval{ends->Items()[0].Number(), ends->Items()[1].Number()};
  };
  ranking.mean_ap_interval = interval("mAP");
  ranking.rank1_interval = interval("rank1");
  ranking.mean_inp_interval = interval("mINP");
  const JsonReader ties = root.At("ties");
  ranking.num_tied_positives = ties.At("num_tied_positives").Integer(0);
  const auto tied = [&](const char* name, std::optional<double>* worst,
                        std::optional<double>* best) {
    const std::vector<JsonReader> ends = ties.At(name).Items();
    if (ends.size() != 2) return;
    *worst = ends[0].OptionalNumber();
    *best = ends[1].OptionalNumber();
  };
  tied("mAP", &ranking.mean_ap_worst, &ranking.mean_ap_best);
  tied("rank1", &ranking.rank1_worst, &ranking.rank1_best);
  if (const auto reranking = root.Find("reranking")) {
    const JsonReader before = reranking->At("before");
    result.rerank = RerankOutcome{.options = {},
                                  .mean_ap_before = before.At("mAP").OptionalNumber(),
                                  .rank1_before = before.At("rank1").OptionalNumber()};
  }
  if (const auto expectation = root.Find("expectation")) {
    result.expectation.emplace();
    result.expectation->source = expectation->At("source").Text();
    ExpectationOutcome& outcome = result.expectation_outcome.emplace();
    outcome.passed = expectation->At("passed").Flag();
    for (const JsonReader& row : expectation->At("rows").Items()) {
      outcome.rows.push_back({.expected = {.name = row.At("metric").Text(),
                                           .percent = row.At("expected_percent").Number(),
                                           .tolerance = row.At("tolerance").Number()},
                              .measured_percent = row.At("measured_percent").OptionalNumber(),
                              .difference = row.At("difference").OptionalNumber(),
                              .within = row.At("within").Flag()});
    }
  }
  result.notes = WarningsOf(json);
  return result;
}

std::string RenderPerQuery(const RankStageResult& result, bool json) {
  const int top_k = result.options.top_k;
  if (json) {
    Json queries = Json::array();
    for (size_t q = 0; q < result.ranking.queries.size(); ++q) {
      const QueryResult& query = result.ranking.queries[q];
      const bool valid = query.status == QueryStatus::kValid;
      Json top = Json::array();
      for (const RankedImage& image : query.top) {
        const auto row = static_cast<size_t>(image.gallery_row);
        top.push_back({{"path", result.gallery.path[row]},
                       {"distance", DistanceJson(std::optional(image.distance))},
                       {"same_person", result.gallery.person[row] == result.query.person[q]}});
      }
      queries.push_back({{"path", result.query.path[q]},
                         {"person_id", result.query.person[q].value},
                         {"camera_id", result.query.camera[q].value},
                         {"status", StatusName(query.status)},
                         {"num_positives", query.num_positives},
                         {"ap", valid ? Json(query.average_precision) : Json(nullptr)},
                         {"first_match_rank", valid ? Json(query.first_match_rank) : Json(nullptr)},
                         {"top", top}});
    }
    return DumpJson({{"schema", kPerQuerySchema}, {"queries", queries}});
  }
  std::vector<Table::Column> columns = {{"query"},           {"person_id"},     {"camera_id"},
                                        {"status"},          {"num_positives"}, {"ap"},
                                        {"first_match_rank"}};
  for (int k = 1; k <= top_k; ++k) {
    columns.push_back({fmt::format("top{}_path", k)});
    columns.push_back({fmt::format("top{}_distance", k)});
    columns.push_back({fmt::format("top{}_same_person", k)});
  }
  Table table(columns);
  for (size_t q = 0; q < result.ranking.queries.size(); ++q) {
    const QueryResult& query = result.ranking.queries[q];
    const bool valid = query.status == QueryStatus::kValid;
    std::vector<std::string> cells = {result.query.path[q],
                                      fmt::format("{}", result.query.person[q].value),
                                      fmt::format("{}", result.query.camera[q].value),
                                      StatusName(query.status),
                                      fmt::format("{}", query.num_positives),
                                      valid ? fmt::format("{}", query.average_precision) : "",
                                      valid ? fmt::format("{}", query.first_match_rank) : ""};
    for (const RankedImage& image : query.top) {
      const auto row = static_cast<size_t>(image.gallery_row);
      cells.push_back(result.gallery.path[row]);
      cells.push_back(fmt::format("{}", image.distance));
      cells.push_back(result.gallery.person[row] == result.query.person[q] ? "1" : "0");
    }
    cells.resize(columns.size());
    table.AddRow(std::move(cells));
  }
  return table.Render(TableFormat::kCsv);
}

Figure CmcFigure(const RankStageResult& result) {
  FigureSeries curve{.name = {}, .points = {}, .markers = true};
  for (int k = 1; k <= std::min(20, result.options.max_rank); ++k) {
    if (const std::optional<double> value = result.Cmc(k))
      curve.points.emplace_back(k, 100 * *value);
  }
  return {.title = {},
          .x_title = "rank",
          .y_title = "matching rate (%)",
          .log_x = false,
          .series = {std::move(curve)}};
}

}  // namespace reidbench
