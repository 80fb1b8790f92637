#include "reidbench/features/feature_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>
#include <thread>

#include "reidbench/core/eigen_views.h"
#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/random.h"
#include "support/expect_error.h"
#include "support/sanitizers.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class FeatureStoreTest : public testing::Test {
 protected:
  FeatureStoreTest() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::path(testing::TempDir()) / fmt::format("feature_store_{}", test->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~FeatureStoreTest() override { fs::remove_all(folder_); }

  fs::path File(const std::string& name) const { return folder_ / name; }
  static fs::path Golden(const std::string& name) {
    return fs::path(REIDBENCH_TEST_DATA) / "features" / name;
  }

  fs::path folder_;
};

// The message of the Error that opening (and reading all of) the file ends in; "" when it reads.
std::string QuietMessageOf(ErrorKind kind, const std::function<void()>& run) {
  testing::internal::CaptureStderr();
  const std::string message = MessageOf(kind, run);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "") << "HDF5 printed its error stack";
  return message;
}

std::vector<int64_t> AllRows(const FeatureFile& file) {
  std::vector<int64_t> rows(static_cast<size_t>(file.rows()));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

std::string ReadMessage(const fs::path& path) {
  return QuietMessageOf(ErrorKind::kInput, [&] {
    const FeatureFile file(path);
    file.ReadRows(AllRows(file));
  });
}

FeatureLabels PersonLabels(int64_t n) {
  FeatureLabels labels;
  for (int64_t i = 0; i < n; ++i) {
    labels.person_id.emplace_back(i / 3 - 1);
    labels.camera_id.emplace_back(i % 6 + 1);
    labels.split.push_back(i % 2 == 0 ? Split::kQuery : Split::kGallery);
    labels.path.push_back(fmt::format("query/{:04}_c{}.jpg", i, i % 6 + 1));
  }
  return labels;
}

FeatureMatrix RandomFeatures(int64_t n, int dim, uint64_t seed = 1) {
  Rng rng(seed);
  FeatureMatrix features(n, dim);
  for (int64_t i = 0; i < features.size(); ++i) {
    features.data()[i] = static_cast<float>(rng.Normal());
  }
  return features;
}

std::span<const float> Flat(const FeatureMatrix& m) {
  return {m.data(), static_cast<size_t>(m.size())};
}

FeatureProvenance SomeProvenance() {
  FeatureProvenance provenance;
  provenance.weights_sha256 = std::string(64, 'a');
  provenance.weights_file = "osnet_x0_25_market1501.pth";
  provenance.architecture = "osnet_x0_25";
  provenance.preprocessing = "torchreid 256x128 bilinear";
  provenance.engine = "libtorch 1.13.0";
  provenance.precision = "fp32";
  provenance.normalized = true;
  provenance.dataset = "market1501";
  provenance.dataset_fingerprint = std::string(64, 'b');
  provenance.reidbench_version = "0.1.0";
  return provenance;
}

void WriteFile(const fs::path& path, const FeatureMatrix& features, const FeatureLabels& labels,
               FeatureType type = FeatureType::kFloat32,
               const std::vector<std::string>& skipped = {}) {
  FeatureFileWriter writer(path, static_cast<int>(features.cols()), labels, SomeProvenance(),
                           skipped, type);
  writer.Append(Flat(features));
  writer.Finish();
}

TEST_F(FeatureStoreTest, RoundTripsEverything) {
  const FeatureMatrix features = RandomFeatures(7, 5);
  FeatureLabels labels = PersonLabels(7);
  for (int64_t i = 0; i < 7; ++i) {
    labels.frame.emplace_back(i + 1);
    labels.track_id.emplace_back(100 - i);
    labels.box_ltwh.push_back({-0.5 + static_cast<double>(i), 0.1, 64, 128.25});
  }
  WriteFile(File("f.h5"), features, labels, FeatureType::kFloat32, {"query/broken.jpg", "ü.jpg"});
  const FeatureFile file(File("f.h5"));
  EXPECT_EQ(file.rows(), 7);
  EXPECT_EQ(file.dim(), 5);
  EXPECT_EQ(file.path(), File("f.h5").string());
  EXPECT_EQ(file.provenance(), SomeProvenance());
  EXPECT_EQ(file.labels().person_id, labels.person_id);
  EXPECT_EQ(file.labels().camera_id, labels.camera_id);
  EXPECT_EQ(file.labels().split, labels.split);
  EXPECT_EQ(file.labels().path, labels.path);
  EXPECT_EQ(file.labels().frame, labels.frame);
  EXPECT_EQ(file.labels().track_id, labels.track_id);
  EXPECT_EQ(file.labels().box_ltwh, labels.box_ltwh);
  EXPECT_THAT(file.skipped(), ElementsAre("query/broken.jpg", "ü.jpg"));
  EXPECT_EQ(file.ReadRows(AllRows(file)), features);
}

TEST_F(FeatureStoreTest, RoundTripsCropsOfTracksWithoutPersons) {
  FeatureLabels labels;
  labels.frame = {FrameIndex(1), FrameIndex(2)};
  labels.track_id = {TrackId(9), TrackId(9)};
  WriteFile(File("f.h5"), RandomFeatures(2, 3), labels);
  const FeatureFile file(File("f.h5"));
  EXPECT_THAT(file.labels().person_id, IsEmpty());
  EXPECT_THAT(file.labels().path, IsEmpty());
  EXPECT_THAT(file.labels().track_id, ElementsAre(TrackId(9), TrackId(9)));
}

TEST_F(FeatureStoreTest, RoundTripsNoRows) {
  WriteFile(File("f.h5"), FeatureMatrix(0, 8), FeatureLabels());
  const FeatureFile file(File("f.h5"));
  EXPECT_EQ(file.rows(), 0);
  EXPECT_EQ(file.dim(), 8);
  EXPECT_EQ(file.ReadRows({}).rows(), 0);
}

TEST_F(FeatureStoreTest, Float16RoundsToNearestEven) {
  FeatureMatrix features(1, 5);
  // 1 + 2^-11 lies halfway between two halves and goes to the even one; 1 + 3 * 2^-11 likewise,
  // upwards.
  AsEigen(features) << 1.0f, 1.0f + 0x1p-11f, 1.0f + 3 * 0x1p-11f, -65504.0f, 0x1p-24f;
  WriteFile(File("f.h5"), features, PersonLabels(1), FeatureType::kFloat16);
  FeatureMatrix expected(1, 5);
  AsEigen(expected) << 1.0f, 1.0f, 1.0f + 4 * 0x1p-11f, -65504.0f, 0x1p-24f;
  const FeatureFile file(File("f.h5"));
  EXPECT_EQ(file.ReadRows(AllRows(file)), expected);
}

TEST_F(FeatureStoreTest, Float16RefusesWhatItCannotHold) {
  FeatureMatrix features = FeatureMatrix(2, 2);
  features(1, 0) = 70000;
  EXPECT_THAT(
      QuietMessageOf(
          ErrorKind::kInput,
          [&] { WriteFile(File("f.h5"), features, PersonLabels(2), FeatureType::kFloat16); }),
      AllOf(HasSubstr("row 1 (query/0001_c2.jpg)"), HasSubstr("70000 does not fit float16")));
  EXPECT_THAT(ListFileNames(folder_), IsEmpty());
}

TEST_F(FeatureStoreTest, EqualContentIsEqualBytes) {
  const FeatureMatrix features = RandomFeatures(50, 16);
  const FeatureLabels labels = PersonLabels(50);
  WriteFile(File("a.h5"), features, labels);
  {
    // In pieces, and a second or more later: no time stamp may differ.
    FeatureFileWriter writer(File("b.h5"), 16, labels, SomeProvenance(), {});
    for (int64_t row = 0; row < 50; row += 10) {
      writer.Append(Flat(features).subspan(static_cast<size_t>(row) * 16, 160));
    }
    ::usleep(1'100'000);
    writer.Finish();
  }
  EXPECT_EQ(ReadFileBytes(File("a.h5")), ReadFileBytes(File("b.h5")));
}

TEST_F(FeatureStoreTest, ReadsAnyRowsInAnyOrder) {
  // Wide enough that gaps between scattered rows are both read along and jumped over.
  const int dim = 1000;
  const FeatureMatrix features = RandomFeatures(300, dim);
  for (const FeatureType type : {FeatureType::kFloat32, FeatureType::kFloat16}) {
    const fs::path path = File(type == FeatureType::kFloat16 ? "h.h5" : "f.h5");
    WriteFile(path, features, PersonLabels(300), type);
    const FeatureFile file(path);
    const FeatureMatrix all = file.ReadRows(AllRows(file));
    Rng rng(7);
    for (const size_t count : {1, 2, 17, 100, 1000}) {
      std::vector<int64_t> rows;
      for (size_t i = 0; i < count; ++i) rows.push_back(static_cast<int64_t>(rng.Below(300)));
      const FeatureMatrix read = file.ReadRows(rows);
      for (size_t i = 0; i < count; ++i) {
        ASSERT_TRUE(std::ranges::equal(read.row(static_cast<int64_t>(i)), all.row(rows[i]))) << i;
      }
    }
    const std::vector<int64_t> runs = {200, 201, 202, 3, 4, 5, 299, 0, 1, 2};
    const FeatureMatrix read = file.ReadRows(runs);
    for (size_t i = 0; i < runs.size(); ++i) {
      ASSERT_TRUE(std::ranges::equal(read.row(static_cast<int64_t>(i)), all.row(runs[i]))) << i;
    }
  }
}

TEST_F(FeatureStoreTest, RefusesRowsOutOfRange) {
  WriteFile(File("f.h5"), RandomFeatures(3, 2), PersonLabels(3));
  const FeatureFile file(File("f.h5"));
  EXPECT_THROW(file.ReadRows(std::vector<int64_t>{0, 3}), Error);
  EXPECT_THROW(file.ReadRows(std::vector<int64_t>{-1}), Error);
}

TEST_F(FeatureStoreTest, WriterRefusesNotFiniteAndLeavesNothing) {
  FeatureMatrix features = RandomFeatures(4, 3);
  features(2, 1) = std::numeric_limits<float>::infinity();
  EXPECT_THAT(QuietMessageOf(ErrorKind::kInput,
                             [&] { WriteFile(File("f.h5"), features, PersonLabels(4)); }),
              AllOf(HasSubstr("row 2 (query/0002_c3.jpg)"), HasSubstr("value 1 is infinite")));
  EXPECT_THAT(ListFileNames(folder_), IsEmpty());
}

TEST_F(FeatureStoreTest, UnfinishedWriterLeavesNothing) {
  { FeatureFileWriter writer(File("f.h5"), 3, PersonLabels(4), SomeProvenance(), {}); }
  EXPECT_THAT(ListFileNames(folder_), IsEmpty());
}

TEST_F(FeatureStoreTest, WriterSaysWhichFolderIsMissing) {
  EXPECT_THAT(
      QuietMessageOf(ErrorKind::kIo,
                     [&] { WriteFile(File("no/f.h5"), RandomFeatures(1, 1), PersonLabels(1)); }),
      AllOf(HasSubstr("f.h5: cannot create"), HasSubstr("No such file or directory")));
}

// As a full disk shows itself, at several points: in the labels, in the features, in the last
// metadata.
TEST_F(FeatureStoreTest, FullDiskIsOneErrorAndLeavesNothing) {
  const FeatureMatrix features = RandomFeatures(500, 64);
  const FeatureLabels labels = PersonLabels(500);
  WriteFile(File("whole.h5"), features, labels);
  const auto whole = static_cast<rlim_t>(fs::file_size(File("whole.h5")));
  struct rlimit before {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto old_handler = ::signal(SIGXFSZ, SIG_IGN);
  for (const rlim_t limit :
       {rlim_t{0}, rlim_t{100}, rlim_t{5000}, whole / 2, whole - 20000, whole - 1}) {
    struct rlimit small = before;
    small.rlim_cur = limit;
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    std::string message;
    message = MessageOf(ErrorKind::kIo, [&] { WriteFile(File("f.h5"), features, labels); });
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    EXPECT_THAT(message, AllOf(HasSubstr("f.h5: "), HasSubstr("File too large"))) << limit;
    EXPECT_THAT(ListFileNames(folder_), ElementsAre("whole.h5")) << limit;
  }
  ::signal(SIGXFSZ, old_handler);
  WriteFile(File("f.h5"), features, labels);  // HDF5 still works
  EXPECT_EQ(ReadFileBytes(File("f.h5")), ReadFileBytes(File("whole.h5")));
}

// Space that was there at the beginning may be gone later. HDF5 must be able to close the file all
// the same: otherwise the process crashes at its end, which fails this test's program.
TEST_F(FeatureStoreTest, DiskThatFillsUpMeanwhileIsOneError) {
  const FeatureMatrix features = RandomFeatures(5000, 64);
  struct rlimit before {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto old_handler = ::signal(SIGXFSZ, SIG_IGN);
  std::string message;
  {
    FeatureFileWriter writer(File("f.h5"), 64, PersonLabels(5000), SomeProvenance(), {});
    struct rlimit small = before;
    small.rlim_cur = 1000;
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    try {
      writer.Append(Flat(features));
      writer.Finish();
    } catch (const Error& error) {
      message = error.what();
    }
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  }
  ::signal(SIGXFSZ, old_handler);
  EXPECT_THAT(message, HasSubstr("f.h5: write failed: File too large"));
  EXPECT_THAT(ListFileNames(folder_), IsEmpty());
  WriteFile(File("f.h5"), features, PersonLabels(5000));
  EXPECT_EQ(FeatureFile(File("f.h5")).rows(), 5000);
}

// ---- Files of others: tests/golden/features/make.py says what is in them ----

void ExpectGolden(const FeatureFile& file) {
  ASSERT_EQ(file.rows(), 6);
  ASSERT_EQ(file.dim(), 4);
  const FeatureMatrix features = file.ReadRows(AllRows(file));
  for (int64_t i = 0; i < 24; ++i) ASSERT_EQ(features.data()[i], static_cast<float>(i) / 8);
  EXPECT_THAT(file.labels().person_id, ElementsAre(PersonId(1), PersonId(1), PersonId(2),
                                                   PersonId(2), PersonId(0), PersonId(-1)));
  EXPECT_THAT(file.labels().camera_id, ElementsAre(CameraId(1), CameraId(2), CameraId(1),
                                                   CameraId(3), CameraId(1), CameraId(6)));
  EXPECT_THAT(file.labels().split, ElementsAre(Split::kQuery, Split::kGallery, Split::kQuery,
                                               Split::kGallery, Split::kGallery, Split::kTrain));
}

TEST_F(FeatureStoreTest, ReadsMinimalFileOfH5py) {
  const FeatureFile file(Golden("minimal.h5"));
  ExpectGolden(file);
  EXPECT_EQ(file.provenance(), FeatureProvenance());
  EXPECT_THAT(file.labels().path, IsEmpty());
  EXPECT_THAT(file.skipped(), IsEmpty());
}

TEST_F(FeatureStoreTest, ReadsOtherTypesAndLayoutsOfH5py) {
  ExpectGolden(FeatureFile(Golden("float64_big_endian.h5")));
  ExpectGolden(FeatureFile(Golden("float16.h5")));
  ExpectGolden(FeatureFile(Golden("gzip.h5")));
}

TEST_F(FeatureStoreTest, ReadsVariableTextOfH5py) {
  const FeatureFile file(Golden("variable_paths.h5"));
  ExpectGolden(file);
  EXPECT_THAT(file.labels().path, ElementsAre("query/a.jpg", "gallery/b.jpg", "query/ü.jpg",
                                              "gallery/d.jpg", "gallery/e.jpg", "train/f.jpg"));
  EXPECT_EQ(file.provenance().architecture, "resnet50");
  EXPECT_TRUE(file.provenance().normalized);
}

TEST_F(FeatureStoreTest, ReadsFromMemory) {
  ExpectGolden(FeatureFile::FromBytes(ReadFileBytes(Golden("minimal.h5")), "memory"));
}

struct BadFile {
  std::string name;
  std::string expected;
};

TEST_F(FeatureStoreTest, SaysWhatIsWrongWithAFile) {
  const std::vector<BadFile> files = {
      {"new_format.h5",
       "feature schema 2, this is reidbench 0.1.0 that reads up to 1: update reidbench"},
      {"no_camera.h5", "no dataset /camera_id: expected one of shape [6]"},
      {"ragged.h5", "/person_id: shape [5], expected [6]"},
      {"bad_split.h5", "/split: row 4: 7, expected 0 train"},
      {"nan.h5", "/features: row 4: value 2 is NaN"},
      {"integers.h5", "/features: int32, expected float32 or float16"},
      {"one_dimension.h5", "/features: shape [6], expected [rows, dimensions]"},
      {"foreign.h5", "no dataset /features: not a feature file (it holds /images, /meta)"},
      {"group.h5", "/split: expected a dataset"},
      {"external_link.h5", "/split: is a link to elsewhere"},
      {"lzf.h5", "compressed with 'lzf'"},
      {"never_written.h5",
       "/features: [274877906944, 1] float32 do not fit into a file of 1400 bytes"},
      {"never_written_contiguous.h5", "do not fit into a file of 1400 bytes"},
      {"make.py", "make.py: not an HDF5 file (first bytes 22 22 22 57 72 69 74 65)"},
  };
  for (const BadFile& bad : files) {
    EXPECT_THAT(ReadMessage(Golden(bad.name)),
                AllOf(HasSubstr(Golden(bad.name).string()), HasSubstr(bad.expected)));
  }
}

TEST_F(FeatureStoreTest, SaysWhichFileIsMissing) {
  EXPECT_THAT(QuietMessageOf(ErrorKind::kIo, [&] { FeatureFile file(File("no.h5")); }),
              HasSubstr("no.h5: cannot open: No such file or directory"));
  EXPECT_THAT(QuietMessageOf(ErrorKind::kIo, [&] { FeatureFile file(folder_); }),
              HasSubstr("is a folder"));
}

// As an earlier version wrote it: without the checksums at the end.
std::vector<uint8_t> WithoutChecksums(std::vector<uint8_t> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const size_t at = text.rfind("RBSUMS01");
  EXPECT_NE(at, std::string_view::npos);
  bytes.resize(at);
  return bytes;
}

// Whatever is missing at the end, the file is refused: by its size or, when only a few bytes are
// left, by its signature. Without any of its checksums it is whole, as earlier versions wrote it.
TEST_F(FeatureStoreTest, RefusesEveryTruncation) {
  WriteFile(File("f.h5"), RandomFeatures(20, 8), PersonLabels(20));
  const std::vector<uint8_t> whole = ReadFileBytes(File("f.h5"));
  const size_t end = WithoutChecksums(whole).size();
  for (size_t size = 0; size < whole.size(); size += size < end ? 1 + size / 50 : 1) {
    if (size == end) continue;
    const std::string message = QuietMessageOf(
        ErrorKind::kInput, [&] { FeatureFile::FromBytes(std::span(whole).first(size), "cut.h5"); });
    ASSERT_THAT(message, HasSubstr("cut.h5: ")) << size;
  }
  const std::string text(whole.begin(), whole.end());
  WriteFileAtomically(File("cut.h5"), text.substr(0, end - 1));
  EXPECT_THAT(ReadMessage(File("cut.h5")),
              HasSubstr(fmt::format("truncated HDF5 file: {} of {} bytes", end - 1, end)));
  WriteFileAtomically(File("cut.h5"), text.substr(0, text.size() - 1));
  EXPECT_THAT(ReadMessage(File("cut.h5")), HasSubstr("bytes of checksums at the end, expected"));
}

struct Everything {
  FeatureMatrix features;
  FeatureLabels labels;
  FeatureProvenance provenance;
  std::vector<std::string> skipped;
};

Everything ReadEverything(std::span<const uint8_t> bytes) {
  const FeatureFile file = FeatureFile::FromBytes(bytes, "damaged.h5");
  return {file.ReadRows(AllRows(file)), file.labels(), file.provenance(), file.skipped()};
}

void ExpectSame(const Everything& a, const Everything& b, size_t byte) {
  ASSERT_EQ(a.features, b.features) << byte;
  ASSERT_EQ(a.labels.person_id, b.labels.person_id) << byte;
  ASSERT_EQ(a.labels.camera_id, b.labels.camera_id) << byte;
  ASSERT_EQ(a.labels.split, b.labels.split) << byte;
  ASSERT_EQ(a.labels.path, b.labels.path) << byte;
  ASSERT_EQ(a.provenance, b.provenance) << byte;
  ASSERT_EQ(a.skipped, b.skipped) << byte;
}

// A damaged byte anywhere is an error, or changes nothing: numbers, labels, text, metadata, and the
// checksums themselves.
TEST_F(FeatureStoreTest, EveryFlippedByteIsNoticed) {
  for (const FeatureType type : {FeatureType::kFloat32, FeatureType::kFloat16}) {
    WriteFile(File("f.h5"), RandomFeatures(5, 2), PersonLabels(5), type, {"query/broken.jpg"});
    const std::vector<uint8_t> whole = ReadFileBytes(File("f.h5"));
    const Everything sound = ReadEverything(whole);
    size_t refused = 0;
    for (size_t i = 0; i < whole.size(); ++i) {
      std::vector<uint8_t> damaged = whole;
      damaged[i] ^= static_cast<uint8_t>(1u << i % 8);
      try {
        ExpectSame(ReadEverything(damaged), sound, i);
      } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr("damaged.h5"));
        ++refused;
      }
    }
    // All but the eight bytes that say that there are checksums.
    EXPECT_EQ(refused, whole.size() - 8);
  }
}

// What is read piece by piece may not be half of the old file and half of the new.
TEST_F(FeatureStoreTest, AFileThatIsWrittenToMeanwhileIsNoticed) {
  WriteFile(File("f.h5"), RandomFeatures(5, 2), PersonLabels(5));
  const FeatureFile file(File("f.h5"));
  EXPECT_EQ(file.ReadRows(AllRows(file)).rows(), 5);
  fs::last_write_time(File("f.h5"), fs::last_write_time(File("f.h5")) + std::chrono::seconds(1));
  EXPECT_THAT(MessageOf(ErrorKind::kIo, [&] { file.ReadRows(AllRows(file)); }),
              HasSubstr("f.h5: changed while it was read"));
}

// The same where the features take many blocks, of which rows in any order touch some partly.
TEST_F(FeatureStoreTest, DamagedRowsAreNoticedWhenTheyAreRead) {
  const FeatureMatrix features = RandomFeatures(400, 256);
  WriteFile(File("f.h5"), features, PersonLabels(400));
  std::vector<uint8_t> bytes = ReadFileBytes(File("f.h5"));
  const std::vector<int64_t> scattered = {399, 7, 8, 250, 100, 7};
  {
    const FeatureFile file = FeatureFile::FromBytes(bytes, "sound.h5");
    EXPECT_TRUE(std::ranges::equal(file.ReadRows(scattered).row(4), features.row(100)));
    EXPECT_EQ(file.ReadRows(AllRows(file)), features);
    EXPECT_TRUE(std::ranges::equal(file.ReadRows(scattered).row(0), features.row(399)));
  }
  const std::span<const float> row = Flat(features).subspan(250 * 256, 256);
  const auto* needle = reinterpret_cast<const uint8_t*>(row.data());
  const auto at = std::search(bytes.begin(), bytes.end(), needle, needle + row.size_bytes());
  ASSERT_NE(at, bytes.end());
  *(at + 100) ^= 4;  // a low bit: the number stays a number
  const FeatureFile file = FeatureFile::FromBytes(bytes, "damaged.h5");
  EXPECT_TRUE(
      std::ranges::equal(file.ReadRows(std::vector<int64_t>{0, 1}).row(1), features.row(1)));
  for (const std::vector<int64_t>& rows : {scattered, AllRows(file)}) {
    EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { file.ReadRows(rows); }),
                AllOf(HasSubstr("damaged.h5: the file is damaged: bytes "),
                      HasSubstr("are not those that were written")));
  }
}

