#include "reidbench/detection_metrics/coco_ap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "detection_metrics/hand_pictures.h"
#include "reidbench/core/random.h"
#include "reidbench/detection_metrics/overlap.h"

namespace reidbench {
namespace {

CocoCounts Count(const std::vector<DetectionPicture>& pictures, int most = kCocoMaxDetections) {
  CocoCounts counts;
  for (const DetectionPicture& picture : pictures) CountCoco(picture, most, &counts);
  return counts;
}
CocoSummary Summarize(const std::vector<DetectionPicture>& pictures,
                      int most = kCocoMaxDetections) {
  const CocoCounts counts = Count(pictures, most);
  return CocoPool({&counts}).Summarize();
}

// One match alone has 1 / (1 + 2.2e-16), as in pycocotools.
TEST(CocoAp, APerfectDetectorHasOne) {
  const CocoSummary s = Summarize({MakePicture({Person(kA), Person(kB)}, {{kA, 0.9}, {kB, 0.1}})});
  EXPECT_EQ(s.ap, 1);
  EXPECT_EQ(s.ap50, 1);
  EXPECT_EQ(s.ap_medium, 1);  // 4,000 square pixels
  EXPECT_EQ(s.ap_small, std::nullopt);
  EXPECT_EQ(s.ar, 1);
  EXPECT_EQ(s.ar_1, 0.5);
}

// Recalls 0, 0.01, .. 0.5 are reached, 51 of 101.
TEST(CocoAp, HalfOfThePeople) {
  const CocoSummary s = Summarize({MakePicture({Person(kA), Person(kB)}, {{kA, 0.9}})});
  EXPECT_DOUBLE_EQ(*s.ap, 51.0 / 101);
  EXPECT_DOUBLE_EQ(*s.ar, 0.5);
}

// TP, FP, TP: precisions 1, 1/2, 2/3; below their envelope 1 up to recall 1/2, then 2/3.
TEST(CocoAp, PrecisionIsReadBelowItsEnvelope) {
  const CocoSummary s =
      Summarize({MakePicture({Person(kA), Person(kB)}, {{kA, 0.9}, {kC, 0.8}, {kB, 0.7}})});
  EXPECT_NEAR(*s.ap50, (51 * 1.0 + 50 * 2.0 / 3) / 101, 1e-15);
}

TEST(CocoAp, ThresholdsAreOfIou) {
  // 84 of 100 pixels of height: IoU 0.84 is enough for 0.5, 0.55, .. 0.8, seven of ten.
  const CocoSummary s = Summarize({MakePicture({Person(kA)}, {{{0, 0, 40, 84}, 0.9}})});
  EXPECT_NEAR(*s.ap, 0.7, 1e-15);
  EXPECT_DOUBLE_EQ(*s.ap75, 1);
}

// IoU 0.5 exactly is enough.
TEST(CocoAp, AnIouAtTheThresholdCounts) {
  EXPECT_DOUBLE_EQ(*Summarize({MakePicture({Person(kA)}, {{{0, 0, 40, 50}, 0.9}})}).ap50, 1);
}

// The first detection overlaps both people equally and takes the later one, whose own detection is
// then left with an IoU of 80 / 120 with the other.
TEST(CocoAp, OfEqualOverlapsTheLaterIsTaken) {
  const CocoSummary s = Summarize({MakePicture({Person({0, 0, 10, 10}), Person({2, 0, 10, 10})},
                                               {{{1, 0, 10, 10}, 0.9}, {{2, 0, 10, 10}, 0.8}})});
  EXPECT_EQ(s.ap50, 1);
  EXPECT_DOUBLE_EQ(*s.ap75, 51.0 / 101);
}

TEST(CocoAp, ACrowdForgivesAnyNumberByTheShareOfTheDetection) {
  const CocoSummary s =
      Summarize({MakePicture({Person(kA), Region({200, 0, 300, 100})},
                             {{kB, 0.95}, {kC, 0.94}, {{210, 0, 40, 100}, 0.93}, {kA, 0.9}})});
  EXPECT_DOUBLE_EQ(*s.ap, 1);
  // Half outside: forgiven at 0.5, at no higher threshold.
  const CocoSummary half = Summarize({MakePicture({Person(kA), Region({200, 0, 300, 100})},
                                                  {{{180, 0, 40, 100}, 0.95}, {kA, 0.9}})});
  EXPECT_DOUBLE_EQ(*half.ap50, 1);
  EXPECT_NEAR(*half.ap75, 0.5, 1e-15);
}

// The person overlaps less than the crowd around it, and counts all the same.
TEST(CocoAp, PeopleArePreferredToCrowds) {
  const CocoSummary s =
      Summarize({MakePicture({Region({0, 0, 400, 400}), Person(kA)}, {{{0, 0, 40, 60}, 0.9}})});
  EXPECT_DOUBLE_EQ(*s.ap50, 1);
}

// What is stated as the area decides, not the box; a detection of another size than the range that
// matches nobody is ignored there.
TEST(CocoAp, AreaRangesGoByTheStatedArea) {
  TruthBox small = Person(kA);
  small.area = 1024;  // both ranges hold their common end
  const CocoSummary s =
      Summarize({MakePicture({small}, {{kB, 0.99}, {{300, 0, 10, 10}, 0.98}, {kA, 0.9}})});
  EXPECT_NEAR(*s.ap50, 1.0 / 3, 1e-15);
  EXPECT_NEAR(*s.ap_small, 0.5, 1e-15);   // kB has 4,000 square pixels
  EXPECT_NEAR(*s.ap_medium, 0.5, 1e-15);  // and the 10 x 10 box 100
  EXPECT_EQ(s.ap_large, std::nullopt);
}

TEST(CocoAp, DetectionsInEmptyPicturesAreFalse) {
  const CocoSummary s = Summarize(
      {MakePicture({}, {{kA, 0.95}}), MakePicture({}, {}), MakePicture({Person(kA)}, {{kA, 0.9}})});
  EXPECT_NEAR(*s.ap, 0.5, 1e-15);
  EXPECT_EQ(Summarize({MakePicture({}, {{kA, 0.95}})}).ap, std::nullopt);
  EXPECT_EQ(Summarize({}).ap, std::nullopt);
  EXPECT_EQ(Summarize({MakePicture({Person(kA)}, {})}).ap, 0);
}

TEST(CocoAp, EqualScoresStayInTheOrderOfPictures) {
  const DetectionPicture good = MakePicture({Person(kA)}, {{kA, 0.5}});
  const DetectionPicture bad = MakePicture({}, {{kA, 0.5}});
  EXPECT_NEAR(*Summarize({bad, good}).ap, 0.5, 1e-15);
  EXPECT_DOUBLE_EQ(*Summarize({good, bad}).ap, 1);
}

TEST(CocoAp, LooksAtTheBestDetectionsOfAPicture) {
  std::vector<DetectedBox> detections;
  for (int i = 0; i < 100; ++i) detections.push_back({kB, 0.9});
  detections.push_back({kA, 0.8});
  const std::vector<DetectionPicture> pictures = {MakePicture({Person(kA)}, detections)};
  EXPECT_EQ(Summarize(pictures).ap, 0);
  EXPECT_NEAR(*Summarize(pictures, 101).ap, 1.0 / 101, 1e-15);
  EXPECT_EQ(Count(pictures).left_out, 1);
  EXPECT_EQ(Count(pictures).crowded_pictures, 1);
  detections.erase(detections.begin(), detections.begin() + 91);  // the tenth is the match
  EXPECT_EQ(Summarize({MakePicture({Person(kA)}, detections)}).ar_10, 1);
  EXPECT_EQ(Summarize({MakePicture({Person(kA)}, detections)}).ar_1, 0);
}

TEST(CocoAp, MeanOverClassesLeavesOutThoseWithoutGroundTruth) {
  CocoSummary a, b, none;
  a.ap = 0.5;
  b.ap = 1;
  const std::vector<CocoSummary> classes = {a, none, b};
  EXPECT_EQ(MeanOverClasses(classes).ap, 0.75);
  EXPECT_EQ(MeanOverClasses(classes).ap50, std::nullopt);
}

TEST(CocoAp, TakingAPartTwiceIsAddingItAgain) {
  const CocoCounts a = Count({MakePicture({Person(kA), Person(kB)}, {{kC, 0.9}, {kA, 0.8}})});
  const CocoCounts b = Count({MakePicture({Person(kA)}, {{kA, 0.85}})});
  const std::vector<int> times = {2, 0};
  EXPECT_EQ(CocoPool({&a, &b}).SummarizeTimes(times).ap, CocoPool({&a, &a}).Summarize().ap);
  const std::vector<int> once = {1, 1};
  EXPECT_EQ(CocoPool({&a, &b}).SummarizeTimes(once).ap, CocoPool({&a, &b}).Summarize().ap);
}

// The rules once more, step by step as cocoeval.py goes through them on dense matrices.
class PlainCoco {
 public:
  explicit PlainCoco(const std::vector<DetectionPicture>& pictures) : pictures_(pictures) {}

