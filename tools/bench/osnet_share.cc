// osnet_share [--rounds N] [--threads N]: what share of the machine's measured arithmetic peak
// OSNet reaches in engine "onednn", and what the engine takes to start. Looks at the peak (fused
// multiply-adds, or bfloat16 dot products, in registers) and at the network alternate within each
// round on the same thread, in CPU time, so that a clock or a neighbour that changes meanwhile
// changes both; the median of the rounds' ratios is printed. Multiply-accumulates as torchreid
// counts them, two operations each. Random weights: time does not depend on their values.
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "reidbench/core/random.h"
#include "reidbench/core/statistics.h"
#include "reidbench/embedding/embedder.h"
#include "reidbench/embedding/onednn_engine.h"
#include "reidbench/networks/network.h"
#include "reidbench/profiling/peaks.h"

namespace reidbench {
namespace {

constexpr int kHeight = kPersonHeight, kWidth = kPersonWidth;
constexpr int kBatch = 16;

double ThreadSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Operations per CPU second of `work`, which returns how many it did, over about `seconds`.
double Rate(double seconds, const std::function<double()>& work) {
  const double begin = ThreadSeconds();
  double done = 0, passed = 0;
  do {
    done += work();
    passed = ThreadSeconds() - begin;
  } while (passed < seconds);
  return done / passed;
}

double Median(std::vector<double> values) {
  return Quantile(std::move(values), 0.5, QuantileRule::kHigher);
}

double PeakMegabytes() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

struct Round {
  double peak, network, share;
};

void Measure(const std::string& architecture, const std::string& precision, int threads,
             int rounds) {
  const double macs = static_cast<double>(CountMacs(ArchitectureByName(architecture).graph));
  const Network weights = RandomNetwork(ArchitectureByName(architecture));
  EmbedderOptions options;
  options.engine = "onednn";
  options.precision = precision;
  const bool bf16 = precision == "bf16";

  Rng rng(2);
  std::vector<float> pixels(static_cast<size_t>(kBatch) * 3 * kHeight * kWidth);
  for (float& p : pixels) p = static_cast<float>(rng.Uniform(-2, 2));
  const auto dim = static_cast<size_t>(DimOf(weights.graph));
  std::vector<float> first(dim);

  const double before = PeakMegabytes();
  const auto begin = std::chrono::steady_clock::now();
  const std::unique_ptr<Embedder> embedder = MakeNetworkEmbedder(weights, options);
  embedder->Embed({pixels.data(), 1, kHeight, kWidth}, first.data());
  const double start =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();

  std::vector<std::vector<Round>> all(threads);
  std::barrier together(threads);
  std::vector<std::thread> workers;
  for (int t = 0; t < threads; ++t) {
    workers.emplace_back([&, t] {
      std::vector<float> features(kBatch * dim);
      for (int r = 0; r < rounds; ++r) {
        Round round;
        together.arrive_and_wait();
        round.peak =
            Rate(0.05, [&] { return bf16 ? RunBf16Arithmetic(20'000) : RunArithmetic(20'000); });
        together.arrive_and_wait();
        round.network = Rate(0.3, [&] {
          embedder->Embed({pixels.data(), kBatch, kHeight, kWidth}, features.data());
          return 2 * macs * kBatch;
        });
        together.arrive_and_wait();
        const double after =
            Rate(0.05, [&] { return bf16 ? RunBf16Arithmetic(20'000) : RunArithmetic(20'000); });
        // The better one: what disturbs makes a peak only lower, and a low peak would flatter.
        round.peak = std::max(round.peak, after);
        round.share = round.network / round.peak;
        all[t].push_back(round);
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  const double memory = PeakMegabytes() - before;

  std::vector<double> peaks, networks, shares;
  for (const std::vector<Round>& thread : all) {
    for (const Round& round : thread) {
      peaks.push_back(round.peak);
      networks.push_back(round.network);
      shares.push_back(round.share);
    }
  }
  std::printf("%-16s %s %7d %12.1f %12.1f %12.1f %8.1f %6.1f %6.1f %9.3f %9.1f\n",
              architecture.c_str(), precision.c_str(), threads, Median(networks) / (2 * macs),
              1e-9 * Median(networks), 1e-9 * Median(peaks), 100 * Median(shares),
              100 * *std::min_element(shares.begin(), shares.end()),
              100 * *std::max_element(shares.begin(), shares.end()), start, memory);
  std::fflush(stdout);
}

int Main(int argc, char** argv) {
  int rounds = 9, most_threads = 2;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view flag = argv[i];
    const int value = i + 1 < argc ? std::atoi(argv[i + 1]) : 0;
    if ((flag != "--rounds" && flag != "--threads") || value < 1) {
      std::fprintf(stderr, "usage: osnet_share [--rounds N] [--threads N]\n");
      return 2;
    }
    (flag == "--rounds" ? rounds : most_threads) = value;
  }
  std::printf("%-16s %s %7s %12s %12s %12s %8s %6s %6s %9s %9s\n", "architecture", "prec",
              "threads", "img/CPU-s", "GFLOP/CPU-s", "peak", "share %", "least", "most", "start s",
              "memory MB");
  // Memory grows only: the network that is asked about goes first.
  for (const char* architecture : {"osnet_x1_0", "osnet_x0_25"}) {
    for (const std::string& precision : OnednnPrecisions()) {
      for (int threads = most_threads; threads >= 1; --threads) {
        Measure(architecture, precision, threads, rounds);
      }
    }
  }
  return 0;
}

}  // namespace
}  // namespace reidbench

int main(int argc, char** argv) { return reidbench::Main(argc, argv); }
