#include "reidbench/detection/description.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/version.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(DetectorDescription, EveryPresetIsRead) {
  int presets = 0;
  for (const std::string& name : ListFileNames(DataDir() / "configs" / "detectors")) {
    const std::string preset = name.substr(0, name.rfind('.'));
    const DetectorDescription description = LoadDetectorDescription(preset, {});
    EXPECT_EQ(description.name, preset);
    EXPECT_THAT(description.Violations(), IsEmpty());
    EXPECT_THAT(DescribeDetector(description), HasSubstr("output "));
    ++presets;
  }
  EXPECT_GE(presets, 15);
}

TEST(DetectorDescription, TheExplainedPresetNamesEveryDefaultAsItIs) {
  DetectorDescription strange;
  strange.input.color = ColorOrder::kBgr;
  strange.input.align = Alignment::kTopLeft;
  strange.input.round = SizeRounding::kFloor;
  strange.output.layout = OutputLayout::kGrid;
  strange.output.objectness = true;
  strange.nms.iou = 0.65;
  strange.name = "yolox";
  EXPECT_EQ(DescribeDetector(LoadDetectorDescription("yolox", {})), DescribeDetector(strange));
}

TEST(DetectorDescription, AFileIsLaidOnItsPreset) {
  const TempFolder folder;
  const auto file = folder.Write("mine.yaml",
                                 "preset: bytetrack\ninput: {size: [800, 448], pad: 0}\n"
                                 "nms: {kind: gaussian}\nscore: 0.2\n");
  const DetectorDescription mine = LoadDetectorDescription(file, {});
  EXPECT_EQ(mine.name, "mine");
  EXPECT_EQ(mine.input.width, 800);
  EXPECT_EQ(mine.input.color, ColorOrder::kRgb);
  EXPECT_DOUBLE_EQ(mine.input.mean[0], 0.485);
  EXPECT_EQ(mine.output.layout, OutputLayout::kGrid);
  EXPECT_EQ(mine.nms.kind, NmsKind::kGaussian);
  EXPECT_DOUBLE_EQ(mine.nms.iou, 0.7);
  EXPECT_DOUBLE_EQ(mine.score, 0.2);
}

TEST(DetectorDescription, SlipsAreRefusedWithTheirPlace) {
  const TempFolder folder;
  const auto refusal = [&](const std::string& text) {
    const auto file = folder.Write("bad.yaml", text);
    return MessageOf(ErrorKind::kConfig, [&] { LoadDetectorDescription(file, {}); });
  };
  EXPECT_THAT(refusal("input: {colour: bgr}\n"),
              AllOf(HasSubstr("bad.yaml:1"), HasSubstr("'color'")));
  EXPECT_THAT(refusal("input: {color: gbr}\n"), HasSubstr("bgr"));
  EXPECT_THAT(refusal("input: {mean: [1, 2]}\n"), HasSubstr("three numbers"));
  EXPECT_THAT(refusal("input: {std: [1, 0, 1]}\n"), HasSubstr("above 0"));
  EXPECT_THAT(refusal("output: {layout: finished, columns: [x1, y1, x2, y2]}\n"),
              HasSubstr("score"));
  EXPECT_THAT(refusal("output: {person: []}\n"), HasSubstr("output.person"));
}

}  // namespace
}  // namespace reidbench
