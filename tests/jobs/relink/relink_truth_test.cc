#include "reidbench/jobs/relink/relink_truth.h"

#include <gtest/gtest.h>

#include "reidbench/mot_metrics/fields.h"
#include "reidbench/mot_metrics/sequence.h"
#include "support/relink_scene.h"

namespace reidbench {
namespace {

using Verdict = DecisionTruth::Verdict;

// Tracks of persons 0 and 1 and of nobody (person 9 is not in the ground truth).
class RelinkTruthTest : public ::testing::Test {
 protected:
  RelinkTruthTest() {
    scene_.Add(1, 0, 1, 10);
    scene_.Add(2, 1, 1, 10);
    scene_.Add(1, 1, 11, 20);  // 1 and 2 exchange their people
    scene_.Add(2, 0, 11, 20);
    scene_.Add(3, 0, 26, 30);
    scene_.Add(4, 9, 26, 30);
  }

  static RelinkDecision Make(RelinkDecisionKind kind, int64_t before, int64_t after,
                             int64_t frame_before, int64_t frame_after, bool accepted = true) {
    RelinkDecision d;
    d.kind = kind;
    d.accepted = accepted;
    d.track_before = TrackId(before);
    d.track_after = TrackId(after);
    d.frame_before = frame_before;
    d.frame_after = frame_after;
    return d;
  }

  TrackSet Truth() const {
    TrackSet truth{"S", 30, {}};
    for (size_t i = 0; i < scene_.persons.size(); ++i) {
      if (scene_.persons[i] == 9) continue;
      TrackBox box = scene_.tracks.boxes[i];
      box.id = TrackId(scene_.persons[i] + 1);
      box.class_id = 1;
      box.confidence = 1;
      truth.boxes.push_back(box);
    }
    return truth;
  }

  RelinkTruth Judge(const std::vector<RelinkDecision>& decisions) const {
    RelinkResult result;
    result.decisions = decisions;
    result.tracks = ApplyDecisions(scene_.tracks, decisions);
    return JudgeRelinking(Truth(), scene_.tracks, result, MotBenchmark());
  }
  std::vector<Verdict> Verdicts(const std::vector<RelinkDecision>& decisions) const {
    std::vector<Verdict> verdicts;
    for (const DecisionTruth& truth : Judge(decisions).decisions) verdicts.push_back(truth.verdict);
    return verdicts;
  }

