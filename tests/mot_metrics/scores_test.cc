#include "reidbench/mot_metrics/scores.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "mot_metrics/golden_support.h"
#include "mot_metrics/hand_support.h"
#include "reidbench/core/error.h"
#include "reidbench/core/parallel.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

void ExpectSetAsReference(const fs::path& set, const std::string& benchmark,
                          const std::string& tracker, const std::string& expected_file) {
  const nlohmann::json expected = LoadJson(set / "expected" / expected_file);
  for (int a = 0; a < kAlphas; ++a)
    EXPECT_NEAR(HotaAlphas()[a], expected["alphas"][a].get<double>(), 1e-15);
  const ScoredTracker scored =
      ScoreFiles({set / "gt" / "mot_challenge", benchmark, "train", ""},
                 set / "trackers" / "mot_challenge", tracker, LoadMotBenchmark(benchmark));
  EXPECT_EQ(scored.names.size() + 1, expected["results"].size());
  for (size_t i = 0; i < scored.names.size(); ++i) {
    ASSERT_TRUE(expected["results"].contains(scored.names[i]));
    ExpectSameAsReference(Summarize(scored.counts[i]), expected["results"][scored.names[i]],
                          scored.names[i]);
  }
  ExpectSameAsReference(Summarize(Combine(scored.counts)), expected["results"]["COMBINED_SEQ"],
                        "COMBINED");
}

class FuzzSequences : public ::testing::TestWithParam<std::string> {};

TEST_P(FuzzSequences, EqualTrackEval) {
  ExpectSetAsReference(fs::path(REIDBENCH_TEST_DATA) / "mot" / "fuzz", GetParam(), "degraded",
                       GetParam() + ".json");
}

INSTANTIATE_TEST_SUITE_P(Benchmarks, FuzzSequences, ::testing::Values("MOT15", "MOT17", "MOT20"));

class LargeSet : public ::testing::TestWithParam<std::string> {};

TEST_P(LargeSet, EqualsTrackEval) {
  const fs::path set =
      fs::path(REIDBENCH_SOURCE_DIR) / ".." / "shared" / "golden" / "mot" / "mot17_synthetic";
  if (!fs::exists(set)) GTEST_SKIP() << "needs " << set;
  ExpectSetAsReference(set, "MOT17", GetParam(), GetParam() + ".json");
}

INSTANTIATE_TEST_SUITE_P(Trackers, LargeSet,
                         ::testing::Values("degraded", "oracle_merge", "oracle_split_merge"));

// The 71 odd and malformed inputs, each in TrackEval's layout in a folder of its own.
class EdgeCases : public ::testing::TestWithParam<size_t> {
 protected:
  static const nlohmann::json& Cases() {
    static const nlohmann::json cases =
        LoadJson(fs::path(REIDBENCH_TEST_DATA) / "mot" / "edge" / "cases.json")["cases"];
    return cases;
  }
};

void Write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

std::string EndOfPath(const std::string& file) {
  if (file == "tracker") return "T/data/S.txt";
  if (file == "gt") return "S/gt/gt.txt";
  if (file == "seqinfo") return "S/seqinfo.ini";
  return "seqmaps/";
}

