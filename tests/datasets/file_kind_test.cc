#include "reidbench/datasets/file_kind.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/expect_error.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

using ::testing::HasSubstr;
using std::string_view_literals::operator""sv;

struct Sample {
  std::string_view bytes;
  FileKind kind;
  std::string_view what;    // a part of the phrase
  std::string_view mend;    // a part of the way out
  std::string_view format;  // of `convert`
  std::string_view name = "f.txt";
};

class FileKinds : public ::testing::TestWithParam<Sample> {};

TEST_P(FileKinds, AreTold) {
  const Sample& sample = GetParam();
  const FileDescription found = DescribeFile(sample.bytes, sample.name);
  EXPECT_EQ(found.kind, sample.kind) << found.what;
  EXPECT_THAT(found.what, HasSubstr(std::string(sample.what)));
  EXPECT_THAT(found.mend, HasSubstr(std::string(sample.mend)));
  EXPECT_EQ(found.format, sample.format);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, FileKinds,
    ::testing::Values(
        Sample{"", FileKind::kEmpty, "an empty file", "", ""},
        Sample{" \r\n\t\n", FileKind::kEmpty, "blanks", "", ""},
        Sample{"1,1,10,20,30,40,1,-1,-1,-1\n", FileKind::kMotText, "MOT text", "", "mot"},
        Sample{"\xEF\xBB\xBF"
               "1 1 10 20 30 40 0.5\n",
               FileKind::kMotText, "MOT text", "", "mot"},
        Sample{"frame,id,x1,y1,x2,y2\n1,1,10,20,30,40\n", FileKind::kMotHeader, "line of names", "",
               "mot-header"},
        Sample{"0 1 Pedestrian 0 0 -1.79 296.7 161.7 455.2 292.3 2 1.8 4.4 -4.5 1.8 13 -2\n"
               "0 -1 DontCare -1 -1 -10 219.3 188.4 245.5 218.6 -1000 -1000 -1000 -10 -1 -1 -1\n",
               FileKind::kKitti, "tracking labels of KITTI", "convert f.txt --from kitti", "kitti"},
        Sample{
            "Pedestrian 0.00 0 -0.20 712.4 143 810.73 307.92 1.89 0.48 1.2 1.84 1.47 8.41 0.01\n",
            FileKind::kKitti, "object labels of KITTI", "one file a sequence", ""},
        Sample{"0 0.5 0.5 0.25 0.125\n1 0.1 0.2 0.25 0.125\n", FileKind::kYolo, "labels of YOLO",
               "--from yolo", "yolo"},
        Sample{"0 0.5 0.5 0.25 0.125 0.87 3\n", FileKind::kYolo, "labels of YOLO", "", "yolo"},
        Sample{"1,0,593,43,174,190,0,0,0,0\n1,1,100,100,20,40,1,4,0,2\n", FileKind::kVisDrone,
               "VisDrone", "--from visdrone", "visdrone"},
        Sample{"52 1005 1 375 1242 WSV:2d;1O10000O10000O1O100O100O1\n", FileKind::kMotsText,
               "masks of MOTS", "toBbox", ""},
        Sample{"1;1;101,5;50,25;40;80;0,9\n", FileKind::kDecimalCommas, "decimal commas",
               "tr ',;' '.,' < f.txt", ""},
        Sample{"1 1 101,5 50,25 40 80 0,9\n", FileKind::kDecimalCommas, "decimal commas",
               "tr ',' '.' < f.txt", ""},
        Sample{"frame;id;x;y;w;h\n1;1;101,5;50;40;80\n", FileKind::kDecimalCommas, "decimal commas",
               "", ""},
        Sample{"1,2,3\n", FileKind::kNumbers, "rows of 3 numbers", "", ""}));

