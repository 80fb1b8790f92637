#include "reidbench/datasets/file_kind.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <initializer_list>
#include <optional>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/datasets/mot_header.h"
#include "reidbench/datasets/quoted.h"

namespace reidbench {
namespace {

using namespace std::string_view_literals;

constexpr size_t kSniffRows = 40;  // lines that are looked at

bool ContainsText(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool StartsWithAny(std::string_view text, std::initializer_list<std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view prefix) { return text.starts_with(prefix); });
}

// The name as a shell takes it.
std::string ShellWord(std::string_view name) {
  if (name.empty()) return "FILE";
  if (name.find_first_of(" \t\n'\"\\$`&|;<>()*?[]#~!{}") == std::string_view::npos)
    return std::string(name);
  std::string word = "'";
  for (const char c : name) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

class Sniffer {
 public:
  Sniffer(std::string_view start, std::string_view name)
      : all_(start), start_(start.substr(0, kSniffBytes)), name_(name), word_(ShellWord(name)) {
    lower_name_ = ToLower(name);
  }

  FileDescription Describe() {
    if (Trim(start_).empty() && start_.size() == all_.size()) {
      return {FileKind::kEmpty, start_.empty() ? "an empty file" : "a file of blanks", "",
              "write it again; what wrote it has failed, or had nothing to say"};
    }
    if (auto found = Binary()) return *found;
    if (auto found = WideText()) return *found;
    if (auto found = NulBytes()) return *found;
    text_ = start_;
    if (text_.starts_with(kByteOrderMark)) text_.remove_prefix(kByteOrderMark.size());
    text_ = TrimLeft(text_);
    if (!IsText()) {
      return {FileKind::kBinary,
              fmt::format("bytes that are no text (first {})", Quoted(start_.substr(0, 8))), "",
              "give the text file with the boxes"};
    }
    if (auto found = Pointer()) return *found;
    if (auto found = Markup()) return *found;
    if (auto found = Json()) return *found;
    SplitRows();
    if (auto found = Rows()) return *found;
    if (auto found = Messages()) return *found;
    return {FileKind::kText, fmt::format("text that is no table ({})", Quoted(FirstLine())), "",
            "give the file with the boxes"};
  }

 private:
  using Found = std::optional<FileDescription>;

  struct Row {
    std::vector<std::string_view> fields;
    std::vector<std::optional<double>> numbers;
    size_t size() const { return fields.size(); }
  };

  static std::string_view TrimLeft(std::string_view text) {
    const size_t begin = text.find_first_not_of(" \t\r\n\v\f");
    return begin == std::string_view::npos ? std::string_view() : text.substr(begin);
  }
  std::string_view FirstLine() const { return Trim(text_.substr(0, text_.find('\n'))); }
  bool Named(std::string_view ending) const { return lower_name_.ends_with(ending); }

  FileDescription Convertible(FileKind kind, std::string what, std::string format) const {
    return {kind, std::move(what), format,
            fmt::format("reidbench convert {} --from {} --output OUT", word_, format)};
  }

  // Archives, arrays, pictures: known by their first bytes.
  Found Binary() const {
    const std::string_view s = start_;
    if (s.starts_with("\x93NUMPY"))
      return Convertible(FileKind::kNumpy, "a numpy array (.npy)", "numpy");
    if (s.starts_with("PK\x03\x04") || s.starts_with("PK\x05\x06")) return Zip();
    if (s.starts_with("\x89HDF\r\n\x1a\n")) {
      return FileDescription{
          FileKind::kHdf5, "an HDF5 file", "",
          "write its boxes as text, in Python: numpy.savetxt('out.txt', array, delimiter=',')"};
    }
    if (s.starts_with("MATLAB 5.0 MAT-file") || s.starts_with("MATLAB 7.3 MAT-file") ||
        (Named(".mat") && !s.empty() && s.size() > 4 && s[1] == 0 && s[2] == 0)) {
      const bool hdf5 = s.starts_with("MATLAB 7.3");
      return FileDescription{hdf5 ? FileKind::kHdf5 : FileKind::kMatlab5,
                             hdf5 ? "a MATLAB file of version 7.3 (HDF5)" : "a MATLAB file (.mat)",
                             "",
                             "write its boxes as text, in MATLAB: writematrix(boxes, 'out.txt')"};
    }
    if (s.starts_with("\x1f\x8b")) {
      return FileDescription{FileKind::kGzip, "a gzip-compressed file", "",
                             fmt::format("unpack it: gzip -dc {} > OUT", word_)};
    }
    struct Magic {
      std::string_view bytes;
      FileKind kind;
      std::string_view what;
      std::string_view mend;
    };
    constexpr std::string_view kNoBoxes = "give the text file with the boxes";
    static constexpr std::array<Magic, 36> kMagics = {{
        {"BZh"sv, FileKind::kCompressed, "a bzip2-compressed file", "unpack it: bzip2 -dk"},
        {"\xfd\x37zXZ\0"sv, FileKind::kCompressed, "an xz-compressed file", "unpack it: xz -dk"},
        {"\x28\xb5\x2f\xfd"sv, FileKind::kCompressed, "a zstd-compressed file",
         "unpack it: zstd -d"},
        {"\x04\x22\x4d\x18"sv, FileKind::kCompressed, "an lz4-compressed file",
         "unpack it: lz4 -d"},
        {"7z\xbc\xaf\x27\x1c"sv, FileKind::kCompressed, "a 7-Zip archive", "unpack it: 7z x"},
        {"Rar!\x1a\x07"sv, FileKind::kCompressed, "a RAR archive", "unpack it: unrar x"},
        {"\x1f\x9d"sv, FileKind::kCompressed, "a file of compress (.Z)", "unpack it: gzip -d"},
        {"SQLite format 3\0"sv, FileKind::kSqlite, "an SQLite database",
         "export its table as CSV: sqlite3 -header -csv FILE 'select * from TABLE'"},
        {"PAR1"sv, FileKind::kParquet, "a Parquet file",
         "in Python: pandas.read_parquet('FILE').to_csv('out.csv', index=False)"},
        {"%PDF-"sv, FileKind::kPdf, "a PDF document", kNoBoxes},
        {"\xff\xd8\xff"sv, FileKind::kImage, "a picture (JPEG)", kNoBoxes},
        {"\x89PNG\r\n\x1a\n"sv, FileKind::kImage, "a picture (PNG)", kNoBoxes},
        {"GIF87a"sv, FileKind::kImage, "a picture (GIF)", kNoBoxes},
        {"GIF89a"sv, FileKind::kImage, "a picture (GIF)", kNoBoxes},
        {"II*\0"sv, FileKind::kImage, "a picture (TIFF)", kNoBoxes},
        {"MM\0*"sv, FileKind::kImage, "a picture (TIFF)", kNoBoxes},
        {"P5\n"sv, FileKind::kImage, "a picture (PGM)", kNoBoxes},
        {"P6\n"sv, FileKind::kImage, "a picture (PPM)", kNoBoxes},
        {"\x1a\x45\xdf\xa3"sv, FileKind::kVideo, "a video (Matroska or WebM)", kNoBoxes},
        {"\0\0\1\xba"sv, FileKind::kVideo, "a video (MPEG)", kNoBoxes},
        {"\0\0\1\xb3"sv, FileKind::kVideo, "a video (MPEG)", kNoBoxes},
        {"\0\0\0\1\x67"sv, FileKind::kVideo, "a video (H.264)", kNoBoxes},
        {"FLV\1"sv, FileKind::kVideo, "a video (FLV)", kNoBoxes},
        {"\x30\x26\xb2\x75\x8e\x66\xcf\x11"sv, FileKind::kVideo, "a video (WMV)", kNoBoxes},
        {"OggS"sv, FileKind::kVideo, "a video or sound (Ogg)", kNoBoxes},
        {"\x7f"
         "ELF"sv,
         FileKind::kBinary, "a program (ELF)", kNoBoxes},
        {"\x80\x02\x8a\x0al\xfc\x9c"
         "F\xf9 j\xa8P\x19"sv,
         FileKind::kTorch, "a file of torch.save (older form)", ""},
        {"\x80\x02"sv, FileKind::kPickle, "a Python pickle", ""},
        {"\x80\x03"sv, FileKind::kPickle, "a Python pickle", ""},
        {"\x80\x04"sv, FileKind::kPickle, "a Python pickle", ""},
        {"\x80\x05"sv, FileKind::kPickle, "a Python pickle", ""},
        {"(dp0"sv, FileKind::kPickle, "a Python pickle", ""},
        {"(lp0"sv, FileKind::kPickle, "a Python pickle", ""},
        {"ccollections\n"sv, FileKind::kPickle, "a Python pickle", ""},
        {"cnumpy."sv, FileKind::kPickle, "a Python pickle", ""},
        {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"sv, FileKind::kBinary, "an Office document (.xls, .doc)",
         "save the sheet as CSV"},
    }};
    for (const Magic& magic : kMagics) {
      if (!s.starts_with(magic.bytes)) continue;
      std::string mend(magic.mend);
      if (magic.kind == FileKind::kCompressed) mend += " " + word_;
      if (mend.empty()) mend = PickleMend(magic.kind == FileKind::kTorch);
      return FileDescription{magic.kind, std::string(magic.what), "", std::move(mend)};
    }
    if (s.size() > 262 && s.substr(257, 5) == "ustar") {
      return FileDescription{FileKind::kTar, "a tar archive", "",
                             fmt::format("unpack it: tar -xf {}", word_)};
    }
    if (s.size() > 11 && s.starts_with("RIFF")) {
      const bool picture = s.substr(8, 4) == "WEBP";
      return FileDescription{picture ? FileKind::kImage : FileKind::kVideo,
                             picture ? "a picture (WebP)" : "a video or sound (RIFF, AVI)", "",
                             std::string(kNoBoxes)};
    }
    if (s.size() > 11 && s.substr(4, 4) == "ftyp") {
      return FileDescription{FileKind::kVideo, "a video (MP4, MOV) or picture (HEIF)", "",
                             std::string(kNoBoxes)};
    }
    if (s.size() > 188 && s[0] == 'G' && s[188] == 'G' && ContainsText(s.substr(0, 188), "\0"sv)) {
      return FileDescription{FileKind::kVideo, "a video (MPEG transport stream)", "",
                             std::string(kNoBoxes)};
    }
    if (s.size() > 26 && s.starts_with("BM") && s.substr(6, 4) == "\0\0\0\0"sv) {
      return FileDescription{FileKind::kImage, "a picture (BMP)", "", std::string(kNoBoxes)};
    }
    return std::nullopt;
  }

  std::string PickleMend(bool torch) const {
    return fmt::format(
        "write its boxes as text, in Python: numpy.savetxt('out.txt', {}, "
        "delimiter=',')",
        torch ? "torch.load('FILE')" : "pickle.load(open('FILE', 'rb'))");
  }

  Found Zip() const {
    // The name of the first member stands behind 30 bytes.
    std::string_view member;
    if (start_.size() > 30) {
      const size_t length = static_cast<unsigned char>(start_[26]) +
                            256 * static_cast<size_t>(static_cast<unsigned char>(start_[27]));
      member = start_.substr(30, length);
    }
    if (member.ends_with(".npy") || Named(".npz"))
      return Convertible(FileKind::kNumpyArchive, "an archive of numpy arrays (.npz)", "numpy");
    if (member.ends_with("data.pkl") || member.ends_with("/byteorder") ||
        member.ends_with("/.format_version")) {
      return FileDescription{FileKind::kTorch, "a file of torch.save", "", PickleMend(true)};
    }
    if (member == "[Content_Types].xml" || Named(".xlsx") || Named(".ods")) {
      return FileDescription{FileKind::kZip, "an Office document (.xlsx, .docx)", "",
                             "save the sheet as CSV"};
    }
    return FileDescription{
        FileKind::kZip,
        member.empty() ? "a zip archive" : fmt::format("a zip archive (of {})", Quoted(member)), "",
        fmt::format("unpack it and give the file inside: unzip {}", word_)};
  }

  // UTF-16 and UTF-32, with a byte order mark or told by the zeros between ASCII characters.
  Found WideText() const {
    const std::string_view s = start_;
    bool utf32 = s.starts_with("\xff\xfe\0\0"sv) || s.starts_with("\0\0\xfe\xff"sv);
    bool utf16 = !utf32 && (s.starts_with("\xff\xfe") || s.starts_with("\xfe\xff"));
    std::string_view order;
    if (!utf32 && !utf16 && s.size() >= 8) {
      std::array<size_t, 4> zeros{};
      const size_t n = s.size() / 4 * 4;
      for (size_t i = 0; i < n; ++i) zeros[i % 4] += s[i] == 0 ? 1 : 0;
      const size_t each = n / 4;
      const auto mostly = [&](size_t k) { return zeros[k] * 10 >= each * 9; };
      const auto never = [&](size_t k) { return zeros[k] == 0; };
      utf32 = (never(0) && mostly(1) && mostly(2) && mostly(3)) ||
              (mostly(0) && mostly(1) && mostly(2) && never(3));
      utf16 = (never(0) && mostly(1) && never(2) && mostly(3)) ||
              (mostly(0) && never(1) && mostly(2) && never(3));
      order = zeros[0] == 0 ? "le" : "be";
    }
    if (!utf32 && !utf16) return std::nullopt;
    const std::string_view width = utf32 ? "32" : "16";
    return FileDescription{
        utf32 ? FileKind::kUtf32 : FileKind::kUtf16, fmt::format("UTF-{} text", width), "",
        fmt::format("save it as UTF-8: iconv -f utf-{}{} -t utf-8 {} > OUT", width, order, word_)};
  }

  Found NulBytes() const {
    const size_t first = all_.find('\0');
    if (first == std::string_view::npos) return std::nullopt;
    const std::string mend =
        "it was not written to the end (a power cut, a full disk): make it again, or restore it";
    const size_t other = all_.find_first_not_of('\0');
    if (other == std::string_view::npos) {
      return FileDescription{FileKind::kNulBytes,
                             all_.size() > kSniffBytes || all_.size() == 1
                                 ? std::string("NUL bytes")
                                 : fmt::format("{} NUL bytes", all_.size()),
                             "", mend};
    }
    // The rest must be text.
    const bool text = std::all_of(start_.begin(), start_.end(),
                                  [](char c) { return c == '\0' || !IsControl(c); });
    if (!text) return std::nullopt;
    const auto line =
        1 + std::count(all_.begin(), all_.begin() + static_cast<int64_t>(first), '\n');
    return FileDescription{FileKind::kNulBytes, fmt::format("text with NUL bytes in line {}", line),
                           "", mend};
  }

  // Escape is how programs colour their messages.
  static bool IsControl(char c) {
    return (c >= 0 && c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\v' && c != '\f' &&
            c != '\x1b' && c != '\b') ||
           c == 0x7f;
  }
  bool IsText() const { return std::none_of(start_.begin(), start_.end(), IsControl); }

  // A few bytes that stand for a file which is elsewhere.
  Found Pointer() const {
    if (text_.starts_with("version https://git-lfs.github.com/spec/") ||
        text_.starts_with("version https://hawser.github.com/spec/")) {
      return FileDescription{FileKind::kLfsPointer, "a Git LFS pointer, not the file itself", "",
                             "fetch the file: git lfs pull"};
    }
    const std::string_view line = FirstLine();
    if (ContainsText(line, "/annex/objects/") || ContainsText(line, "\\annex\\objects\\")) {
      return FileDescription{FileKind::kAnnexPointer, "a git-annex pointer, not the file itself",
                             "", fmt::format("fetch the file: git annex get {}", word_)};
    }
    if (text_.starts_with("outs:\n- md5:") || text_.starts_with("outs:\n- hash:")) {
      return FileDescription{FileKind::kYaml, "a DVC pointer, not the file itself", "",
                             "fetch the file: dvc pull"};
    }
    // Git on Windows writes symbolic links as text files that hold the target.
    if (start_.size() == all_.size() && line.size() == Trim(text_).size() && line.size() < 1024 &&
        line.find_first_of(" \t,;<>{}") == std::string_view::npos &&
        (StartsWithAny(line, {"../", "./", "/"}) || StartsWithAny(line, {"..\\", ".\\"}))) {
      return FileDescription{
          FileKind::kMessage,
          fmt::format("a path ({}), as a symbolic link stored as text", Quoted(line)), "",
          "give the file that it names"};
    }
    return std::nullopt;
  }

  Found Markup() const {
    if (!text_.starts_with('<')) return std::nullopt;
    const std::string lower = ToLower(text_.substr(0, 4096));
    if (ContainsText(lower, "<annotations>") && !ContainsText(lower, "<html"))
      return Convertible(FileKind::kCvatXml, "annotations of CVAT (XML)", "cvat");
    if (ContainsText(lower, "<!doctype html") || ContainsText(lower, "<html") ||
        StartsWithAny(lower,
                      {"<head", "<body", "<script", "<title", "<h1", "<p>", "<div", "<pre"})) {
      std::string title;
      const size_t begin = lower.find("<title>");
      const size_t end = lower.find("</title>");
      if (begin != std::string::npos && end != std::string::npos && end > begin + 7)
        title = Quoted(Trim(text_.substr(begin + 7, end - begin - 7)));
      return FileDescription{
          FileKind::kHtml,
          title.empty() ? "a web page (HTML)" : fmt::format("a web page (HTML, \"{}\")", title), "",
          "a link to a page was downloaded instead of the file; download the file itself"};
    }
    if (lower.starts_with("<?xml") || lower.ends_with(">") || ContainsText(lower, "</")) {
      const bool voc = ContainsText(lower, "<annotation>") || ContainsText(lower, "<annotation ");
      const bool refusal = ContainsText(lower, "<error>");
      return FileDescription{
          FileKind::kXml,
          voc       ? "annotations of one picture (Pascal VOC, XML)"
          : refusal ? "a server's error message (XML)"
                    : "XML text",
          "",
          refusal ? "the download failed: download the file again"
                  : "write its boxes as MOT text: frame,id,left,top,width,height,score"};
    }
    return std::nullopt;
  }

  Found Json() const {
    const char open = text_.empty() ? ' ' : text_.front();
    if (open != '{' && open != '[') return std::nullopt;
    const std::string_view rest = TrimLeft(text_.substr(1));
    const char next = rest.empty() ? ' ' : rest.front();
    if (next == '\'' || (open == '[' && rest.starts_with("array("))) {
      return FileDescription{FileKind::kText, "a Python object printed as text", "",
                             "write its boxes as MOT text: frame,id,left,top,width,height,score"};
    }
    const bool value = next == '"' || next == '{' || next == '[' || next == '-' ||
                       (next >= '0' && next <= '9') || next == ']' || next == '}' ||
                       StartsWithAny(rest, {"true,", "false,", "null,", "NaN,"});
    if (!value) return std::nullopt;
    const auto has = [&](std::string_view key) {
      return ContainsText(text_, fmt::format("\"{}\"", key));
    };
    if (has("dm_format_version") || (has("shapes") && has("tracks")) ||
        (has("tracks") && has("label") && has("tags")))
      return Convertible(FileKind::kCvatJson, "annotations of CVAT (JSON)", "cvat");
    if (has("x_min") && has("y_max")) {
      return Convertible(FileKind::kJson, "JSON text of supervision's sink", "supervision");
    }
    if ((has("images") && (has("annotations") || has("file_name") || has("categories"))) ||
        (has("annotations") && has("categories")) || (has("image_id") && has("bbox")))
      return Convertible(FileKind::kCocoJson, "annotations in COCO's form (JSON)", "coco");
    return FileDescription{FileKind::kJson, "JSON text", "",
                           "write its boxes as MOT text: frame,id,left,top,width,height,score"};
  }

  // The first lines as fields, split by the delimiter of the first.
  void SplitRows() {
    std::string_view rest = text_;
    const bool whole = start_.size() == all_.size();
    while (!rest.empty() && rows_.size() < kSniffRows) {
      const size_t newline = rest.find('\n');
      if (newline == std::string_view::npos && !whole && !rows_.empty())
        break;  // cut in the middle
      const std::string_view line = Trim(rest.substr(0, newline));
      rest = newline == std::string_view::npos ? std::string_view() : rest.substr(newline + 1);
      if (line.empty()) continue;
      if (rows_.empty()) delimiter_ = DelimiterOf(line);
      Row row;
      row.fields = Fields(line);
      for (const std::string_view field : row.fields) row.numbers.push_back(ParseDouble(field));
      rows_.push_back(std::move(row));
    }
  }

  char DelimiterOf(std::string_view line) const {
    // Run lengths may hold any of them.
    const std::vector<std::string_view> words = Fields(line);
    if (words.size() == 6 && std::all_of(words.begin(), words.begin() + 5,
                                         [](std::string_view word) { return ParseInt(word); }))
      return ' ';
    // A semicolon or tab beside commas means that the commas are decimal ones.
    for (const char delimiter : {';', '\t', ','}) {
      if (ContainsText(line, std::string_view(&delimiter, 1))) {
        if (delimiter == ',' && ContainsText(line, " ") && IsDecimalComma(line)) return ' ';
        return delimiter;
      }
    }
    return ' ';
  }

  // "1 1 101,5 50,25": blanks part the fields, commas stand in numbers.
  static bool IsDecimalComma(std::string_view line) {
    if (ContainsText(line, ", ") || ContainsText(line, " ,")) return false;
    return std::count(line.begin(), line.end(), ' ') >= 4;
  }

  std::vector<std::string_view> Fields(std::string_view line) const {
    std::vector<std::string_view> fields;
    if (delimiter_ != ' ') {
      for (const std::string_view field : SplitText(line, delimiter_))
        fields.push_back(Trim(field));
      if (fields.size() > 1 && fields.back().empty()) fields.pop_back();
      return fields;
    }
    while (!(line = TrimLeft(line)).empty()) {
      const size_t end = line.find_first_of(" \t");
      fields.push_back(line.substr(0, end));
      line = end == std::string_view::npos ? std::string_view() : line.substr(end);
    }
    return fields;
  }

  template <typename Test>
  bool EveryRow(size_t first, Test&& test) const {
    return rows_.size() > first && std::all_of(rows_.begin() + static_cast<int64_t>(first),
                                               rows_.end(), std::forward<Test>(test));
  }

  static bool IsWhole(const std::optional<double>& number) {
    return number && std::floor(*number) == *number;
  }
  static bool IsWithin(const std::optional<double>& number, double low, double high) {
    return number && *number >= low && *number <= high;
  }
  static bool AllNumbers(const Row& row) {
    return std::all_of(row.numbers.begin(), row.numbers.end(),
                       [](const std::optional<double>& number) { return number.has_value(); });
  }
  static bool IsWord(std::string_view field) {
    return !field.empty() && std::all_of(field.begin(), field.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
    });
  }

  Found Rows() const {
    if (rows_.empty()) return std::nullopt;
    if (EveryRow(0, [](const Row& row) {
          return (row.size() == 17 || row.size() == 18) && IsWhole(row.numbers[0]) &&
                 IsWhole(row.numbers[1]) && IsWord(row.fields[2]) && row.numbers[6];
        })) {
      return Convertible(FileKind::kKitti, "tracking labels of KITTI", "kitti");
    }
    if (EveryRow(0, [](const Row& row) {
          return (row.size() == 15 || row.size() == 16) && IsWord(row.fields[0]) &&
                 row.numbers[1] && row.numbers[4];
        })) {
      return FileDescription{FileKind::kKitti, "object labels of KITTI (one picture, no tracks)",
                             "", "give the tracking labels, one file a sequence"};
    }
    if (EveryRow(0, [](const Row& row) {
          return row.size() == 6 && IsWhole(row.numbers[0]) && IsWhole(row.numbers[1]) &&
                 IsWhole(row.numbers[2]) && IsWithin(row.numbers[3], 1, 1e5) &&
                 IsWithin(row.numbers[4], 1, 1e5) && !row.numbers[5];
        })) {
      return FileDescription{FileKind::kMotsText, "masks of MOTS (run lengths, no boxes)", "",
                             "give boxes; in Python: pycocotools.mask.toBbox makes them of masks"};
    }
    if (delimiter_ == ' ' && EveryRow(0, [](const Row& row) {
          return row.size() >= 5 && row.size() <= 7 && AllNumbers(row) && IsWhole(row.numbers[0]) &&
                 *row.numbers[0] >= 0 &&
                 std::all_of(row.numbers.begin() + 1, row.numbers.begin() + 5,
                             [](const auto& number) { return IsWithin(number, -0.5, 1.5); }) &&
                 !std::all_of(row.numbers.begin() + 1, row.numbers.begin() + 5, IsWhole);
        })) {
      return Convertible(FileKind::kYolo, "labels of YOLO (one picture, parts of its size)",
                         "yolo");
    }
    if (HasDecimalCommas()) {
      return FileDescription{FileKind::kDecimalCommas, "numbers with decimal commas", "",
                             delimiter_ == ';'
                                 ? fmt::format("write points: tr ',;' '.,' < {} > OUT", word_)
                                 : fmt::format("write points: tr ',' '.' < {} > OUT", word_)};
    }
    const bool names = IsHeader(rows_.front());
    if (NamesColumns(FirstLine())) {
      return FileDescription{FileKind::kMotHeader, "rows below a line of names", "mot-header", ""};
    }
    if (EveryRow(names ? 1 : 0, AllNumbers)) {
      const size_t columns = rows_[names ? 1 : 0].size();
      if (names)
        return FileDescription{FileKind::kMotHeader, "rows below a line of names", "mot-header",
                               ""};
      if (IsVisDrone())
        return Convertible(FileKind::kVisDrone, "annotations of VisDrone", "visdrone");
      if (columns >= 6 && EveryRow(0, [](const Row& row) { return IsWhole(row.numbers[0]); }))
        return FileDescription{FileKind::kMotText, "MOT text", "mot", ""};
      return FileDescription{FileKind::kNumbers,
                             fmt::format("rows of {} number{}", columns, columns == 1 ? "" : "s"),
                             "", "give rows of frame,id,left,top,width,height,score"};
    }
    return std::nullopt;
  }

  static bool IsHeader(const Row& row) {
    return row.size() >= 4 && std::none_of(row.numbers.begin(), row.numbers.end(),
                                           [](const auto& number) { return number.has_value(); });
  }

  // The last columns are class 0..11, truncation 0 or 1, occlusion 0, 1 or 2; MOT has -1 there, or
  // places in the world.
  bool IsVisDrone() const {
    bool any = false;
    return EveryRow(0,
                    [&](const Row& row) {
                      const size_t n = row.size();
                      if (n != 10 || !IsWhole(row.numbers[n - 3])) return false;
                      any = any || *row.numbers[n - 3] != 1;
                      return IsWithin(row.numbers[n - 3], 0, 11) && IsWhole(row.numbers[n - 2]) &&
                             IsWithin(row.numbers[n - 2], 0, 1) && IsWhole(row.numbers[n - 1]) &&
                             IsWithin(row.numbers[n - 1], 0, 2);
                    }) &&
           any;
  }

  bool HasDecimalCommas() const {
    if (delimiter_ == ',') return false;
    size_t with = 0;
    for (size_t k = IsHeader(rows_.front()) ? 1 : 0; k < rows_.size(); ++k) {
      for (size_t column = 0; column < rows_[k].size(); ++column) {
        if (rows_[k].numbers[column]) continue;
        const std::string_view field = rows_[k].fields[column];
        const size_t comma = field.find(',');
        if (comma == std::string_view::npos || !ParseDouble(field.substr(0, comma)) ||
            !ParseDouble(field.substr(comma + 1)))
          return false;
        ++with;
      }
    }
    return with > 0;
  }

  Found Messages() const {
    const std::string_view line = FirstLine();
    if (const size_t at = text_.find("Traceback (most recent call last)");
        at != std::string_view::npos) {
      // The last line that does not begin with a blank says what happened.
      std::string_view reason;
      std::string_view rest = text_.substr(at);
      while (!rest.empty()) {
        const size_t newline = rest.find('\n');
        const std::string_view each = rest.substr(0, newline);
        if (!Trim(each).empty() && each.front() != ' ' && !each.starts_with("Traceback"))
          reason = each;
        rest = newline == std::string_view::npos ? std::string_view() : rest.substr(newline + 1);
      }
      return FileDescription{
          FileKind::kTraceback,
          reason.empty() ? "a Python traceback"
                         : fmt::format("a Python traceback ({})", Quoted(Trim(reason), 80)),
          "", "the program that should have written the file failed: run it again"};
    }
    const std::string lower = ToLower(line);
    const bool shell =
        StartsWithAny(lower, {"bash: ",
                              "-bash: ",
                              "sh: ",
                              "zsh: ",
                              "/bin/",
                              "cat: ",
                              "cp: ",
                              "ls: ",
                              "curl: ",
                              "wget: ",
                              "fatal: ",
                              "error",
                              "usage:",
                              "warning",
                              "http/1.",
                              "http/2",
                              "404",
                              "403",
                              "500 ",
                              "not found",
                              "access denied",
                              "forbidden",
                              "unauthorized",
                              "killed",
                              "python: ",
                              "terminate called",
                              "invalid username or password",
                              "entry not found"}) ||
        ContainsText(lower, "no such file or directory") ||
        ContainsText(lower, "command not found") || ContainsText(lower, "permission denied") ||
        ContainsText(lower, "segmentation fault") || ContainsText(lower, "core dumped") ||
        ContainsText(lower, "is not recognized as");
    const bool log = line.starts_with('\x1b') || IsLogLine(line);
    if (shell || log) {
      return FileDescription{
          FileKind::kMessage,
          fmt::format("{} ({})", shell ? "an error message" : "log lines of a program",
                      Quoted(line, 80)),
          "", "the program that should have written the file said this: run it again"};
    }
    if (line.size() > 2 && line.front() == '[' && line.back() == ']') {
      return FileDescription{FileKind::kIni, fmt::format("an INI file ({})", Quoted(line)), "",
                             "give the file with the boxes"};
    }
    const size_t colon = line.find(':');
    if (line.starts_with("%YAML") || line == "---" ||
        (colon != std::string_view::npos && IsWord(Trim(line.substr(0, colon))) &&
         (colon + 1 == line.size() || line[colon + 1] == ' '))) {
      return FileDescription{FileKind::kYaml, "YAML text", "", "give the file with the boxes"};
    }
    return std::nullopt;
  }

  // "[INFO] ...", "INFO:root: ...", "2024-01-31 12:00:00 ..."
  static bool IsLogLine(std::string_view line) {
    const std::string lower = ToLower(line.substr(0, 64));
    if (StartsWithAny(lower, {"[info", "[warn", "[debug", "[err", "[w ", "[i ", "info", "debug"}))
      return true;
    const std::string_view date = line.starts_with('[') ? line.substr(1) : line;
    constexpr std::string_view kShape = "dddd-dd-dd";
    if (date.size() < kShape.size()) return false;
    for (size_t i = 0; i < kShape.size(); ++i) {
      const bool digit = date[i] >= '0' && date[i] <= '9';
      if (kShape[i] == 'd' ? !digit : (date[i] != '-' && date[i] != '/')) return false;
    }
    return true;
  }

  std::string_view all_, start_, name_;
  std::string word_;
  std::string lower_name_;
  std::string_view text_;
  char delimiter_ = ' ';
  std::vector<Row> rows_;
};

}  // namespace

FileDescription DescribeFile(std::string_view start, std::string_view name) {
  return Sniffer(start, name).Describe();
}

FileDescription DescribeFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) ThrowIo("{}: cannot open", path.string());
  std::string start(kSniffBytes + 1, '\0');
  file.read(start.data(), static_cast<std::streamsize>(start.size()));
  if (file.bad()) ThrowIo("{}: cannot read", path.string());
  start.resize(static_cast<size_t>(file.gcount()));
  return DescribeFile(start, path.string());
}

bool IsLinesOfText(FileKind kind) {
  switch (kind) {
    case FileKind::kEmpty:
    case FileKind::kMotText:
    case FileKind::kMotHeader:
    case FileKind::kVisDrone:
    case FileKind::kNumbers:
    case FileKind::kIni:
    case FileKind::kYaml:
    case FileKind::kText:
      return true;
    default:
      return false;
  }
}

void ThrowForeignFile(std::string_view source, std::string_view expected,
                      const FileDescription& found) {
  ThrowInput("{}: expected {}, found {}{}{}", source, expected, found.what,
             found.mend.empty() ? "" : "\n  hint: ", found.mend);
}

}  // namespace reidbench
