// What MakeEmbedder needs of an engine; the checks that all engines share (shape of the batch,
// finite output, normalisation) are in embedder.cc.
#pragma once

#include "reidbench/embedding/embedder.h"
#include "reidbench/imaging/image.h"
#include "reidbench/networks/network.h"

namespace reidbench {

class Engine {
 public:
  virtual ~Engine() = default;
  // Complete but for `normalize`, which is not the engine's business.
  virtual const EmbedderInfo& info() const = 0;
  // images -> embeddings: float32 [images.count x info().dim]; thread-safe. A row whose computation
  // overflowed holds a NaN. `images` is not empty and has a size that info() allows.
  virtual void Run(const ImageBatch& images, float* embeddings) = 0;
};

// What all engines say about a network: all of EmbedderInfo but engine and batch size.
EmbedderInfo DescribeNetwork(const Network& network, std::string_view precision,
                             std::string_view device);

}  // namespace reidbench
