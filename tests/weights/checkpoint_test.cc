#include "reidbench/weights/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>

#include "reidbench/core/hash.h"
#include "reidbench/weights/onnx_graph.h"
#include "reidbench/weights/torch_writer.h"
#include "support/expect_error.h"
#include "weights/files_for_test.h"

namespace reidbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::string Refusal(const std::string& file) {
  return ModelError([&] { ReadCheckpoint(GoldenWeights(file)); });
}

std::string RefusalOfText(std::string_view text) {
  const std::span bytes(reinterpret_cast<const uint8_t*>(text.data()), text.size());
  return ModelError([&] { ParseCheckpoint(bytes, "x.pth"); });
}

// What tests/golden/weights/make_golden.py put into small_*.pth.
void ExpectSmallTensors(const Checkpoint& checkpoint) {
  ASSERT_EQ(checkpoint.tensors.size(), 17U);
  const auto& tensors = checkpoint.tensors;
  ASSERT_THAT(tensors.at("float32").shape, ElementsAre(4, 6));
  for (int i = 0; i < 24; ++i) {
    EXPECT_EQ(tensors.at("float32").values[static_cast<size_t>(i)], static_cast<float>(i) / 4);
  }
  ASSERT_THAT(tensors.at("transposed").shape, ElementsAre(6, 4));
  for (int row = 0; row < 6; ++row) {
    for (int column = 0; column < 4; ++column) {
      EXPECT_EQ(tensors.at("transposed").values[static_cast<size_t>(row * 4 + column)],
                static_cast<float>(column * 6 + row) / 4);
    }
  }
  EXPECT_THAT(tensors.at("narrowed").shape, ElementsAre(2, 3));
  EXPECT_THAT(tensors.at("narrowed").values, ElementsAre(2, 2.25, 2.5, 3.5, 3.75, 4));
  EXPECT_THAT(tensors.at("every_second").values,
              ElementsAre(0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5));
  EXPECT_THAT(tensors.at("expanded").shape, ElementsAre(3, 2));
  EXPECT_THAT(tensors.at("expanded").values, ElementsAre(2.5, 2.5, 2.5, 2.5, 2.5, 2.5));
  EXPECT_THAT(tensors.at("float64").values, ElementsAre(1, -0.5, 1e-3F));
  EXPECT_THAT(tensors.at("float16").values,
              ElementsAre(1, -2.5, 65504, std::ldexp(1.0F, -24), 0, -0.0F,
                          std::numeric_limits<float>::infinity()));
  EXPECT_THAT(tensors.at("bfloat16").values, ElementsAre(1, -3.140625, std::ldexp(202.0F, 92)));
  EXPECT_THAT(tensors.at("int64").values, ElementsAre(0, -1, 16777216));
  EXPECT_THAT(tensors.at("int32").shape, ElementsAre(2, 1));
  EXPECT_THAT(tensors.at("int32").values, ElementsAre(1, -2));
  EXPECT_THAT(tensors.at("int16").values, ElementsAre(300, -300));
  EXPECT_THAT(tensors.at("int8").values, ElementsAre(-128, 127));
  EXPECT_THAT(tensors.at("uint8").values, ElementsAre(0, 255));
  EXPECT_THAT(tensors.at("bool").values, ElementsAre(1, 0, 1));
  EXPECT_THAT(tensors.at("scalar").shape, IsEmpty());
  EXPECT_THAT(tensors.at("scalar").values, ElementsAre(7));
  EXPECT_THAT(tensors.at("empty").shape, ElementsAre(0, 3));
  EXPECT_THAT(tensors.at("empty").values, IsEmpty());
  EXPECT_THAT(tensors.at("parameter").values, ElementsAre(4, 5));
}

TEST(ReadCheckpoint, EveryElementTypeAndView) {
  for (const std::string name :
       {"small_zip.pth", "small_legacy.pth", "small_protocol4.pth", "small_deflated.pth"}) {
    SCOPED_TRACE(name);
    const Checkpoint checkpoint = ReadCheckpoint(GoldenWeights(name));
    ExpectSmallTensors(checkpoint);
    EXPECT_EQ(checkpoint.format, name == "small_legacy.pth" ? CheckpointFormat::kTorchLegacy
                                                            : CheckpointFormat::kTorchZip);
    EXPECT_EQ(checkpoint.sha256, Sha256OfFile(GoldenWeights(name)));
    EXPECT_THAT(checkpoint.notes, IsEmpty());
  }
}