INSTANTIATE_TEST_SUITE_P(
    Texts, FileKinds,
    ::testing::Values(
        Sample{R"({"info": {}, "images": [{"file_name": "a.jpg")", FileKind::kCocoJson, "COCO",
               "--from coco", "coco"},
        Sample{R"([{"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 1}])",
               FileKind::kCocoJson, "COCO", "", "coco"},
        Sample{R"([{"version": 0, "tags": [], "shapes": [], "tracks": []}])", FileKind::kCvatJson,
               "CVAT", "--from cvat", "cvat"},
        Sample{R"([{"x_min": 1, "y_min": 2, "x_max": 3, "y_max": 4, "tracker_id": 1}])",
               FileKind::kJson, "supervision", "--from supervision", "supervision"},
        Sample{R"([{"frame":1,"id":2,"bbox":[1,2,3,4]}])", FileKind::kJson, "JSON", "MOT text", ""},
        Sample{"{'frame': 1}", FileKind::kText, "Python object", "", ""},
        Sample{"<?xml version=\"1.0\"?>\n<annotations>\n <track id=\"0\"", FileKind::kCvatXml,
               "CVAT", "--from cvat", "cvat"},
        Sample{"<annotation><folder>x</folder></annotation>", FileKind::kXml, "Pascal VOC", "", ""},
        Sample{"<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", FileKind::kXml,
               "server's error", "download", ""},
        Sample{"\n<!DOCTYPE html><html><head><title>Sign in</title>", FileKind::kHtml,
               "a web page (HTML, \"Sign in\")", "download the file itself", ""},
        Sample{"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
               FileKind::kLfsPointer, "Git LFS pointer", "git lfs pull", ""},
        Sample{"/annex/objects/SHA256E-s12--ab.txt\n", FileKind::kAnnexPointer, "git-annex",
               "git annex get f.txt", ""},
        Sample{"../.git/annex/objects/Gx/4k/SHA256E-s12--ab.txt", FileKind::kAnnexPointer,
               "git-annex", "", ""},
        Sample{"../gt/MOT17-02.txt", FileKind::kMessage, "a path (../gt/MOT17-02.txt)", "", ""},
        Sample{"outs:\n- md5: a304afb96060aad90176268345e10355\n", FileKind::kYaml, "DVC",
               "dvc pull", ""},
        Sample{"Traceback (most recent call last):\n  File \"t.py\", line 1, in <module>\n"
               "IndexError: list index out of range\n",
               FileKind::kTraceback, "traceback (IndexError: list index out of range)", "run it",
               ""},
        Sample{"bash: track.py: No such file or directory\n", FileKind::kMessage,
               "an error message", "", ""},
        Sample{"404: Not Found", FileKind::kMessage, "404: Not Found", "", ""},
        Sample{"Entry not found", FileKind::kMessage, "an error message", "", ""},
        Sample{"2024-01-31 12:00:00,123 INFO frame 1\n", FileKind::kMessage, "log lines", "", ""},
        Sample{"\x1b[32mINFO\x1b[0m start\n", FileKind::kMessage, "log lines", "", ""},
        Sample{"[Sequence]\nname=A\n", FileKind::kIni, "INI file", "", ""},
        Sample{"tracker: bytetrack\n", FileKind::kYaml, "YAML", "", ""},
        Sample{"Some words.\n", FileKind::kText, "Some words.", "", ""},
        Sample{"\xff\xfe"
               "1\0,\0"sv,
               FileKind::kUtf16, "UTF-16", "iconv -f utf-16 -t utf-8 'my file.txt'", "",
               "my file.txt"},
        Sample{"1\0,\0002\0,\0003\0\n\0"sv, FileKind::kUtf16, "UTF-16", "-f utf-16le", ""},
        Sample{"\0001\0,\0002\0,\0003\0\n"sv, FileKind::kUtf16, "UTF-16", "-f utf-16be", ""},
        Sample{"\xff\xfe\0\0001\0\0\0"sv, FileKind::kUtf32, "UTF-32", "-f utf-32", ""},
        Sample{"1\0\0\0,\0\0\0002\0\0\0\n\0\0\0"sv, FileKind::kUtf32, "UTF-32", "-f utf-32le",
               ""}));

