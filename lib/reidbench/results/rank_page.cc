#include "reidbench/results/rank_page.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/text.h"
#include "reidbench/imaging/crop.h"
#include "reidbench/imaging/decode.h"
#include "reidbench/imaging/preprocess.h"
#include "reidbench/results/report_page.h"
#include "reidbench/video/page_pictures.h"

namespace reidbench {
namespace {

constexpr int kPictureWidth = 64, kPictureHeight = 128;  // px, as people stand
constexpr int kRankPictureQuality = 75;

struct ShownQuery {
  const char* kind = "";
  size_t row = 0;
};

// By average precision; equal ones in their order. A query is shown once.
std::vector<ShownQuery> QueriesToShow(const RankStageResult& result, int each) {
  std::vector<size_t> valid;
  for (size_t q = 0; q < result.ranking.queries.size(); ++q) {
    if (result.ranking.queries[q].status == QueryStatus::kValid) valid.push_back(q);
  }
  std::stable_sort(valid.begin(), valid.end(), [&](size_t a, size_t b) {
    return result.ranking.queries[a].average_precision <
           result.ranking.queries[b].average_precision;
  });
  const size_t n = std::min(static_cast<size_t>(each), (valid.size() + 2) / 3);
  std::vector<ShownQuery> shown;
  const auto add = [&](const char* kind, size_t at) {
    if (at >= valid.size()) return;
    const bool is_new = std::none_of(shown.begin(), shown.end(), [&](const ShownQuery& other) {
      return other.row == valid[at];
    });
    if (is_new) shown.push_back({kind, valid[at]});
  };
  for (size_t i = 0; i < n; ++i) add("worst", i);
  for (size_t i = 0; i < n; ++i) add("best", valid.size() - 1 - i);
  const size_t middle = valid.size() / 2 - std::min(valid.size() / 2, n / 2);
  for (size_t i = 0; i < n; ++i) add("median", middle + i);
  return shown;
}

// The image of a feature file's path: a file, or a part of one ("img1/000012.jpg#xywh=1,2,3,4").
std::optional<RgbImage> LoadImage(const std::filesystem::path& root, const std::string& path) {
  constexpr std::string_view kPart = "#xywh=";
  const size_t part = path.rfind(kPart);
  RgbImage image;
  try {
    image = DecodeImageFile(root / path.substr(0, part), ExifOrientation::kIgnore);
  } catch (const Error&) {
    return std::nullopt;
  }
  if (part == std::string::npos) return image;
  std::vector<double> box;
  for (const std::string_view number :
       SplitText(std::string_view(path).substr(part + kPart.size()), ',')) {
    const auto value = ParseDouble(number);
    if (!value) return std::nullopt;
    box.push_back(*value);
  }
  RgbImage crop;
  if (box.size() != 4 || !CropImage(image, {box[0], box[1], box[2], box[3]}, &crop))
    return std::nullopt;
  return crop;
}

struct Pictures {
  Json uris = Json::object();
  std::string note;
};

// Of `paths`, in their order until the limit.
Pictures MakePictures(const std::vector<std::string>& paths, const RankPageOptions& options) {
  Pictures out;
  if (options.images.empty()) {
    out.note = "Made without the images: give --images to see pictures.";
    return out;
  }
  std::vector<std::string> uris(paths.size());
  ParallelFor(static_cast<int64_t>(paths.size()), [&](int64_t i) {
    const auto image = LoadImage(options.images, paths[static_cast<size_t>(i)]);
    if (!image) return;
    RgbImage small;
    ResizeLikePillow(*image, kPictureWidth, kPictureHeight, ResizeFilter::kBilinear, &small);
    uris[static_cast<size_t>(i)] = JpegDataUri(small, kRankPictureQuality);
  });
  size_t bytes = 0, missing = 0, beyond_limit = 0;
  for (size_t i = 0; i < paths.size(); ++i) {
    if (uris[i].empty()) {
      ++missing;
    } else if (bytes + uris[i].size() > options.max_picture_bytes) {
      ++beyond_limit;
    } else {
      bytes += uris[i].size();
      out.uris[paths[i]] = std::move(uris[i]);
    }
  }
  if (missing > 0) {
    out.note = fmt::format("{} of {} images are missing or cannot be read in {}. ", missing,
                           paths.size(), options.images.string());
  }
  if (beyond_limit > 0) {
    out.note += fmt::format("{} of {} images are left out, to keep this file small.", beyond_limit,
                            paths.size());
  }
  return out;
}

}  // namespace

std::string RenderRankedQueries(const RankStageResult& result, const RankPageOptions& options) {
  Json queries = Json::array();
  std::vector<std::string> paths;
  std::set<std::string> known;
  const auto picture = [&](const std::string& path) {
    if (known.insert(path).second) paths.push_back(path);
  };
  for (const ShownQuery& shown : QueriesToShow(result, options.queries_of_a_kind)) {
    const QueryResult& query = result.ranking.queries[shown.row];
    picture(result.query.path[shown.row]);
    Json top = Json::array();
    for (const RankedImage& image : query.top) {
      const auto row = static_cast<size_t>(image.gallery_row);
      picture(result.gallery.path[row]);
      top.push_back(
          {{"path", result.gallery.path[row]},
           {"distance", image.distance},
           {"camera_id", result.gallery.camera[row].value},
           {"same_person", result.gallery.person[row] == result.query.person[shown.row]}});
    }
    queries.push_back({{"kind", shown.kind},
                       {"path", result.query.path[shown.row]},
                       {"person_id", result.query.person[shown.row].value},
                       {"camera_id", result.query.camera[shown.row].value},
                       {"ap", query.average_precision},
                       {"num_positives", query.num_positives},
                       {"first_match_rank", query.first_match_rank},
                       {"top", std::move(top)}});
  }
  Pictures pictures = MakePictures(paths, options);
  return DumpJson({{"queries", std::move(queries)},
                   {"pictures", std::move(pictures.uris)},
                   {"note", std::move(pictures.note)}},
                  -1);
}

std::string RenderRankPage(const RankStageResult& result, const RankPageOptions& options) {
  const FeatureProvenance& made = result.provenance;
  const std::string title =
      made.architecture.empty()
          ? JoinText(result.files, ", ")
          : fmt::format("{} on {}, {}", made.architecture, made.dataset, result.files.front());
  const std::vector<ReportPart> parts = {{"rank", RenderRankJson(result)},
                                         {"ranked", RenderRankedQueries(result, options)}};
  return RenderReportPage(title, parts);
}

}  // namespace reidbench
