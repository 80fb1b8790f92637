#include "reidbench/datasets/box_sanity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "support/walking_people.h"

namespace reidbench {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Change = BoxLtwh (*)(const BoxLtwh&);

constexpr PictureSize kPicture{kWalkWidth, kWalkHeight};
const TrackSet& Walk() {
  static const TrackSet walk = WalkingPeople(12, 100, 1);
  return walk;
}

// What is found with everything at hand, with the ground truth and no size, with the size alone,
// and with neither.
struct Found {
  std::optional<Finding> all, truth, picture, nothing;
};

Found FindAll(const TrackSet& boxes) {
  const TruthSample sample(Walk());
  const auto find = [&](const PictureSize& picture, const TruthSample* truth) {
    BoxExaminationOptions options;
    options.picture = picture;
    options.truth = truth;
    return BoxFormFinding(ExamineBoxes(boxes.boxes, options), "f.txt");
  };
  return {find(kPicture, &sample), find(ExtentOf(Walk().boxes), &sample), find(kPicture, nullptr),
          find({}, nullptr)};
}

std::string MessageOrNothing(const std::optional<Finding>& finding) {
  return finding ? finding->message : "";
}

// The part behind "they fit as".
std::string ReadingOf(const std::optional<Finding>& finding) {
  const std::string message = MessageOrNothing(finding);
  const size_t at = message.find("fit as ");
  return at == std::string::npos ? "" : message.substr(at + 7);
}

TEST(BoxSanity, WhatIsRightIsSilent) {
  for (const TrackSet& boxes : {Walk(), Tracked(Walk(), 2)}) {
    const Found found = FindAll(boxes);
    EXPECT_EQ(MessageOrNothing(found.all), "");
    EXPECT_EQ(MessageOrNothing(found.truth), "");
    EXPECT_EQ(MessageOrNothing(found.picture), "");
    EXPECT_EQ(MessageOrNothing(found.nothing), "");
  }
}

TEST(BoxSanity, CornersAreFoundWithAndWithoutPictureAndGroundTruth) {
  const Found found = FindAll(Rewritten(Tracked(Walk(), 2), AsCorners));
  ASSERT_TRUE(found.all);
  EXPECT_EQ(found.all->kind, FindingKind::kBoxesInAnotherForm);
  EXPECT_EQ(found.all->severity, FindingSeverity::kProblem);
  EXPECT_EQ(found.all->place, "f.txt");
  EXPECT_GT(*found.all->share, 0.75);
  EXPECT_GT(*found.all->count, 800);
  EXPECT_THAT(found.all->message,
              HasSubstr("% of the boxes end outside the picture; they fit as x1,y1,x2,y2"));
  EXPECT_EQ(found.all->mend, "reidbench convert f.txt --boxes corners --output OUT");
  EXPECT_EQ(ReadingOf(found.truth), "x1,y1,x2,y2");
  EXPECT_THAT(found.truth->message, HasSubstr("the picture (taken as "));
  EXPECT_EQ(ReadingOf(found.picture), "x1,y1,x2,y2");
  EXPECT_EQ(ReadingOf(found.nothing), "x1,y1,x2,y2");
}

TEST(BoxSanity, CentresAreFoundByGroundTruthOrPicture) {
  const Found found = FindAll(Rewritten(Tracked(Walk(), 2), AsCentre));
  EXPECT_EQ(ReadingOf(found.all), "cx,cy,w,h");
  EXPECT_EQ(ReadingOf(found.truth), "cx,cy,w,h");
  EXPECT_EQ(found.all->mend, "reidbench convert f.txt --boxes centre --output OUT");
  EXPECT_EQ(MessageOrNothing(found.nothing), "");  // nothing tells
}

TEST(BoxSanity, FractionsAreFoundInEveryShape) {
  const TrackSet tracks = Tracked(Walk(), 2);
  const auto relative = [&](Change shape) {
    return Rewritten(Rewritten(tracks, shape), AsFractions);
  };
  const Found plain = FindAll(Rewritten(tracks, AsFractions));
  EXPECT_EQ(
      plain.all->message,
      "100 % of the boxes lie in 0..1; they fit as left,top,width,height in 0..1 of the picture");
  EXPECT_EQ(plain.all->mend, "reidbench convert f.txt --boxes relative --output OUT");
  EXPECT_EQ(ReadingOf(plain.nothing), "left,top,width,height in 0..1 of the picture");
  const Found corners = FindAll(relative(AsCorners));
  EXPECT_EQ(ReadingOf(corners.all), "x1,y1,x2,y2 in 0..1 of the picture");
  EXPECT_EQ(ReadingOf(corners.nothing), "x1,y1,x2,y2 in 0..1 of the picture");
  EXPECT_THAT(corners.all->mend, HasSubstr(" --boxes relative-corners --output OUT"));
  EXPECT_EQ(ReadingOf(FindAll(relative(AsCentre)).all), "cx,cy,w,h in 0..1 of the picture");
}

TEST(BoxSanity, AxesThatAreSwappedAreFound) {
  const auto swap = [](const BoxLtwh& b) { return BoxLtwh{b.top, b.left, b.height, b.width}; };
  const auto swap_corners = [&](const BoxLtwh& b) { return AsCorners(swap(b)); };
  const TrackSet tracks = Tracked(Walk(), 2);
  EXPECT_EQ(ReadingOf(FindAll(Rewritten(tracks, swap)).all), "top,left,height,width");
  EXPECT_EQ(ReadingOf(FindAll(Rewritten(tracks, swap)).picture), "top,left,height,width");
  const Found corners = FindAll(Rewritten(tracks, swap_corners));
  EXPECT_EQ(ReadingOf(corners.all), "y1,x1,y2,x2");
  EXPECT_THAT(corners.all->mend, HasSubstr("the horizontal axis comes first"));
}

TEST(BoxSanity, ResizedBoxesGiveTheirScale) {
  const TrackSet tracks = Tracked(Walk(), 2);
  // 1920 x 1080 into 640 x 360, and that in the middle of 640 x 640.
  const auto resize = [](const BoxLtwh& b) {
    return BoxLtwh{b.left / 3, b.top / 3, b.width / 3, b.height / 3};
  };
  const auto letterbox = [&](const BoxLtwh& b) {
    BoxLtwh box = resize(b);
    box.top += 140;
    return box;
  };
  const auto stretch = [](const BoxLtwh& b) {
    return BoxLtwh{b.left / 3, b.top / 1.6875, b.width / 3, b.height / 1.6875};
  };
  const auto odd = [](const BoxLtwh& b) {
    return BoxLtwh{b.left * 1.37, b.top * 1.37, b.width * 1.37, b.height * 1.37};
  };
  const Found resized = FindAll(Rewritten(tracks, resize));
  EXPECT_EQ(ReadingOf(resized.all), "left,top,width,height scaled by 3");
  EXPECT_EQ(resized.all->message.find("100 % of the boxes match nothing"), 0u)
      << resized.all->message;
  EXPECT_EQ(ReadingOf(FindAll(Rewritten(tracks, letterbox)).all),
            "left,top,width,height scaled by 3 and shifted by 0,-420 px");
  EXPECT_EQ(ReadingOf(FindAll(Rewritten(tracks, stretch)).all),
            "left,top,width,height scaled by 3 across and 1.69 down");
  EXPECT_EQ(ReadingOf(FindAll(Rewritten(Rewritten(tracks, resize), AsCorners)).all),
            "x1,y1,x2,y2 scaled by 3");
  const Found larger = FindAll(Rewritten(tracks, odd));
  EXPECT_THAT(ReadingOf(larger.all), StartsWith("left,top,width,height scaled by 0.73"));
  EXPECT_THAT(ReadingOf(larger.picture), StartsWith("left,top,width,height scaled by 0.7"));
}

TEST(BoxSanity, ResultsOfAnotherSequenceMatchNothing) {
  // People of the upper left corner, while the ground truth's are elsewhere.
  const auto elsewhere = [](const BoxLtwh& b) {
    return BoxLtwh{std::fmod(7 * b.left, 900), 5 + std::fmod(3 * b.top, 200), 12, 30};
  };
  const Found found = FindAll(Rewritten(Tracked(Walk(), 2), elsewhere));
  ASSERT_TRUE(found.all);
  EXPECT_EQ(found.all->kind, FindingKind::kBoxesMatchNothing);
  EXPECT_EQ(found.all->message, "100 % of the boxes match nothing in the ground truth");
  EXPECT_THAT(found.all->mend, HasSubstr("another sequence"));
  EXPECT_EQ(MessageOrNothing(found.picture), "");
}

TEST(BoxSanity, BoxesOfALargerPictureEndOutside) {
  const auto away = [](const BoxLtwh& b) {
    return BoxLtwh{b.left + 3000, b.top, b.width, b.height};
  };
  BoxExaminationOptions options;
  options.picture = kPicture;
  const BoxExamination seen = ExamineBoxes(Rewritten(Walk(), away).boxes, options);
  EXPECT_EQ(seen.away, seen.boxes);
  const std::optional<Finding> finding = BoxFormFinding(seen, "f.txt");
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->kind, FindingKind::kBoxesOutsidePicture);
  EXPECT_EQ(finding->message, "100 % of the boxes end outside the picture");
}

