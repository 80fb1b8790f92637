// reidbench rank: embeddings -> mAP, CMC, mINP, verification, confidence intervals.
#include "reidbench/jobs/rank/rank.h"

#include "reidbench/cli/command.h"
#include "reidbench/cli/render.h"
#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/text.h"
#include "reidbench/reporting/figure.h"
#include "reidbench/results/rank.h"
#include "reidbench/results/rank_page.h"

namespace {

using namespace reidbench;

Split SplitOption(const std::string& flag, const std::string& name) {
  const auto split = ParseSplit(name);
  if (!split)
    ThrowUsage("{}: unknown split '{}'; known: train, val, query, gallery, none", flag, name);
  return *split;
}

}  // namespace

int main(int argc, char** argv) {
  RankStageOptions options;
  options.ranking.bootstrap.resamples = 1000;
  std::string metric = "euclidean";
  std::string protocol = "market1501";
  std::string query_split = "query";
  std::string gallery_split = "gallery";
  std::string rerank = "none";
  std::filesystem::path per_query, page, cmc, ranked;
  RankPageOptions page_options;
  int top_k = 10;
  RerankOptions rerank_options;
  ExpansionOptions expansion;
  expansion.neighbors = 0;
  bool camera_pairs = false;
  bool no_verification = false;
  bool no_camera_rule = false;

  Command command("rank", "Ranks the gallery for every query and scores it.",
                  "reidbench rank features.h5 --protocol market1501 --metric euclidean\n"
                  "reidbench rank features.h5 --rerank torchreid --explain\n"
                  "reidbench rank osnet.h5 --versus other.h5 --per-query queries.csv");
  command.Positional("features", &options.features,
                     "Feature files of `reidbench extract`; several are ranked as one set");
  command.Group("Protocol");
  command.Choice("--protocol", &protocol,
                 {"market1501", "allshots", "cuhk03", "cuhk03-separate-cameras"},
                 "What counts as a hit");
  command.Choice("--metric", &metric, {"euclidean", "cosine"},
                 "Distance; euclidean is squared, as in torchreid");
  command.Option("--max-rank", &options.ranking.max_rank, "Length of the CMC curve");
  command.Option("--single-shot-repeats", &options.ranking.single_shot_repeats,
                 "cuhk03: mean of so many seeded draws; 0 = exact expectation");
  command.Flag("--no-camera-rule", &no_camera_rule,
               "Keep gallery images of the query's own camera (not what papers report)");
  command.Option("--query-split", &query_split,
                 "Split of the queries: train, val, query, gallery, none");
  command.Option("--gallery-split", &gallery_split, "Split of the gallery");
  command.Flag("--allow-mixed", &options.allow_mixed,
               "Rank files together that were made in different ways");
  command.Group("Re-ranking");
  command.Choice("--rerank", &rerank, {"none", "zhong", "torchreid", "fastreid", "bot"},
                 "k-reciprocal re-ranking, whose rules");
  command.Option("--k1", &rerank_options.k1, "Reciprocal neighbours");
  command.Option("--k2", &rerank_options.k2, "Neighbours averaged");
  command.Option("--lambda", &rerank_options.lambda, "Share of the original distance");
  command.Option("--expand", &expansion.neighbors,
                 "Alpha query expansion over so many neighbours; 0 = none");
  command.Option("--expand-alpha", &expansion.alpha, "Exponent of its weights");
  command.Group("Analysis");
  command.Flag("--explain", &options.explain,
               "How much AP rule, distractors, camera rule and metric move the number");
  command.Flag("--camera-pairs", &camera_pairs, "Print mAP and rank-1 per pair of cameras");
  command.OutputFile("--per-query", &per_query,
                     "Write every query's AP, first match and nearest images (.csv or .json)");
  command.Option("--top-k", &top_k, "Nearest images that --per-query, --html and --ranked list");
  command.OutputFile("--html", &page,
                     "Also write a report page: one file to look at, with curves and ranked lists");
  command.Option("--images", &page_options.images,
                 "With --html or --ranked: the data set's root, for pictures of the ranked lists");
  command.OutputFile("--ranked", &ranked,
                     "Also write the ranked lists of the worst, median and best queries with their "
                     "pictures, as the JSON that pages hold");
  command.OutputFile("--cmc", &cmc, "Also draw the CMC curve, for a paper (.svg or .pdf)");
  command.Option("--versus", &options.versus,
                 "Feature file of a second model on the same images: paired test");
  command.Option("--expect", &options.expect,
                 "Published number (experiments/*.yaml); exit code 1 outside its tolerance");
  command.Option("--bootstrap", &options.ranking.bootstrap.resamples,
                 "Resamples of the confidence intervals; 0 = none");
  command.Flag("--no-verification", &no_verification, "Skip ROC, EER and thresholds");

  return command.Run(argc, argv, [&](const CommonOptions& common) {
    options.ranking.metric = *ParseMetric(metric);
    options.ranking.protocol = *ParseProtocol(protocol);
    options.ranking.bootstrap.seed = common.seed;
    options.ranking.verification = !no_verification;
    options.ranking.camera_rule = !no_camera_rule;
    options.query_split = SplitOption("--query-split", query_split);
    options.gallery_split = SplitOption("--gallery-split", gallery_split);
    if (rerank != "none") {
      rerank_options.dialect = *ParseRerankDialect(rerank);
      options.rerank = rerank_options;
    } else if (command.WasGiven("--k1") || command.WasGiven("--k2") ||
               command.WasGiven("--lambda")) {
      ThrowUsage("--k1, --k2 and --lambda belong to --rerank; add --rerank zhong");
    }
    if (expansion.neighbors < 0) ThrowUsage("--expand {}: expected 0 or more", expansion.neighbors);
    if (expansion.neighbors > 0) options.expansion = expansion;
    if (!cmc.empty()) CheckFigureName(cmc);
    const bool shows_queries = !page.empty() || !ranked.empty();
    if (!page_options.images.empty()) {
      if (!shows_queries) ThrowUsage("--images belongs to --html FILE or --ranked FILE");
      if (!IsFolder(page_options.images))
        ThrowIo("--images {}: expected a folder, found none", page_options.images.string());
    }
    if (!per_query.empty() || shows_queries) {
      options.ranking.top_k = top_k;
    } else if (command.WasGiven("--top-k")) {
      ThrowUsage("--top-k belongs to --per-query FILE, --html FILE or --ranked FILE");
    }
    std::vector<std::string> violations = options.ranking.Validate();
    if (options.rerank) {
      for (const std::string& violation : options.rerank->Validate())
        violations.push_back(violation);
    }
    if (options.expansion) {
      for (const std::string& violation : options.expansion->Validate())
        violations.push_back(violation);
    }
    if (!violations.empty()) ThrowUsage("{}", JoinText(violations, "\n"));
    const RankStageResult result = RunRank(options, common.dry_run);
    for (const std::string& note : result.notes) PrintNote(common, note);
    if (common.dry_run) return FinishDryRun(common);
    if (!per_query.empty())
      WriteFileAtomically(per_query, RenderPerQuery(result, per_query.extension() == ".json"));
    if (!cmc.empty()) WriteFileAtomically(cmc, RenderFigureAs(CmcFigure(result), cmc));
    if (!page.empty()) WriteFileAtomically(page, RenderRankPage(result, page_options));
    if (!ranked.empty()) WriteFileAtomically(ranked, RenderRankedQueries(result, page_options));
    WriteResult(common, {.json = [&] { return RenderRankJson(result); },
                         .csv = [&] { return RenderRankCsv(result); },
                         .tables =
                             [&](TableFormat format) {
                               return RenderRankTables(result, format, camera_pairs);
                             }});
    return result.expectation_outcome && !result.expectation_outcome->passed ? kExitCheckFailed
                                                                             : kExitOk;
  });
}
