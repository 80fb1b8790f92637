#include "reidbench/jobs/track/track.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/random.h"
#include "reidbench/core/text.h"
#include "reidbench/features/feature_store.h"
#include "reidbench/jobs/score/score.h"
#include "reidbench/jobs/track/track_journal.h"
#include "reidbench/mot_metrics/fields.h"
#include "reidbench/results/track.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"
#include "support/walking_people.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using Json = nlohmann::json;

// Two sequences of five walkers each, found nine times in ten.
class Track : public ::testing::Test {
 protected:
  Track() {
    Rng rng(3);
    for (const std::string name : {"A", "B"}) {
      std::string truth;
      std::string detections;
      for (int id = 1; id <= 5; ++id) {
        for (int frame = 1; frame <= 40; ++frame) {
          const double x = 60 * id + 2.5 * frame * (id % 2 == 0 ? 1 : -1);
          const double y = 40.0 * id;
          truth += fmt::format("{},{},{},{},40,100,1,1,1\n", frame, id, x, y);
          if (rng.Uniform() < 0.9) {
            detections += fmt::format("{},-1,{:.3f},{:.3f},{:.3f},{:.3f},{:.3f}\n", frame,
                                      x + rng.Normal(), y + rng.Normal(), 40 + rng.Normal(),
                                      100 + rng.Normal(), rng.Uniform(0.3, 1));
          }
        }
      }
      folder_.Write("train/" + name + "/gt/gt.txt", truth);
      folder_.Write("train/" + name + "/det/det.txt", detections);
      folder_.Write("train/" + name + "/seqinfo.ini", "[Sequence]\nseqLength=40\n");
    }
    options_.detections = {folder_.path() / "train"};
    options_.tracker = "bytetrack";
    options_.output = folder_.path() / "tracks";
  }
  TrackStageResult Run() { return RunTrack(options_, false, nullptr); }

  TempFolder folder_;
  TrackStageOptions options_;
};

TEST_F(Track, WritesOneFileASequence) {
  const TrackStageResult result = Run();
  ASSERT_EQ(result.runs.size(), 1u);
  ASSERT_EQ(result.runs[0].sequences.size(), 2u);
  EXPECT_EQ(ListFileNames(options_.output), (std::vector<std::string>{"A.txt", "B.txt"}));
  const std::string text = ReadFileText(options_.output / "A.txt");
  const auto lines = SplitText(Trim(text), '\n');
  EXPECT_EQ(static_cast<int64_t>(lines.size()), result.runs[0].sequences[0].boxes);
  EXPECT_GT(lines.size(), 100u);
  EXPECT_TRUE(StartsWith(lines[0], "1,1,"));
  EXPECT_TRUE(EndsWith(lines[0], ",-1,-1,-1"));
  EXPECT_EQ(result.runs[0].Total().boxes,
            result.runs[0].sequences[0].boxes + result.runs[0].sequences[1].boxes);
  EXPECT_EQ(result.runs[0].Total().frames, 80);
}

TEST_F(Track, RefusesToOverwrite) {
  Run();
  EXPECT_THAT([&] { Run(); }, ThrowsMessage<Error>(HasSubstr("A.txt")));
  options_.force = true;
  EXPECT_NO_THROW(Run());
}

TEST_F(Track, ScoresAreThoseOfTheWrittenFiles) {
  options_.ground_truth = folder_.path() / "train";
  options_.decimals = 0;  // so that rounding matters
  const TrackStageResult result = Run();
  ScoreStageOptions score;
  score.ground_truth = options_.ground_truth;
  score.tracks = {options_.output};
  score.bootstrap.resamples = 0;
  const ScoreStageResult scored = RunScore(score);
  const auto& counts = scored.trackers[0].classes[0].sequences;
  for (size_t s = 0; s < 2; ++s) {
    const MotSummary ours = Summarize(*result.runs[0].sequences[s].counts);
    const MotSummary theirs = Summarize(counts[s]);
    for (const char* field : {"HOTA", "LocA", "MOTA", "MOTP", "IDF1", "IDSW"})
      EXPECT_EQ(FieldValue(ours, field), FieldValue(theirs, field)) << field;
  }
}