  // Precision at the recalls, and the recall at the end; -1 without ground truth.
  std::pair<double, double> At(double threshold, double low, double high, size_t most) const {
    std::vector<double> scores;
    std::vector<int> kind;  // 1 true, 0 false, -1 ignored
    int64_t people = 0;
    for (const DetectionPicture& picture : pictures_)
      AddPicture(picture, threshold, low, high, most, &scores, &kind, &people);
    if (people == 0) return {-1, -1};
    std::vector<size_t> order(scores.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return scores[a] > scores[b]; });
    std::vector<double> recall, precision;
    double tp = 0, fp = 0;
    for (const size_t i : order) {
      tp += kind[i] == 1 ? 1 : 0;
      fp += kind[i] == 0 ? 1 : 0;
      recall.push_back(tp / static_cast<double>(people));
      precision.push_back(tp / (fp + tp + 2.220446049250313e-16));
    }
    for (size_t i = precision.size(); i > 1; --i) {
      if (precision[i - 1] > precision[i - 2]) precision[i - 2] = precision[i - 1];
    }
    double sum = 0;
    for (int r = 0; r <= 100; ++r) {
      const double wanted = r == 100 ? 1 : r * 0.01;
      const auto at = std::lower_bound(recall.begin(), recall.end(), wanted);
      if (at != recall.end()) sum += precision[static_cast<size_t>(at - recall.begin())];
    }
    return {sum / 101, recall.empty() ? 0 : recall.back()};
  }

