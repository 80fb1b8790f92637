// What a file is, told from its first bytes and its name, so that a reader that is given something
// else can say what it was given and the way out. Nothing is decoded: a few kilobytes are looked
// at.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace reidbench {

enum class FileKind {
  kEmpty,     // no bytes, or only blanks
  kNulBytes,  // NUL bytes in what is otherwise text or nothing, as after a power cut

  // Rows of boxes, a line each.
  kMotText,        // frame, id, left, top, width, height, ..., all numbers
  kMotHeader,      // rows below a line that names their columns
  kVisDrone,       // as MOT text, with 8 columns of detections or 10 with truncation and occlusion
  kKitti,          // tracking ("0 1 Pedestrian ...") or object labels ("Pedestrian 0.00 ...")
  kYolo,           // class, centre and size as parts of the picture[, confidence[, id]]
  kMotsText,       // "frame id class height width RLE"
  kDecimalCommas,  // numbers written "12,5"
  kNumbers,        // other rows of numbers

  // Structured text.
  kCocoJson,
  kCvatJson,
  kJson,  // other; also one value a line
  kCvatXml,
  kHtml,
  kXml,
  kIni,  // "[section]" and "key = value"
  kYaml,

  // Arrays and archives.
  kNumpy,         // .npy
  kNumpyArchive,  // .npz
  kMatlab5,       // .mat up to version 7
  kHdf5,          // also .mat of version 7.3
  kPickle,
  kTorch,  // torch.save: a zip of pickles, or the older form
  kSqlite,
  kParquet,
  kZip,
  kGzip,
  kCompressed,  // bzip2, xz, zstd, lz4, 7z, rar, Z
  kTar,

  // What stands where a file should be.
  kLfsPointer,    // Git LFS
  kAnnexPointer,  // git-annex
  kTraceback,     // what a Python program printed when it failed
  kMessage,       // what a shell or a program said instead of the data
  kUtf16,
  kUtf32,

  kPdf,
  kImage,
  kVideo,
  kText,    // other text
  kBinary,  // other bytes
};

struct FileDescription {
  FileKind kind = FileKind::kBinary;
  std::string what;    // "a web page (HTML)": fits behind "found"
  std::string format;  // the name for `reidbench convert --from`; empty = it reads no such files
  std::string mend;    // the way out, one line: "download the file itself"
};

// Bytes from the start of a file that are enough to tell.
inline constexpr size_t kSniffBytes = 16384;

// `start` is the start of a file or all of it (more than kSniffBytes do no harm), `name` its path:
// its ending decides where the bytes leave a choice, and mends that name a command contain it.
FileDescription DescribeFile(std::string_view start, std::string_view name);

// The same for a file on disk. Throws Error(kIo) when it cannot be read.
FileDescription DescribeFile(const std::filesystem::path& path);

// Whether such a file is lines of text that a person or a program may have written as a table, a
// list or a remark, so that the reader that wanted it says best what is wrong with it.
bool IsLinesOfText(FileKind kind);

// Throws Error(kInput) "<source>: expected <expected>, found <what>" with the mend as a hint.
[[noreturn]] void ThrowForeignFile(std::string_view source, std::string_view expected,
                                   const FileDescription& found);

}  // namespace reidbench