TEST(ReadCheckpoint, TrainingCheckpointIsUnwrapped) {
  for (const std::string name : {"training.pth.tar", "training_legacy.pth.tar"}) {
    const Checkpoint checkpoint = ReadCheckpoint(GoldenWeights(name));
    EXPECT_EQ(checkpoint.tensors.size(), 7U);
    EXPECT_TRUE(checkpoint.tensors.contains("0.weight"));
    EXPECT_THAT(
        checkpoint.notes,
        ElementsAre("training checkpoint: weights taken from 'state_dict', beside it: epoch "
                    "150, rank1 0.912, mAP 0.75, optimizer, scheduler, history, ids, curve",
                    "training checkpoint: weights taken from 'model', beside it: ema_decay 0.999",
                    "prefix 'module.' stripped from 7 of 7 names"));
  }
}

TEST(ReadCheckpoint, AWrapperThatHoldsSettingsIsNoWrapper) {
  const Checkpoint checkpoint = ReadCheckpoint(GoldenWeights("wrapped_net.pth"));
  EXPECT_EQ(checkpoint.tensors.size(), 7U);
  EXPECT_THAT(checkpoint.notes.front(), HasSubstr("weights taken from 'net', beside it: model"));
}

SavedTensor Scalar(const std::string& name, float value) { return {name, {1}, std::vector{value}}; }

Checkpoint Parse(const std::vector<SavedDict>& dicts, std::string_view entry = "") {
  const std::string bytes = TorchZipBytes({.dicts = dicts, .entries = {}});
  return ParseCheckpoint({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}, "x.pth",
                         entry);
}

TEST(ReadCheckpoint, OneNetworkUnderAnyKeyIsRead) {
  for (const std::string key : {"net_dict", "ema", "whatever"}) {
    const Checkpoint checkpoint = Parse({{key, {Scalar("conv.weight", 3)}}});
    EXPECT_THAT(checkpoint.tensors.at("conv.weight").values, ElementsAre(3)) << key;
    EXPECT_EQ(checkpoint.entry, key);
    EXPECT_THAT(checkpoint.other_entries, IsEmpty());
    EXPECT_THAT(checkpoint.notes, ElementsAre(fmt::format("weights taken from '{}'", key)));
  }
}

TEST(ReadCheckpoint, OfTwoNetworksTheEntryChooses) {
  const std::vector<SavedDict> dicts = {{"ema", {Scalar("w", 2)}}, {"model", {Scalar("w", 1)}}};
  const Checkpoint model = Parse(dicts);
  EXPECT_THAT(model.tensors.at("w").values, ElementsAre(1));
  EXPECT_EQ(model.entry, "model");
  EXPECT_THAT(model.other_entries, ElementsAre("ema"));
  const Checkpoint ema = Parse(dicts, "ema");
  EXPECT_THAT(ema.tensors.at("w").values, ElementsAre(2));
  EXPECT_EQ(ModelError([&] { Parse(dicts, "best"); }),
            "x.pth: holds no 'best'; it holds weights under: model, ema");
}

TEST(ReadCheckpoint, TensorsThatAreNoNetworkAreNoChoice) {
  const Checkpoint checkpoint =
      Parse({{"optimizer", {Scalar("a", 5), Scalar("b", 6)}},
             {"state_dict_ema", {Scalar("a", 3), Scalar("b", 4)}},
             {"centers", {Scalar("x", 9)}},
             {"state_dict", {Scalar("a", 1), Scalar("b", 2), Scalar("c", 2)}}});
  EXPECT_EQ(checkpoint.entry, "state_dict");
  EXPECT_THAT(checkpoint.other_entries, ElementsAre("state_dict_ema"));
}

TEST(ReadCheckpoint, OneNetworkBehindAPrefixIsRead) {
  // fast-reid: the backbone, with a head and the normalisation of pixels beside it.
  const Checkpoint fastreid =
      Parse({{"model",
              {Scalar("module.backbone.conv1.weight", 1), Scalar("module.backbone.conv2.weight", 2),
               Scalar("module.backbone.fc.weight", 3), Scalar("module.heads.weight", 4),
               Scalar("module.pixel_mean", 5)}}});
  EXPECT_EQ(fastreid.tensors.size(), 3U);
  EXPECT_THAT(fastreid.tensors.at("conv2.weight").values, ElementsAre(2));
  EXPECT_EQ(fastreid.entry, "model/backbone");
  EXPECT_THAT(fastreid.other_entries, IsEmpty());
  EXPECT_EQ(fastreid.notes.back(),
            "weights taken from behind 'backbone.', 3 of 5 tensors; left out: heads.weight, "
            "pixel_mean");
  // Lightning, with the averaged weights beside the weights.
  const std::vector<SavedDict> lightning = {
      {"state_dict",
       {Scalar("model.a", 1), Scalar("model.b", 2), Scalar("ema.a", 3), Scalar("ema.b", 4),
        Scalar("loss.centers", 5)}}};
  const Checkpoint model = Parse(lightning);
  EXPECT_EQ(model.tensors.size(), 2U);
  EXPECT_THAT(model.tensors.at("a").values, ElementsAre(1));
  EXPECT_THAT(model.other_entries, ElementsAre("ema"));
  EXPECT_THAT(Parse(lightning, "ema").tensors.at("b").values, ElementsAre(4));
  EXPECT_THAT(Parse({{"state_dict", {Scalar("model.module.a", 1), Scalar("model.module.b", 2)}}})
                  .tensors.at("b")
                  .values,
              ElementsAre(2));
  // A network of its own names keeps them, though a part is called like a prefix.
  const Checkpoint whole =
      Parse({{"state_dict", {Scalar("stem.w", 1), Scalar("blocks.w", 2), Scalar("base.w", 3)}}});
  EXPECT_EQ(whole.tensors.size(), 3U);
}

