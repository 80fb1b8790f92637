#include "reidbench/linking/tracklets.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_map>

#include "reidbench/relinking/observations.h"
#include "reidbench/relinking/pieces.h"

namespace reidbench {
namespace {

constexpr double kPart_s = 75;        // of a camera's recording that is corrected at once
constexpr double kAway_s = 2;         // a longer gap ends a tracklet
constexpr double kFootError = 0.035;  // of the box's height: where a detector puts feet
constexpr double kHiddenFoot = 3;     // times more when another box covers all of it
constexpr double kPlaceError_m = 0.12;
constexpr double kToldPlace_m = 0.2;  // of places that somebody else says
constexpr double kCutFoot_m = 1.0;    // feet below the picture's lower edge
constexpr double kMotionWindow_cells = 5;
constexpr double kFarthest_m = 3;  // of a place's error: what is worse says nothing

// Standard deviation of a coordinate, m.
double PlaceError(const LinkCamera& camera, const SiteBox& box, double overlap) {
  const double px = kFootError * box.box.height * (1 + kHiddenFoot * overlap);
  double error = kPlaceError_m;
  if (camera.projection != nullptr) {
    const std::optional<double> scale = camera.projection->MetresPerPixel(
        {box.box.left + box.box.width / 2, box.box.top + box.box.height});
    if (!scale) return kFarthest_m;
    error = std::hypot(error, *scale * px);
  } else {
    error = std::hypot(error, kToldPlace_m * (1 + kHiddenFoot * overlap));
  }
  const bool cut = camera.image_height > 0 &&
                   box.box.top + box.box.height > static_cast<double>(camera.image_height) - 2;
  return cut ? std::hypot(error, kCutFoot_m) : error;
}

void AddTrail(const LinkCamera& camera, const Observations& seen, SiteTracklet* tracklet) {
  struct Sum {
    double weight = 0, x = 0, y = 0, sigma = 0, n = 0;
  };
  std::map<int64_t, Sum> cells;
  for (const int32_t k : tracklet->boxes) {
    const SiteBox& box = camera.boxes[static_cast<size_t>(k)];
    if (!box.ground) continue;
    const double error = PlaceError(camera, box, seen.box[static_cast<size_t>(k)].overlap);
    if (error >= kFarthest_m) continue;
    const double time_s = camera.clock_offset_s + camera.clock_rate *
                                                      static_cast<double>(box.frame - 1) /
                                                      camera.frame_rate;
    Sum& sum = cells[static_cast<int64_t>(std::floor(time_s / kCell_s))];
    const double weight = 1 / (error * error);
    sum.weight += weight;
    sum.x += weight * box.ground->x;
    sum.y += weight * box.ground->y;
    sum.sigma += error;
    sum.n += 1;
  }
  for (const auto& [cell, sum] : cells) {
    // Errors of neighbouring frames are alike: many boxes are no better than one.
    tracklet->trail.push_back({cell, static_cast<float>(sum.x / sum.weight),
                               static_cast<float>(sum.y / sum.weight),
                               static_cast<float>(sum.sigma / sum.n)});
  }
}

// Straight line through the points nearest to one end.
std::optional<GroundMotion> EndOf(const std::vector<TrailPoint>& trail, bool tail) {
  if (trail.empty()) return std::nullopt;
  const TrailPoint& end = tail ? trail.back() : trail.front();
  double n = 0, st = 0, stt = 0, sx = 0, sy = 0, stx = 0, sty = 0;
  for (size_t k = 0; k < trail.size(); ++k) {
    const TrailPoint& point = tail ? trail[trail.size() - 1 - k] : trail[k];
    const double t = static_cast<double>(point.cell - end.cell);
    if (std::abs(t) > kMotionWindow_cells) break;
    n += 1;
    st += t;
    stt += t * t;
    sx += point.x;
    sy += point.y;
    stx += t * point.x;
    sty += t * point.y;
  }
  GroundMotion motion;
  motion.sigma = end.sigma;
  const double spread = stt - st * st / n;
  double slope_x = 0, slope_y = 0;
  if (spread > 1e-9) {
    slope_x = (stx - st * sx / n) / spread;
    slope_y = (sty - st * sy / n) / spread;
  }
  motion.x = sx / n - slope_x * st / n;
  motion.y = sy / n - slope_y * st / n;
  // A velocity from a short time is worth less.
  const double trust = (n - 1) / (n + 2) / kCell_s;
  motion.vx = trust * slope_x;
  motion.vy = trust * slope_y;
  return motion;
}

}  // namespace

namespace {

// The part of the boxes whose frames are in [first, first + frames).
struct Part {
  std::vector<size_t> boxes;
};

std::vector<Part> PartsOf(const LinkCamera& camera, double seconds) {
  std::vector<Part> parts;
  if (camera.boxes.empty()) return parts;
  int64_t first = camera.boxes.front().frame, last = first;
  for (const SiteBox& box : camera.boxes) {
    first = std::min(first, box.frame);
    last = std::max(last, box.frame);
  }
  const double long_frames = static_cast<double>(last - first + 1);
  const auto count = std::max<int64_t>(
      1, static_cast<int64_t>(std::lround(long_frames / camera.frame_rate / seconds)));
  parts.resize(static_cast<size_t>(count));
  for (size_t k = 0; k < camera.boxes.size(); ++k) {
    const double at = static_cast<double>(camera.boxes[k].frame - first) / long_frames;
    parts[std::min(static_cast<size_t>(at * static_cast<double>(count)), parts.size() - 1)]
        .boxes.push_back(k);
  }
  return parts;
}

// Corrects a long recording part by part, so that time grows with its length and not with the
// square of it; identities that go over a boundary are joined as others are.
RelinkResult CorrectInParts(const RelinkInput& whole, const LinkCamera& camera,
                            const RelinkOptions& options) {
  RelinkResult out;
  out.tracks = *whole.tracks;
  out.calibration.appearance_usable = false;
  int64_t next_id = 0;
  int64_t most_pairs = -1;
  for (const Part& part : PartsOf(camera, kPart_s)) {
    TrackSet tracks;
    RelinkInput input = whole;
    input.tracks = &tracks;
    input.embedding_row.clear();
    for (const size_t k : part.boxes) {
      tracks.boxes.push_back(whole.tracks->boxes[k]);
      input.embedding_row.push_back(whole.embedding_row[k]);
    }
    if (part.boxes.empty()) continue;
    RelinkResult corrected = Relink(input, options);
    int64_t last_id = next_id;
    for (size_t k = 0; k < part.boxes.size(); ++k) {
      const int64_t id = next_id + corrected.tracks.boxes[k].id.value;
      out.tracks.boxes[part.boxes[k]].id = TrackId{id};
      last_id = std::max(last_id, id);
    }
    next_id = last_id + 1;
    out.decisions.insert(out.decisions.end(), corrected.decisions.begin(),
                         corrected.decisions.end());
    out.boxes_without_embedding += corrected.boxes_without_embedding;
    const RelinkCalibration& own = corrected.calibration;
    if (own.negative_pairs > most_pairs) {
      most_pairs = own.negative_pairs;
      out.calibration = own;
    }
  }
  return out;
}

}  // namespace

CameraTracklets DescribeCamera(const LinkCamera& camera, const RelinkOptions* options) {
  CameraTracklets out;
  TrackSet tracks;
  tracks.sequence = camera.name;
  tracks.boxes.reserve(camera.boxes.size());
  for (const SiteBox& box : camera.boxes) {
    TrackBox& row = tracks.boxes.emplace_back();
    row.frame = FrameIndex{box.frame};
    row.id = TrackId{box.id};
    row.box = box.box;
    row.confidence = box.confidence;
  }
  RelinkInput input;
  input.tracks = &tracks;
  input.embeddings = camera.embeddings;
  input.embedding_row = camera.embedding_row;
  input.frame_rate = camera.frame_rate;
  input.image_width = static_cast<int>(camera.image_width);
  input.image_height = static_cast<int>(camera.image_height);
  for (const int64_t row : input.embedding_row) out.boxes_without_embedding += row < 0 ? 1 : 0;
  if (options != nullptr) {
    out.corrected = CorrectInParts(input, camera, *options);
  } else {
    out.corrected.tracks = tracks;
  }
  input.tracks = &out.corrected.tracks;
  const Observations seen = Observe(input);
  // Stretches, numbered over all tracks.
  std::vector<int64_t> stretch(tracks.boxes.size(), -1);
  int64_t stretches = 0;
  for (const TrackTable::Track& track : seen.table.tracks) {
    const Observation* before = nullptr;
    for (const int32_t k : track.boxes) {
      const Observation& now = seen.box[static_cast<size_t>(k)];
      if (before == nullptr || now.time_s - before->time_s > kAway_s) ++stretches;
      stretch[static_cast<size_t>(k)] = stretches - 1;
      before = &now;
    }
  }
  const PieceSet set = PiecesOfPersons(input, seen, stretch);
  std::vector<int32_t> order(set.pieces.size());
  for (size_t p = 0; p < order.size(); ++p) order[p] = static_cast<int32_t>(p);
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    return set.pieces[static_cast<size_t>(a)].first_frame <
           set.pieces[static_cast<size_t>(b)].first_frame;
  });
  out.sums.resize(set.sums.rows(), set.sums.cols());
  const auto time_of = [&](int64_t frame) {
    return camera.clock_offset_s +
           camera.clock_rate * static_cast<double>(frame - 1) / camera.frame_rate;
  };
  std::unordered_map<int32_t, int32_t> last_of;  // tracklet of each corrected identity
  // When each track of the input was last the end of a tracklet, and of which.
  std::unordered_map<int64_t, std::pair<double, int32_t>> ended_as;
  for (size_t k = 0; k < order.size(); ++k) {
    const Piece& piece = set.pieces[static_cast<size_t>(order[k])];
    out.sums.row(static_cast<int64_t>(k)) = set.sums.row(order[k]);
    const std::vector<int32_t>& boxes = seen.table.tracks[static_cast<size_t>(piece.track)].boxes;
    SiteTracklet tracklet;
    tracklet.boxes.assign(boxes.begin() + piece.begin, boxes.begin() + piece.end);
    tracklet.track = camera.boxes[static_cast<size_t>(tracklet.boxes.front())].id;
    for (const int32_t box : tracklet.boxes) {
      const int64_t frame = camera.boxes[static_cast<size_t>(box)].frame;
      if (tracklet.runs.empty() || tracklet.runs.back().last + 1 < frame) {
        tracklet.runs.push_back({frame, frame});
      } else {
        tracklet.runs.back().last = frame;
      }
    }
    tracklet.first_s = time_of(piece.first_frame);
    tracklet.last_s = time_of(piece.last_frame);
    tracklet.first_frame = std::llround(tracklet.first_s * camera.site_rate) + 1;
    tracklet.last_frame = std::llround(tracklet.last_s * camera.site_rate) + 1;
    tracklet.clean_s = piece.clean_s;
    AddTrail(camera, seen, &tracklet);
    tracklet.head = EndOf(tracklet.trail, false);
    tracklet.tail = EndOf(tracklet.trail, true);
    const auto [last, is_new] = last_of.emplace(piece.track, static_cast<int32_t>(k));
    if (!is_new) {
      tracklet.before = last->second;
      last->second = static_cast<int32_t>(k);
    }
    // A track of the input that goes on in another tracklet.
    const auto [ended, fresh] = ended_as.emplace(tracklet.track, std::pair(0.0, -1));
    if (tracklet.before < 0 && !fresh && ended->second.second >= 0 &&
        tracklet.first_s >= ended->second.first &&
        tracklet.first_s - ended->second.first < kAway_s) {
      tracklet.before = ended->second.second;
    }
    ended_as[camera.boxes[static_cast<size_t>(tracklet.boxes.back())].id] = {
        tracklet.last_s, static_cast<int32_t>(k)};
    if (tracklet.before >= 0) {
      const SiteTracklet& before = out.tracklets[static_cast<size_t>(tracklet.before)];
      tracklet.goes_on = camera.boxes[static_cast<size_t>(before.boxes.back())].id ==
                         camera.boxes[static_cast<size_t>(tracklet.boxes.front())].id;
    }
    out.tracklets.push_back(std::move(tracklet));
  }
  return out;
}

}  // namespace reidbench