INSTANTIATE_TEST_SUITE_P(
    Bytes, FileKinds,
    ::testing::Values(
        Sample{"\0\0\0\0\0\0\0\0"sv, FileKind::kNulBytes, "8 NUL bytes", "power cut", ""},
        Sample{"1,1,0,0,1,1,1\n1,2,\0\0\0\0\0"sv, FileKind::kNulBytes, "NUL bytes in line 2", "",
               ""},
        Sample{"\x93NUMPY\x01\0v\0"sv, FileKind::kNumpy, "numpy array", "--from numpy", "numpy"},
        Sample{
            "PK\x03\x04\x14\0\0\0\0\0\0\0!\0\0\0\0\0\0\0\0\0\0\0\0\0\x07\0\0\0arr.npy\x93NUMPY"sv,
            FileKind::kNumpyArchive, ".npz", "--from numpy", "numpy"},
        Sample{
            "PK\x03\x04\x14\0\0\0\0\0\0\0!\0\0\0\0\0\0\0\0\0\0\0\0\0\x10\0\0\0archive/data.pkl\x80"sv,
            FileKind::kTorch, "torch.save", "torch.load", ""},
        Sample{"PK\x03\x04\x14\0\0\0\0\0\0\0!\0\0\0\0\0\0\0\0\0\0\0\0\0\x05\0\0\0S.txt1,1"sv,
               FileKind::kZip, "a zip archive (of S.txt)", "unzip f.txt", ""},
        Sample{"PK\x05\x06"sv, FileKind::kZip, "zip", "", ""},
        Sample{"\x1f\x8b\x08"sv, FileKind::kGzip, "gzip", "gzip -dc f.txt", ""},
        Sample{"BZh91AY"sv, FileKind::kCompressed, "bzip2", "bzip2 -dk f.txt", ""},
        Sample{"\xfd\x37zXZ\0\0"sv, FileKind::kCompressed, "xz", "xz -dk f.txt", ""},
        Sample{"\x28\xb5\x2f\xfd\x04"sv, FileKind::kCompressed, "zstd", "zstd -d f.txt", ""},
        Sample{"7z\xbc\xaf\x27\x1c\0"sv, FileKind::kCompressed, "7-Zip", "7z x f.txt", ""},
        Sample{"\x89HDF\r\n\x1a\n\0"sv, FileKind::kHdf5, "HDF5", "", ""},
        Sample{"MATLAB 5.0 MAT-file, Platform"sv, FileKind::kMatlab5, "MATLAB", "writematrix", ""},
        Sample{"MATLAB 7.3 MAT-file, Platform"sv, FileKind::kHdf5, "7.3", "writematrix", ""},
        Sample{"\x80\x04\x95\x10\0"sv, FileKind::kPickle, "pickle", "pickle.load", ""},
        Sample{"SQLite format 3\0"sv, FileKind::kSqlite, "SQLite", "sqlite3", ""},
        Sample{"PAR1\x15\x04"sv, FileKind::kParquet, "Parquet", "read_parquet", ""},
        Sample{"%PDF-1.7\n"sv, FileKind::kPdf, "PDF", "", ""},
        Sample{"\xff\xd8\xff\xe0\0\x10JFIF"sv, FileKind::kImage, "JPEG", "", ""},
        Sample{"\x89PNG\r\n\x1a\n\0"sv, FileKind::kImage, "PNG", "", ""},
        Sample{"\0\0\0\x20"
               "ftypisom\0"sv,
               FileKind::kVideo, "MP4", "", ""},
        Sample{"RIFF\0\0\0\0AVI LIST"sv, FileKind::kVideo, "AVI", "", ""},
        Sample{"RIFF\0\0\0\0WEBPVP8 "sv, FileKind::kImage, "WebP", "", ""},
        Sample{"\x01\x02\x03\x04"sv, FileKind::kBinary, "no text (first \\x01\\x02\\x03\\x04)", "",
               ""}));

TEST(DescribeFile, ReadsTheStartOfAFile) {
  const TempFolder folder;
  folder.Write("my gt.txt", "0 0.5 0.5 0.25 0.125\n");
  const FileDescription found = DescribeFile(folder.path() / "my gt.txt");
  EXPECT_EQ(found.kind, FileKind::kYolo);
  EXPECT_THAT(found.mend, HasSubstr("my gt.txt' --from yolo"));
  MessageOf(ErrorKind::kIo, [&] { DescribeFile(folder.path() / "none"); });
}

TEST(DescribeFile, AnyStartOfAnythingIsDescribed) {
  // Every prefix of every sample, with and without what follows.
  const std::string text = "frame,id,x1,y1,x2,y2\n1,1,\"a\"\"b,10,20\n\xff\xfe\0 {\"a\":[<html>";
  for (size_t n = 0; n <= text.size(); ++n) {
    EXPECT_FALSE(DescribeFile(text.substr(n), "f").what.empty()) << n;
    EXPECT_FALSE(DescribeFile(text.substr(0, n), "f").what.empty()) << n;
  }
}

TEST(ThrowForeignFile, SaysExpectedFoundAndTheWayOut) {
  EXPECT_EQ(
      MessageOf(ErrorKind::kInput,
                [] {
                  ThrowForeignFile("f.txt", "boxes", {FileKind::kPdf, "a PDF", "", "open it"});
                }),
      "f.txt: expected boxes, found a PDF\n  hint: open it");
}

}  // namespace
}  // namespace reidbench
