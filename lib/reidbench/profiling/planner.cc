#include "reidbench/profiling/planner.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <set>
#include <tuple>

#include "reidbench/core/error.h"
#include "reidbench/core/statistics.h"
#include "reidbench/core/text.h"
#include "reidbench/networks/network.h"
#include "reidbench/profiling/measure.h"

namespace reidbench {
namespace {

// Sent for each box and frame beside pictures: box, score, identity, time.
constexpr double kBoxBytes = 48;
// TCP, IP and Ethernet headers on full segments.
constexpr double kProtocolOverhead = 1.05;

struct Point {
  double x = 0;   // pixels, boxes, images
  double ms = 0;  // of one core
};

// Measurements of `stage` whose words are as given, at the most threads measured: a saturated
// machine is what is planned.
std::vector<const StageMeasurement*> Find(
    const MachineProfile& profile, const std::string& stage,
    const std::vector<std::pair<std::string, std::string>>& words) {
  std::vector<const StageMeasurement*> found;
  int64_t most_threads = 0;
  for (const StageMeasurement& m : profile.stages) {
    const bool same = std::all_of(words.begin(), words.end(), [&](const auto& word) {
      return m.variant.Word(word.first) == word.second;
    });
    if (m.stage != stage || !same) continue;
    const int64_t threads = m.variant.Number("threads").value_or(1);
    if (threads > most_threads) found.clear();
    most_threads = std::max(most_threads, threads);
    if (threads == most_threads) found.push_back(&m);
  }
  if (!found.empty()) return found;
  std::set<std::string> known;
  for (const StageMeasurement& m : profile.stages) {
    if (m.stage != stage) continue;
    std::vector<std::string> parts;
    for (const auto& [key, value] : words) parts.push_back(key + " " + m.variant.Word(key));
    known.insert(parts.empty() ? "all" : JoinText(parts, ", "));
  }
  std::vector<std::string> wanted;
  for (const auto& [key, value] : words) wanted.push_back(key + " " + value);
  ThrowConfig("the profile of {} has no measurement of stage {}{}{}; it has: {}",
              profile.host.cpu.empty() ? "the machine" : profile.host.cpu, stage,
              wanted.empty() ? "" : " with ", JoinText(wanted, ", "),
              known.empty() ? "none of that stage"
                            : JoinText(std::vector<std::string>(known.begin(), known.end()), "; "));
}

// Straight lines between the points; beyond them the nearest line goes on, without falling below a
// proportion to the nearest point's half.
double Interpolate(std::vector<Point> points, double x) {
  std::sort(points.begin(), points.end(), [](const Point& a, const Point& b) { return a.x < b.x; });
  if (points.size() == 1 || points.front().x == points.back().x)
    return points.front().ms * x / points.front().x;
  size_t upper = 1;
  while (upper + 1 < points.size() && points[upper].x < x) ++upper;
  const Point& a = points[upper - 1];
  const Point& b = points[upper];
  const double line = a.ms + (b.ms - a.ms) * (x - a.x) / (b.x - a.x);
  const Point& nearest = x < a.x ? a : b;
  const bool outside = x < a.x || x > b.x;
  return outside ? std::max(line, nearest.ms * std::min(x / nearest.x, 1.0) / 2) : line;
}

double PixelCost(const MachineProfile& profile, const std::string& stage, int64_t width,
                 int64_t height) {
  std::vector<Point> points;
  for (const StageMeasurement* m : Find(profile, stage, {})) {
    points.push_back({static_cast<double>(m->variant.Number("width").value_or(1) *
                                          m->variant.Number("height").value_or(1)),
                      m->cpu_ms_per_item});
  }
  return Interpolate(points, static_cast<double>(width * height));
}

double DensityCost(const MachineProfile& profile, const std::string& stage,
                   const std::vector<std::pair<std::string, std::string>>& words, double density) {
  std::vector<Point> points;
  for (const StageMeasurement* m : Find(profile, stage, words)) {
    const auto boxes = static_cast<double>(m->variant.Number("boxes_per_frame").value_or(1));
    // Relinking is counted by box; the cost of a frame is what grows evenly.
    points.push_back({boxes, m->cpu_ms_per_item * (m->unit == "boxes" ? boxes : 1)});
  }
  return Interpolate(points, density);
}

// Of one call with so many images: measured at a few batch sizes.
class EmbedCost {
 public:
  EmbedCost(const MachineProfile& profile, const Workload& workload) : batch_(workload.batch) {
    std::vector<std::pair<std::string, std::string>> words = {
        {"architecture", workload.architecture}, {"precision", workload.precision}};
    if (workload.engine != "auto") words.emplace_back("engine", workload.engine);
    const std::vector<const StageMeasurement*> found = Find(profile, "embed", words);
    const StageMeasurement* best = *std::min_element(
        found.begin(), found.end(), [](const StageMeasurement* a, const StageMeasurement* b) {
          return a->cpu_ms_per_item < b->cpu_ms_per_item;
        });
    for (const StageMeasurement* m : found) {
      if (m->variant.Word("engine") != best->variant.Word("engine")) continue;
      const auto images = static_cast<double>(m->variant.Number("batch").value_or(1));
      points_.push_back({images, images * m->cpu_ms_per_item});
    }
  }