TEST(ReadCheckpoint, RefusesWithTheReason) {
  EXPECT_THAT(Refusal("bad_system.pth"), HasSubstr("the pickle asks for posix.system"));
  EXPECT_THAT(Refusal("bad_system_legacy.pth"), HasSubstr("the pickle asks for posix.system"));
  EXPECT_THAT(Refusal("bad_eval.pth"), HasSubstr("the pickle asks for builtins.eval"));
  EXPECT_THAT(Refusal("bad_whole_model.pth"), HasSubstr("asks for torch.nn.modules.linear.Linear"));
  EXPECT_THAT(Refusal("bad_single_tensor.pth"), HasSubstr("holds a single tensor"));
  EXPECT_THAT(Refusal("bad_no_tensors.pth"), HasSubstr("its keys are epoch 3, lr 0.1"));
  EXPECT_THAT(Refusal("bad_torchscript.pt"), HasSubstr("TorchScript"));
  EXPECT_THAT(Refusal("bad_plain_pickle.pkl"), HasSubstr("plain Python pickle"));
  EXPECT_THAT(Refusal("bad_real.tar"), HasSubstr("a real tar archive"));
  EXPECT_THAT(Refusal("bad_other.zip"), HasSubstr("holds model.pth); unpack it first"));
  EXPECT_THAT(Refusal("bad_big_endian.pth"), HasSubstr("byte order 'big'"));
  EXPECT_FALSE(std::filesystem::exists("pwned"));
  // every message starts with the file
  EXPECT_THAT(Refusal("bad_system.pth"),
              StartsWith(GoldenWeights("bad_system.pth").string() + ": "));
}