TEST(BoxSanity, FewBoxesAreNotJudged) {
  TrackSet few = Rewritten(Tracked(Walk(), 2), AsCorners);
  few.boxes.resize(4);
  const Found found = FindAll(few);
  EXPECT_EQ(MessageOrNothing(found.picture), "");
  EXPECT_EQ(MessageOrNothing(found.nothing), "");
  EXPECT_EQ(MessageOrNothing(FindAll({}).all), "");
}

TEST(BoxSanity, AnnotatorsDrawPeopleBeyondTheBorder) {
  // A camera held low: all feet are below the picture, by a quarter of the height.
  const auto low = [](const BoxLtwh& b) {
    return BoxLtwh{b.left, 500 - b.height / 4, b.width, 600 + b.height / 2};
  };
  TrackSet walk = Rewritten(Walk(), low);
  BoxExaminationOptions options;
  options.picture = kPicture;
  const BoxExamination seen = ExamineBoxes(walk.boxes, options);
  EXPECT_GT(seen.outside, seen.boxes / 3);
  EXPECT_FALSE(BoxFormFinding(seen, "f.txt"));
}

TEST(BoxSanity, CountsAndSamples) {
  TrackSet boxes = Walk();
  boxes.boxes[0].box.width = 0;
  boxes.boxes[1].box.height = -5;
  boxes.boxes[2].box.width = 1.5;
  BoxExaminationOptions options;
  options.picture = kPicture;
  BoxExamination seen = ExamineBoxes(boxes.boxes, options);
  EXPECT_EQ(seen.boxes, 1200);
  EXPECT_EQ(seen.without_area, 2);
  EXPECT_EQ(seen.tiny, 1);
  EXPECT_EQ(seen.relative, 0);
  options.most_boxes = 100;
  seen = ExamineBoxes(boxes.boxes, options);
  EXPECT_LE(seen.boxes, 100);
  EXPECT_GE(seen.boxes, 50);

  const TruthSample sample(boxes);
  EXPECT_GE(sample.frames().size(), 10u);
  EXPECT_TRUE(std::is_sorted(sample.frames().begin(), sample.frames().end()));
  for (size_t f = 0; f < sample.frames().size(); ++f) {
    EXPECT_EQ(sample.Of(f).size(), 12u);
    for (const TrackBox& box : sample.Of(f)) EXPECT_EQ(box.frame.value, sample.frames()[f]);
  }
}

