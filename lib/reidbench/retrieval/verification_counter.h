// Inside of lib/reidbench/retrieval: exact verification rates of all impostor pairs while they
// stream by, in bounded memory. Kept are the nearest 1 % of the impostors and those around the
// equal error rate, both bracketed beforehand from a sample; should a bracket miss, two more passes
// count distances by their bits instead (a radix select), exact whatever the data.
#pragma once

#include <tbb/enumerable_thread_specific.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "reidbench/retrieval/verification.h"

namespace reidbench {

// What to keep of the stream. The default keeps everything.
struct VerificationPlan {
  float keep_up_to =
      std::numeric_limits<float>::infinity();  // every impostor at most this far is kept
  float eer_low = std::numeric_limits<float>::infinity();  // and those in [eer_low, eer_high];
                                                           // others below are counted
  float eer_high = -std::numeric_limits<float>::infinity();
  float grid_low = 0;  // evenly spaced thresholds of the ROC curve
  float grid_high = 0;

  bool KeepsEverything() const { return keep_up_to == std::numeric_limits<float>::infinity(); }
};

// Brackets from a sample of distances [rows x columns], infinity = not an impostor pair. `genuine`
// ascending: all genuine distances or a sample of them, the latter then with `genuine_error`, the
// standard error of its shares. At most `max_kept` of `num_impostor` pairs are planned to be kept
// around the equal error rate.
VerificationPlan PlanVerification(std::span<const float> sample, int64_t columns,
                                  std::span<const float> genuine, double genuine_error,
                                  int64_t num_impostor, int64_t max_kept);

struct ImpostorTotals {
  int64_t count = 0;
  double sum = 0;  // of distances
  double sum_of_squares = 0;
};

class VerificationCounter {
 public:
  // Takes distances; infinity = not an impostor pair. At most kMaxRow at once.
  using Sink = std::function<void(const float* distances, int64_t count)>;
  // Streams all impostors once more into the sink, which may be called from any thread.
  using Replay = std::function<void(const Sink&)>;
  static constexpr int64_t kMaxRow = 512;

  explicit VerificationCounter(const VerificationPlan& plan);
  ~VerificationCounter();

  // Thread-safe. The order of calls does not matter.
  void Count(const float* distances, int64_t count);

  // `genuine` ascending. Call once, after all Count().
  VerificationResult Finish(std::span<const float> genuine, const ImpostorTotals& impostors,
                            const Replay& replay);

  // Whether Finish() needed the replay; for tests.
  bool replayed() const { return replayed_; }

 private:
  struct Worker;

  VerificationPlan plan_;
  tbb::enumerable_thread_specific<std::unique_ptr<Worker>> workers_;
  bool replayed_ = false;
};

// Ascending. Linear time; for large arrays of finite floats.
void SortFloats(std::vector<float>* values);

}  // namespace reidbench
