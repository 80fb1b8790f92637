#include "reidbench/core/parallel.h"

#include <tbb/info.h>

#include "reidbench/core/error.h"

namespace reidbench {

int ResolveThreads(int requested) {
  if (requested < 0) ThrowUsage("--threads {}: expected 0 (all) or a positive number", requested);
  return requested == 0 ? tbb::info::default_concurrency() : requested;
}

}  // namespace reidbench