TEST(ReadCheckpoint, NamesWhatPeopleSaveByMistake) {
  using namespace std::string_literals;
  EXPECT_THAT(RefusalOfText(""), HasSubstr("the file is empty"));
  EXPECT_THAT(RefusalOfText("\n<!DOCTYPE html><html>"), HasSubstr("a web page"));
  EXPECT_THAT(RefusalOfText("\xef\xbb\xbf<?xml version='1.0'?>"), HasSubstr("a web page"));
  EXPECT_THAT(RefusalOfText("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
              HasSubstr("git lfs pull"));
  EXPECT_THAT(RefusalOfText("{\"message\": \"not found\"}"), HasSubstr("JSON"));
  EXPECT_THAT(RefusalOfText("\x1f\x8b\x08"), HasSubstr("gzip"));
  EXPECT_THAT(RefusalOfText("\x89HDF\r\n"), HasSubstr("HDF5"));
  EXPECT_THAT(RefusalOfText("\x20\0\0\0\0\0\0\0{\"a\":"s), HasSubstr("safetensors"));
  EXPECT_THAT(RefusalOfText("hello"), HasSubstr("neither a torch checkpoint"));
}

TEST(ReadCheckpoint, UnreadablePathsAreIoErrors) {
  for (const std::filesystem::path& path :
       {GoldenWeights("absent.pth"), GoldenWeights(""), std::filesystem::path("/dev/zero")}) {
    MessageOf(ErrorKind::kIo, [&] { ReadCheckpoint(path); });
  }
}

TEST(ReadCheckpoint, EveryTruncationIsRefused) {
  for (const std::string name : {"small_zip.pth", "small_legacy.pth", "training_legacy.pth.tar"}) {
    const std::vector<uint8_t> bytes = GoldenBytes(name);
    for (size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_NE(ModelError([&] { ParseCheckpoint(std::span(bytes).first(size), name); }), "")
          << name << " " << size;
    }
  }
}

TEST(ReadCheckpoint, FlippedBitsNeverCrashNorChangeAnArchivedTensor) {
  const std::vector<uint8_t> good = GoldenBytes("small_zip.pth");
  const Checkpoint expected = ParseCheckpoint(good, "good.pth");
  for (size_t i = 0; i < good.size(); ++i) {
    std::vector<uint8_t> bytes = good;
    bytes[i] ^= 0x10;
    Checkpoint found;
    if (!ModelError([&] { found = ParseCheckpoint(bytes, "flipped.pth"); }).empty()) continue;
    for (const auto& [name, tensor] : found.tensors) {
      const Tensor& original = expected.tensors.at(name);
      EXPECT_EQ(tensor.shape, original.shape) << i;
      EXPECT_EQ(tensor.values, original.values) << i;
    }
  }
  // The legacy format has no checksums: only that nothing breaks can be asked for.
  for (const std::string name : {"small_legacy.pth", "training_legacy.pth.tar", "foreign.onnx"}) {
    const std::vector<uint8_t> original = GoldenBytes(name);
    for (size_t i = 0; i < original.size(); ++i) {
      for (const uint8_t mask : {0x01, 0x80}) {
        std::vector<uint8_t> bytes = original;
        bytes[i] ^= mask;
        EXPECT_THAT(ModelError([&] { ParseCheckpoint(bytes, name); }),
                    ::testing::Not(StartsWith("wrong kind")));
      }
    }
  }
}

// A legacy file whose only tensor has the given size and stride texts in its pickle.
std::string LegacyTensor(const std::string& offset, const std::string& sizes,
                         const std::string& strides) {
  using namespace std::string_literals;
  return "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.\x80\x02}."s +
         "\x80\x02}X\x01\0\0\0actorch._utils\n_rebuild_tensor_v2\n(("s +
         "X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\0kX\x03\0\0\0cpuK\x04NtQ"s + offset +
         "(" + sizes + "t(" + strides + "t\x89}tRs."s +
         "\x80\x02]X\x01\0\0\0ka.\x04\0\0\0\0\0\0\0"s + std::string(16, '\0');
}

TEST(ReadCheckpoint, ViewsStayInsideTheirStorage) {
  using namespace std::string_literals;
  const std::string zero = "K\0"s;
  const std::string huge = "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f";
  EXPECT_EQ(RefusalOfText(LegacyTensor(zero, "K\x04", "K\x01")), "");
  EXPECT_EQ(RefusalOfText(LegacyTensor("K\x01", "K\x03", "K\x01")), "");
  EXPECT_EQ(RefusalOfText(LegacyTensor(zero, "K\x02K\x02", "K\x01K\x02")), "");
  EXPECT_THAT(RefusalOfText(LegacyTensor("K\x01", "K\x04", "K\x01")),
              HasSubstr("beyond its storage"));
  EXPECT_THAT(RefusalOfText(LegacyTensor(zero, "K\x02", "K\x04")), HasSubstr("beyond its storage"));
  EXPECT_THAT(RefusalOfText(LegacyTensor("J\xff\xff\xff\xff", "K\x01", "K\x01")),
              HasSubstr("beyond its storage"));
  EXPECT_THAT(RefusalOfText(LegacyTensor(zero, "K\x02", "J\xff\xff\xff\xff")),
              HasSubstr("beyond its storage"));
  EXPECT_THAT(RefusalOfText(LegacyTensor(huge, "K\x01", "K\x01")), HasSubstr("beyond its storage"));
  EXPECT_THAT(RefusalOfText(LegacyTensor(zero, "K\x02", huge)), HasSubstr("beyond its storage"));
  EXPECT_THAT(RefusalOfText(LegacyTensor(zero, "K\x02K\x02", "K\x01")), HasSubstr("strides [1]"));
  EXPECT_THAT(RefusalOfText(LegacyTensor(zero, "J\xff\xff\xff\xff", "K\x01")),
              HasSubstr("shape [-1]"));
  EXPECT_THAT(RefusalOfText(LegacyTensor(zero, huge + huge, zero + zero)), HasSubstr("has shape"));
  EXPECT_THAT(RefusalOfText(LegacyTensor(zero, "N", "K\x01")), HasSubstr("not a whole number"));
  // A stride of 0 repeats a value without end: bounded by the size of the file.
  EXPECT_EQ(RefusalOfText(LegacyTensor(zero, "M\xe8\x03", zero)), "");
  EXPECT_THAT(RefusalOfText(LegacyTensor(zero, "J\xff\xff\xff\x7f", zero)), HasSubstr("16 times"));
  EXPECT_THAT(RefusalOfText(LegacyTensor(zero, huge, zero)), HasSubstr("has shape"));
}

}  // namespace
}  // namespace reidbench
