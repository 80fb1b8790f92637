#include "reidbench/jobs/check/check_site.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "reidbench/core/error.h"
#include "reidbench/core/statistics.h"
#include "reidbench/linking/site_evidence.h"
#include "reidbench/mtmc_metrics/site_faults.h"
#include "reidbench/sites/site.h"

namespace reidbench {
namespace {

constexpr double kDoctorRate = 25;         // where the site does not say
constexpr double kHorizon_m_per_px = 0.5;  // a place there is anybody's guess
constexpr double kHorizonShare = 0.02;
constexpr double kScaleOff = 0.015;
constexpr double kSureErrors = 4;  // standard errors
constexpr double kCalibrationOff_px = 8;
constexpr size_t kLeastPlaces = 30;
constexpr double kLeastUnit = 10;  // times: no calibration is wrong by that

class SiteDoctor {
 public:
  explicit SiteDoctor(const SiteCheckOptions& options) : options_(options) {}

  SiteCheckResult Run() {
    const Site site = LoadSite(options_.site);
    rate_ = site.frame_rate.value_or(kDoctorRate);
    SiteReading reading =
        options_.tracks.empty() ? ReadSiteTruth(site) : ReadSiteTracks(site, options_.tracks);
    SiteTracks& tracks = reading.tracks;
    out_.name = tracks.name.empty() ? options_.site.filename().string() : tracks.name;
    bool truth = false, results = false;
    for (const CameraTracks& camera : tracks.cameras) {
      truth = truth || !camera.truth.empty();
      results = results || !camera.results.empty();
    }
    if (!truth && !results) {
      ThrowUsage("{}: nothing to look at: it has no ground truth, and --tracks is missing",
                 options_.site.string());
    }
    out_.by_truth = truth;
    for (const SiteFault& fault : FindSiteFaults(tracks)) {
      const FindingKind kind = fault.kind == "frame_shift" ? FindingKind::kFramesShifted
                               : fault.kind == "unit"      ? FindingKind::kSiteUnitDiffers
                                                           : FindingKind::kSitePlacesDisagree;
      Add(kind, fault.camera, fault.text, "");
    }
    for (const CameraTracks& camera : tracks.cameras) {
      Look(camera, truth ? camera.truth : camera.results);
      if (!camera.results.empty()) FindIdTwice(camera);
    }
    Compare(tracks);
    // Where clocks are off, people are in two places: said already.
    const bool clocks = std::any_of(
        out_.findings.begin(), out_.findings.end(),
        [](const Finding& finding) { return finding.kind == FindingKind::kSiteClockOff; });
    if (clocks) {
      std::erase_if(out_.findings, [](const Finding& finding) {
        return finding.kind == FindingKind::kSitePlacesDisagree;
      });
    }
    return std::move(out_);
  }

 private:
  void Add(FindingKind kind, const std::string& camera, std::string message, std::string mend) {
    Finding& finding = out_.findings.emplace_back();
    finding.kind = kind;
    finding.severity = FindingSeverity::kProblem;
    finding.place = camera.empty() ? "" : "camera " + camera;
    finding.message = std::move(message);
    finding.mend = std::move(mend);
  }

