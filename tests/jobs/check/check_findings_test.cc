#include "reidbench/jobs/check/check_findings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <string>

#include "support/walking_people.h"

namespace reidbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Twelve people over 100 frames, the picture known.
class CheckFindings : public ::testing::Test {
 protected:
  CheckFindings()
      : walk_(WalkingPeople(12, 100, 5)),
        tracked_(Tracked(walk_, 6)),
        context_(ContextOf(walk_, {kWalkWidth, kWalkHeight})) {}

  static MotFile FileOf(TrackSet tracks) {
    MotFile file;
    file.tracks = std::move(tracks);
    file.line.resize(file.tracks.boxes.size());
    std::iota(file.line.begin(), file.line.end(), 1);
    return file;
  }
  std::vector<Finding> Find(const TrackSet& tracks, MotFileKind kind = MotFileKind::kResult) const {
    return TrackingFindings(FileOf(tracks), kind, "t.txt", context_);
  }
  static std::vector<std::string> Kinds(const std::vector<Finding>& findings) {
    std::vector<std::string> kinds;
    for (const Finding& finding : findings) {
      kinds.push_back(
          fmt::format("{} {}", FindingSeverityName(finding.severity), FindingKindId(finding.kind)));
    }
    return kinds;
  }

  TrackSet walk_, tracked_;
  SequenceContext context_;
};

TEST_F(CheckFindings, WhatIsRightIsSilent) {
  EXPECT_THAT(Kinds(Find(tracked_)), IsEmpty());
  EXPECT_THAT(Kinds(Find(tracked_, MotFileKind::kDetections)), IsEmpty());
  const SequenceContext alone;
  EXPECT_THAT(Kinds(TrackingFindings(FileOf(walk_), MotFileKind::kGroundTruth, "gt.txt", alone)),
              IsEmpty());
}

TEST_F(CheckFindings, BoxesInAnotherFormAreAProblem) {
  const std::vector<Finding> findings = Find(Rewritten(tracked_, AsCorners));
  ASSERT_THAT(Kinds(findings), ElementsAre("problem boxes-in-another-form"));
  EXPECT_THAT(findings[0].message, HasSubstr("fit as x1,y1,x2,y2"));
}

TEST_F(CheckFindings, ResultsOfAnotherPlaceMatchNothing) {
  const auto elsewhere = [](const BoxLtwh& b) { return BoxLtwh{b.left / 3, 5, 12, 30}; };
  EXPECT_THAT(Kinds(Find(Rewritten(tracked_, elsewhere))),
              ElementsAre("problem boxes-match-nothing"));
  const auto away = [](const BoxLtwh& b) {
    return BoxLtwh{b.left + 4000, b.top + 4000 + 3 * b.left, 12, 30};
  };
  EXPECT_THAT(Kinds(Find(Rewritten(tracked_, away))), ElementsAre("problem boxes-outside-picture"));
}

TEST_F(CheckFindings, BoxesWithoutAreaAndScoresThatAreNoneAreCounted) {
  TrackSet detections = tracked_;
  detections.boxes[3].box.width = -5;
  detections.boxes[9].box.width = 0;
  detections.boxes[12].confidence = 1e5;
  const auto rows = static_cast<int64_t>(detections.boxes.size());
  const std::vector<Finding> findings = Find(detections, MotFileKind::kDetections);
  ASSERT_THAT(Kinds(findings), ElementsAre("problem boxes-without-area", "problem scores-absurd"));
  EXPECT_EQ(findings[0].place, "t.txt:4");
  EXPECT_EQ(findings[0].count, 2);
  EXPECT_DOUBLE_EQ(*findings[0].share, 2.0 / static_cast<double>(rows));
  EXPECT_THAT(findings[0].message, HasSubstr("2 of 1,0"));
  EXPECT_THAT(findings[0].message, HasSubstr("have no area, the first of -5 x "));
  EXPECT_EQ(findings[1].place, "t.txt:13");
  EXPECT_THAT(findings[1].message, HasSubstr("the first 100000 where the others are 0..1"));
}

TEST_F(CheckFindings, ScoresOfAnotherRangeAreANoteAndStraysAProblem) {
  TrackSet detections = tracked_;
  double score = -1;
  for (TrackBox& box : detections.boxes) box.confidence = score += 0.2;
  const std::vector<Finding> others = Find(detections, MotFileKind::kDetections);
  ASSERT_THAT(Kinds(others), ElementsAre("note scores-not-in-unit-range"));
  EXPECT_THAT(others[0].message, HasSubstr("scores are -0.8 to 2"));
  EXPECT_THAT(Kinds(Find(detections)), IsEmpty());  // of tracks nobody compares them

  detections = tracked_;
  detections.boxes[7].confidence = 320;
  EXPECT_THAT(Kinds(Find(detections, MotFileKind::kDetections)),
              ElementsAre("problem scores-absurd"));
}

TEST_F(CheckFindings, TinyBoxesAreAProblemWhereTheyAreMany) {
  TrackSet tiny = tracked_;
  tiny.boxes[0].box.height = 1;
  EXPECT_THAT(Kinds(Find(tiny)), ElementsAre("note boxes-under-two-pixels"));
  const SequenceContext alone;
  for (TrackBox& box : tiny.boxes) box.box.height = 1.5;
  EXPECT_THAT(Kinds(TrackingFindings(FileOf(tiny), MotFileKind::kResult, "t.txt", alone)),
              ElementsAre("problem boxes-under-two-pixels"));
}