 private:
  static void AddPicture(const DetectionPicture& picture, double threshold, double low, double high,
                         size_t most, std::vector<double>* scores, std::vector<int>* kind,
                         int64_t* people) {
    std::vector<std::pair<bool, TruthBox>> truth;  // ignored ones last
    for (const bool wanted : {false, true}) {
      for (const TruthBox& box : picture.truth) {
        const bool ignored = box.is_region || box.area < low || box.area > high;
        if (ignored == wanted) truth.emplace_back(ignored, box);
      }
    }
    for (const auto& [ignored, box] : truth) *people += ignored ? 0 : 1;
    std::vector<DetectedBox> detections = picture.detections;
    std::stable_sort(detections.begin(), detections.end(),
                     [](const DetectedBox& a, const DetectedBox& b) { return a.score > b.score; });
    if (detections.size() > 100) detections.resize(100);
    std::vector<bool> taken(truth.size(), false);
    for (size_t d = 0; d < detections.size(); ++d) {
      double best = std::min(threshold, 1 - 1e-10);
      int match = -1;
      for (size_t g = 0; g < truth.size(); ++g) {
        if (taken[g] && !truth[g].second.is_region) continue;
        if (match > -1 && !truth[static_cast<size_t>(match)].first && truth[g].first) break;
        const double overlap = OverlapOf(detections[d].box, truth[g].second);
        if (overlap < best) continue;
        best = overlap;
        match = static_cast<int>(g);
      }
      if (match > -1) taken[static_cast<size_t>(match)] = true;
      if (d >= most) continue;
      const double area = detections[d].box.width * detections[d].box.height;
      const bool outside = area < low || area > high;
      scores->push_back(detections[d].score);
      if (match > -1) {
        kind->push_back(truth[static_cast<size_t>(match)].first ? -1 : 1);
      } else {
        kind->push_back(outside ? -1 : 0);
      }
    }
  }