  // A camera alone: its calibration against the places that its file says, and the horizon.
  void Look(const CameraTracks& camera, const std::vector<SiteBox>& boxes) {
    SiteCheckCamera& c = out_.cameras.emplace_back();
    c.name = camera.name;
    c.boxes = static_cast<int64_t>(boxes.size());
    std::set<int64_t> ids;
    for (const SiteBox& box : boxes) ids.insert(box.id);
    c.ids = static_cast<int64_t>(ids.size());
    c.calibrated = camera.projection.has_value();
    if (!c.calibrated || boxes.empty()) return;
    std::vector<double> metres, pixels;
    std::vector<std::pair<GroundPoint, GroundPoint>> places;  // by calibration, told
    int64_t far = 0;
    for (const SiteBox& box : boxes) {
      const ImagePoint foot{box.box.left + box.box.width / 2, box.box.top + box.box.height};
      const std::optional<double> scale = camera.projection->MetresPerPixel(foot);
      if (!scale || *scale > kHorizon_m_per_px) {
        ++far;
        continue;
      }
      const std::optional<GroundPoint> found = camera.projection->ToGround(foot);
      if (!box.ground || !found) continue;
      metres.push_back(std::hypot(found->x - box.ground->x, found->y - box.ground->y));
      if (const auto back = camera.projection->ToImage(*box.ground))
        pixels.push_back(std::hypot(back->x - foot.x, back->y - foot.y));
      places.emplace_back(*found, *box.ground);
    }
    c.beyond_horizon = static_cast<double>(far) / static_cast<double>(boxes.size());
    if (*c.beyond_horizon > kHorizonShare) {
      Add(FindingKind::kSiteNearHorizon, c.name,
          fmt::format("{} of foot points lie at the horizon of the calibration, or so near that a "
                      "pixel is more than {} m",
                      ShareText(*c.beyond_horizon), kHorizon_m_per_px),
          "the calibration is not of this picture (another size, another camera), or it is broken");
    }
    if (places.size() < kLeastPlaces) return;
    const double n = static_cast<double>(places.size());
    GroundPoint mean_found, mean_told;
    for (const auto& [found, told] : places) {
      mean_found.x += found.x / n;
      mean_found.y += found.y / n;
      mean_told.x += told.x / n;
      mean_told.y += told.y / n;
    }
    double ff = 0, tt = 0, ft = 0;
    for (const auto& [found, told] : places) {
      const double fx = found.x - mean_found.x, fy = found.y - mean_found.y;
      const double tx = told.x - mean_told.x, ty = told.y - mean_told.y;
      ff += fx * fx + fy * fy;
      tt += tx * tx + ty * ty;
      ft += fx * tx + fy * ty;
    }
    // Told as it was computed from the calibration itself says nothing.
    c.median_m = Quantile(metres, 0.5, QuantileRule::kHigher);
    if (!pixels.empty()) c.median_px = Quantile(pixels, 0.5, QuantileRule::kHigher);
    if (*c.median_m < 1e-9 || tt <= 0) return;
    c.scale = std::sqrt(ff / tt);
    const double error = std::sqrt(std::max(ff + tt - 2 * ft, 0.0) / tt / n);
    if (*c.scale > kLeastUnit || *c.scale < 1 / kLeastUnit) {
      Add(FindingKind::kSiteUnitDiffers, c.name,
          fmt::format("places by the calibration are {:.3g} times as far apart as those of the "
                      "file{}",
                      *c.scale, UnitGuess(*c.scale)),
          "say the calibration's unit in the site's file (unit: m, cm, mm), or write places in m");
    } else if (std::abs(*c.scale - 1) > kScaleOff && std::abs(*c.scale - 1) > kSureErrors * error) {
      Add(FindingKind::kSiteScaleOff, c.name,
          fmt::format(
              "distances by the calibration are {:.1f} % {} than those of the file's places "
              "(median {:.2f} m, {:.1f} px apart)",
              100 * std::abs(*c.scale - 1), *c.scale > 1 ? "larger" : "smaller", *c.median_m,
              c.median_px.value_or(0)),
          "calibrate the camera again, or find whose places these are");
    } else if (c.median_px.value_or(0) > kCalibrationOff_px) {
      Add(FindingKind::kSiteCalibrationOff, c.name,
          fmt::format("places of the file project {:.1f} px (median) from the foot points of their "
                      "boxes",
                      *c.median_px),
          "the calibration is of another position or picture size, or boxes are cut at feet");
    }
  }

  static std::string UnitGuess(double scale) {
    for (const auto& [factor, text] : {std::pair{100.0, ": one says centimetres for metres"},
                                       std::pair{0.01, ": one says metres for centimetres"},
                                       std::pair{1000.0, ": one says millimetres for metres"},
                                       std::pair{0.001, ": one says metres for millimetres"}}) {
      if (std::abs(scale / factor - 1) < 0.3) return text;
    }
    return "";
  }

  void FindIdTwice(const CameraTracks& camera) {
    std::set<std::pair<int64_t, int64_t>> seen;
    int64_t twice = 0;
    const SiteBox* first = nullptr;
    for (const SiteBox& box : camera.results) {
      if (seen.emplace(box.frame, box.id).second) continue;
      ++twice;
      if (first == nullptr) first = &box;
    }
    if (twice == 0) return;
    Add(FindingKind::kSiteIdTwice, camera.name,
        fmt::format("{} rows have an id that the frame has already, first id {} in frame {}", twice,
                    first->id, first->frame),
        "one person stands in one place: number such boxes anew");
    out_.findings.back().count = twice;
  }

