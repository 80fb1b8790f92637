#include "profiling/queueing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <queue>
#include <vector>

#include "core/random.h"

namespace reidbench {
namespace {

TEST(ErlangC, IsTheTextbooks) {
  // One server: an arrival waits when the server is busy.
  EXPECT_NEAR(ErlangC(1, 0.7), 0.7, 1e-12);
  // Two servers, one of them busy on average: 2 r^2 / (1 + r) with r = 1/2.
  EXPECT_NEAR(ErlangC(2, 1), 1.0 / 3, 1e-12);
  // Tabulated: 10 servers, 8 Erlang.
  EXPECT_NEAR(ErlangC(10, 8), 0.409, 5e-4);
  EXPECT_EQ(ErlangC(3, 0), 0);
  EXPECT_NEAR(ErlangC(1000, 900), 0, 1e-3);  // no overflow
}

TEST(WaitingFor, IsExactWhereItShouldBe) {
  // M/M/1 at 80 %: the mean wait is 4 services.
  const Waiting mm1 = WaitingFor({1, 0.8, 1, 1, 1});
  EXPECT_NEAR(mm1.utilisation, 0.8, 1e-12);
  EXPECT_NEAR(mm1.mean_s, 4, 1e-9);
  // M/D/1 waits half as long (Pollaczek-Khinchine).
  EXPECT_NEAR(WaitingFor({1, 0.8, 1, 0, 1}).mean_s, 2, 1e-9);
  // M/M/2 with one Erlang: 1/3 waits, for 1 / (2 - 1) service each.
  EXPECT_NEAR(WaitingFor({2, 1, 1, 1, 1}).mean_s, 1.0 / 3, 1e-9);
  // A single clock with even work does not wait.
  EXPECT_EQ(WaitingFor({1, 0.9, 1, 0, PeriodicStreamsVariation(1, 0.9)}).mean_s, 0);
  EXPECT_GE(WaitingFor({1, 2, 1, 1, 1}).utilisation, 1);
}

TEST(PeriodicStreamsVariation, GoesFromAClockToPoisson) {
  EXPECT_EQ(PeriodicStreamsVariation(1, 0.5), 0);
  EXPECT_GT(PeriodicStreamsVariation(1000, 0.3), 0.99);
  EXPECT_LT(PeriodicStreamsVariation(20, 0.95), PeriodicStreamsVariation(20, 0.5));
  EXPECT_EQ(PeriodicStreamsVariation(50, 1), 0);
}

TEST(ResponsePercentile, KnowsMm1AndNoWait) {
  const Waiting nobody;
  const ServiceClass classes[] = {{0.9, 1}, {0.1, 3}};
  EXPECT_NEAR(ResponsePercentile(nobody, classes, 50), 1, 1e-9);
  EXPECT_NEAR(ResponsePercentile(nobody, classes, 95), 3, 1e-9);
  // Waits of M/M/1 at 80 %: 0.8 exp(-0.2 t); work of one length after it.
  const Waiting waiting = WaitingFor({1, 0.8, 1, 1, 1});
  const ServiceClass one[] = {{1, 1}};
  EXPECT_NEAR(ResponsePercentile(waiting, one, 95), 1 + std::log(0.8 / 0.05) / 0.2, 1e-6);
}

// Cameras as clocks of random phase, cores that take frames in order: the queue itself.
std::vector<double> Simulate(int servers, int cameras, double interval_s,
                             const std::vector<ServiceClass>& classes) {
  std::vector<double> responses;
  for (uint64_t run = 0; run < 60; ++run) {
    Rng rng(3, run);
    std::vector<double> arrivals;
    for (int c = 0; c < cameras; ++c) {
      const double phase = rng.Uniform();
      for (int f = 0; f < 200; ++f) arrivals.push_back((phase + f) * interval_s);
    }
    std::sort(arrivals.begin(), arrivals.end());
    std::priority_queue<double, std::vector<double>, std::greater<>> free;
    for (int s = 0; s < servers; ++s) free.push(0);
    for (const double at : arrivals) {
      double pick = rng.Uniform(), work = classes.back().service_s;
      for (const ServiceClass& c : classes) {
        if (pick < c.share) {
          work = c.service_s;
          break;
        }
        pick -= c.share;
      }
      const double begin = std::max(at, free.top());
      free.pop();
      free.push(begin + work);
      responses.push_back(begin + work - at);
    }
  }
  std::sort(responses.begin(), responses.end());
  return responses;
}

TEST(Model, FollowsASimulationOfCameras) {
  // Frames with many people and frames with few.
  const std::vector<ServiceClass> classes = {{0.3, 0.002}, {0.4, 0.006}, {0.3, 0.014}};
  const double mean = 0.3 * 0.002 + 0.4 * 0.006 + 0.3 * 0.014;
  const double variation = (0.3 * 4e-6 + 0.4 * 36e-6 + 0.3 * 196e-6) / (mean * mean) - 1;
  for (const int servers : {2, 8}) {
    for (const double utilisation : {0.5, 0.7, 0.85}) {
      const int cameras = 10 * servers;
      const double rate = utilisation * servers / mean;
      const std::vector<double> simulated = Simulate(servers, cameras, cameras / rate, classes);
      const Waiting waiting = WaitingFor(
          {servers, rate, mean, variation, PeriodicStreamsVariation(cameras, utilisation)});
      for (const double percent : {50.0, 95.0}) {
        const double truth =
            simulated[static_cast<size_t>(percent / 100 * static_cast<double>(simulated.size()))];
        const double predicted = ResponsePercentile(waiting, classes, percent);
        // Near saturation clocks wait less than what is known of them says: too careful is allowed.
        EXPECT_GT(predicted / truth, 0.85)
            << servers << " servers at " << utilisation << ", " << percent << " %: " << predicted
            << " against " << truth;
        EXPECT_LT(predicted / truth, utilisation < 0.8 ? 1.25 : 1.6)
            << servers << " servers at " << utilisation << ", " << percent << " %";
      }
    }
  }
}

}  // namespace
}  // namespace reidbench