TEST_F(Track, SweepRunsAllCombinationsAndChoosesWithoutTheScoredSequence) {
  options_.ground_truth = folder_.path() / "train";
  options_.sweep = {"track_buffer=1,30", "track_thresh=0.5,0.9"};
  options_.select = "IDF1";
  const TrackStageResult result = Run();
  ASSERT_EQ(result.runs.size(), 4u);
  EXPECT_EQ(result.swept_keys, (std::vector<std::string>{"track_buffer", "track_thresh"}));
  EXPECT_EQ(result.runs[1].name, "track_buffer=1,track_thresh=0.9");
  EXPECT_TRUE(fs::exists(options_.output / "track_buffer=30,track_thresh=0.5" / "B.txt"));
  const auto value = [&](const MotCounts& counts) {
    return *FieldValue(Summarize(counts), "IDF1");
  };
  for (size_t k = 1; k < 4; ++k) {
    EXPECT_GE(value(*result.runs[result.ranked[k - 1]].Total().counts),
              value(*result.runs[result.ranked[k]].Total().counts));
  }
  // With two sequences: each is scored with what is best on the other.
  ASSERT_TRUE(result.leave_one_out);
  for (size_t s = 0; s < 2; ++s) {
    const auto other = [&](size_t run) { return value(*result.runs[run].sequences[1 - s].counts); };
    for (size_t r = 0; r < 4; ++r) EXPECT_GE(other(result.leave_one_out->choice[s]), other(r));
  }
  EXPECT_LE(value(result.leave_one_out->combined),
            value(*result.runs[result.ranked[0]].Total().counts) + 1e-12);

  // One combination alone gives the same file.
  const std::string swept =
      ReadFileText(options_.output / "track_buffer=30,track_thresh=0.5" / "B.txt");
  options_.sweep.clear();
  options_.options = {"track_buffer=30", "track_thresh=0.5"};
  options_.output = folder_.path() / "alone";
  Run();
  EXPECT_EQ(ReadFileText(options_.output / "B.txt"), swept);

  const Json json = Json::parse(RenderTrackJson(result));
  EXPECT_EQ(json["schema"], "reidbench.track/1");
  EXPECT_EQ(json["runs"].size(), 4u);
  EXPECT_EQ(json["leave_one_out"]["select"], "IDF1");
  const TrackStageResult read = TrackFromJson(ParseJson(RenderTrackJson(result), "x"), "x");
  EXPECT_EQ(read.runs[2].swept, result.runs[result.ranked[2]].swept);
  EXPECT_EQ(read.runs[2].Total().boxes, result.runs[result.ranked[2]].Total().boxes);
  EXPECT_EQ(read.runs[2].Total().FramesPerSecond(),
            result.runs[result.ranked[2]].Total().FramesPerSecond());
  EXPECT_THAT(RenderTrackTables(result, TableFormat::kText),
              HasSubstr("leave one sequence out (tuned on the others)"));
  EXPECT_EQ(SplitText(Trim(RenderTrackCsv(result)), '\n').size(), 1 + 4 * 3u);
}

TEST_F(Track, DoesNotDependOnThreads) {
  options_.sweep = {"track_buffer=1,5,30"};
  std::vector<std::string> texts[2];
  for (const int threads : {1, 4}) {
    const ThreadLimit limit(threads);
    options_.output = folder_.path() / fmt::format("threads{}", threads);
    const TrackStageResult result = Run();
    for (const TrackRun& run : result.runs) {
      for (const char* name : {"A.txt", "B.txt"})
        texts[threads == 4 ? 1 : 0].push_back(ReadFileText(options_.output / run.name / name));
    }
  }
  EXPECT_EQ(texts[0], texts[1]);
}

TEST_F(Track, ConfigFileAndOptions) {
  folder_.Write("mine.yaml", "tracker: ocsort\nmax_age: 5\n");
  options_.tracker.clear();
  options_.config = folder_.path() / "mine.yaml";
  options_.options = {"min_hits=0"};
  EXPECT_EQ(Run().tracker, "ocsort");
  options_.force = true;
  options_.tracker = "sort";
  EXPECT_THAT([&] { Run(); }, ThrowsMessage<Error>(HasSubstr("is for the tracker ocsort")));
  options_.config = "bytetrack";  // of configs/trackers
  options_.tracker = "bytetrack";
  options_.options.clear();
  EXPECT_EQ(RunTrack(options_, true, nullptr).tracker, "bytetrack");
}

