#include "reidbench/results/schemas.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <regex>

#include "reidbench/core/files.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

// Every id that the sources spell out, with the files that do.
std::map<std::string, std::vector<std::string>> SpelledIds() {
  static const std::regex id(R"re("(reidbench\.[a-z_.]+/[0-9]+)")re");
  std::map<std::string, std::vector<std::string>> found;
  for (const char* folder : {"lib", "tools"}) {
    for (const auto& entry :
         fs::recursive_directory_iterator(fs::path(REIDBENCH_SOURCE_DIR) / folder)) {
      const fs::path& path = entry.path();
      if (path.extension() != ".cc" && path.extension() != ".h") continue;
      const std::string text = ReadFileText(path);
      for (std::sregex_iterator match(text.begin(), text.end(), id), end; match != end; ++match)
        found[(*match)[1]].push_back(path.filename().string());
    }
  }
  return found;
}

TEST(Schemas, EachIdBelongsToOneDocumentAndStandsInOnePlace) {
  const auto ids = SpelledIds();
  EXPECT_GT(ids.size(), 15u);
  for (const auto& [id, files] : ids) EXPECT_EQ(files, std::vector<std::string>{"schemas.h"}) << id;
  EXPECT_TRUE(ids.contains(std::string(kRunPlanSchema)));
  EXPECT_NE(kPlanSchema, kRunPlanSchema);
}

}  // namespace
}  // namespace reidbench