  // `by_calibration`: places of calibrated cameras are those of their foot points.
  std::vector<SiteTracklet> Tracklets(const SiteTracks& tracks, bool by_calibration) const {
    std::vector<SiteTracklet> all;
    const FeatureMatrix none(0, 1);
    for (size_t c = 0; c < tracks.cameras.size(); ++c) {
      const CameraTracks& camera = tracks.cameras[c];
      std::vector<SiteBox> boxes = out_.by_truth ? camera.truth : camera.results;
      std::set<std::pair<int64_t, int64_t>> seen;
      std::erase_if(boxes,
                    [&](const SiteBox& box) { return !seen.emplace(box.frame, box.id).second; });
      if (by_calibration && camera.projection) {
        for (SiteBox& box : boxes) {
          box.ground = camera.projection->ToGround(
              {box.box.left + box.box.width / 2, box.box.top + box.box.height});
        }
      }
      LinkCamera link;
      link.name = camera.name;
      link.boxes = boxes;
      link.embeddings = &none;
      link.embedding_row.assign(boxes.size(), -1);
      link.frame_rate = link.site_rate = rate_;
      link.image_width = camera.image_width;
      link.image_height = camera.image_height;
      if (camera.projection) link.projection = &*camera.projection;
      for (SiteTracklet& tracklet : DescribeCamera(link, nullptr).tracklets) {
        tracklet.camera = static_cast<int32_t>(c);
        all.push_back(std::move(tracklet));
      }
    }
    return all;
  }

  void Compare(const SiteTracks& tracks) {
    const auto n = static_cast<int32_t>(tracks.cameras.size());
    if (n < 2) return;
    std::vector<std::string> names;
    for (const CameraTracks& camera : tracks.cameras) names.push_back(camera.name);
    std::vector<SiteTracklet> told = Tracklets(tracks, false);
    const std::vector<GroundAgreement> pairs = CompareGround(told, n, options_.clock_search_s);
    const std::vector<double> clocks = ClockCorrections(pairs, n);
    std::vector<bool> compared(static_cast<size_t>(n), false);
    for (const GroundAgreement& pair : pairs) {
      if (!pair.usable) continue;
      compared[static_cast<size_t>(pair.first)] = compared[static_cast<size_t>(pair.second)] = true;
    }
    for (int32_t c = 0; c < n; ++c) {
      if (!compared[static_cast<size_t>(c)]) continue;
      const double by = clocks[static_cast<size_t>(c)];
      out_.cameras[static_cast<size_t>(c)].clock_shift_s = by;
      if (std::abs(by) * rate_ < 1) continue;
      Add(FindingKind::kSiteClockOff, names[static_cast<size_t>(c)],
          fmt::format("its clock is {:.2f} s ({:.1f} frames of the site) {} against what is told, "
                      "as people on common ground show",
                      std::abs(by), std::abs(by) * rate_, by > 0 ? "behind" : "ahead"),
          fmt::format("add {:+.3f} to its clock's offset_s in the site's file", by));
    }
    FindDrift(told, names, clocks);
    // Clocks put right, how places by the calibrations compare.
    std::vector<SiteTracklet> projected = Tracklets(tracks, true);
    for (SiteTracklet& tracklet : projected) {
      const auto cells = static_cast<int64_t>(
          std::llround(clocks[static_cast<size_t>(tracklet.camera)] / kCell_s));
      for (TrailPoint& point : tracklet.trail) point.cell += cells;
    }
    const SiteGround ground = CalibrateGround(projected, names, 0);
    for (int32_t c = 0; c < n; ++c) {
      if (ground.trusted[static_cast<size_t>(c)]) continue;
      const bool known =
          std::any_of(out_.findings.begin(), out_.findings.end(), [&](const Finding& finding) {
            return finding.place == "camera " + names[static_cast<size_t>(c)];
          });
      if (known) continue;
      for (const std::string& note : ground.notes) {
        const std::string begin = fmt::format("camera {}: ", names[static_cast<size_t>(c)]);
        if (note.compare(0, begin.size(), begin) != 0) continue;
        const std::string text = note.substr(begin.size(), note.rfind(';') - begin.size());
        Add(note.find("unit") != std::string::npos ? FindingKind::kSiteUnitDiffers
                                                   : FindingKind::kSitePlacesDisagree,
            names[static_cast<size_t>(c)], text, "look at its calibration and its unit");
      }
    }
    for (const GroundAgreement& pair : ground.pairs) {
      if (!pair.shared) continue;
      SiteCheckPair& p = out_.pairs.emplace_back();
      p.first = names[static_cast<size_t>(pair.first)];
      p.second = names[static_cast<size_t>(pair.second)];
      p.agree = pair.usable;
      p.median_m = pair.median_m;
      p.scale = pair.scale;
      p.clock_shift_s =
          clocks[static_cast<size_t>(pair.second)] - clocks[static_cast<size_t>(pair.first)];
    }
    FindScales(ground, names);
  }

