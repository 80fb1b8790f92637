#include "reidbench/jobs/profile/profile_paced.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cmath>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/random.h"
#include "reidbench/core/text.h"
#include "reidbench/features/feature_store.h"
#include "reidbench/imaging/decode.h"
#include "reidbench/imaging/preprocess.h"
#include "reidbench/jobs/profile/profile_cases.h"
#include "reidbench/profiling/isolated.h"
#include "reidbench/profiling/measure.h"
#include "reidbench/profiling/walkers.h"
#include "reidbench/relinking/relink.h"
#include "reidbench/tracking/tracker.h"

namespace reidbench {
namespace {

struct Arrival {
  double at_s = 0;
  int64_t camera = 0;
  int64_t frame = 0;  // of that camera
  int people = 0;     // crops to embed; -1: no re-ID in this frame
};

struct Finished {
  double begun_s = -1;  // -1: not reached
  double ended_s = 0;
};

// The number of people at quantile u of their distribution, probabilities from 0 people on.
int PeopleAt(const std::vector<double>& probabilities, double u) {
  double sum = 0;
  for (size_t k = 0; k < probabilities.size(); ++k) {
    sum += probabilities[k];
    if (u < sum) return static_cast<int>(k);
  }
  return static_cast<int>(probabilities.size()) - 1;
}

void SleepUntil(double wall_s) {
  timespec t{};
  t.tv_sec = static_cast<time_t>(wall_s);
  t.tv_nsec = static_cast<long>(1e9 * (wall_s - std::floor(wall_s)));
  while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, nullptr) == EINTR) {
  }
}

// Frames begin in the order of arrival, so those that began are the first ones. How much later
// those at the end of them began than those half the time before, which stand at the same place of
// the cameras' common period: bursts within it do not count.
double LagPerSecond(const std::vector<Arrival>& arrivals, const std::vector<Finished>& finished,
                    double period_s) {
  size_t begun = 0;
  while (begun < finished.size() && finished[begun].begun_s >= 0) ++begun;
  if (begun < 4) return 0;
  const double end = arrivals[begun - 1].at_s + 1e-9;
  const auto periods = [&](double about) {
    return about < period_s ? about : period_s * std::floor(about / period_s);
  };
  const double window = periods(end / 4), shift = periods(end / 2);
  const auto mean_lag = [&](double until) {
    double sum = 0;
    int64_t count = 0;
    for (size_t i = 0; i < begun; ++i) {
      if (arrivals[i].at_s < until - window || arrivals[i].at_s >= until) continue;
      sum += finished[i].begun_s - arrivals[i].at_s;
      ++count;
    }
    return count > 0 ? sum / static_cast<double>(count) : 0;
  };
  return (mean_lag(end) - mean_lag(end - shift)) / shift;
}

}  // namespace

struct PacedServer::Impl {
  Workload workload;
  int threads = 1;
  GeneratedPictures pictures;
  std::unique_ptr<Embedder> embedder;
  int dim = 0;  // of its embeddings
  uint64_t seed = 0;
  WalkerScene scene;
  GeneratedTracks broken;
  RelinkInput relink_input;
  PreprocessOptions preprocess = PreprocessPreset("torchreid");

  bool Here(StagePlace place) const { return place == StagePlace::kServer; }

  // Frames in the order of arrival; those that bring no work to the server are left out.
  std::vector<Arrival> Schedule(int64_t cameras, double frames_per_s, double seconds,
                                bool even) const {
    const bool every = Here(workload.decode_frame) || Here(workload.track) || Here(workload.relink);
    const bool crops = Here(workload.decode) || Here(workload.embed) || Here(workload.write);
    const double interval = static_cast<double>(cameras) / frames_per_s;
    const std::vector<double> people = PeopleDistribution(workload);
    std::vector<Arrival> arrivals;
    for (int64_t camera = 0; camera < cameras; ++camera) {
      Rng rng(seed, static_cast<uint64_t>(camera));
      const double phase = rng.Uniform();
      const auto offset =
          static_cast<int64_t>(rng.Below(static_cast<uint64_t>(workload.reid_every_n_frames)));
      for (int64_t frame = 0;; ++frame) {
        Arrival arrival{(phase + static_cast<double>(frame)) * interval, camera, frame, -1};
        if (arrival.at_s >= seconds) break;
        if (crops && (frame + offset) % workload.reid_every_n_frames == 0) {
          arrival.people = PeopleAt(people, rng.Uniform());
        }
        if (every || arrival.people >= 0) arrivals.push_back(arrival);
      }
    }
    std::sort(arrivals.begin(), arrivals.end(), [](const Arrival& a, const Arrival& b) {
      return std::pair(a.at_s, a.camera) < std::pair(b.at_s, b.camera);
    });
    if (even) {
      // Golden-ratio steps fill the quantiles evenly.
      double u = 0.5;
      for (Arrival& arrival : arrivals) {
        if (arrival.people < 0) continue;
        u = std::fmod(u + 0.6180339887498949, 1.0);
        arrival.people = PeopleAt(people, u);
      }
    }
    return arrivals;
  }
};

