#include "reidbench/retrieval/single_shot.h"

#include <algorithm>

namespace reidbench {
namespace {

std::vector<int32_t> CountImages(const SingleShotGallery& gallery) {
  std::vector<int32_t> images(static_cast<size_t>(gallery.num_persons));
  for (const int32_t p : gallery.person) ++images[static_cast<size_t>(p)];
  return images;
}

}  // namespace

std::vector<double> SingleShotExpectation(const SingleShotGallery& gallery, int max_rank) {
  const std::vector<int32_t> images = CountImages(gallery);
  std::vector<int32_t> ahead(images.size());
  std::vector<int32_t> seen;  // other persons with an image ahead
  std::vector<double> cmc(static_cast<size_t>(max_rank));
  std::vector<double> beaten(
      static_cast<size_t>(max_rank));  // probability of exactly b beating persons
  const double share = 1 / static_cast<double>(images[static_cast<size_t>(gallery.query_person)]);
  for (const int32_t p : gallery.person) {
    if (p != gallery.query_person) {
      if (ahead[static_cast<size_t>(p)]++ == 0) seen.push_back(p);
      continue;
    }
    std::fill(beaten.begin(), beaten.end(), 0.0);
    beaten[0] = 1;
    size_t filled = 1;
    for (const int32_t other : seen) {
      const double probability = static_cast<double>(ahead[static_cast<size_t>(other)]) /
                                 static_cast<double>(images[static_cast<size_t>(other)]);
      filled = std::min(filled + 1, beaten.size());
      for (size_t b = filled - 1; b > 0; --b) {
        beaten[b] = beaten[b] * (1 - probability) + beaten[b - 1] * probability;
      }
      beaten[0] *= 1 - probability;
    }
    double within = 0;
    for (size_t k = 0; k < cmc.size(); ++k) {
      within += beaten[k];
      cmc[k] += share * within;
    }
  }
  return cmc;
}

std::vector<double> SingleShotSampled(const SingleShotGallery& gallery, int max_rank, int repeats,
                                      Rng* rng) {
  const std::vector<int32_t> images = CountImages(gallery);
  std::vector<double> cmc(static_cast<size_t>(max_rank));
  std::vector<int32_t> chosen(images.size());  // which of a person's images, in rank order
  std::vector<int32_t> passed(images.size());
  for (int repeat = 0; repeat < repeats; ++repeat) {
    for (size_t p = 0; p < images.size(); ++p) {
      chosen[p] =
          images[p] == 0 ? -1 : static_cast<int32_t>(rng->Below(static_cast<uint64_t>(images[p])));
    }
    std::fill(passed.begin(), passed.end(), 0);
    size_t rank = 0;
    for (const int32_t p : gallery.person) {
      if (passed[static_cast<size_t>(p)]++ != chosen[static_cast<size_t>(p)]) continue;
      if (p == gallery.query_person) break;
      ++rank;
    }
    for (size_t k = rank; k < cmc.size(); ++k) cmc[k] += 1;
  }
  for (double& c : cmc) c /= repeats;
  return cmc;
}

}  // namespace reidbench
