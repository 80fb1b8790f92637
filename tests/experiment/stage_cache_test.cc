#include "reidbench/experiment/stage_cache.h"

#include <gtest/gtest.h>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

const std::string kKey(64, 'a');

TEST(StageCache, OnlyWhatIsCommittedCounts) {
  const TempFolder folder;
  const StageCache cache(folder.path() / "cache");
  {
    const auto work = cache.Begin(kKey, false);
    ASSERT_TRUE(work.has_value());
    WriteFileAtomically(work->folder() / kStageFile, "{}");
    EXPECT_FALSE(cache.Has(kKey));
  }  // killed here
  EXPECT_FALSE(cache.Has(kKey));
  auto again = cache.Begin(kKey, false);
  ASSERT_TRUE(again.has_value());
  EXPECT_FALSE(IsFile(again->folder() / kStageFile)) << "a new try begins with nothing";
  WriteFileAtomically(again->folder() / kStageFile, "{}");
  WriteFileAtomically(again->folder() / "result", "1");
  again->Commit();
  EXPECT_TRUE(cache.Has(kKey));
  EXPECT_EQ(ReadFileText(cache.PathOf(kKey) / "result"), "1");
}

TEST(StageCache, ResumableWorkKeepsWhatIsThere) {
  const TempFolder folder;
  const StageCache cache(folder.path());
  WriteFileAtomically(cache.Begin(kKey, true)->folder() / "journal", "half");
  EXPECT_EQ(ReadFileText(cache.Begin(kKey, true)->folder() / "journal"), "half");
}

TEST(StageCache, OneMakerAtATime) {
  const TempFolder folder;
  const StageCache cache(folder.path());
  {
    const auto first = cache.Begin(kKey, false);
    ASSERT_TRUE(first.has_value());
    EXPECT_FALSE(cache.Begin(kKey, false).has_value());
    EXPECT_TRUE(cache.Begin(std::string(64, 'b'), false).has_value());
  }
  EXPECT_TRUE(cache.Begin(kKey, false).has_value());
}

TEST(StageCache, CommitReplacesAnOlderArtifact) {
  const TempFolder folder;
  const StageCache cache(folder.path());
  for (const char* content : {"old", "new"}) {
    auto work = cache.Begin(kKey, false);
    WriteFileAtomically(work->folder() / kStageFile, content);
    work->Commit();
  }
  EXPECT_EQ(ReadFileText(cache.PathOf(kKey) / kStageFile), "new");
  EXPECT_EQ(ListFolderNames(folder.path()).size(), 2u);  // the artifact and the locks
}

TEST(StageCache, UnwritableFolderIsAnError) {
  const TempFolder folder;
  EXPECT_THROW(StageCache(folder.Write("file") / "cache"), Error);
}

}  // namespace
}  // namespace reidbench