TEST_F(Track, MistakesAreNamedBeforeAnythingIsWritten) {
  const auto error = [&](const std::function<void(TrackStageOptions*)>& change) {
    TrackStageOptions wrong = options_;
    change(&wrong);
    return MessageOfExit(kExitUsage, [&] { RunTrack(wrong, false, nullptr); });
  };
  EXPECT_THAT(error([](auto* o) { o->tracker.clear(); }), HasSubstr("--tracker is missing"));
  EXPECT_THAT(error([](auto* o) { o->tracker = "bytetrak"; }),
              HasSubstr("did you mean 'bytetrack'"));
  EXPECT_THAT(error([](auto* o) { o->options = {"track_bufer=3"}; }),
              HasSubstr("did you mean 'track_buffer'"));
  EXPECT_THAT(error([](auto* o) { o->options = {"track_buffer=-3"}; }),
              HasSubstr("--option track_buffer=-3: track_buffer: expected at least 0, found -3"));
  EXPECT_THAT(error([](auto* o) { o->options = {"track_buffer"}; }),
              HasSubstr("expected key=value"));
  EXPECT_THAT(error([](auto* o) { o->sweep = {"track_buffer=1,,2"}; }),
              HasSubstr("found an empty one"));
  EXPECT_THAT(error([](auto* o) { o->sweep = {"track_buffer=1,1"}; }), HasSubstr("given twice"));
  EXPECT_THAT(error([](auto* o) {
                o->sweep = {"track_buffer=1", "track_buffer=2"};
              }),
              HasSubstr("more than once"));
  EXPECT_THAT(error([](auto* o) { o->tracker = "deepsort"; }), HasSubstr("--features is missing"));
  EXPECT_THAT(error([](auto* o) { o->decimals = 10; }), HasSubstr("--decimals 10"));
  EXPECT_THAT(error([this](auto* o) {
                o->ground_truth = folder_.path() / "train";
                o->select = "HOTTA";
              }),
              HasSubstr("HOTA"));
  folder_.Write("train/A/det/det.txt", "1,-1,0,0,10,20,0.9\n2,-1,x,0,10,20,0.9\n");
  folder_.Write("train/B/det/det.txt", "41,-1,0,0,10,20,0.9\n");
  const std::string both = MessageOfExit(kExitInput, [&] { RunTrack(options_, false, nullptr); });
  EXPECT_THAT(both, HasSubstr("A/det/det.txt:2"));
  EXPECT_THAT(both, HasSubstr("B/det/det.txt:1"));
  EXPECT_FALSE(fs::exists(options_.output));
}

TEST_F(Track, ScoresOutsideTheUnitRangeAreWarnedOf) {
  folder_.Write("train/A/det/det.txt", "1,-1,0,0,10,20,92\n");
  EXPECT_THAT(Run().warnings, ::testing::Contains(HasSubstr("--ignore-scores")));
  options_.ignore_scores = true;
  options_.force = true;
  EXPECT_THAT(Run().warnings, ::testing::IsEmpty());
}

TEST(TrackFormat, RoundsAsPrinted) {
  Rng rng(11);
  for (int i = 0; i < 20000; ++i) {
    const double exact = rng.Uniform(-2000, 2000);
    const double tie = std::floor(exact) + 0.005 * static_cast<double>(rng.Below(200));
    for (const double value : {exact, tie}) {
      for (const int decimals : {0, 2, 6})
        ASSERT_EQ(RoundedAsPrinted(value, decimals),
                  *ParseDouble(fmt::format("{:.{}f}", value, decimals)))
            << value;
    }
  }
}

// Two people change places between frames 6 and 7: only their looks tell.
TEST_F(Track, TrackersWithEmbeddingsTakeThemFromFeatureFiles) {
  std::string detections;
  FeatureLabels labels;
  std::vector<float> values;
  for (int frame = 1; frame <= 12; ++frame) {
    for (const bool red : {true, false}) {
      const double left = red == (frame <= 6) ? 0 : 12;
      detections += fmt::format("{},-1,{},100,50,100,0.9\n", frame, left);
      labels.frame.emplace_back(frame);
      labels.track_id.emplace_back(-1);
      labels.box_ltwh.push_back({left, 100, 50, 100});
      values.insert(values.end(), {red ? 1.0F : 0.0F, red ? 0.0F : 1.0F});
    }
  }
  options_.detections = {folder_.Write("walk/S.txt", detections)};
  options_.features = folder_.path() / "S.h5";
  options_.tracker = "deepsort";
  FeatureFileWriter writer(options_.features, 2, labels, {}, {});
  writer.Append(values);
  writer.Finish();
  EXPECT_EQ(Run().runs[0].sequences[0].tracks, 2);
  const std::string rows = ReadFileText(options_.output / "S.txt");
  std::vector<double> left;  // of identities 1 (red) and 2 at the end
  for (const std::string_view row : SplitText(Trim(rows), '\n')) {
    const auto cells = SplitText(row, ',');
    if (cells[0] == "12") left.push_back(*ParseDouble(cells[2]));
  }
  ASSERT_EQ(left.size(), 2u);
  EXPECT_GT(left[0], 9);
  EXPECT_LT(left[1], 3);
}