namespace {

// One camera's tracker; frames reach it one at a time.
struct CameraState {
  std::mutex mutex;
  std::unique_ptr<Tracker> tracker;
  int64_t next_frame = 0;
  int64_t relink_in = 0;  // frames until its finished tracks are corrected
};

// Feature file that all threads append to.
class SharedWriter {
 public:
  SharedWriter(int64_t rows, int dim) : path_(scratch_.path() / "paced.h5") {
    FeatureLabels labels;
    for (int64_t i = 0; i < rows; ++i) {
      labels.frame.emplace_back(i + 1);
      labels.track_id.emplace_back(0);
      labels.box_ltwh.push_back({0, 0, 40, 90});
    }
    FeatureProvenance provenance;
    provenance.dataset = "generated";
    writer_.emplace(path_, dim, labels, provenance, std::vector<std::string>());
  }
  void Append(std::span<const float> rows) {
    const std::lock_guard lock(mutex_);
    writer_->Append(rows);
  }

 private:
  ScratchFolder scratch_;
  std::filesystem::path path_;
  std::mutex mutex_;
  std::optional<FeatureFileWriter> writer_;
};

}  // namespace

PacedServer::PacedServer(const Workload& workload, int threads, GeneratedPictures pictures,
                         std::unique_ptr<Embedder> embedder, uint64_t seed)
    : impl_(std::make_unique<Impl>()) {
  impl_->workload = workload;
  impl_->threads = threads;
  impl_->pictures = std::move(pictures);
  impl_->embedder = std::move(embedder);
  impl_->seed = seed;
  impl_->dim = static_cast<int>(DimOf(ArchitectureByName(workload.architecture).graph));
  const int people = std::max(1, static_cast<int>(std::lround(workload.people_per_frame)));
  impl_->scene = MakeWalkers({.people = people, .frames = kTrackedFrames, .seed = seed + 7});
  if (impl_->Here(workload.relink)) {
    impl_->broken = MakeBrokenTracks(people, kRelinkFrames, impl_->dim, seed + 7);
    impl_->relink_input = RelinkInputOf(impl_->broken, workload.frame_rate);
  }
}

PacedServer::~PacedServer() = default;

