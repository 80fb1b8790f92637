// What appearance and motion say about two pieces of track: log-likelihood ratios, one person
// against two. Both calibrate themselves on the sequence: parts of one piece are one person, pieces
// that overlap in time are two, and a track predicts itself over the gaps it does not have.
#pragma once

#include <cstdint>
#include <vector>

#include "reidbench/relinking/observations.h"
#include "reidbench/relinking/pieces.h"

namespace reidbench {

struct AppearanceOptions {
  double certain_s = 0.1;  // clean seconds at which the evidence counts half
  double cap = 12;         // most that appearance can say
  // A person before and after an occlusion differs so many times more than two parts of one piece.
  double return_factor = 2;
};

struct AppearanceModel {
  RelinkCalibration calibration;
  double slope = 0;     // per unit of cosine distance
  double midpoint = 0;  // distance that favours neither
  AppearanceOptions options;

  // `clean_s`: of the side with fewer clean crops.
  double LogRatio(double distance, double clean_s) const;
};

AppearanceModel CalibrateAppearance(const RelinkInput& input, const Observations& seen,
                                    const PieceSet& pieces, const AppearanceOptions& options);

struct MotionModel {
  struct Spread {
    double lag_s;
    double place;  // standard deviation of the prediction, body heights
    double size;   // of the logarithm of the height
  };
  std::vector<Spread> spreads;  // ascending lags
  double area_heights2 = 1;
  double cap = 3;  // wrong candidates near a contact are near, too
  double floor = -8;
  double size_weight = 0.25;  // of what the change of height says
  int image_width = 0;        // px; 0 = not known: nobody leaves
  int image_height = 0;

  Spread At(double lag_s) const;
  // `tail` of the earlier piece, `head` of the later. `residual` (body heights) may be null.
  double LogRatio(const Motion& tail, const Motion& head, double* residual = nullptr) const;
  // What the distance alone takes from it: 0 where the later piece begins as expected.
  double Leap(const Motion& tail, const Motion& head) const;
  // Whether a person can get there: veto before anything else is compared.
  bool Reachable(const Motion& tail, const Motion& head) const;
  // Whether the person of `tail` walks out of the picture within the gap to `head`.
  bool Leaves(const Motion& tail, double gap_s) const;

 private:
  struct Misfit {
    double residual;  // body heights
    double place_deviation;
    double by_place, by_size;  // what they take from the log-likelihood ratio
  };
  Misfit MisfitOf(const Motion& tail, const Motion& head) const;
};

MotionModel CalibrateMotion(const Observations& seen);

// Where a person is expected after `dt_s` (negative: was), velocities dying out.
Motion Predict(const Motion& from, double dt_s);

}  // namespace reidbench