TEST_F(Track, WarnsOfBoxesInAnotherForm) {
  TrackSet detections = Tracked(WalkingPeople(10, 60, 9), 10);
  for (TrackBox& box : detections.boxes) box.id = TrackId(-1);
  options_.detections = {folder_.Write("d.txt", MotRows(detections, ""))};
  EXPECT_THAT(Run().warnings, ::testing::IsEmpty());
  options_.force = true;
  // No size and no ground truth: the columns themselves tell.
  folder_.Write("d.txt", MotRows(Rewritten(detections, AsCorners), ""));
  EXPECT_THAT(Run().warnings,
              ::testing::ElementsAre(::testing::AllOf(
                  HasSubstr("columns 5 and 6 are no sizes: the boxes fit as x1,y1,x2,y2"),
                  HasSubstr("reidbench convert "))));
  folder_.Write("d.txt", MotRows(Rewritten(detections, AsFractions), ""));
  EXPECT_THAT(Run().warnings, ::testing::ElementsAre(HasSubstr("100 % of the boxes lie in 0..1")));
}

TEST_F(Track, SaysThatFramesAreCountedWhereTheRateIsFarFromTheUsual) {
  const auto warnings = [&](const char* rate) {
    for (const char* name : {"A", "B"}) {
      folder_.Write(fmt::format("train/{}/seqinfo.ini", name),
                    fmt::format("[Sequence]\nseqLength=40\nframeRate={}\n", rate));
    }
    options_.force = true;
    return Run().warnings;
  };
  EXPECT_THAT(warnings("25"), ::testing::IsEmpty());
  const std::vector<std::string> slow = warnings("10");
  ASSERT_EQ(slow.size(), 2u);
  EXPECT_EQ(slow[0],
            "A: 10 frames a second, while track_buffer=30 counts frames and was chosen for 30 a "
            "second\n  hint: --option track_buffer=10 keeps lost tracks for as long");
  EXPECT_THAT(warnings("60")[1], HasSubstr("--option track_buffer=60"));
  options_.options = {"track_buffer=10"};
  EXPECT_THAT(warnings("10"), ::testing::IsEmpty());
  options_.options = {};
  options_.tracker = "sort";  // its max_age of 1 is no time
  EXPECT_THAT(warnings("10"), ::testing::IsEmpty());
}

// As after a kill: some files are written, the journal says so, and the same command goes on.
TEST_F(Track, AKilledSweepGoesOn) {
  options_.ground_truth = folder_.path() / "train";
  options_.sweep = {"track_buffer=5,10,20",
                    "match_thresh=0.7,0.8,0.9"};  // more than are run together
  const TrackStageResult whole = Run();
  const auto files_of = [&] {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(options_.output)) {
      if (entry.is_regular_file())
        files[entry.path().lexically_relative(options_.output)] = ReadFileText(entry.path());
    }
    return files;
  };
  const auto files = files_of();
  ASSERT_EQ(files.size(), 18u);
  fs::remove_all(options_.output);

  EXPECT_THROW(RunTrack(options_, false,
                        [](int64_t done, int64_t) {
                          if (done == 17) ThrowIo("the power went");
                        }),
               Error);
  ASSERT_TRUE(IsFile(TrackJournalPath(options_.output)));
  const size_t written = files_of().size() - 1;
  EXPECT_EQ(written, 16u);

  // Of another command they are not.
  TrackStageOptions other = options_;
  other.decimals = 3;
  EXPECT_THAT(MessageOf(ErrorKind::kUsage, [&] { RunTrack(other, false, nullptr); }),
              HasSubstr("--force"));
  EXPECT_EQ(files_of().size(), written + 1);

  // One that was damaged since is made again, the others are not.
  const fs::path first = options_.output / whole.runs[0].name / "A.txt";
  const fs::path second = options_.output / whole.runs[1].name / "A.txt";
  ASSERT_TRUE(IsFile(first) && IsFile(second));
  WriteFileAtomically(first, "1,1,10,10,20,40,1,-1,-1,-1\n");
  const auto unchanged = fs::last_write_time(second);
  const TrackStageResult again = Run();
  EXPECT_EQ(files_of(), files);
  EXPECT_EQ(fs::last_write_time(second), unchanged);
  ASSERT_EQ(again.runs.size(), whole.runs.size());
  EXPECT_EQ(again.ranked, whole.ranked);
  for (size_t r = 0; r < whole.runs.size(); ++r) {
    for (size_t s = 0; s < 2; ++s) {
      const TrackedSequence& a = again.runs[r].sequences[s];
      const TrackedSequence& b = whole.runs[r].sequences[s];
      EXPECT_EQ(a.boxes, b.boxes);
      EXPECT_EQ(a.tracks, b.tracks);
      EXPECT_GT(a.seconds, 0);
      for (const char* field : {"HOTA", "LocA", "MOTA", "MOTP", "IDF1", "IDSW"})
        EXPECT_EQ(FieldValue(Summarize(*a.counts), field), FieldValue(Summarize(*b.counts), field));
    }
  }
  // Whole, it is as any output.
  EXPECT_THROW(Run(), Error);
}