  double Of(int64_t images) const {
    double ms = 0;
    for (; images > 0; images -= batch_)
      ms += Interpolate(points_, static_cast<double>(std::min(images, batch_)));
    return ms;
  }

 private:
  int64_t batch_;
  std::vector<Point> points_;
};

// Numbers of an embedding: of the architecture, or of one that has no name, as measured.
double FeaturesOf(const Workload& w, const MachineProfile& profile) {
  for (const Architecture& architecture : Architectures()) {
    if (architecture.name == w.architecture) return static_cast<double>(DimOf(architecture.graph));
  }
  for (const StageMeasurement& m : profile.stages) {
    if (const auto dim = m.variant.Number("dim")) return static_cast<double>(*dim);
  }
  ThrowConfig("architecture {}: the profile does not say how long its embeddings are",
              w.architecture);
}

// What a camera sends to the server.
struct Traffic {
  double bits_per_s = 0;
  double bits_per_reid_frame = 0;
  double bits_per_plain_frame = 0;
};

Traffic TrafficOf(const Workload& w, const MachineProfile& edge) {
  bool at_server = false;
  for (const auto& [name, place] : StagesOf(w))
    at_server = at_server || place == StagePlace::kServer;
  if (!at_server || !w.network) return {};
  const double boxes = w.people_per_frame * kBoxBytes;
  double every = boxes, reid = 0;
  if (w.decode_frame == StagePlace::kServer) {
    every = w.frame_jpeg_bytes;
  } else if (w.embed == StagePlace::kServer) {
    reid = w.people_per_frame * w.crop_jpeg_bytes;
  } else if (w.embed == StagePlace::kEdge) {
    reid = w.people_per_frame * FeaturesOf(w, edge) * sizeof(float);
  }
  const double scale = 8 * kProtocolOverhead;
  return {scale * w.frame_rate * (every + reid / static_cast<double>(w.reid_every_n_frames)),
          scale * (every + reid), scale * every};
}

// The server alone as a queue.
CameraQueue ServerQueue(const FrameCost& cost, const MachineProfile& server, const Workload& w,
                        int64_t cameras, double frames_per_s) {
  CameraQueue queue;
  queue.cameras = cameras;
  queue.interval_s = static_cast<double>(cameras) / frames_per_s;
  queue.reid_every_frames = w.reid_every_n_frames;
  queue.reid_frames = cost.reid_frames;
  queue.plain_frames = cost.plain_frames;
  queue.servers = server.host.logical_cores;
  return queue;
}

LatencyPercentiles PercentilesMs(std::vector<double> responses_s) {
  for (double& response : responses_s) response *= 1e3;
  return PercentilesOf(responses_s);
}

class Model {
 public:
  Model(const MachineProfile& server, const MachineProfile& edge, const Workload& workload)
      : server_(server),
        edge_(edge),
        workload_(workload),
        server_cost_(CostOn(server, workload, StagePlace::kServer)),
        edge_cost_(CostOn(edge, workload, StagePlace::kEdge)),
        traffic_(TrafficOf(workload, edge)) {}