// Files of earlier versions have no checksums: nothing may crash there either, whatever libhdf5
// does over a damaged byte.
TEST_F(FeatureStoreTest, FilesWithoutChecksumsAreReadAndSurviveFlippedBytes) {
  WriteFile(File("f.h5"), RandomFeatures(5, 2), PersonLabels(5));
  const std::vector<uint8_t> whole = ReadFileBytes(File("f.h5"));
  const std::vector<uint8_t> older = WithoutChecksums(whole);
  ExpectSame(ReadEverything(older), ReadEverything(whole), 0);
  int refused = 0;
  for (size_t i = 0; i < older.size(); i += 23) {
    std::vector<uint8_t> damaged = older;
    damaged[i] ^= 0x41;
    try {
      const Everything read = ReadEverything(damaged);
      EXPECT_EQ(read.features.rows(), 5);
      EXPECT_EQ(read.features.cols(), 2);
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("damaged.h5"));
      ++refused;
    }
  }
  EXPECT_GT(refused, 30);
}

// The bytes of old-style structures that crash libhdf5 or make it loop: h5py's default format.
TEST_F(FeatureStoreTest, OldStyleFilesSurviveFlippedBytes) {
  const std::vector<uint8_t> whole = ReadFileBytes(Golden("variable_paths.h5"));
  int refused = 0;
  for (size_t i = 0; i < whole.size(); i += 41) {
    std::vector<uint8_t> damaged = whole;
    damaged[i] ^= 0xFF;
    try {
      ReadEverything(damaged);
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 10);
}

// A reading process is made while other threads are inside of HDF5.
TEST_F(FeatureStoreTest, FilesOfEveryKindAreReadAtTheSameTime) {
#ifdef REIDBENCH_ASAN
  GTEST_SKIP() << "the sanitizer may hold its allocator's lock in the process that is forked";
#endif
  WriteFile(File("f.h5"), RandomFeatures(50, 8), PersonLabels(50));
  const std::vector<uint8_t> whole = ReadFileBytes(File("f.h5"));
  const std::vector<uint8_t> older = WithoutChecksums(whole);
  const Everything sound = ReadEverything(whole);
  std::vector<std::thread> threads;
  std::atomic<int> equal = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 40; ++i) {
        if (t == 0) WriteFile(File("g.h5"), sound.features, PersonLabels(50));
        equal += ReadEverything(t % 2 == 0 ? whole : older).features == sound.features ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(equal, 160);
}

TEST_F(FeatureStoreTest, TooManyOpenFilesAreNotDamage) {
#ifdef REIDBENCH_ASAN
  GTEST_SKIP() << "the sanitizer opens files itself to look at objects";
#endif
  WriteFile(File("f.h5"), RandomFeatures(3, 2), PersonLabels(3));
  const std::vector<uint8_t> older = WithoutChecksums(ReadFileBytes(File("f.h5")));
  WriteFileAtomically(File("older.h5"),
                      {reinterpret_cast<const char*>(older.data()), older.size()});
  std::vector<int> taken;
  for (int descriptor = ::dup(0); descriptor >= 0; descriptor = ::dup(0))
    taken.push_back(descriptor);
  for (const fs::path& path : {File("f.h5"), File("older.h5")}) {
    for (const size_t left : {0, 1}) {
      for (size_t i = 0; i < left; ++i) {
        ::close(taken.back());
        taken.pop_back();
      }
      EXPECT_THAT(MessageOf(ErrorKind::kIo, [&] { FeatureFile file(path); }),
                  AllOf(HasSubstr(".h5: cannot "), HasSubstr("Too many open files")));
      for (size_t i = 0; i < left; ++i) taken.push_back(::dup(0));
    }
  }
  for (const int descriptor : taken) ::close(descriptor);
  EXPECT_EQ(FeatureFile(File("f.h5")).rows(), 3);
}

TEST_F(FeatureStoreTest, ProvenanceDifferencesNameFields) {
  FeatureProvenance a = SomeProvenance();
  FeatureProvenance b = a;
  b.dataset = "dukemtmc";
  b.dataset_fingerprint = "c";
  b.weights_file = "copy.pth";
  b.reidbench_version = "0.2.0";
  EXPECT_THAT(ProvenanceDifferences(a, b), IsEmpty());
  b.weights_sha256 = std::string(64, 'c');
  b.preprocessing.clear();
  b.normalized = false;
  EXPECT_THAT(ProvenanceDifferences(a, b),
              ElementsAre("weights: 'osnet_x0_25_market1501.pth' (SHA-256 aaaaaaaaaaaa) against "
                          "'copy.pth' (SHA-256 "
                          "cccccccccccc)",
                          "preprocessing: 'torchreid 256x128 bilinear' against not recorded",
                          "normalized: 'yes' against 'no'"));
}

}  // namespace
}  // namespace reidbench
