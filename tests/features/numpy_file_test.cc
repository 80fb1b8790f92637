#include "reidbench/features/numpy_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <numeric>

#include "reidbench/core/eigen_views.h"
#include "reidbench/core/error.h"
#include "reidbench/features/box_rows.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// As numpy.save writes it.
template <typename T>
std::string Npy(const std::string& type, const std::string& shape, const std::vector<T>& values,
                bool fortran = false) {
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': {}, 'shape': ({}), }}", type,
                                   fortran ? "True" : "False", shape);
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  std::string bytes = "\x93NUMPY";
  bytes += '\x01';
  bytes += '\0';
  bytes += static_cast<char>(header.size() % 256);
  bytes += static_cast<char>(header.size() / 256);
  return bytes + header +
         std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

void AppendNumber(uint64_t value, int bytes, std::string* out) {
  for (int i = 0; i < bytes; ++i) *out += static_cast<char>(i < 8 ? value >> (8 * i) & 0xFF : 0);
}

// As numpy.savez writes it: members stored one after the other, then the directory.
std::string Npz(const std::vector<std::pair<std::string, std::string>>& arrays,
                const std::string& suffix = ".npy") {
  std::string file, directory;
  for (const auto& [key, content] : arrays) {
    const std::string name = key + suffix;
    const auto sum = static_cast<uint32_t>(
        ::crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size()));
    std::string common;
    AppendNumber(20, 2, &common);  // version
    AppendNumber(0, 2, &common);   // flags
    AppendNumber(0, 2, &common);   // stored
    AppendNumber(0, 4, &common);   // time
    AppendNumber(sum, 4, &common);
    AppendNumber(content.size(), 4, &common);
    AppendNumber(content.size(), 4, &common);
    AppendNumber(name.size(), 2, &common);
    AppendNumber(0, 2, &common);
    directory += "PK\x01\x02";
    AppendNumber(20, 2, &directory);
    directory += common;
    AppendNumber(0, 10, &directory);
    AppendNumber(file.size(), 4, &directory);
    directory += name;
    file += "PK\x03\x04" + common + name + content;
  }
  const size_t begin = file.size();
  file += directory + "PK\x05\x06";
  AppendNumber(0, 4, &file);
  AppendNumber(arrays.size(), 2, &file);
  AppendNumber(arrays.size(), 2, &file);
  AppendNumber(directory.size(), 4, &file);
  AppendNumber(begin, 4, &file);
  AppendNumber(0, 2, &file);
  return file;
}

FeatureFile Open(const std::string& bytes, const std::string& name = "f.npy") {
  return FeatureFile::FromBytes({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()},
                                name);
}

std::string Refusal(const std::string& bytes, const std::string& name = "f.npy") {
  return MessageOf(ErrorKind::kInput, [&] { Open(bytes, name); });
}

FeatureMatrix All(const FeatureFile& file) {
  std::vector<int64_t> rows(static_cast<size_t>(file.rows()));
  std::iota(rows.begin(), rows.end(), 0);
  return file.ReadRows(rows);
}

TEST(NumpyFile, ReadsAMatrixOfAnyFloatAndOrder) {
  FeatureMatrix expected(2, 3);
  AsEigen(expected) << 1, 2, 3, 4, 5, -0.5f;
  EXPECT_EQ(All(Open(Npy<float>("<f4", "2, 3", {1, 2, 3, 4, 5, -0.5f}))), expected);
  EXPECT_EQ(All(Open(Npy<double>("<f8", "2, 3", {1, 2, 3, 4, 5, -0.5}))), expected);
  EXPECT_EQ(All(Open(Npy<double>("<f8", "2, 3", {1, 4, 2, 5, 3, -0.5}, true))), expected);
  EXPECT_EQ(
      All(Open(Npy<uint16_t>("<f2", "2, 3", {0x3C00, 0x4000, 0x4200, 0x4400, 0x4500, 0xB800}))),
      expected);
  FeatureMatrix one(1, 1);
  AsEigen(one) << 1;
  EXPECT_EQ(All(Open(Npy<uint8_t>(">f4", "1, 1", {0x3F, 0x80, 0, 0}))), one);
  const FeatureFile file = Open(Npy<float>("<f4", "2, 3", {1, 2, 3, 4, 5, -0.5f}));
  EXPECT_THAT(file.labels().person_id, IsEmpty());
  EXPECT_THAT(file.HowToLabel(), AllOf(HasSubstr("features = numpy.load('f.npy')"),
                                       HasSubstr("numpy.savez('f.npz', features=features")));
  EXPECT_TRUE(
      std::ranges::equal(file.ReadRows(std::vector<int64_t>{1, 0, 1}).row(2), expected.row(1)));
}

TEST(NumpyFile, ReadsTheFormOfDeepSort) {
  const std::vector<double> rows = {3, -1, 10, 20, 30, 60, 0.9, -1, -1, -1, 0.5, 0.25,  //
                                    4, -1, 11, 21, 31, 61, 0.8, -1, -1, -1, 1.5, 1.25};
  const FeatureFile file = Open(Npy<double>("<f8", "2, 12", rows));
  EXPECT_EQ(file.dim(), 2);
  FeatureMatrix expected(2, 2);
  AsEigen(expected) << 0.5f, 0.25f, 1.5f, 1.25f;
  EXPECT_EQ(All(file), expected);
  EXPECT_THAT(file.labels().frame, ElementsAre(FrameIndex(3), FrameIndex(4)));
  TrackBox box;
  box.frame = FrameIndex(4);
  box.box = {11, 21, 31, 61};
  EXPECT_THAT(FindBoxRows(file, std::span(&box, 1)).row, ElementsAre(1));
  // Rows of which one has other columns there are embeddings throughout.
  std::vector<double> plain = rows;
  plain[9] = 0;
  EXPECT_EQ(Open(Npy<double>("<f8", "2, 12", plain)).dim(), 12);
}