TEST_P(EdgeCases, AreAnsweredAsWanted) {
  const nlohmann::json& c = Cases()[GetParam()];
  const std::string name = c["name"];
  SCOPED_TRACE(name);
  const TempFolder folder;
  const fs::path& root = folder.path();
  const std::string benchmark_name = c["benchmark"];
  const std::string set = benchmark_name + "-train";
  const auto omitted = [&](const char* what) {
    return std::find(c["omit"].begin(), c["omit"].end(), what) != c["omit"].end();
  };
  const fs::path gt = root / "gt" / "mot_challenge";
  fs::create_directories(gt / set / "S");
  fs::create_directories(root / "trackers" / "mot_challenge" / set / "T" / "data");
  if (!omitted("seqmap")) Write(gt / "seqmaps" / (set + ".txt"), c["seqmap_text"]);
  if (!omitted("gt")) Write(gt / set / "S" / "gt" / "gt.txt", c["gt_text"]);
  if (!omitted("seqinfo")) {
    Write(gt / set / "S" / "seqinfo.ini",
          "[Sequence]\nname=S\nseqLength=" + c["seq_length"].dump() + "\n");
  }
  if (!omitted("tracker")) {
    Write(root / "trackers" / "mot_challenge" / set / "T" / "data" / "S.txt", c["tracker_text"]);
  }
  MotBenchmark benchmark = LoadMotBenchmark(benchmark_name);
  if (c["overrides"].contains("DO_PREPROC")) benchmark.preprocess = c["overrides"]["DO_PREPROC"];

  const nlohmann::json& wanted = c["wanted"];
  const auto score = [&] {
    return ScoreFiles({gt, benchmark_name, "train", ""}, root / "trackers" / "mot_challenge", "T",
                      benchmark);
  };
  if (wanted["action"] == "error") {
    const std::string message = MessageOfExit(kExitInput, score);
    EXPECT_THAT(message, HasSubstr(EndOfPath(wanted["file"])));
    if (wanted.contains("first_bad_line")) {
      EXPECT_THAT(message, HasSubstr(".txt:" + wanted["first_bad_line"].dump() + ":"));
      EXPECT_THAT(message, HasSubstr("(" + wanted["bad_rows"].dump() + " bad row"));
      std::string expected = wanted["expected"];
      if (expected == "each id once per frame, whatever the class")
        expected = "each id once per frame";
      EXPECT_THAT(message, HasSubstr("expected " + expected));
      EXPECT_THAT(message, HasSubstr("found " + wanted["found"].get<std::string>()));
    } else if (wanted["file"] == "seqmap" && !omitted("seqmap")) {
      EXPECT_THAT(message, HasSubstr("header line, then one sequence per line"));
    } else {
      EXPECT_THAT(message, HasSubstr(wanted["found"].get<std::string>()));
    }
    if (wanted.contains("note")) {
      const std::string note = wanted["note"];
      if (note.starts_with("hint:")) {
        EXPECT_THAT(message, HasSubstr("hint:"));
      }
    }
    return;
  }
  const ScoredTracker scored = score();
  ASSERT_EQ(scored.counts.size(), 1u);
  if (wanted["action"] == "warn") {
    EXPECT_FALSE(scored.warnings.empty());
  } else {
    EXPECT_THAT(scored.warnings, ::testing::IsEmpty());
  }
  const nlohmann::json& reference =
      (wanted["numbers"] == "baseline" ? Cases()[0] : c)["reference"]["results"];
  ExpectSameAsReference(Summarize(scored.counts[0]), reference["S"], name);
  ExpectSameAsReference(Summarize(Combine(scored.counts)), reference["COMBINED_SEQ"],
                        name + " COMBINED");
  fs::remove_all(root);
}

INSTANTIATE_TEST_SUITE_P(All, EdgeCases, ::testing::Range<size_t>(0, 71));

TEST(EdgeCaseFile, HasAsManyCasesAsAreRun) {
  EXPECT_EQ(LoadJson(fs::path(REIDBENCH_TEST_DATA) / "mot" / "edge" / "cases.json")["cases"].size(),
            71u);
}

TEST(Determinism, ThreadsDoNotChangeABit) {
  const fs::path set = fs::path(REIDBENCH_TEST_DATA) / "mot" / "fuzz";
  std::vector<MotValues> runs;
  for (const int threads : {1, 4}) {
    const ThreadLimit limit(threads);
    const ScoredTracker scored =
        ScoreFiles({set / "gt" / "mot_challenge", "MOT17", "train", ""},
                   set / "trackers" / "mot_challenge", "degraded", LoadMotBenchmark("MOT17"));
    MotValues& all = runs.emplace_back();
    for (const MotCounts& counts : scored.counts) {
      const MotValues values = ListValues(Summarize(counts));
      all.insert(all.end(), values.begin(), values.end());
    }
  }
  ASSERT_EQ(runs[0].size(), runs[1].size());
  for (size_t i = 0; i < runs[0].size(); ++i) {
    const std::string_view name = MotFields()[i % MotFields().size()].name;
    EXPECT_EQ(runs[0][i].value, runs[1][i].value) << name;
    EXPECT_EQ(runs[0][i].alphas, runs[1][i].alphas) << name;
  }
}

TEST(Scores, CombinedIsOneLargeSequence) {
  // Adding the counts of two sequences equals scoring them one after the other with ids of their
  // own.
  const std::vector<Spot> gt = {{1, 1, 0}, {2, 1, 0}, {3, 1, 0}},
                          tracker = {{1, 7, 0}, {2, 7, 0, 2}, {3, 8, 0}};
  std::vector<Spot> gt_twice = gt, tracker_twice = tracker;
  for (Spot s : gt) gt_twice.push_back({s.frame + 3, s.id + 100, s.place, s.shift});
  for (Spot s : tracker) tracker_twice.push_back({s.frame + 3, s.id + 100, s.place, s.shift});
  const MotCounts once = CountMot(Prepared(gt, tracker, 3));
  const MotSummary combined = Summarize(Combine(std::vector<MotCounts>{once, once}));
  const MotSummary twice = Summarize(CountMot(Prepared(gt_twice, tracker_twice, 6)));
  for (const char* field :
       {"HOTA", "DetA", "AssA", "LocA", "MOTA", "MOTP", "IDF1", "IDSW", "Frag", "SFDA", "Dets"}) {
    EXPECT_NEAR(FieldValue(combined, field).value(), FieldValue(twice, field).value(), 1e-12)
        << field;
  }
}

}  // namespace
}  // namespace reidbench
