// A small data set in Market-1501's layout with people that can be told apart: for tests of whole
// commands, without any image of a real person.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace reidbench {

struct SyntheticMarketOptions {
  int train_persons = 4;      // persons 1..train_persons
  int test_persons = 6;       // the following numbers
  int cameras = 3;            // 1..6; every person walks past every camera
  int images_per_camera = 2;  // of one person; the first of a test person is the query
  int distractors = 3;        // gallery images of person 0
  int junk = 2;               // gallery images of person -1
  int width = 64;
  int height = 128;
  uint64_t seed = 1;
};

// What LoadReidDataset has to find there.
struct SyntheticMarket {
  int64_t train_images = 0;
  int64_t query_images = 0;
  int64_t gallery_images = 0;  // with the distractors, without the junk
  int64_t distractors = 0;
  int64_t junk = 0;
  std::vector<int64_t> train_persons;
  std::vector<int64_t> test_persons;
};

// Writes bounding_box_train, query and bounding_box_test below `root`, which is created. A person
// has a fixed pattern of coloured stripes; cameras differ in brightness and tint, images in
// position and noise. One query and one gallery file end in
// ".jpg.jpg", and a Thumbs.db lies beside the gallery, as in the original.
SyntheticMarket WriteSyntheticMarket(const std::filesystem::path& root,
                                     const SyntheticMarketOptions& options = {});

}  // namespace reidbench
