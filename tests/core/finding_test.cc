#include "reidbench/core/finding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "reidbench/core/files.h"
#include "reidbench/core/text.h"

namespace reidbench {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The manual's sections "### `id`".
std::vector<std::string> SectionsOfTheManual() {
  std::vector<std::string> sections;
  const std::string text = ReadFileText(REIDBENCH_SOURCE_DIR "/tools/manual/check.md");
  for (const std::string_view line : SplitText(text, '\n')) {
    if (StartsWith(line, "### `") && EndsWith(line, "`"))
      sections.emplace_back(line.substr(5, line.size() - 6));
  }
  return sections;
}

TEST(Finding, EveryKindHasItsSectionInTheManualAndViceVersa) {
  std::vector<std::string> ids;
  for (const FindingKind kind : FindingKinds()) ids.emplace_back(FindingKindId(kind));
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), ids.size());
  EXPECT_EQ(SectionsOfTheManual(), ids);
}

TEST(Finding, IdsAreKebabCase) {
  for (const FindingKind kind : FindingKinds()) {
    const std::string_view id = FindingKindId(kind);
    EXPECT_TRUE(std::all_of(id.begin(), id.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || c == '-';
    })) << id;
  }
}

TEST(Finding, MessagesAreOfOneSeverity) {
  std::vector<Finding> findings(2);
  findings[0].message = "a";
  EXPECT_FALSE(HasProblem(findings));
  findings[1].severity = FindingSeverity::kProblem;
  findings[1].message = "b";
  EXPECT_TRUE(HasProblem(findings));
  EXPECT_THAT(MessagesOf(findings, FindingSeverity::kNote), ElementsAre("a"));
  EXPECT_THAT(MessagesOf(findings, FindingSeverity::kProblem), ElementsAre("b"));
  EXPECT_THAT(MessagesOf({}, FindingSeverity::kNote), IsEmpty());
}

TEST(Finding, WarningHasPlaceAndMend) {
  Finding finding;
  finding.message = "it is so";
  EXPECT_EQ(WarningText(finding), "it is so");
  finding.place = "f.txt:3";
  finding.mend = "do that";
  EXPECT_EQ(WarningText(finding), "f.txt:3: it is so\n  hint: do that");
}

TEST(Finding, SharesNeverRoundToAllOrNothing) {
  EXPECT_EQ(ShareText(0), "0 %");
  EXPECT_EQ(ShareText(0.0034), "0.34 %");
  EXPECT_EQ(ShareText(0.125), "12 %");
  EXPECT_EQ(ShareText(0.99), "99 %");
  EXPECT_EQ(ShareText(0.9996), "99.96 %");
  EXPECT_EQ(ShareText(1), "100 %");
}

}  // namespace
}  // namespace reidbench
