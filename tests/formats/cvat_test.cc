#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/row_text.h"
#include "reidbench/formats/format_parts.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

BoxTable Cvat(std::string_view text, const std::string& source = "annotations.xml") {
  BoxTable table;
  ParseCvat(text, source, &table);
  return table;
}

constexpr std::string_view kVideo = R"(<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta><task><id>5</id><name>shop &amp; street</name><size>10</size>
    <labels><label><name>person</name></label></labels>
    <original_size><width>640</width><height>480</height></original_size></task></meta>
  <track id="4" label="person" source="manual">
    <box frame="0" keyframe="1" outside="0" occluded="0" xtl="10.10" ytl="20.00" xbr="30.30" ybr="60.00" z_order="0">
      <attribute name="colour">red</attribute><attribute name="score">0.5</attribute>
    </box>
    <box frame="1" keyframe="0" outside="0" occluded="1" xtl="11" ytl="20" xbr="31" ybr="60" z_order="0"/>
    <box frame="2" keyframe="1" outside="1" occluded="0" xtl="11" ytl="20" xbr="31" ybr="60"/>
  </track>
  <track id="5" label="car"><polygon frame="0" points="1,2;3,4"/></track>
</annotations>
)";

TEST(Cvat, ReadsTracksOfAVideo) {
  const BoxTable table = Cvat(kVideo);
  EXPECT_THAT(RowTexts(table),
              ElementsAre("shop & street 1 id=4 person [10.1 20 20.2 40] score=0.5 occluded=0 "
                          "colour=red",
                          "shop & street 2 id=4 person [11 20 20 40] occluded=1"));
  EXPECT_EQ(table.sequences[0].frame_count, 10);
  EXPECT_EQ(table.sequences[0].size.height, 480);
  ASSERT_EQ(table.losses.size(), 1);
  EXPECT_EQ(table.losses[0].what, "other shapes");
  EXPECT_EQ(Cvat(kVideo, "in/cam1.xml").sequences[0].name, "cam1");
}

TEST(Cvat, ReadsImages) {
  const BoxTable table = Cvat(R"(<annotations><image id="0" name="a.jpg" width="64" height="48">
      <box label="person" occluded="0" xtl="1" ytl="2" xbr="4" ybr="6"></box>
      <tag label="day"/></image>
    <image id="1" name="000002.jpg" width="32" height="24"/>
    </annotations>)",
                              "s.xml");
  EXPECT_THAT(RowTexts(table), ElementsAre("s 1 person [1 2 3 4] occluded=0"));
  EXPECT_EQ(table.sequences[0].frame_count, 2);
  EXPECT_EQ(table.sequences[0].frame_names.at(1), "a.jpg");
  EXPECT_EQ(table.sequences[0].SizeOf(1).width, 64);
  EXPECT_EQ(table.sequences[0].SizeOf(2).width, 32);
}

// Exports of key frames alone hold less than CVAT shows.
TEST(Cvat, WarnsOfGapsThatCvatFills) {
  const BoxTable table = Cvat(R"(<annotations><track id="1" label="a">
      <box frame="0" outside="0" xtl="1" ytl="2" xbr="4" ybr="6"/>
      <box frame="9" outside="0" xtl="1" ytl="2" xbr="4" ybr="6"/></track></annotations>)");
  EXPECT_THAT(table.warnings, ElementsAre(HasSubstr("1 tracks have frames without a box")));
}

TEST(Cvat, NamesTheLineOfWhatIsWrong) {
  const auto refused = [](std::string_view text) {
    return MessageOf(ErrorKind::kInput, [&] { Cvat(text); });
  };
  EXPECT_THAT(refused("[{\"shapes\": []}]"), HasSubstr("CVAT for video 1.1"));
  EXPECT_THAT(refused("<html/>"), HasSubstr("annotations.xml:1: expected <annotations> of CVAT"));
  EXPECT_THAT(
      refused("<annotations>\n<track id='1' label='a'>\n<box frame='0' xtl='5' ytl='0' "
              "xbr='1' ybr='2'/></track></annotations>"),
      HasSubstr("annotations.xml:3: expected a width and height of at least 0, found -4 x 2"));
  EXPECT_THAT(refused("<annotations><track id='1'/></annotations>"),
              HasSubstr("expected <track label=\"...\">, found none"));
  EXPECT_THAT(refused("<annotations><track id='x' label='a'/></annotations>"),
              HasSubstr("in <track id>, found x"));
  EXPECT_THAT(refused("<annotations><track id='1' label='a'><box frame='-1' xtl='5' ytl='0' "
                      "xbr='9' ybr='2'/></track></annotations>"),
              HasSubstr("in <box frame>, found -1"));
  EXPECT_THAT(refused("<annotations><image id='0'/><image id='0'/></annotations>"),
              HasSubstr("each image id once"));
}

}  // namespace
}  // namespace reidbench