  // Shifts of the first and the second half.
  void FindDrift(const std::vector<SiteTracklet>& all, const std::vector<std::string>& names,
                 const std::vector<double>& clocks) {
    const auto n = static_cast<int32_t>(names.size());
    double first = std::numeric_limits<double>::infinity(), last = -first;
    for (const SiteTracklet& tracklet : all) {
      first = std::min(first, tracklet.first_s);
      last = std::max(last, tracklet.last_s);
    }
    std::vector<SiteTracklet> halves[2];
    for (const SiteTracklet& tracklet : all) {
      const double middle = 0.5 * (tracklet.first_s + tracklet.last_s);
      halves[middle < 0.5 * (first + last) ? 0 : 1].push_back(tracklet);
    }
    std::vector<double> shift[2];
    for (int half = 0; half < 2; ++half) {
      const auto pairs = CompareGround(halves[half], n, options_.clock_search_s);
      std::vector<bool> seen(names.size(), false);
      for (const GroundAgreement& pair : pairs) {
        if (pair.usable)
          seen[static_cast<size_t>(pair.first)] = seen[static_cast<size_t>(pair.second)] = true;
      }
      shift[half] = ClockCorrections(pairs, n);
      for (size_t c = 0; c < names.size(); ++c) {
        if (!seen[c]) shift[half][c] = std::numeric_limits<double>::quiet_NaN();
      }
    }
    for (size_t c = 0; c < names.size(); ++c) {
      const double change = shift[1][c] - shift[0][c];
      // Half a cell of what CompareGround can tell apart.
      if (!(std::abs(change) > std::max(1 / rate_, 0.06)) ||
          std::abs(clocks[c]) > options_.clock_search_s)
        continue;
      const double seconds = 0.5 * (last - first);
      Add(FindingKind::kSiteClockDrifts, names[c],
          fmt::format("its clock loses {:.2f} s from the first half to the second: {:.0f} "
                      "millionths",
                      change, 1e6 * change / seconds),
          fmt::format("multiply its clock's rate by {:.7f} in the site's file",
                      1 + change / seconds));
    }
  }

  // Of pairs whose distances differ the camera is named that differs from most others.
  void FindScales(const SiteGround& ground, const std::vector<std::string>& names) {
    std::vector<std::vector<double>> of_camera(names.size());
    for (const GroundAgreement& pair : ground.pairs) {
      if (!pair.usable || pair.pairs < static_cast<int64_t>(kLeastPlaces)) continue;
      const double off = std::log(pair.scale);
      const bool sure = std::abs(off) > kScaleOff && std::abs(off) > kSureErrors * pair.scale_error;
      of_camera[static_cast<size_t>(pair.first)].push_back(sure ? -off : 0);
      of_camera[static_cast<size_t>(pair.second)].push_back(sure ? off : 0);
    }
    for (size_t c = 0; c < names.size(); ++c) {
      if (of_camera[c].empty()) continue;
      const double off = Quantile(of_camera[c], 0.5, QuantileRule::kLower);
      const double high = Quantile(of_camera[c], 0.5, QuantileRule::kHigher);
      const double least = off * high > 0 ? (std::abs(off) < std::abs(high) ? off : high) : 0;
      const bool told =
          std::any_of(out_.findings.begin(), out_.findings.end(), [&](const Finding& finding) {
            return finding.kind == FindingKind::kSiteScaleOff &&
                   finding.place == "camera " + names[c];
          });
      if (least == 0 || told) continue;
      Add(FindingKind::kSiteScaleOff, names[c],
          fmt::format("distances on its ground are {:.1f} % {} than those of {}",
                      100 * std::abs(std::exp(least) - 1), least > 0 ? "larger" : "smaller",
                      of_camera[c].size() == 1 ? "the one camera that shows it too"
                                               : "most cameras that show it too"),
          "calibrate the camera again");
    }
  }

  const SiteCheckOptions& options_;
  SiteCheckResult out_;
  double rate_ = kDoctorRate;
};

}  // namespace

SiteCheckResult CheckSite(const SiteCheckOptions& options) { return SiteDoctor(options).Run(); }

}  // namespace reidbench
