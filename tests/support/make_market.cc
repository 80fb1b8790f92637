// Writes a small Market-1501-layout data set of people that do not exist; tools/demo runs on it.
#include <fmt/format.h>

#include <exception>

#include "support/synthetic_reid.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: make_market FOLDER\n");
    return 2;
  }
  try {
    reidbench::SyntheticMarketOptions options;
    options.train_persons = 10;
    options.test_persons = 40;
    options.cameras = 4;
    options.distractors = 40;
    options.junk = 10;
    const reidbench::SyntheticMarket market = reidbench::WriteSyntheticMarket(argv[1], options);
    fmt::print("{} train, {} query and {} gallery images in {}\n", market.train_images,
               market.query_images, market.gallery_images, argv[1]);
  } catch (const std::exception& error) {
    fmt::print(stderr, "make_market: {}\n", error.what());
    return 3;
  }
  return 0;
}