TEST_F(CheckFindings, EmptyAndConstantFilesAreProblems) {
  EXPECT_THAT(Kinds(Find({})), ElementsAre("problem no-boxes"));
  TrackSet same = tracked_;
  for (TrackBox& box : same.boxes) box.box = {900, 400, 80, 200};
  const SequenceContext alone;
  EXPECT_THAT(Kinds(TrackingFindings(FileOf(same), MotFileKind::kResult, "t.txt", alone)),
              ElementsAre("problem boxes-all-the-same"));
}

TEST_F(CheckFindings, IdsOfDetectionsAreNoTracks) {
  TrackSet tracks = tracked_;
  int64_t next = 1;
  for (TrackBox& box : tracks.boxes) box.id = TrackId(next++);
  const std::vector<Finding> unique = Find(tracks);
  ASSERT_THAT(Kinds(unique), ElementsAre("problem ids-never-repeat"));
  EXPECT_THAT(unique[0].mend, HasSubstr("reidbench track --detections t.txt"));

  // By descending score, which knows nothing of who it is.
  Rng rng(3);
  for (TrackBox& box : tracks.boxes) box.confidence = rng.Uniform();
  std::stable_sort(tracks.boxes.begin(), tracks.boxes.end(), [](const auto& a, const auto& b) {
    return a.frame != b.frame ? a.frame < b.frame : a.confidence > b.confidence;
  });
  int64_t frame = 0;
  for (TrackBox& box : tracks.boxes) {
    if (box.frame.value != frame) next = 1;
    frame = box.frame.value;
    box.id = TrackId(next++);
  }
  EXPECT_THAT(Kinds(Find(tracks)), ElementsAre("problem ids-restart-every-frame"));
  // Numbers 1 to n that stay with their people are ids.
  tracks = tracked_;
  for (TrackBox& box : tracks.boxes) box.id = TrackId(box.id.value - 100);
  EXPECT_THAT(Kinds(Find(tracks)), IsEmpty());
}

TEST_F(CheckFindings, GroundTruthAgainstItselfSaysNothing) {
  const std::vector<Finding> itself = Find(walk_);
  ASSERT_THAT(Kinds(itself), ElementsAre("problem tracks-are-ground-truth"));
  EXPECT_THAT(itself[0].message, HasSubstr("boxes and ids are those of the ground truth"));
  TrackSet renamed = walk_;
  for (TrackBox& box : renamed.boxes) box.id = TrackId(box.id.value + 50);
  EXPECT_THAT(Kinds(Find(renamed)), ElementsAre("note tracks-are-ground-truth"));
}

TEST_F(CheckFindings, FramesThatAreShiftedSkippedOrMissing) {
  const auto keep = [&](const auto& test) {
    TrackSet kept = tracked_;
    std::erase_if(kept.boxes, [&](const TrackBox& box) { return !test(box.frame.value); });
    return kept;
  };
  TrackSet late = keep([](int64_t f) { return f < 100; });
  for (TrackBox& box : late.boxes) box.frame = FrameIndex(box.frame.value + 1);
  const std::vector<Finding> shifted = Find(late);
  ASSERT_THAT(Kinds(shifted), ElementsAre("problem frames-shifted"));
  EXPECT_THAT(shifted[0].message, HasSubstr("one too high"));
  TrackSet early = keep([](int64_t f) { return f > 1; });
  for (TrackBox& box : early.boxes) box.frame = FrameIndex(box.frame.value - 1);
  const std::vector<Finding> zero_based = Find(early);
  ASSERT_THAT(Kinds(zero_based), ElementsAre("problem frames-shifted"));
  EXPECT_THAT(zero_based[0].mend, HasSubstr("add 1"));

  const std::vector<Finding> skipped = Find(keep([](int64_t f) { return f % 5 == 1; }));
  ASSERT_THAT(Kinds(skipped), ElementsAre("problem frames-skipped"));
  EXPECT_THAT(skipped[0].message, HasSubstr("boxes in every 5. frame only"));
  EXPECT_THAT(Kinds(Find(keep([](int64_t f) { return f <= 85; }))),
              ElementsAre("note frames-end-early"));
  const std::vector<Finding> cut = Find(keep([](int64_t f) { return f <= 40; }));
  ASSERT_THAT(Kinds(cut), ElementsAre("problem frames-end-early"));
  EXPECT_EQ(cut[0].count, 60);
  EXPECT_EQ(cut[0].message,
            "the last box is in frame 40, those of the ground truth go on to frame 100");
}

TEST_F(CheckFindings, OdditiesOfRowsAreNotesWithTheirLine) {
  MotFile file = FileOf(tracked_);
  file.warnings = {"t.txt:1: line 1 is a header and was skipped", "elsewhere: odd"};
  const std::vector<Finding> findings =
      TrackingFindings(file, MotFileKind::kResult, "t.txt", context_);
  ASSERT_THAT(Kinds(findings), ElementsAre("note odd-rows", "note odd-rows"));
  EXPECT_EQ(findings[0].place, "t.txt:1");
  EXPECT_EQ(findings[0].message, "line 1 is a header and was skipped");
  EXPECT_EQ(findings[1].place, "t.txt");
  EXPECT_EQ(findings[1].message, "elsewhere: odd");
}

}  // namespace
}  // namespace reidbench