// One person stands still while the camera pans by 60 pixels a frame.
TEST_F(Track, CameraMotionComesFromAffineFiles) {
  std::string detections, motion;
  for (int frame = 1; frame <= 12; ++frame) {
    detections += fmt::format("{},-1,{},100,50,100,0.9\n", frame, 60 * frame);
    if (frame > 1) motion += fmt::format("{} 1 0 60 0 1 0\n", frame);
  }
  options_.detections = {folder_.Write("pan/S.txt", detections)};
  for (const char* tracker : {"botsort", "strongsort", "deepocsort", "hybridsort", "boosttrack"}) {
    options_.tracker = tracker;
    options_.force = true;
    options_.affines.clear();
    const TrackStageResult without = Run();
    EXPECT_NE(without.runs[0].sequences[0].tracks, 1) << tracker;
    EXPECT_EQ(without.camera_motion, false);
    EXPECT_EQ(without.appearance, false);
    EXPECT_THAT(RenderTrackTables(without, TableFormat::kText),
                HasSubstr(std::string(tracker) + " without appearance and camera motion"));
    options_.affines = folder_.Write("motion/S.txt", motion);
    const TrackStageResult with = Run();
    EXPECT_EQ(with.runs[0].sequences[0].tracks, 1) << tracker;
    EXPECT_THAT(RenderTrackTables(with, TableFormat::kText),
                HasSubstr(std::string(tracker) + " with camera motion, without appearance"));
    const Json json = Json::parse(RenderTrackJson(with));
    EXPECT_EQ(json["camera_motion"], true);
    EXPECT_EQ(json["appearance"], false);
    options_.affines = folder_.path() / "motion";  // a folder
    EXPECT_EQ(Run().runs[0].sequences[0].tracks, 1) << tracker;
  }
}

TEST_F(Track, CameraMotionOfAnotherSequenceIsRefused) {
  options_.tracker = "botsort";
  folder_.Write("motion/A.txt", "2 1 0 0 0 1 0\n");
  folder_.Write("motion/B.txt", "41 1 0 0 0 1 0\n");
  options_.affines = folder_.path() / "motion";
  const std::string both = MessageOfExit(kExitInput, [&] { Run(); });
  EXPECT_THAT(both, HasSubstr("motion/A.txt: expected a matrix for each of the frames 2..40"));
  EXPECT_THAT(both, HasSubstr("motion/B.txt:1: expected a frame of 1..40"));
  EXPECT_FALSE(fs::exists(options_.output));
  fs::remove(folder_.path() / "motion" / "B.txt");
  EXPECT_THAT(MessageOfExit(kExitInput, [&] { Run(); }), HasSubstr("B.txt"));
  options_.affines = folder_.path() / "motion" / "A.txt";
  EXPECT_THAT(MessageOfExit(kExitUsage, [&] { Run(); }), HasSubstr("expected a folder"));
  options_.tracker = "sort";
  EXPECT_THAT(MessageOfExit(kExitUsage, [&] { Run(); }),
              HasSubstr("sort does not look at the camera's motion"));
}