PacedResult PacedServer::Run(int64_t cameras, double frames_per_s, double seconds, bool even) {
  const Impl& impl = *impl_;
  const Workload& w = impl.workload;
  const std::vector<Arrival> arrivals = impl.Schedule(cameras, frames_per_s, seconds, even);
  std::vector<Finished> finished(arrivals.size());
  std::vector<CameraState> states(cameras);
  for (int64_t c = 0; c < cameras; ++c) {
    Rng rng(impl.seed, 1'000'000 + static_cast<uint64_t>(c));
    if (impl.Here(w.track)) states[c].tracker = MakeTracker(w.tracker);
    states[c].next_frame = static_cast<int64_t>(rng.Below(kTrackedFrames));
    states[c].relink_in = 1 + static_cast<int64_t>(rng.Below(kRelinkFrames));
  }
  std::optional<SharedWriter> writer;
  if (impl.Here(w.write)) {
    int64_t rows = 1;
    for (const Arrival& a : arrivals) rows += std::max(a.people, 0);
    writer.emplace(rows, impl.dim);
  }
  const ThreadLimit limit(1);  // what is parallel inside a stage is one core's work here
  std::atomic<size_t> next = 0;
  std::exception_ptr error;
  std::mutex error_mutex;
  const double cpu_before = ProcessCpuSeconds();
  const double start = WallSeconds() + 0.02;
  const auto batch = static_cast<size_t>(w.batch);
  const size_t values = size_t{3} * impl.preprocess.height * impl.preprocess.width;

  const auto work = [&](uint64_t thread) {
    Preprocessor preprocessor(impl.preprocess);
    RgbImage image;
    const size_t most = batch;
    std::vector<float> pixels(most * values);
    std::vector<float> rows(most * static_cast<size_t>(impl.dim));
    // For edges that resize or embed: what arrives is as good as any.
    RgbImage ready;
    if (!impl.pictures.crops.empty())
      DecodeImage(impl.pictures.crops.front(), "generated", ExifOrientation::kIgnore, &ready);
    size_t picture = thread * 7;
    const auto crops = [&](size_t people) {
      for (size_t done = 0; done < people; done += batch) {
        const size_t count = std::min(batch, people - done);
        for (size_t i = 0; i < count; ++i) {
          if (impl.Here(w.decode)) {
            DecodeImage(impl.pictures.crops[picture++ % impl.pictures.crops.size()], "generated",
                        ExifOrientation::kIgnore, &image);
          }
          if (impl.Here(w.resize))
            preprocessor.Run(impl.Here(w.decode) ? image : ready, pixels.data() + i * values);
        }
        if (impl.embedder) {
          impl.embedder->Embed({pixels.data(), static_cast<int>(count), impl.preprocess.height,
                                impl.preprocess.width},
                               rows.data());
        }
        if (writer) writer->Append({rows.data(), count * static_cast<size_t>(impl.dim)});
      }
    };
    while (true) {
      const size_t i = next.fetch_add(1);
      if (i >= arrivals.size()) return;
      const Arrival& arrival = arrivals[i];
      if (WallSeconds() >= start + seconds) return;
      if (WallSeconds() < start + arrival.at_s) SleepUntil(start + arrival.at_s);
      finished[i].begun_s = WallSeconds() - start;
      if (impl.Here(w.decode_frame)) {
        DecodeImage(impl.pictures.frames[picture++ % impl.pictures.frames.size()], "generated",
                    ExifOrientation::kIgnore, &image);
      }
      CameraState& state = states[arrival.camera];
      bool correct = false;
      if (impl.Here(w.track) || impl.Here(w.relink)) {
        const std::lock_guard lock(state.mutex);
        if (state.next_frame == kTrackedFrames) {
          state.next_frame = 0;
          if (state.tracker) state.tracker = MakeTracker(w.tracker);
        }
        if (state.tracker) {
          state.tracker->Step(
              {FrameIndex(state.next_frame + 1), impl.scene.frames[state.next_frame], {}});
        }
        ++state.next_frame;
        correct = impl.Here(w.relink) && --state.relink_in == 0;
        if (correct) state.relink_in = kRelinkFrames;
      }
      if (arrival.people > 0) crops(static_cast<size_t>(arrival.people));
      if (correct) Relink(impl.relink_input, RelinkOptions());
      finished[i].ended_s = WallSeconds() - start;
    }
  };
  const auto guarded = [&](uint64_t thread) {
    try {
      work(thread);
    } catch (...) {
      const std::lock_guard lock(error_mutex);
      if (!error) error = std::current_exception();
      next = arrivals.size();
    }
  };
  std::vector<std::thread> others;
  for (int t = 1; t < impl.threads; ++t) others.emplace_back(guarded, static_cast<uint64_t>(t));
  guarded(0);
  for (std::thread& thread : others) thread.join();
  if (error) std::rethrow_exception(error);

  PacedResult result;
  result.frames_per_s = frames_per_s;
  const double cpu_s = ProcessCpuSeconds() - cpu_before;
  result.cores_busy = cpu_s / (WallSeconds() - start);
  const double jobs_per_frame = static_cast<double>(arrivals.size()) / (frames_per_s * seconds);
  std::vector<double> reid_ms;
  for (size_t i = 0; i < arrivals.size(); ++i) {
    if (finished[i].begun_s < 0) continue;
    ++result.frames;
    if (arrivals[i].people >= 0 && arrivals[i].at_s > 0.1 * seconds)
      reid_ms.push_back(1e3 * (finished[i].ended_s - arrivals[i].at_s));
  }
  result.cpu_ms_per_frame =
      1e3 * cpu_s * jobs_per_frame / std::max<double>(1, static_cast<double>(result.frames));
  result.lag_per_s = LagPerSecond(
      arrivals, finished, static_cast<double>(w.reid_every_n_frames * cameras) / frames_per_s);
  if (!reid_ms.empty()) {
    std::sort(reid_ms.begin(), reid_ms.end());
    result.reid_latency_ms = PercentilesOf(reid_ms);
  }
  return result;
}

namespace {

// Lag that counts as a growing backlog.
constexpr double kGrowingLag = 0.01;
// Overloaded, all cores should be busy; what is missing went to others.
constexpr double kLeastBusy = 0.95;

}  // namespace