TEST(BoxSanity, AShiftOfAFrameLowersTheOverlap) {
  const TruthSample sample(Walk());
  TrackSet late = Walk();
  for (TrackBox& box : late.boxes) box.frame = FrameIndex(box.frame.value + 1);
  const std::array<double, 3> right = *OverlapsByShift(sample, Walk().boxes);
  EXPECT_NEAR(right[1], 1, 1e-12);
  EXPECT_LT(right[0], 0.98);
  EXPECT_LT(right[2], 0.98);
  const std::array<double, 3> shifted = *OverlapsByShift(sample, late.boxes);
  EXPECT_NEAR(shifted[0], 1, 1e-12);
  EXPECT_NEAR(shifted[1], right[0], 0.01);
  EXPECT_LT(shifted[2], shifted[1]);
  EXPECT_FALSE(OverlapsByShift(TruthSample(WalkingPeople(1, 9, 1)), late.boxes));
}

TEST(BoxSanity, VisibilityOutsideItsRangeOrOfZerosIsNotStated) {
  const auto with = [](std::initializer_list<float> values) {
    std::vector<TrackBox> boxes;
    for (const float value : values) boxes.emplace_back().visibility = value;
    return boxes;
  };
  const float none = std::numeric_limits<float>::quiet_NaN();
  std::vector<TrackBox> boxes = with({0, 0.4F, 1, -1, 1.5F, none});
  EXPECT_EQ(DropUnstatedVisibility(&boxes), 2);
  EXPECT_EQ(boxes[0].visibility, 0);
  EXPECT_EQ(boxes[1].visibility, 0.4F);
  EXPECT_TRUE(std::isnan(boxes[3].visibility));
  EXPECT_TRUE(std::isnan(boxes[4].visibility));
  boxes = with({0, 0, 0});
  EXPECT_EQ(DropUnstatedVisibility(&boxes), 3);
  EXPECT_TRUE(std::isnan(boxes[2].visibility));
  boxes = with({none, none});
  EXPECT_EQ(DropUnstatedVisibility(&boxes), 0);

  Finding note = VisibilityFinding(2, 6, "gt.txt");
  EXPECT_EQ(note.kind, FindingKind::kVisibilityNotStated);
  EXPECT_EQ(note.severity, FindingSeverity::kNote);
  EXPECT_EQ(note.message, "the visibility of 2 of 6 rows is outside 0..1 and counts as not stated");
  EXPECT_THAT(VisibilityFinding(6, 6, "gt.txt").message, HasSubstr("holds nothing above 0"));
}

}  // namespace
}  // namespace reidbench