TEST(NumpyFile, ReadsAnArchiveWithTheNamesOfAFeatureFile) {
  const std::vector<uint32_t> text = {'q', 'u', 'e', 'r', 'y', 0,   0,
                                      'g', 'a', 'l', 'l', 'e', 'r', 'y'};
  const FeatureFile file = Open(
      Npz({{"features", Npy<float>("<f4", "2, 2", {1, 2, 3, 4})},
           {"person_id", Npy<int32_t>("<i4", "1, 2", {7, -1})},
           {"camera_id", Npy<uint8_t>("|u1", "2, 1", {1, 2})},
           {"split", Npy<uint32_t>("<U7", "2,", text)},
           {"path", Npy<char>("|S5", "2,", {'a', '.', 'j', 'p', 'g', 'b', '.', 'j', 'p', 'g'})}}),
      "f.npz");
  FeatureMatrix expected(2, 2);
  AsEigen(expected) << 1, 2, 3, 4;
  EXPECT_EQ(All(file), expected);
  EXPECT_THAT(file.labels().person_id, ElementsAre(PersonId(7), PersonId(-1)));
  EXPECT_THAT(file.labels().camera_id, ElementsAre(CameraId(1), CameraId(2)));
  EXPECT_THAT(file.labels().split, ElementsAre(Split::kQuery, Split::kGallery));
  EXPECT_THAT(file.labels().path, ElementsAre("a.jpg", "b.jpg"));
}

TEST(NumpyFile, SaysWhatIsWrong) {
  const std::string features = Npy<float>("<f4", "2, 2", {1, 2, 3, 4});
  EXPECT_THAT(Refusal(Npy<float>("<f4", "4,", {1, 2, 3, 4})),
              HasSubstr("shape [4], expected [rows, dimensions]"));
  EXPECT_THAT(Refusal(Npy<int32_t>("<i4", "2, 2", {1, 2, 3, 4})), HasSubstr("<i4, expected float"));
  EXPECT_THAT(Refusal(features.substr(0, features.size() - 1)), HasSubstr("the file is truncated"));
  EXPECT_THAT(Refusal(features.substr(0, 30)), HasSubstr("its header is cut short"));
  EXPECT_THAT(Refusal(Npy<char>("|O", "2, 2", {0})),
              AllOf(HasSubstr("Python objects, not numbers"),
                    HasSubstr("numpy.load('f.npy', allow_pickle=True)")));
  EXPECT_THAT(
      Refusal(Npz({{"features", features}, {"person_id", Npy<int64_t>("<i8", "2,", {1, 2})}}),
              "f.npz"),
      HasSubstr("f.npz: no array camera_id: expected one of shape [2]"));
  EXPECT_THAT(Refusal(Npz({{"a", features}, {"b", features}}), "f.npz"),
              HasSubstr("f.npz: no array 'features' (it holds a, b)"));
  EXPECT_THAT(Refusal(Npz({{"features", features},
                           {"frame", Npy<int64_t>("<i8", "3,", {1, 2, 3})},
                           {"track_id", Npy<int64_t>("<i8", "2,", {1, 2})}}),
                      "f.npz"),
              HasSubstr("f.npz: array frame: shape [3], expected 2 entries"));
}

TEST(NumpyFile, NamesOtherFormatsAndTheLinesThatConvertThem) {
  EXPECT_THAT(
      Refusal("MATLAB 5.0 MAT-file Platform: posix" + std::string(200, ' '), "r/p.mat"),
      AllOf(HasSubstr("r/p.mat: a MATLAB file"), HasSubstr("m = scipy.io.loadmat('r/p.mat')"),
            HasSubstr("numpy.savez('p.npz'"), HasSubstr("m['gallery_f']")));
  EXPECT_THAT(Refusal("MATLAB 7.3 MAT-file" + std::string(200, ' '), "p.mat"),
              HasSubstr("m = mat73.loadmat('p.mat')"));
  EXPECT_THAT(
      Refusal("\x80\x04\x95" + std::string(200, ' '), "f.pkl"),
      AllOf(HasSubstr("f.pkl: a Python pickle"), HasSubstr("pickle.load(open('f.pkl', 'rb'))")));
  EXPECT_THAT(Refusal(Npz({{"f/data", "x"}}, ".pkl"), "f.pt"),
              AllOf(HasSubstr("f.pt: a torch file"), HasSubstr("torch.load('f.pt'")));
  EXPECT_THAT(Refusal(Npz({{"readme", "x"}}, ".txt"), "f.zip"),
              HasSubstr("f.zip: a zip archive without numpy arrays"));
}

TEST(NumpyFile, EveryTruncationAndFlippedByteIsAnErrorOrAnArray) {
  const std::string whole = Npz({{"features", Npy<float>("<f4", "2, 2", {1, 2, 3, 4})},
                                 {"frame", Npy<int64_t>("<i8", "2,", {1, 2})},
                                 {"track_id", Npy<int64_t>("<i8", "2,", {1, 2})}});
  int refused = 0;
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x21);
    for (const std::string& bytes : {damaged, whole.substr(0, i)}) {
      try {
        All(Open(bytes, "f.npz"));
      } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr("f.npz"));
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace reidbench
