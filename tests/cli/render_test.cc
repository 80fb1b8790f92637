#include "reidbench/cli/render.h"

#include <gtest/gtest.h>

namespace reidbench {
namespace {

TEST(RenderAsTest, CallsOnlyWhatWasAskedFor) {
  const auto rendered = [](OutputFormat asked) {
    return RenderAs(asked, {.json = [] { return std::string("json"); },
                            .csv = [] { return std::string("csv"); },
                            .tables =
                                [](TableFormat format) {
                                  return format == TableFormat::kText       ? std::string("text")
                                         : format == TableFormat::kMarkdown ? std::string("md")
                                                                            : std::string("tex");
                                }});
  };
  for (OutputFormat format : {OutputFormat::kText, OutputFormat::kJson, OutputFormat::kCsv,
                              OutputFormat::kMarkdown, OutputFormat::kLatex}) {
    EXPECT_EQ(rendered(format), OutputFormatName(format));
  }
}

}  // namespace
}  // namespace reidbench