  const std::vector<DetectionPicture>& pictures_;
};

// Ties in scores and overlaps, crowds, areas at the ends of their ranges, empty pictures, more than
// a hundred detections.
TEST(CocoAp, EqualsThePlainRulesOnGeneratedSets) {
  Rng rng(5);
  for (int trial = 0; trial < 150; ++trial) {
    std::vector<DetectionPicture> pictures(1 + rng.Below(12));
    for (DetectionPicture& picture : pictures) {
      if (rng.Below(5) == 0) continue;
      const auto box = [&] {
        // Coarse: equal overlaps are common.
        const double size = rng.Below(3) == 0 ? 32 : rng.Below(2) == 0 ? 96 : 16;
        return BoxLtwh{8.0 * static_cast<double>(rng.Below(12)),
                       8.0 * static_cast<double>(rng.Below(4)), size,
                       size + 8.0 * static_cast<double>(rng.Below(3))};
      };
      const size_t people = rng.Below(7);
      for (size_t g = 0; g < people; ++g) {
        picture.truth.push_back(rng.Below(6) == 0 ? Region(box()) : Person(box()));
        if (rng.Below(4) == 0) picture.truth.back().area = rng.Below(2) == 0 ? 1024 : 9216;
      }
      const size_t detections = rng.Below(20) == 0 ? 130 : rng.Below(15);
      for (size_t d = 0; d < detections; ++d) {
        const double score = 0.1 * static_cast<double>(rng.Below(6));
        const bool near = !picture.truth.empty() && rng.Below(2) == 0;
        BoxLtwh found = near ? picture.truth[rng.Below(picture.truth.size())].box : box();
        found.left += 4.0 * static_cast<double>(rng.Below(3));
        picture.detections.push_back({found, score});
      }
    }
    const CocoSummary s = Summarize(pictures);
    const PlainCoco plain(pictures);
    const auto expect = [&](const std::optional<double>& found, double wanted) {
      EXPECT_NEAR(found.value_or(-1), wanted, 1e-12) << trial;
    };
    const auto mean = [&](double low, double high, size_t most, bool recall) {
      double sum = 0;
      for (int t = 0; t < 10; ++t) {
        const auto [precision, reached] =
            plain.At(CocoThresholds()[static_cast<size_t>(t)], low, high, most);
        sum += recall ? reached : precision;
      }
      return sum / 10;
    };
    expect(s.ap, mean(0, 1e10, 100, false));
    expect(s.ap50, plain.At(0.5, 0, 1e10, 100).first);
    expect(s.ap75, plain.At(0.75, 0, 1e10, 100).first);
    expect(s.ap_small, mean(0, 1024, 100, false));
    expect(s.ap_medium, mean(1024, 9216, 100, false));
    expect(s.ap_large, mean(9216, 1e10, 100, false));
    expect(s.ar_1, mean(0, 1e10, 1, true));
    expect(s.ar_10, mean(0, 1e10, 10, true));
    expect(s.ar, mean(0, 1e10, 100, true));
    expect(s.ar_small, mean(0, 1024, 100, true));
    expect(s.ar_medium, mean(1024, 9216, 100, true));
    expect(s.ar_large, mean(9216, 1e10, 100, true));
  }
}

// numpy's linspace(0.5, 0.95, 10): 0.75 is exact, which pycocotools looks for with ==.
TEST(CocoAp, ThresholdsAreNumpys) {
  EXPECT_EQ(CocoThresholds()[0], 0.5);
  EXPECT_EQ(CocoThresholds()[5], 0.75);
  EXPECT_EQ(CocoThresholds()[9], 0.95);
}

}  // namespace
}  // namespace reidbench