  double ServerShare(double cameras) const {
    return cameras * workload_.frame_rate * server_cost_.mean_ms /
           (1e3 * server_.host.logical_cores);
  }
  double EdgeShare() const {
    return workload_.frame_rate * edge_cost_.mean_ms / (1e3 * edge_.host.logical_cores);
  }
  double LinkShare(double cameras) const {
    if (!workload_.network) return 0;
    return cameras * traffic_.bits_per_s / (1e6 * workload_.network->mbit_per_s);
  }
  bool uses_link() const { return traffic_.bits_per_s > 0; }
  bool uses_server() const { return server_cost_.mean_ms > 0; }
  const FrameCost& server_cost() const { return server_cost_; }
  const FrameCost& edge_cost() const { return edge_cost_; }

  // Cameras at which server or link are used up, on one machine; infinite when neither is used.
  double SaturatedCameras() const {
    const double per_camera = std::max(ServerShare(1), LinkShare(1));
    if (EdgeShare() > 1) return 0;
    return per_camera > 0 ? 1 / per_camera : std::numeric_limits<double>::infinity();
  }

  // From the camera to the result, of frames with re-ID, ascending in seconds; empty when something
  // is overloaded.
  std::vector<double> Responses(int64_t n) const {
    const auto cameras = static_cast<double>(n);
    if (ServerShare(cameras) >= 1 || EdgeShare() >= 1 || LinkShare(cameras) >= 1) return {};
    CameraQueue queue =
        ServerQueue(server_cost_, server_, workload_, n, cameras * workload_.frame_rate);
    double before_s = 1e-3 * (edge_cost_.every_frame_ms + edge_cost_.reid_frame_ms);
    if (uses_link()) {
      const double bits_per_s = 1e6 * workload_.network->mbit_per_s;
      queue.reid_transfer_s = traffic_.bits_per_reid_frame / bits_per_s;
      queue.plain_transfer_s = traffic_.bits_per_plain_frame / bits_per_s;
      before_s += 1e-3 * workload_.network->latency_ms;
    }
    std::vector<double> responses = PlayCameras(queue);
    for (double& s : responses) s += before_s;
    return responses;
  }

  double LatencyMs(int64_t cameras, double percent) const {
    const std::vector<double> responses = Responses(cameras);
    return responses.empty()
               ? std::numeric_limits<double>::infinity()
               : 1e3 * QuantileOfSorted(responses, percent / 100, QuantileRule::kNearestRank);
  }

  LatencyPercentiles Latency(int64_t cameras) const { return PercentilesMs(Responses(cameras)); }

