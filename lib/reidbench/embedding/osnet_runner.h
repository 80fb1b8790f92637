// What computes OSNet inside the "onednn" engine: oneDNN's primitives or this project's AVX-512
// kernels.
#pragma once

#include "reidbench/embedding/osnet_folded.h"
#include "reidbench/imaging/image.h"

namespace reidbench {

class OsnetRunner {
 public:
  virtual ~OsnetRunner() = default;
  // As Engine::Run: thread-safe, one thread per call, a NaN in a row that overflowed. Images are at
  // least 16 x 16 pixels.
  virtual void Run(const ImageBatch& images, float* embeddings) = 0;
  // Images in one call from which larger calls gain nothing.
  virtual int batch_size() const = 0;
};

}  // namespace reidbench
