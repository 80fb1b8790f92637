#include "reidbench/mot_metrics/fields.h"

#include <gtest/gtest.h>

#include <set>

#include "mot_metrics/golden_support.h"
#include "mot_metrics/hand_support.h"
#include "reidbench/core/error.h"

namespace reidbench {
namespace {

TEST(MotFields, NamesAreUniqueAndEveryRowReadsAndSaysWhatItIs) {
  const MotSummary some = Summarize(CountMot(Prepared({{1, 1, 0}}, {{1, 7, 0}}, 1)));
  std::set<std::string_view> names;
  for (const MotField& field : MotFields()) {
    EXPECT_TRUE(names.insert(field.name).second) << field.name;
    EXPECT_FALSE(field.title.empty() || field.family.empty()) << field.name;
    EXPECT_TRUE(field.get(some).value.has_value()) << field.name;
  }
  EXPECT_EQ(FindMotField("IDSW").better, Better::kLower);
  EXPECT_TRUE(FindMotField("IDSW").is_count());
  EXPECT_FALSE(FindMotField("DetA").of_identities);
  EXPECT_FALSE(FindMotField("Frag").adds_over_blocks);
}

// What a field says of blocks is what their counts do: added up they are the whole.
TEST(MotFields, AddOverBlocksAsTheySay) {
  const std::vector<Spot> gt = {{1, 1, 0}, {2, 1, 0}, {3, 1, 0}, {4, 1, 0}, {5, 1, 0}, {6, 1, 0}},
                          tracker = {{1, 7, 0}, {2, 7, 0, 2}, {3, 9, 5}, {4, 8, 0}, {6, 8, 0}};
  const MotSequence sequence = Prepared(gt, tracker, 6);
  const MotSummary whole = Summarize(CountMot(sequence));
  const MotSummary added = Summarize(Combine(CountMotBlocks(sequence, 2)));
  for (const MotField& field : MotFields()) {
    if (!field.adds_over_blocks) continue;
    EXPECT_NEAR(*field.get(added).value, *field.get(whole).value, 1e-12) << field.name;
  }
  EXPECT_NE(FieldValue(added, "Frag"), FieldValue(whole, "Frag"));
}

TEST(MotFields, ClassAverageIsMeanOfRatiosAndSumOfCounts) {
  const MotSummary perfect = Summarize(CountMot(Prepared({{1, 1, 0}}, {{1, 7, 0}}, 1)));
  const MotSummary missed = Summarize(CountMot(Prepared({{1, 1, 0}, {2, 1, 0}}, {{1, 7, 5}}, 2)));
  const MotValues average =
      AverageClasses(std::vector<MotValues>{ListValues(perfect), ListValues(missed)});
  const auto value = [&](std::string_view name) {
    return average[&FindMotField(name) - MotFields().data()].value.value();
  };
  EXPECT_DOUBLE_EQ(value("HOTA"), 0.5);
  EXPECT_DOUBLE_EQ(value("IDF1"), 0.5);
  EXPECT_DOUBLE_EQ(value("MOTA"), (1.0 - 0.5) / 2);
  EXPECT_DOUBLE_EQ(value("FP_per_frame"), (0.0 + 0.5) / 2);
  EXPECT_EQ(value("CLR_FN"), 2);
  EXPECT_EQ(value("GT_Dets"), 3);
}

TEST(MotFields, UndefinedValuesHaveNoValueAndUnknownFieldsAreNamed) {
  const MotSummary empty = Summarize(CountMot(Prepared({}, {}, 3)));
  EXPECT_FALSE(FieldValue(empty, "ATA").has_value());
  EXPECT_EQ(FieldValue(empty, "MOTA"), 0);
  try {
    FieldValue(empty, "HOTAA");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean 'HOTA'"), std::string::npos)
        << error.what();
  }
}

// Every field of real, hard sequences survives the way through its values, alone and added up.
TEST(RestoreCounts, GivesTheValuesAgain) {
  const std::filesystem::path set = std::filesystem::path(REIDBENCH_TEST_DATA) / "mot" / "fuzz";
  std::vector<MotCounts> all =
      ScoreFiles({set / "gt" / "mot_challenge", "MOT17", "train", ""},
                 set / "trackers" / "mot_challenge", "degraded", LoadMotBenchmark("MOT17"))
          .counts;
  all.push_back(CountMot(Prepared({{1, 1, 0}}, {}, 2)));  // one side empty
  all.push_back(CountMot(Prepared({}, {}, 2)));
  std::vector<MotCounts> restored;
  for (const MotCounts& counts : all)
    restored.push_back(RestoreCounts(ListValues(Summarize(counts))));
  all.push_back(Combine(all));
  restored.push_back(Combine(restored));
  for (size_t i = 0; i < all.size(); ++i) {
    const MotValues ours = ListValues(Summarize(restored[i]));
    const MotValues wanted = ListValues(Summarize(all[i]));
    for (size_t f = 0; f < wanted.size(); ++f) {
      ASSERT_EQ(ours[f].value.has_value(), wanted[f].value.has_value()) << MotFields()[f].name;
      EXPECT_NEAR(ours[f].value.value_or(0), wanted[f].value.value_or(0), 1e-12)
          << MotFields()[f].name;
    }
  }
}

}  // namespace
}  // namespace reidbench
