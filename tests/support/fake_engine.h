// Engines for tests of what is around a network.
#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>

#include "reidbench/jobs/profile/profile.h"

namespace reidbench {

// So many milliseconds an image, without using a core: as many threads as wanted keep their pace on
// any machine.
class SleepingEmbedder : public Embedder {
 public:
  explicit SleepingEmbedder(double image_ms) : image_ms_(image_ms) {
    info_.engine = "fake";
    info_.dim = 512;
    info_.batch_size = 1;
  }
  const EmbedderInfo& info() const override { return info_; }
  void Embed(const ImageBatch& images, float* embeddings) override {
    std::this_thread::sleep_for(
        std::chrono::duration<double, std::milli>(image_ms_ * images.count));
    std::fill_n(embeddings, static_cast<size_t>(images.count) * 512, images.nchw[0]);
  }

 private:
  double image_ms_;
  EmbedderInfo info_;
};

inline EngineProvider FakeEngines() {
  EngineProvider provider;
  provider.choices = {{"fake", "fp32"}, {"fake", "bf16"}};
  provider.make = [](const Network&, const EmbedderOptions&) -> std::unique_ptr<Embedder> {
    return std::make_unique<SleepingEmbedder>(5);
  };
  return provider;
}

}  // namespace reidbench
