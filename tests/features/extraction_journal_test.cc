#include "reidbench/features/extraction_journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/random.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr int kDim = 3;
constexpr int64_t kItems = 40;
const JournalKey kKey = {{"weights", "a.pth (SHA-256 0123)"}, {"batch", "4"}};

bool operator==(const JournalRecord& a, const JournalRecord& b) {
  return a.begin == b.begin && a.end == b.end && a.embeddings == b.embeddings &&
         std::equal(a.skipped.begin(), a.skipped.end(), b.skipped.begin(), b.skipped.end(),
                    [](const SkippedItem& x, const SkippedItem& y) {
                      return x.item == y.item && x.reason == y.reason;
                    });
}

// Items [begin, begin + 4), the second of every other record skipped.
JournalRecord MakeRecord(int64_t begin) {
  JournalRecord record;
  record.begin = begin;
  record.end = begin + 4;
  if (begin % 8 == 0)
    record.skipped.push_back({begin + 1, fmt::format("{}.jpg: corrupt", begin + 1)});
  const int64_t rows = 4 - static_cast<int64_t>(record.skipped.size());
  for (int64_t i = 0; i < rows * kDim; ++i)
    record.embeddings.push_back(static_cast<float>(begin * 100 + i));
  return record;
}

class ExtractionJournalTest : public testing::Test {
 protected:
  ExtractionJournalTest() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::path(testing::TempDir()) / fmt::format("journal_{}", test->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    path_ = folder_ / "out.h5.partial";
  }
  ~ExtractionJournalTest() override { fs::remove_all(folder_); }

  std::unique_ptr<ExtractionJournal> Open(const JournalKey& key = kKey, bool discard = false) {
    return std::make_unique<ExtractionJournal>(path_, key, kItems, kDim, discard);
  }
  void AppendUpTo(ExtractionJournal* journal, int64_t items) {
    while (journal->items_done() < items) journal->Append(MakeRecord(journal->items_done()));
  }
  // Every record is whole and is what was written.
  static void ExpectRecords(const ExtractionJournal& journal) {
    int64_t at = 0;
    journal.ForEach([&](const JournalRecord& record) {
      EXPECT_TRUE(record == MakeRecord(at));
      at = record.end;
    });
    EXPECT_EQ(at, journal.items_done());
  }
  std::string Bytes() const { return ReadFileText(path_); }
  void SetBytes(const std::string& bytes) { WriteFileAtomically(path_, bytes); }
  std::string OpenMessage(const JournalKey& key = kKey, ErrorKind kind = ErrorKind::kUsage) {
    return MessageOf(kind, [&] { Open(key); });
  }

  fs::path folder_;
  fs::path path_;
};

TEST_F(ExtractionJournalTest, KeepsRecordsBetweenRuns) {
  AppendUpTo(Open().get(), 12);
  {
    const auto journal = Open();
    EXPECT_EQ(journal->items_done(), 12);
    ASSERT_EQ(journal->skipped().size(), 2u);
    EXPECT_EQ(journal->skipped()[1].item, 9);
    EXPECT_EQ(journal->skipped()[1].reason, "9.jpg: corrupt");
    ExpectRecords(*journal);
    AppendUpTo(journal.get(), kItems);
  }
  const auto journal = Open();
  EXPECT_EQ(journal->items_done(), kItems);
  ExpectRecords(*journal);
  journal->Remove();
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(ExtractionJournalTest, CutsTornTailAtEveryLength) {
  AppendUpTo(Open().get(), 24);
  const std::string whole = Bytes();
  int64_t before = 0;
  for (size_t size = 0; size <= whole.size(); ++size) {
    SetBytes(whole.substr(0, size));
    const auto journal = Open();
    ASSERT_GE(journal->items_done(), before) << size;
    before = journal->items_done();
    ExpectRecords(*journal);
    AppendUpTo(journal.get(), 24);
    ASSERT_EQ(Bytes(), whole) << size;
  }
  EXPECT_EQ(before, 24);
}

TEST_F(ExtractionJournalTest, DropsFromFirstDamagedRecordOn) {
  AppendUpTo(Open().get(), 24);
  const std::string whole = Bytes();
  const size_t header = whole.size();  // grows shorter below
  Rng rng(3);
  for (int i = 0; i < 300; ++i) {
    const size_t at = 120 + static_cast<size_t>(rng.Below(header - 120));
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << rng.Below(8)));
    SetBytes(damaged);
    const auto journal = Open();
    ASSERT_LT(journal->items_done(), 24) << at;
    ExpectRecords(*journal);
    AppendUpTo(journal.get(), 24);
    ASSERT_EQ(Bytes(), whole);
  }
}

