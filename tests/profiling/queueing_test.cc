#include "reidbench/profiling/queueing.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "reidbench/core/statistics.h"

namespace reidbench {
namespace {

double Mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// So many cameras that their frames come as if at random, `rate` a second.
CameraQueue ManyCameras(double rate, const std::vector<ServiceClass>& classes, int servers) {
  CameraQueue queue;
  queue.cameras = 100'000;
  queue.interval_s = static_cast<double>(queue.cameras) / rate;
  queue.reid_frames = classes;
  queue.servers = servers;
  return queue;
}

TEST(PlayCameras, OneCameraNeverWaits) {
  const std::vector<ServiceClass> work = {{0.5, 0.01}, {0.5, 0.03}};
  CameraQueue queue;
  queue.interval_s = 0.03;
  queue.reid_frames = work;
  const std::vector<double> responses = PlayCameras(queue);
  EXPECT_GT(responses.size(), 15'000u);
  EXPECT_NEAR(responses.front(), 0.01, 1e-9);
  EXPECT_NEAR(responses.back(), 0.03, 1e-9);
  EXPECT_NEAR(Mean(responses), 0.02, 2e-4);
  EXPECT_EQ(PlayCameras(queue), responses);
}

TEST(PlayCameras, ManyCamerasAreAQueueOfTheTextbook) {
  // M/D/1 at 70 %: waits of 0.7 / (2 * 0.3) services (Pollaczek-Khinchine).
  const std::vector<ServiceClass> fixed = {{1, 1}};
  EXPECT_NEAR(Mean(PlayCameras(ManyCameras(0.7, fixed, 1))), 1 + 0.7 / 0.6, 0.1);
  // M/M/2 with one Erlang: 1/3 waits, for one service each (Erlang's C formula). The exponential in
  // a thousand steps.
  std::vector<ServiceClass> exponential;
  for (int i = 0; i < 1000; ++i) exponential.push_back({1e-3, -std::log(1 - (i + 0.5) / 1000)});
  EXPECT_NEAR(Mean(PlayCameras(ManyCameras(1, exponential, 2))), 1 + 1.0 / 3, 0.06);
}

TEST(PlayCameras, ClocksWaitLessThanChance) {
  const std::vector<ServiceClass> fixed = {{1, 1}};
  CameraQueue few = ManyCameras(0.7, fixed, 1);
  few.cameras = 10;
  few.interval_s = 10 / 0.7;
  const auto percentile95 = [](const CameraQueue& queue) {
    return Quantile(PlayCameras(queue), 0.95, QuantileRule::kNearestRank);
  };
  const double clocks = percentile95(few);
  EXPECT_LT(clocks, 0.8 * percentile95(ManyCameras(0.7, fixed, 1)));
  EXPECT_GT(clocks, 1);
}

TEST(PlayCameras, OtherFramesAreInTheWay) {
  const std::vector<ServiceClass> reid = {{1, 0.02}}, plain = {{1, 0.01}};
  CameraQueue queue;
  queue.cameras = 5;
  queue.interval_s = 0.1;
  queue.reid_every_frames = 4;
  queue.reid_frames = reid;
  const double alone = Mean(PlayCameras(queue));
  queue.plain_frames = plain;
  const double among = Mean(PlayCameras(queue));
  EXPECT_GT(alone, 0.02);
  EXPECT_GT(among, alone + 1e-4);
  EXPECT_LT(among, 0.06);
  queue.servers = 5;  // one each
  EXPECT_NEAR(Mean(PlayCameras(queue)), 0.02, 1e-9);
}

TEST(PlayCameras, TheLinkSendsOneAfterTheOther) {
  const std::vector<ServiceClass> work = {{1, 0.001}};
  CameraQueue queue;
  queue.cameras = 4;
  queue.interval_s = 0.1;
  queue.reid_frames = work;
  queue.servers = 4;
  queue.reid_transfer_s = 0.02;
  const std::vector<double> responses = PlayCameras(queue);
  EXPECT_NEAR(responses.front(), 0.021, 1e-9);
  EXPECT_GT(responses.back(), 0.03);          // some meet another frame on the way
  EXPECT_LE(responses.back(), 0.081 + 1e-9);  // at most all of them
}

}  // namespace
}  // namespace reidbench