  RelinkScene scene_;
};

TEST_F(RelinkTruthTest, Swaps) {
  const auto swap = Make(RelinkDecisionKind::kSwap, 1, 2, 10, 11);
  EXPECT_EQ(Verdicts({swap}), std::vector{Verdict::kRight});
  auto refused = swap;
  refused.accepted = false;
  EXPECT_EQ(Verdicts({refused}), std::vector{Verdict::kWrong});
  // In frame 5 nobody exchanged anything: the stretch after reaches to the end, half of each
  // person; with a cut in 11 it is of one.
  EXPECT_EQ(Verdicts({swap, Make(RelinkDecisionKind::kSwap, 1, 2, 4, 5)})[1], Verdict::kWrong);
}

TEST_F(RelinkTruthTest, LinksAndSplits) {
  const auto swap = Make(RelinkDecisionKind::kSwap, 1, 2, 10, 11);
  // After the swap track 2 is person 0, as 3 is.
  EXPECT_EQ(Verdicts({swap, Make(RelinkDecisionKind::kLink, 2, 3, 20, 26)})[1], Verdict::kRight);
  EXPECT_EQ(Verdicts({swap, Make(RelinkDecisionKind::kLink, 1, 3, 20, 26)})[1], Verdict::kWrong);
  EXPECT_EQ(Verdicts({swap, Make(RelinkDecisionKind::kLink, 1, 3, 20, 26, false)})[1],
            Verdict::kRight);
  EXPECT_EQ(Verdicts({swap, Make(RelinkDecisionKind::kLink, 1, 4, 20, 26)})[1], Verdict::kNeutral);
  EXPECT_EQ(Verdicts({Make(RelinkDecisionKind::kSplit, 1, 1, 10, 11)})[0], Verdict::kRight);
  EXPECT_EQ(Verdicts({Make(RelinkDecisionKind::kSplit, 3, 3, 27, 28)})[0], Verdict::kWrong);
  EXPECT_EQ(Verdicts({Make(RelinkDecisionKind::kSplit, 4, 4, 27, 28)})[0], Verdict::kNeutral);
}

TEST_F(RelinkTruthTest, ChangesIfUndone) {
  // 45 boxes in the ground truth, 50 tracked. Plain: the best match keeps 10 boxes of each person.
  const auto swap = Make(RelinkDecisionKind::kSwap, 1, 2, 10, 11);
  const auto link = Make(RelinkDecisionKind::kLink, 2, 3, 20, 26);
  const RelinkTruth truth = Judge({swap, link});
  const double all = 2.0 * 45 / (45 + 50);
  EXPECT_DOUBLE_EQ(Summarize(truth.plain.identity).f1, 2.0 * 20 / (45 + 50));
  EXPECT_DOUBLE_EQ(Summarize(truth.corrected.identity).f1, all);
  EXPECT_EQ(truth.plain.clear.id_switches, 3);
  EXPECT_EQ(truth.corrected.clear.id_switches, 0);
  // Without the swap the link still joins 2 and 3: person 0 keeps 15 of 25 boxes, person 1 10
  // of 20.
  EXPECT_DOUBLE_EQ(*truth.decisions[0].idf1_change, 2.0 * 25 / (45 + 50) - all);
  EXPECT_EQ(*truth.decisions[0].idsw_change, 2);
  EXPECT_DOUBLE_EQ(*truth.decisions[1].idf1_change, 2.0 * 40 / (45 + 50) - all);
  EXPECT_EQ(*truth.decisions[1].idsw_change, 1);
  auto refused = swap;
  refused.accepted = false;
  EXPECT_FALSE(Judge({refused}).decisions[0].idf1_change.has_value());
}

TEST_F(RelinkTruthTest, CountsAreThoseOfScoringTheTracksThemselves) {
  const std::vector<RelinkDecision> decisions{Make(RelinkDecisionKind::kSwap, 1, 2, 10, 11)};
  const RelinkTruth truth = Judge(decisions);
  TrackSet gt{"S", 30, {}};
  for (size_t i = 0; i < scene_.persons.size(); ++i) {
    if (scene_.persons[i] == 9) continue;
    gt.boxes.push_back(scene_.tracks.boxes[i]);
    gt.boxes.back().id = TrackId(scene_.persons[i] + 1);
    gt.boxes.back().class_id = 1;
  }
  const MotBenchmark benchmark;
  const MotCounts direct = CountMot(PrepareSequence(gt, ApplyDecisions(scene_.tracks, decisions),
                                                    benchmark, benchmark.classes[0]));
  for (const char* field : {"HOTA", "AssA", "IDF1", "IDSW", "MOTA", "Frag", "IDs"}) {
    EXPECT_EQ(FieldValue(Summarize(truth.corrected), field), FieldValue(Summarize(direct), field))
        << field;
  }
}

TEST_F(RelinkTruthTest, APartOfTheVideoInEitherNumbering) {
  // Scored are frames 11..30: of the results as they are, or counted from there.
  MotBenchmark benchmark;
  benchmark.frames = FramePart::kRange;
  benchmark.first_frame = 11;
  benchmark.last_frame = 30;
  const auto link = Make(RelinkDecisionKind::kLink, 2, 3, 20, 26);
  for (const bool renumbered : {false, true}) {
    benchmark.results_renumbered = renumbered;
    TrackSet tracks = scene_.tracks;
    RelinkDecision decision = link;
    if (renumbered) {
      KeepFrames({11, 30}, &tracks);
      decision.frame_before -= 10;
      decision.frame_after -= 10;
    }
    RelinkResult result;
    result.decisions = {decision};
    result.tracks = ApplyDecisions(tracks, result.decisions);
    const RelinkTruth truth = JudgeRelinking(Truth(), tracks, result, benchmark);
    // Of track 2 before the link only frames 11..20 are scored: person 0.
    EXPECT_EQ(truth.decisions[0].verdict, Verdict::kRight) << renumbered;
    EXPECT_EQ(truth.plain.clear.id_switches, 1);
    EXPECT_EQ(truth.corrected.clear.id_switches, 0);
    EXPECT_DOUBLE_EQ(Summarize(truth.corrected.identity).f1, 2.0 * 25 / (25 + 30));
    EXPECT_DOUBLE_EQ(*truth.decisions[0].idf1_change, 2.0 * (20 - 25) / (25 + 30));
  }
}

}  // namespace
}  // namespace reidbench