// Looks are optional: given, they keep apart whom overlap would swap.
TEST_F(Track, OptionalEmbeddingsAreUsedWhereTheyAreGiven) {
  std::string detections;
  FeatureLabels labels;
  std::vector<float> values;
  for (int frame = 1; frame <= 12; ++frame) {
    for (const bool red : {true, false}) {
      const double left = red == (frame <= 6) ? 0 : 12;
      detections += fmt::format("{},-1,{},100,50,100,0.9\n", frame, left);
      labels.frame.emplace_back(frame);
      labels.track_id.emplace_back(-1);
      labels.box_ltwh.push_back({left, 100, 50, 100});
      values.insert(values.end(), {red ? 1.0F : 0.0F, red ? 0.0F : 1.0F});
    }
  }
  options_.detections = {folder_.Write("walk/S.txt", detections)};
  const fs::path features = folder_.path() / "S.h5";
  FeatureFileWriter writer(features, 2, labels, {}, {});
  writer.Append(values);
  writer.Finish();
  options_.tracker = "strongsort";
  for (const bool with : {true, false}) {
    options_.features = with ? features : fs::path();
    options_.force = true;
    const TrackStageResult result = Run();
    EXPECT_EQ(result.appearance, with);
    double left = -1;  // of identity 1 at the end
    const std::string tracks = ReadFileText(options_.output / "S.txt");
    for (const std::string_view row : SplitText(tracks, '\n')) {
      const auto cells = SplitText(row, ',');
      if (cells.size() > 2 && cells[0] == "12" && cells[1] == "1") left = *ParseDouble(cells[2]);
    }
    EXPECT_EQ(left > 6, with);
  }
  folder_.Write("walk/S.txt", detections + "12,-1,700,100,50,100,0.9\n");
  options_.features = features;
  EXPECT_THAT(MessageOfExit(kExitInput, [&] { Run(); }), HasSubstr("found none for 1 of 25"));
}

TEST_F(Track, PostStepsStandBesideTheTracks) {
  options_.ground_truth = folder_.path() / "train";
  options_.post = {"linear", "gsi"};
  const TrackStageResult result = Run();
  ASSERT_EQ(result.runs[0].post.size(), 2u);
  const TrackRun& linear = result.runs[0].post[0];
  EXPECT_EQ(linear.name, "linear");
  EXPECT_GT(linear.Total().boxes, result.runs[0].Total().boxes);
  EXPECT_EQ(result.runs[0].post[1].Total().boxes, linear.Total().boxes);
  const auto lines = [&](const fs::path& path) {
    return static_cast<int64_t>(SplitText(Trim(ReadFileText(options_.output / path)), '\n').size());
  };
  EXPECT_EQ(lines("A.txt"), result.runs[0].sequences[0].boxes);
  EXPECT_EQ(lines("linear/A.txt"), linear.sequences[0].boxes);
  EXPECT_NE(ReadFileText(options_.output / "linear/B.txt"),
            ReadFileText(options_.output / "gsi/B.txt"));
  const Json json = Json::parse(RenderTrackJson(result));
  EXPECT_EQ(json["runs"][0]["post"]["linear"]["ALL"]["boxes"], linear.Total().boxes);
  EXPECT_FALSE(json["runs"][0]["post"]["gsi"]["sequences"]["A"]["scores"].is_null());
  EXPECT_THAT(RenderTrackTables(result, TableFormat::kText), HasSubstr("after gsi"));
  EXPECT_EQ(SplitText(Trim(RenderTrackCsv(result)), '\n').size(), 1 + 3 * 3u);
  EXPECT_THAT(RenderTrackCsv(result), HasSubstr("bytetrack+linear,B,"));
  // What is there is not overwritten, whatever step it is of.
  fs::remove(options_.output / "A.txt");
  fs::remove(options_.output / "B.txt");
  EXPECT_THAT([&] { Run(); }, ThrowsMessage<Error>(HasSubstr("linear/A.txt")));
}

TEST_F(Track, PostStepsAreNamedRightAndGoWithOneCombination) {
  options_.post = {"gsj"};
  EXPECT_THAT(MessageOfExit(kExitUsage, [&] { Run(); }), HasSubstr("did you mean 'gsi'"));
  options_.post = {"gsi", "gsi"};
  EXPECT_THAT(MessageOfExit(kExitUsage, [&] { Run(); }), HasSubstr("given twice"));
  options_.post = {"gsi"};
  options_.sweep = {"track_buffer=10,20"};
  EXPECT_THAT(MessageOfExit(kExitUsage, [&] { Run(); }), HasSubstr("--post: expected one"));
}

}  // namespace
}  // namespace reidbench
