// What computes a network inside the "onednn" engine: oneDNN's primitives layer by layer, or this
// project's kernels for OSNet's blocks.
#pragma once

#include "reidbench/imaging/image.h"

namespace reidbench {

class GraphRunner {
 public:
  virtual ~GraphRunner() = default;
  // As Engine::Run: thread-safe, one thread per call, a NaN in a row that overflowed. The network
  // takes images of this size.
  virtual void Run(const ImageBatch& images, float* embeddings) = 0;
  // Images in one call from which larger calls gain nothing.
  virtual int batch_size() const = 0;
};

}  // namespace reidbench