 private:
  const MachineProfile& server_;
  const MachineProfile& edge_;
  const Workload& workload_;
  FrameCost server_cost_;
  FrameCost edge_cost_;
  Traffic traffic_;
};

// The largest n in [0, most] for which `holds`, which is true up to some n and false beyond.
int64_t Largest(int64_t most, const std::function<bool(int64_t)>& holds) {
  int64_t low = 0, high = most;
  while (low < high) {
    const int64_t middle = low + (high - low + 1) / 2;
    if (holds(middle)) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

// Where an edge does everything there is no limit; a million cameras are as good as none.
constexpr int64_t kMostCameras = 1'000'000;

std::vector<std::string> Assumptions(const Workload& w, const MachineProfile& server) {
  std::vector<std::string> list;
  list.push_back(fmt::format(
      "each of the {} cores takes the next frame in the order of arrival and does all its stages",
      server.host.logical_cores));
  list.emplace_back("cameras run free of each other: clocks of random phase");
  list.emplace_back(
      w.people_vary
          ? "the number of people in a frame is Poisson, all of them one burst of crops"
          : "every frame shows the same number of people, all of them one burst of crops");
  list.emplace_back(
      "work per item is the CPU time of the profile at the most threads it measured, so that what "
      "cores take from each other is in it; between measured sizes it is interpolated");
  list.emplace_back("nothing else runs on the machine");
  if (w.network)
    list.push_back(fmt::format("the link is shared by all edges, with {:.0f} % of protocol headers",
                               100 * (kProtocolOverhead - 1)));
  for (const auto& [name, place] : StagesOf(w)) {
    if (place == StagePlace::kEdge) {
      list.emplace_back("each camera has an edge device of its own, which does not wait");
      break;
    }
  }
  return list;
}

}  // namespace

FrameCost CostOn(const MachineProfile& profile, const Workload& w, StagePlace place) {
  FrameCost cost;
  double decode_ms = 0, resize_ms = 0, write_ms = 0;
  std::optional<EmbedCost> embed;
  const double n = static_cast<double>(w.reid_every_n_frames);
  const auto every_frame = [&](const std::string& stage, double ms) {
    cost.every_frame_ms += ms;
    cost.stages_ms.emplace_back(stage, ms);
  };
  // Of the crops of a frame with re-ID; the mean over people and frames is filled in below.
  if (w.decode_frame == place)
    every_frame("decode_frame", PixelCost(profile, "decode", w.frame_width, w.frame_height));
  if (w.decode == place) decode_ms = PixelCost(profile, "decode", w.crop_width, w.crop_height);
  if (w.resize == place) resize_ms = PixelCost(profile, "resize", w.crop_width, w.crop_height);
  if (w.embed == place) embed.emplace(profile, w);
  if (w.write == place)
    write_ms = Find(profile, "write", {{"type", "float32"}}).front()->cpu_ms_per_item;
  const std::vector<double> people = PeopleDistribution(w);
  double embed_mean_ms = 0;
  for (size_t k = 0; k < people.size(); ++k) {
    if (embed) embed_mean_ms += people[k] * embed->Of(static_cast<int64_t>(k));
  }
  const auto reid = [&](const std::string& stage, bool here, double ms) {
    if (!here) return;
    cost.reid_frame_ms += ms;
    cost.stages_ms.emplace_back(stage, ms / n);
  };
  reid("decode", w.decode == place, w.people_per_frame * decode_ms);
  reid("resize", w.resize == place, w.people_per_frame * resize_ms);
  reid("embed", w.embed == place, embed_mean_ms);
  reid("write", w.write == place, w.people_per_frame * write_ms);
  if (w.track == place) {
    every_frame("track",
                DensityCost(profile, "track", {{"tracker", w.tracker}}, w.people_per_frame));
  }
  // Per frame on average; in truth all at once for so many frames.
  double relink_ms = 0;
  if (w.relink == place) {
    relink_ms = DensityCost(profile, "relink", {}, w.people_per_frame);
    cost.stages_ms.emplace_back("relink", relink_ms);
  }
  for (const auto& [stage, ms] : cost.stages_ms) cost.mean_ms += ms;

  cost.frames_share = cost.every_frame_ms > 0 || relink_ms > 0 ? 1 : 1 / n;
  const auto add = [&](std::vector<ServiceClass>* classes, double share, double ms) {
    const double bursts = relink_ms > 0 ? 1.0 / kRelinkFrames : 0;
    classes->push_back({share * (1 - bursts), 1e-3 * ms});
    if (bursts > 0) classes->push_back({share * bursts, 1e-3 * (ms + kRelinkFrames * relink_ms)});
  };
  if (cost.frames_share == 1) add(&cost.plain_frames, 1, cost.every_frame_ms);
  for (size_t k = 0; k < people.size(); ++k) {
    const auto count = static_cast<int64_t>(k);
    const double ms = cost.every_frame_ms +
                      static_cast<double>(count) * (decode_ms + resize_ms + write_ms) +
                      (embed ? embed->Of(count) : 0);
    add(&cost.reid_frames, people[k], ms);
  }
  return cost;
}

LatencyPercentiles ServerLatency(const MachineProfile& server, const Workload& workload,
                                 int64_t cameras, double frames_per_s) {
  const FrameCost cost = CostOn(server, workload, StagePlace::kServer);
  return PercentilesMs(PlayCameras(ServerQueue(cost, server, workload, cameras, frames_per_s)));
}

namespace {

// Cameras within the head-room, and within the latency too.
std::pair<int64_t, int64_t> Capacity(const Model& model, const Workload& w) {
  if (model.EdgeShare() > w.utilisation) return {0, 0};
  const int64_t sustainable = Largest(kMostCameras, [&](int64_t n) {
    const auto cameras = static_cast<double>(n);
    return model.ServerShare(cameras) <= w.utilisation && model.LinkShare(cameras) <= w.utilisation;
  });
  const auto in_time = [&](int64_t n) {
    return n == 0 || model.LatencyMs(n, w.latency_percentile) <= w.latency_target_ms;
  };
  return {sustainable, in_time(sustainable) ? sustainable : Largest(sustainable, in_time)};
}

// With every engine and precision that the place of the network has measured.
std::vector<PlanAlternative> Alternatives(const MachineProfile& server, const MachineProfile& edge,
                                          const Workload& workload) {
  std::vector<PlanAlternative> list;
  if (workload.embed == StagePlace::kNone) return list;
  const MachineProfile& host = workload.embed == StagePlace::kEdge ? edge : server;
  std::set<std::pair<std::string, std::string>> seen;
  for (const StageMeasurement& m : host.stages) {
    Workload w = workload;
    w.engine = m.variant.Word("engine");
    w.precision = m.variant.Word("precision");
    if (m.stage != "embed" || m.variant.Word("architecture") != w.architecture ||
        !seen.emplace(w.engine, w.precision).second)
      continue;
    list.push_back({w.engine, w.precision, Capacity(Model(server, edge, w), w).second});
  }
  std::stable_sort(list.begin(), list.end(),
                   [](const auto& a, const auto& b) { return a.at_latency > b.at_latency; });
  return list;
}

}  // namespace

Plan MakePlan(const MachineProfile& server, const MachineProfile* edge, const Workload& workload) {
  if (const std::vector<std::string> errors = workload.Validate(); !errors.empty())
    ThrowConfig("the workload: {}", JoinText(errors, "; "));
  const MachineProfile& edge_profile = edge != nullptr ? *edge : server;
  const Model model(server, edge_profile, workload);
  Plan plan;
  plan.workload = workload;
  plan.saturated_cameras = std::min(model.SaturatedCameras(), static_cast<double>(kMostCameras));
  const double room = workload.utilisation;
  std::tie(plan.sustainable, plan.at_latency) = Capacity(model, workload);
  plan.cameras_per_machine = plan.at_latency;
  if (workload.cameras) {
    // 0: no number of machines is enough.
    plan.machines_needed =
        plan.at_latency > 0 ? (*workload.cameras + plan.at_latency - 1) / plan.at_latency : 0;
    if (plan.machines_needed > 0) {
      plan.cameras_per_machine =
          (*workload.cameras + plan.machines_needed - 1) / plan.machines_needed;
    }
  }
  const auto cameras = static_cast<double>(plan.cameras_per_machine);
  double worst = 0;
  const auto take = [&](const FrameCost& cost, const char* resource, double share) {
    double most = 0;
    std::string stage;
    for (const auto& [name, ms] : cost.stages_ms) {
      if (cost.mean_ms <= 0) continue;
      plan.utilisation.push_back({resource, name, share * ms / cost.mean_ms});
      if (ms > most) {
        most = ms;
        stage = name;
      }
    }
    return stage;
  };
  // What saturates first is judged by one camera more and more: shares of one camera, but the edge
  // has its whole load from the first on.
  const std::string server_stage =
      take(model.server_cost(), "server cores", model.ServerShare(cameras));
  const std::string edge_stage = take(model.edge_cost(), "edge cores", model.EdgeShare());
  const double load = std::max(plan.saturated_cameras, 1e-9);
  if (model.uses_server()) {
    worst = model.ServerShare(load);
    plan.saturates_first = server_stage;
  }
  if (model.uses_link()) {
    plan.utilisation.push_back({"network", "transfer", model.LinkShare(cameras)});
    if (model.LinkShare(load) > worst) {
      worst = model.LinkShare(load);
      plan.saturates_first = "network";
    }
  }
  if (model.EdgeShare() > std::min(worst, room) || plan.saturates_first.empty())
    plan.saturates_first = edge_stage;
  plan.latency_ms = model.Latency(std::max<int64_t>(plan.cameras_per_machine, 1));
  if (model.uses_link()) {
    const double mbit_per_s = model.LinkShare(cameras) * workload.network->mbit_per_s;
    plan.network = {mbit_per_s, workload.network->mbit_per_s, model.LinkShare(cameras)};
  }
  plan.alternatives = Alternatives(server, edge_profile, workload);
  plan.assumptions = Assumptions(workload, server);
  if (!model.uses_server() && !model.uses_link()) {
    plan.assumptions.push_back(
        fmt::format("every camera has a device that does everything: nothing limits their number, "
                    "{} stands for "
                    "that",
                    WithThousands(kMostCameras)));
  }
  return plan;
}

}  // namespace reidbench