TEST_F(ExtractionJournalTest, RefusesWorkOfAnotherExtractionAndSaysWhatDiffers) {
  AppendUpTo(Open().get(), 12);
  const std::string bytes = Bytes();
  EXPECT_THAT(
      OpenMessage({{"weights", "b.pth (SHA-256 4567)"}, {"batch", "4"}, {"type", "float16"}}),
      AllOf(HasSubstr("out.h5.partial: is the unfinished work of another extraction:"),
            HasSubstr("weights: 'a.pth (SHA-256 0123)' there, 'b.pth (SHA-256 4567)' now"),
            HasSubstr("type: nothing there, 'float16' now"), HasSubstr("--force"),
            Not(HasSubstr("batch:"))));
  EXPECT_THAT(OpenMessage({{"weights", "a.pth (SHA-256 0123)"}}),
              HasSubstr("batch: '4' there, nothing now"));
  EXPECT_EQ(Bytes(), bytes);
  EXPECT_EQ(Open({{"weights", "b"}}, true)->items_done(), 0);
  EXPECT_EQ(Open({{"weights", "b"}})->items_done(), 0);
}

TEST_F(ExtractionJournalTest, ForceResumesItsOwnWork) {
  AppendUpTo(Open(kKey, true).get(), 12);
  EXPECT_EQ(Open(kKey, true)->items_done(), 12);
}

TEST_F(ExtractionJournalTest, RefusesWhatIsNoJournal) {
  SetBytes("somebody's notes, not to be lost");
  EXPECT_THAT(OpenMessage(), HasSubstr("is not an extraction journal"));
  EXPECT_EQ(Bytes(), "somebody's notes, not to be lost");
  EXPECT_EQ(Open(kKey, true)->items_done(), 0);
}

TEST_F(ExtractionJournalTest, RefusesDamagedHeaderWithWorkBehindIt) {
  AppendUpTo(Open().get(), 12);
  std::string bytes = Bytes();
  bytes[30] ^= 1;
  SetBytes(bytes);
  EXPECT_THAT(OpenMessage(), HasSubstr("is damaged"));
  EXPECT_EQ(Bytes(), bytes);
}

TEST_F(ExtractionJournalTest, OneProcessAtATime) {
  const auto first = Open();
  EXPECT_THAT(OpenMessage(kKey, ErrorKind::kIo),
              HasSubstr("another reidbench process is writing it"));
}

TEST_F(ExtractionJournalTest, FullDiskKeepsFinishedWork) {
  const auto old_handler = ::signal(SIGXFSZ, SIG_IGN);
  struct rlimit before {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  auto journal = Open();
  AppendUpTo(journal.get(), 12);
  const size_t good = Bytes().size();
  struct rlimit small = before;
  small.rlim_cur = good + 30;  // in the middle of the next record
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::string message = MessageOf(ErrorKind::kIo, [&] { AppendUpTo(journal.get(), 16); });
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, old_handler);
  EXPECT_THAT(message, AllOf(HasSubstr("out.h5.partial: write failed: File too large"),
                             HasSubstr("finished work is kept (12 of 40 items)")));
  EXPECT_EQ(Bytes().size(), good);
  journal.reset();
  journal = Open();
  EXPECT_EQ(journal->items_done(), 12);
  AppendUpTo(journal.get(), kItems);
  ExpectRecords(*journal);
}

}  // namespace
}  // namespace reidbench
