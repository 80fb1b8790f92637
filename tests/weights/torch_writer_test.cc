#include "reidbench/weights/torch_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "reidbench/weights/checkpoint.h"
#include "reidbench/weights/zip_archive.h"
#include "weights/files_for_test.h"

namespace reidbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::span<const uint8_t> Bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

SavedCheckpoint Example() {
  SavedCheckpoint checkpoint;
  checkpoint.dicts.push_back(
      {"state_dict",
       {{"conv.weight", {2, 1, 3}, std::vector<float>{1, -2, 3.5f, 4, 5, -0.0f}},
        {"bn.num_batches_tracked", {}, std::vector<int64_t>{70'000}},
        {"conv.bias", {2}, std::vector<float>{1e-38f, 7}},
        {"empty", {0, 4}, std::vector<float>{}}}});
  checkpoint.dicts.push_back({"optimizer",
                              {{"text", {3}, std::vector<uint8_t>{'a', 0, 255}},
                               {"steps", {2}, std::vector<int64_t>{-1, 300}}}});
  checkpoint.entries = {{"epoch", int64_t{150}},
                        {"rank1", 0.912},
                        {"big", int64_t{1} << 40},
                        {"negative", int64_t{-70'000}},
                        {"note", std::string("what it is")}};
  return checkpoint;
}

TEST(TorchWriter, WhatIsWrittenIsRead) {
  const std::string bytes = TorchZipBytes(Example());
  const Checkpoint weights = ParseCheckpoint(Bytes(bytes), "x.pth");
  EXPECT_EQ(weights.format, CheckpointFormat::kTorchZip);
  ASSERT_EQ(weights.tensors.size(), 4u);
  EXPECT_THAT(weights.tensors.at("conv.weight").shape, ElementsAre(2, 1, 3));
  EXPECT_THAT(weights.tensors.at("conv.weight").values, ElementsAre(1, -2, 3.5f, 4, 5, 0));
  EXPECT_TRUE(weights.tensors.at("bn.num_batches_tracked").shape.empty());
  EXPECT_THAT(weights.tensors.at("bn.num_batches_tracked").values, ElementsAre(70'000));
  EXPECT_THAT(weights.tensors.at("conv.bias").values, ElementsAre(1e-38f, 7));
  EXPECT_THAT(weights.tensors.at("empty").shape, ElementsAre(0, 4));
  ASSERT_EQ(weights.notes.size(), 1u);
  EXPECT_THAT(weights.notes[0],
              AllOf(HasSubstr("epoch 150"), HasSubstr("rank1 0.912"),
                    HasSubstr("big 1099511627776"), HasSubstr("negative -70000")));

  const Checkpoint optimizer = ParseCheckpoint(Bytes(bytes), "x.pth", "optimizer");
  EXPECT_THAT(optimizer.tensors.at("text").values, ElementsAre('a', 0, 255));
  EXPECT_THAT(optimizer.tensors.at("steps").values, ElementsAre(-1, 300));
  EXPECT_THAT(ModelError([&] { ParseCheckpoint(Bytes(bytes), "x.pth", "scheduler"); }),
              HasSubstr("x.pth: holds no 'scheduler'"));
}

TEST(TorchWriter, NamesBeyondTheShortReferencesOfAPickleAreRead) {
  // The memo of a pickle has 256 short numbers.
  SavedCheckpoint checkpoint;
  for (int d = 0; d < 300; ++d) {
    checkpoint.dicts.push_back({"dict" + std::to_string(d),
                                {{"a", {1}, std::vector<float>{static_cast<float>(d)}},
                                 {"b", {1}, std::vector<float>{static_cast<float>(-d)}}}});
  }
  const std::string bytes = TorchZipBytes(checkpoint);
  for (const int d : {0, 251, 252, 253, 299}) {
    const Checkpoint read = ParseCheckpoint(Bytes(bytes), "x.pth", "dict" + std::to_string(d));
    EXPECT_THAT(read.tensors.at("a").values, ElementsAre(d));
    EXPECT_THAT(read.tensors.at("b").values, ElementsAre(-d));
  }
}

TEST(TorchWriter, TheArchiveIsAsTorchSavesIt) {
  const std::string bytes = TorchZipBytes(Example(), "x");
  EXPECT_EQ(bytes, TorchZipBytes(Example(), "x"));
  EXPECT_EQ(bytes.substr(0, 4), "PK\x03\x04");
  const ZipArchive archive(Bytes(bytes), "x.pth");
  std::vector<std::string> names;
  OutputBudget budget(bytes.size(), "x.pth");
  std::vector<uint8_t> unused;
  for (const ZipMember& member : archive.members()) {
    names.push_back(member.name);
    EXPECT_EQ(member.method, 0) << member.name;
    // torch maps the numbers from multiples of 64; Read() verifies the checksum.
    const auto content = archive.Read(member, unused, budget);
    EXPECT_EQ((content.data() - Bytes(bytes).data()) % 64, 0) << member.name;
  }
  // Floats and counters of one dict, bytes and counters of the other.
  EXPECT_THAT(names, ElementsAre("x/data.pkl", "x/data/0", "x/data/1", "x/data/2", "x/data/3",
                                 "x/version"));
  const auto pickle = archive.Read(*archive.Find("x/data.pkl"), unused, budget);
  const std::string text(pickle.begin(), pickle.end());
  EXPECT_EQ(text.substr(0, 2), "\x80\x02");
  for (const char* global :
       {"ccollections\nOrderedDict\n", "ctorch._utils\n_rebuild_tensor_v2\n",
        "ctorch\nFloatStorage\n", "ctorch\nLongStorage\n", "ctorch\nByteStorage\n"}) {
    EXPECT_THAT(text, HasSubstr(global));
  }
}

}  // namespace
}  // namespace reidbench
