#include "reidbench/training/sampler.h"

#include <algorithm>
#include <numeric>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

using Batches = std::vector<std::vector<int64_t>>;

Batches Shuffled(size_t images, int batch_size, Rng* rng) {
  std::vector<int64_t> order(images);
  std::iota(order.begin(), order.end(), int64_t{0});
  rng->Shuffle(std::span(order));
  Batches batches;
  for (size_t begin = 0; begin < images; begin += static_cast<size_t>(batch_size)) {
    const size_t end = std::min(images, begin + static_cast<size_t>(batch_size));
    if (!batches.empty() && 2 * (end - begin) < static_cast<size_t>(batch_size)) break;
    batches.emplace_back(order.begin() + static_cast<ptrdiff_t>(begin),
                         order.begin() + static_cast<ptrdiff_t>(end));
  }
  return batches;
}

}  // namespace

Batches SampleEpoch(std::span<const int32_t> label, int batch_size, int images_per_person,
                    Rng* rng) {
  REIDBENCH_CHECK(batch_size > 0 && images_per_person >= 0);
  if (images_per_person == 0) return Shuffled(label.size(), batch_size, rng);

  const auto k = static_cast<size_t>(images_per_person);
  std::vector<std::vector<int64_t>> images_of;
  for (size_t i = 0; i < label.size(); ++i) {
    const auto person = static_cast<size_t>(label[i]);
    if (person >= images_of.size()) images_of.resize(person + 1);
    images_of[person].push_back(static_cast<int64_t>(i));
  }
  // Each person's images in random order; the last of them serve the person's next groups.
  std::vector<size_t> available;  // persons with a group left
  for (size_t person = 0; person < images_of.size(); ++person) {
    std::vector<int64_t>& images = images_of[person];
    if (images.empty()) continue;
    rng->Shuffle(std::span(images));
    const size_t own = images.size();
    while (images.size() < k) images.push_back(images[rng->Below(own)]);
    available.push_back(person);
  }
  const size_t persons =
      std::min(available.size(), std::max<size_t>(1, static_cast<size_t>(batch_size) / k));
  Batches batches;
  while (available.size() >= persons && persons > 0) {
    std::vector<int64_t>& batch = batches.emplace_back();
    rng->Shuffle(std::span(available));
    for (size_t p = 0; p < persons; ++p) {
      std::vector<int64_t>& images = images_of[available[p]];
      batch.insert(batch.end(), images.end() - static_cast<ptrdiff_t>(k), images.end());
      images.resize(images.size() - k);
    }
    std::erase_if(available, [&](size_t person) { return images_of[person].size() < k; });
  }
  return batches;
}

}  // namespace reidbench
