#include "reidbench/weights/pickle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "reidbench/core/error.h"
#include "weights/files_for_test.h"

namespace reidbench {
namespace {

using ::testing::HasSubstr;
using Kind = PickleValue::Kind;
using namespace std::string_literals;

std::span<const uint8_t> AsBytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

Pickle ParsePickle(const std::string& text) {
  ByteReader reader(AsBytes(text), "test.pkl");
  return Pickle(reader);
}

std::string PickleRefusal(const std::string& text) {
  return ModelError([&] { ParsePickle(text); });
}

TEST(Pickle, ReadsNumbersOfEveryWidth) {
  // (1, 300, -2, 2.5, None, True, 2**40, -1) as Python's protocol 2 writes it.
  const std::string text =
      "\x80\x02(K\x01M\x2c\x01J\xfe\xff\xff\xffG\x40\x04\0\0\0\0\0\0N\x88"
      "\x8a\x06\0\0\0\0\0\x01\x8a\x01\xfft."s;
  const Pickle pickle = ParsePickle(text);
  const auto elements = pickle.Elements(pickle.root());
  ASSERT_TRUE(elements);
  ASSERT_EQ(elements->size(), 8U);
  EXPECT_EQ((*elements)[0]->integer, 1);
  EXPECT_EQ((*elements)[1]->integer, 300);
  EXPECT_EQ((*elements)[2]->integer, -2);
  EXPECT_EQ((*elements)[3]->real, 2.5);
  EXPECT_EQ((*elements)[4]->kind, Kind::kNone);
  EXPECT_EQ((*elements)[5]->kind, Kind::kBool);
  EXPECT_EQ((*elements)[5]->integer, 1);
  EXPECT_EQ((*elements)[6]->integer, int64_t{1} << 40);
  EXPECT_EQ((*elements)[7]->integer, -1);
}

TEST(Pickle, DictsKeepOrderAndMemoRefersBack) {
  // {'a': 'x', 'b': 'x'} where the second 'x' is a BINGET.
  const std::string text = "\x80\x02}q\0(X\x01\0\0\0aX\x01\0\0\0xq\x01X\x01\0\0\0bh\x01u."s;
  const Pickle pickle = ParsePickle(text);
  const auto entries = pickle.Entries(pickle.root());
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 2U);
  EXPECT_EQ((*entries)[0].first->text, "a");
  EXPECT_EQ((*entries)[1].first->text, "b");
  EXPECT_EQ((*entries)[0].second, (*entries)[1].second);
}

TEST(Pickle, OrderedDictFromPairsAndItems) {
  // Python 2: OrderedDict([['a', 1]]), then ['b'] = 2.
  const std::string text =
      "\x80\x02"
      "ccollections\nOrderedDict\n]](U\x01"
      "aK\x01"
      "ea\x85RU\x01"
      "bK\x02s."s;
  const Pickle pickle = ParsePickle(text);
  const auto entries = pickle.Entries(pickle.root());
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 2U);
  EXPECT_EQ((*entries)[0].first->text, "a");
  EXPECT_EQ((*entries)[1].second->integer, 2);
}

TEST(Pickle, NamesWhateverIsNotOnTheList) {
  EXPECT_THAT(PickleRefusal("cposix\nsystem\n."),
              HasSubstr("refused: the pickle asks for posix.system"));
  EXPECT_THAT(PickleRefusal("c__builtin__\neval\n."), HasSubstr("__builtin__.eval"));
  EXPECT_THAT(PickleRefusal("(S'x'\nios\nsystem\n."), HasSubstr("opcode 0x53"));
  EXPECT_THAT(PickleRefusal("(ios\nsystem\n."), HasSubstr("os.system"));
  EXPECT_THAT(PickleRefusal("\x80\x04\x8c\x02os\x8c\x06system\x93."s), HasSubstr("os.system"));
  EXPECT_THAT(PickleRefusal("ctorch.hub\nload\n."), HasSubstr("torch.hub.load"));
  // The name of a function may try to spoil the terminal.
  EXPECT_THAT(PickleRefusal("ca\x1b[2J\nb\n."), HasSubstr("a\\x1b[2J.b"));
}

TEST(Pickle, EveryPrefixIsCutShort) {
  const std::string text =
      "\x80\x04\x95\x11\0\0\0\0\0\0\0}\x94(\x8c\x01"
      "a\x94]\x94(K\x01K\x02"
      "eu."s;
  EXPECT_NO_THROW(ParsePickle(text));
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_NE(PickleRefusal(text.substr(0, size)), "") << size;
  }
}

TEST(Pickle, RefusesDamage) {
  EXPECT_THAT(PickleRefusal("."), HasSubstr("the stack is empty"));
  EXPECT_THAT(PickleRefusal("t."), HasSubstr("a mark is missing"));
  EXPECT_THAT(PickleRefusal("h\x05."), HasSubstr("memo entry"));
  EXPECT_THAT(PickleRefusal("Nr\xff\xff\xff\xff."), HasSubstr("memo index"));
  EXPECT_THAT(PickleRefusal("}(Nu."), HasSubstr("key without a value"));
  EXPECT_THAT(PickleRefusal("NNa."), HasSubstr("no list"));
  EXPECT_THAT(PickleRefusal("N)R."), HasSubstr("no class"));
  EXPECT_THAT(PickleRefusal("ccollections\nOrderedDict\nNR."), HasSubstr("tuple of arguments"));
  EXPECT_THAT(PickleRefusal("\x80\x06."), HasSubstr("protocol 6"));
  EXPECT_THAT(PickleRefusal("\x82\x01."), HasSubstr("opcode 0x82"));
  EXPECT_THAT(PickleRefusal("X\xff\xff\xff\x7f."), HasSubstr("cut short"));
  // A mark hides what lies beneath it.
  EXPECT_THAT(PickleRefusal("N(\x85."), HasSubstr("the stack is empty"));
}

TEST(Pickle, ManyObjectsAreRefusedBeforeTheyFillTheMemory) {
  EXPECT_THAT(PickleRefusal(std::string(5'000'000, ']') + "."),
              HasSubstr("more than 4000000 objects"));
}

TEST(Pickle, CyclesAndDeepNestingAreHarmless) {
  // x = []; x.append(x)
  const Pickle cycle = ParsePickle("]q\0h\0a."s);
  const auto elements = cycle.Elements(cycle.root());
  ASSERT_TRUE(elements);
  EXPECT_EQ((*elements)[0], &cycle.root());
  const Pickle deep = ParsePickle("N" + std::string(1'000'000, '\x85') + ".");
  EXPECT_EQ(deep.root().kind, Kind::kTuple);
}

}  // namespace
}  // namespace reidbench
