// How long work waits for one of several servers when arrivals and work are not even: the formulas
// of the planner. Kingman 1961; Allen, "Probability, Statistics, and Queueing Theory", 1990
// (Allen-Cunneen); Whitt, "The Queueing Network Analyzer", Bell System Technical Journal 62, 1983.
#pragma once

#include <span>

namespace reidbench {

// Probability that an arrival has to wait with Poisson arrivals and exponential work (Erlang's C
// formula). `load` is the mean number of busy servers, 0 <= load < servers.
double ErlangC(int servers, double load);

// Squared coefficient of variation of the times between arrivals of `streams` streams together,
// each as regular as a clock, at utilisation `utilisation` (Albin's weight, as in Whitt 1983): 0
// for one stream, near 1 (Poisson) for many streams and little load, small again near saturation.
double PeriodicStreamsVariation(double streams, double utilisation);

struct QueueInput {
  int servers = 1;
  double arrivals_per_s = 0;
  double service_s = 0;          // mean work of one arrival on one server
  double service_variation = 0;  // squared coefficient of variation of that
  double arrival_variation = 1;  // of the times between arrivals
};

struct Waiting {
  double utilisation = 0;  // of the servers; nothing below holds at 1 and above
  double probability = 0;  // that an arrival waits at all
  double mean_s = 0;       // of all arrivals; those that wait wait exponentially long
};

// Allen-Cunneen: Erlang's wait times half the sum of both variations. Exact for M/M/c, and for
// M/G/1.
Waiting WaitingFor(const QueueInput& input);

// One kind of arrival: its share of all and its work.
struct ServiceClass {
  double share = 1;
  double service_s = 0;
};

// The smallest time that `percent` of the arrivals of these classes do not exceed, from arrival to
// end of work: the wait and the work are taken as independent.
double ResponsePercentile(const Waiting& waiting, std::span<const ServiceClass> classes,
                          double percent);

}  // namespace reidbench