PlanValidation ValidatePlan(const MachineProfile& server, const ValidationOptions& options,
                            const EngineProvider& engines,
                            const std::function<void(int64_t, int64_t)>& progress) {
  const Workload& w = options.workload;
  const FrameCost cost = CostOn(server, w, StagePlace::kServer);
  if (cost.mean_ms <= 0) ThrowConfig("the workload: no stage runs at the server to be validated");
  const int threads = ResolveThreads(options.threads);
  const bool embeds = w.embed == StagePlace::kServer;
  const EngineChoice choice = embeds ? EngineFor(w, engines) : EngineChoice();
  PlanValidation v;
  v.predicted_cpu_ms_per_frame = cost.mean_ms;
  v.predicted_frames_per_s = 1e3 * threads / cost.mean_ms;
  const double cameras_saturated = v.predicted_frames_per_s / w.frame_rate;
  const int64_t cameras = std::max<int64_t>(1, std::llround(cameras_saturated));
  v.at_frames_per_s = w.utilisation * v.predicted_frames_per_s;
  v.predicted_latency_ms = ServerLatency(server, w, cameras, v.at_frames_per_s);

  // Heavy frames are few: long enough for so many, within reason.
  constexpr double kLongest = 10;
  const double frames_per_s = v.predicted_frames_per_s * cost.frames_share;
  const double seconds = std::max(
      options.seconds, std::min(static_cast<double>(options.frames) / frames_per_s, kLongest));
  // The real run in a process of its own, step by step, so that progress can be shown.
  const int64_t steps = options.steps + 1;
  double low = 0.5, high = 1.6;
  PacedResult at_load;
  double cores_busy = 0;
  const std::string output =
      RunIsolated([&] {
        GeneratedPictures pictures =
            MakeCrops(static_cast<int>(w.crop_width), static_cast<int>(w.crop_height),
                      kGeneratedCrops, options.seed);
        if (w.decode_frame == StagePlace::kServer) {
          pictures.frames = MakeFrames(static_cast<int>(w.frame_width),
                                       static_cast<int>(w.frame_height), 2, options.seed)
                                .frames;
        }
        std::unique_ptr<Embedder> embedder;
        if (embeds) {
          EmbedderOptions embedder_options;
          embedder_options.engine = choice.engine;
          embedder_options.precision = choice.precision;
          embedder =
              engines.make(RandomNetwork(ArchitectureByName(w.architecture)), embedder_options);
        }
        PacedServer paced(w, threads, std::move(pictures), std::move(embedder), options.seed);
        paced.Run(cameras, 0.5 * v.predicted_frames_per_s, 0.5, true);  // warms up
        double tried = 1;
        for (int step = 0; step < options.steps; ++step) {
          progress(step, steps);
          // A step that others disturbed is done once more: they make the machine look slower.
          PacedResult result;
          bool grows = false;
          for (int attempt = 0; attempt < 2; ++attempt) {
            result = paced.Run(cameras, tried * v.predicted_frames_per_s, seconds, true);
            grows = result.lag_per_s > kGrowingLag;
            if (!grows || result.cores_busy >= kLeastBusy * threads) break;
          }
          if (grows) cores_busy = std::max(cores_busy, result.cores_busy);
          (grows ? high : low) = tried;
          tried = (low + high) / 2;
        }
        progress(options.steps, steps);
        at_load = paced.Run(cameras, v.at_frames_per_s, 1.5 * seconds, false);
        progress(steps, steps);
        return fmt::format("{} {} {} {} {} {} {}", low, high, cores_busy, at_load.cpu_ms_per_frame,
                           at_load.reid_latency_ms.p50, at_load.reid_latency_ms.p95,
                           at_load.reid_latency_ms.p99);
      }).output;
  std::vector<double> numbers;
  for (const std::string_view part : SplitText(output, ' '))
    numbers.push_back(ParseDouble(part).value_or(0));
  REIDBENCH_CHECK(numbers.size() == 7);
  v.measured_frames_per_s = (numbers[0] + numbers[1]) / 2 * v.predicted_frames_per_s;
  v.error_percent = 100 * (v.predicted_frames_per_s / v.measured_frames_per_s - 1);
  v.within = std::abs(v.error_percent) <= kValidationTolerancePercent;
  v.measured_cpu_ms_per_frame = numbers[3];
  v.measured_latency_ms = {numbers[4], numbers[5], numbers[6]};
  if (numbers[2] > 0 && numbers[2] < kLeastBusy * threads) {
    v.note = fmt::format(
        "while overloaded the run got {:.2f} of {} cores: something else used the machine; by its "
        "CPU time alone it would sustain {:.4g} frames/s",
        numbers[2], threads, 1e3 * threads / v.measured_cpu_ms_per_frame);
  }
  return v;
}

}  // namespace reidbench
