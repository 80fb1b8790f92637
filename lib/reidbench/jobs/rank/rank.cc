#include "reidbench/jobs/rank/rank.h"

#include <algorithm>
#include <map>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/retrieval/pictures.h"

namespace reidbench {
namespace {

// "query 3,368, gallery 15,913" for messages about splits that are not there.
std::string DescribeSplits(const std::vector<FeatureFile>& files) {
  std::map<Split, int64_t> counts;
  for (const FeatureFile& file : files) {
    for (Split split : file.labels().split) ++counts[split];
  }
  std::vector<std::string> parts;
  for (const auto& [split, count] : counts)
    parts.push_back(fmt::format("{} {}", SplitName(split), WithThousands(count)));
  return parts.empty() ? "no rows" : JoinText(parts, ", ");
}

LoadedSplit LoadSplit(const std::vector<FeatureFile>& files, Split wanted, std::string_view role,
                      bool labels_only) {
  std::vector<std::vector<int64_t>> rows(files.size());
  int64_t total = 0;
  for (size_t f = 0; f < files.size(); ++f) {
    const std::vector<Split>& splits = files[f].labels().split;
    for (size_t row = 0; row < splits.size(); ++row) {
      if (splits[row] == wanted) rows[f].push_back(static_cast<int64_t>(row));
    }
    total += static_cast<int64_t>(rows[f].size());
  }
  if (total == 0) {
    ThrowInput(
        "{}: no rows of split '{}' to use as {}; it holds: {}. Extract that split, or choose "
        "another with --{}-split",
        files.front().path(), SplitName(wanted), role, DescribeSplits(files), role);
  }
  // Without paths, or with those of several data sets, pictures need longer names than their paths.
  const bool by_path = std::all_of(files.begin(), files.end(), [&](const FeatureFile& file) {
    return !file.labels().path.empty() &&
           file.provenance().dataset == files.front().provenance().dataset;
  });
  LoadedSplit loaded;
  if (!labels_only) loaded.features = FeatureMatrix(total, files.front().dim());
  loaded.person.reserve(static_cast<size_t>(total));
  loaded.camera.reserve(static_cast<size_t>(total));
  loaded.path.reserve(static_cast<size_t>(total));
  int64_t at = 0;
  for (size_t f = 0; f < files.size(); ++f) {
    if (rows[f].empty()) continue;
    // Straight into its place: at half a million rows a second copy would double the memory.
    if (!labels_only) files[f].ReadRows(rows[f], loaded.features.row(at).data());
    at += static_cast<int64_t>(rows[f].size());
    const FeatureLabels& labels = files[f].labels();
    const std::string& dataset = files[f].provenance().dataset;
    for (int64_t row : rows[f]) {
      const auto i = static_cast<size_t>(row);
      if (!by_path) {
        loaded.picture.push_back(labels.path.empty() ? fmt::format("{}\n{}", f, row)
                                                     : dataset + "\n" + labels.path[i]);
      }
      loaded.person.push_back(labels.person_id[i]);
      loaded.camera.push_back(labels.camera_id[i]);
      loaded.path.push_back(i < labels.path.size() ? labels.path[i] : fmt::format("row {}", row));
    }
  }
  return loaded;
}

std::vector<FeatureFile> OpenAll(const std::vector<std::filesystem::path>& paths,
                                 bool allow_mixed) {
  std::vector<FeatureFile> files;
  for (const auto& path : paths) files.emplace_back(path);
  const FeatureFile& first = files.front();
  for (const FeatureFile& file : files) {
    if (file.labels().person_id.empty() && file.rows() > 0) {
      const std::string label = file.HowToLabel();
      ThrowInput("{}: /person_id is missing: ranking needs the identity of every row{}{}",
                 file.path(), label.empty() ? "" : "; ", label);
    }
    if (file.dim() != first.dim()) {
      ThrowInput(
          "{}: /features has {} columns, {} has {}: features of different networks cannot be "
          "ranked together",
          file.path(), file.dim(), first.path(), first.dim());
    }
    const auto differences = ProvenanceDifferences(first.provenance(), file.provenance());
    if (!differences.empty() && !allow_mixed) {
      ThrowUsage(
          "{} and {} were not made in the same way:\n  {}\nextract both alike, or add "
          "--allow-mixed",
          first.path(), file.path(), JoinText(differences, "\n  "));
    }
  }
  return files;
}

RankingInput InputOf(const LoadedSplit& query, const LoadedSplit& gallery,
                     const PictureNumbers& pictures) {
  return RankingInput{.query = ViewOf(query.features),
                      .gallery = ViewOf(gallery.features),
                      .query_person = query.person,
                      .gallery_person = gallery.person,
                      .query_camera = query.camera,
                      .gallery_camera = gallery.camera,
                      .query_picture = pictures.query,
                      .gallery_picture = pictures.gallery};
}

std::string CameraList(const std::vector<CameraId>& cameras) {
  std::vector<std::string> names;
  for (CameraId camera : cameras) names.push_back(fmt::format("{}", camera.value));
  return JoinText(names, ", ");
}

// The question most often asked about an evaluator that answers nothing: why is no query valid?
void RequireValidQueries(const RankingResult& ranking, const std::string& file) {
  if (ranking.num_valid > 0) return;
  if (ranking.num_same_camera_only > 0) {
    ThrowInput(
        "{}: every valid match is removed by the camera rule: camera ids seen: {} (query), {} "
        "(gallery); {} of {} queries have "
        "only images of their own camera in the gallery, {} have none at all. Check the camera "
        "ids, or rank with "
        "--no-camera-rule",
        file, CameraList(ranking.query_cameras), CameraList(ranking.gallery_cameras),
        WithThousands(ranking.num_same_camera_only), WithThousands(ranking.num_queries),
        WithThousands(ranking.num_no_positive));
  }
  ThrowInput(
      "{}: no query has an image of its person in the gallery ({} queries, {} gallery images): "
      "query and gallery seem to be "
      "of different people",
      file, WithThousands(ranking.num_queries), WithThousands(ranking.num_gallery));
}

struct RankedFiles {
  RankingResult ranking;
  std::optional<RerankOutcome> rerank;
  std::vector<RuleEffect> effects;
};

RankedFiles RankSplits(LoadedSplit* query, LoadedSplit* gallery, const RankStageOptions& options,
                       const std::string& file) {
  // Where the query images are gallery images too.
  const PictureNumbers pictures =
      NumberPictures(query->picture.empty() ? query->path : query->picture,
                     gallery->picture.empty() ? gallery->path : gallery->picture);
  const std::vector<int32_t> first_of_picture = FirstOfPicture(pictures.query, pictures.gallery);
  if (options.expansion) {
    ExpandedFeatures expanded = ExpandFeatures(ViewOf(query->features), ViewOf(gallery->features),
                                               *options.expansion, first_of_picture);
    query->features = std::move(expanded.query);
    gallery->features = std::move(expanded.gallery);
  }
  const RankingInput input = InputOf(*query, *gallery, pictures);
  RankedFiles result;
  if (!options.rerank) {
    result.ranking = Rank(input, options.ranking);
    RequireValidQueries(result.ranking, file);
    if (options.explain) result.effects = ExplainRules(input, options.ranking, result.ranking);
    return result;
  }
  RankingOptions plain = options.ranking;
  plain.verification = plain.camera_pairs = false;
  plain.bootstrap.resamples = 0;
  plain.top_k = 0;
  const RankingResult before = Rank(input, plain);
  RequireValidQueries(before, file);
  RerankOptions rerank = *options.rerank;
  rerank.metric = options.ranking.metric;
  const auto source = MakeRerankedDistances(input.query, input.gallery, rerank, first_of_picture);
  result.ranking = Rank(input, options.ranking, source.get());
  result.rerank = RerankOutcome{
      .options = rerank,
      .mean_ap_before = before.mean_ap,
      .rank1_before = before.cmc.empty() ? std::nullopt : std::optional(before.cmc.front())};
  if (options.explain) result.effects = ExplainRules(input, options.ranking, result.ranking, false);
  return result;
}

void CompareWithOther(const RankStageOptions& options, bool check_only, RankStageResult* result) {
  const std::vector<FeatureFile> files = OpenAll({options.versus}, options.allow_mixed);
  const std::string& file = files.front().path();
  LoadedSplit query = LoadSplit(files, options.query_split, "query", check_only);
  LoadedSplit gallery = LoadSplit(files, options.gallery_split, "gallery", check_only);
  const auto same = [&](const LoadedSplit& a, const LoadedSplit& b, std::string_view role) {
    if (a.person == b.person && a.camera == b.camera && a.path == b.path) return;
    const auto at =
        std::mismatch(a.path.begin(), a.path.end(), b.path.begin(), b.path.end()).first -
        a.path.begin();
    ThrowInput(
        "{} and {} are not of the same images: {} {} against {} {} images, first difference at "
        "number {} ({}); a paired test "
        "needs both models' features of one data set",
        result->files.front(), file, WithThousands(static_cast<int64_t>(a.path.size())), role,
        WithThousands(static_cast<int64_t>(b.path.size())), role, at + 1,
        at < static_cast<int64_t>(a.path.size()) ? a.path[static_cast<size_t>(at)]
                                                 : "end of the list");
  };
  same(result->query, query, "query");
  same(result->gallery, gallery, "gallery");
  if (check_only) return;
  RankStageOptions plain = options;
  plain.ranking.verification = plain.ranking.camera_pairs = false;
  plain.ranking.top_k = 0;
  plain.explain = false;
  const RankedFiles other = RankSplits(&query, &gallery, plain, file);
  result->versus_file = file;
  result->versus = CompareRankings(result->ranking, other.ranking, result->query.person,
                                   options.ranking.bootstrap);
}

void RequireSameExperiment(RankStageResult* result) {
  const Expectation& expectation = *result->expectation;
  const auto require = [&](std::string_view what, const std::string& expected,
                           const std::string& found) {
    if (found.empty() || expected == found) return;
    ThrowUsage("{}: states a number for {} '{}', but this is '{}'", expectation.file, what,
               expected, found);
  };
  require("data set", expectation.dataset, result->provenance.dataset);
  require("protocol", expectation.protocol, std::string(ProtocolName(result->options.protocol)));
  require("metric", expectation.metric, std::string(MetricName(result->options.metric)));
  if (!expectation.architecture.empty())
    require("network", expectation.architecture, result->provenance.architecture);
  if (!MatchesPattern(result->provenance.weights_file, expectation.weights)) {
    result->notes.push_back(fmt::format("the published number is of {}, these features are of {}",
                                        expectation.weights, result->provenance.weights_file));
  }
}

void HoldAgainstPublished(RankStageResult* result) {
  result->expectation_outcome =
      CompareWith(*result->expectation, [&](const std::string& name) -> std::optional<double> {
        if (name == "mAP") return result->ranking.mean_ap;
        if (name == "mINP") return result->ranking.mean_inp;
        if (name.starts_with("rank")) {
          if (const auto k = ParseInt(std::string_view(name).substr(4)))
            return result->Cmc(static_cast<int>(*k));
        }
        return std::nullopt;
      });
}

}  // namespace

RankStageResult RunRank(const RankStageOptions& options, bool check_only) {
  RankStageResult result;
  result.options = options.ranking;
  result.expansion = options.expansion;
  if (!options.expect.empty()) result.expectation = LoadExpectation(options.expect);
  {
    const std::vector<FeatureFile> files = OpenAll(options.features, options.allow_mixed);
    result.provenance = files.front().provenance();
    for (const FeatureFile& file : files) {
      result.files.push_back(file.path());
      result.skipped.insert(result.skipped.end(), file.skipped().begin(), file.skipped().end());
    }
    result.query = LoadSplit(files, options.query_split, "query", check_only);
    result.gallery = LoadSplit(files, options.gallery_split, "gallery", check_only);
  }
  if (result.expectation) RequireSameExperiment(&result);
  if (check_only) {
    if (!options.versus.empty()) CompareWithOther(options, true, &result);
    return result;
  }
  RankedFiles ranked = RankSplits(&result.query, &result.gallery, options, result.files.front());
  result.ranking = std::move(ranked.ranking);
  result.rerank = std::move(ranked.rerank);
  result.effects = std::move(ranked.effects);
  result.query.features = {};
  result.gallery.features = {};

  if (!options.versus.empty()) CompareWithOther(options, false, &result);
  if (result.expectation) HoldAgainstPublished(&result);

  const RankingResult& ranking = result.ranking;
  if (ranking.num_valid < ranking.num_queries) {
    result.notes.push_back(fmt::format(
        "{} of {} queries count: {} have no image of their person in the gallery, {} only images "
        "of their own camera",
        WithThousands(ranking.num_valid), WithThousands(ranking.num_queries),
        WithThousands(ranking.num_no_positive), WithThousands(ranking.num_same_camera_only)));
  }
  if (ranking.num_own_pictures > 0) {
    result.notes.push_back(fmt::format(
        "{} query images are in the gallery too; no picture was ranked or compared with itself",
        WithThousands(ranking.num_own_pictures)));
  }
  if (!result.skipped.empty()) {
    result.notes.push_back(fmt::format(
        "{} corrupt images were left out by the extraction; the first is {}",
        WithThousands(static_cast<int64_t>(result.skipped.size())), result.skipped.front()));
  }
  return result;
}

}  // namespace reidbench
