#include <fmt/format.h>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/formats/box_format.h"
#include "reidbench/formats/format_parts.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

class BoxWriter {
 public:
  BoxWriter(const BoxTable& table, const BoxTarget& target, const fs::path& path)
      : table_(table), target_(target), path_(path), begins_(SequenceBegins(table)) {}

  std::vector<std::string> Run() {
    if (target_.format == BoxFormat::kCoco) {
      Write("annotations.json", [&](TextSink* sink) { WriteCoco(table_, sink); });
      return std::move(files_);
    }
    if (target_.format == BoxFormat::kYolo) {
      WriteYolo();
      return std::move(files_);
    }
    for (size_t s = 0; s < table_.sequences.size(); ++s) WriteSequence(Rows(s));
    return std::move(files_);
  }

 private:
  SequenceRows Rows(size_t s) const { return {table_, s, begins_[s], begins_[s + 1]}; }

  // `name` counts in a folder only.
  void Write(const std::string& name, const std::function<void(TextSink*)>& body) {
    const fs::path file = target_.is_folder ? path_ / name : path_;
    if (target_.is_folder) CreateFolders(file.parent_path());
    AtomicFile out(file);
    TextSink sink([&](std::string_view text) { out.Write(text); });
    body(&sink);
    sink.Flush();
    out.Commit();
    files_.push_back(target_.is_folder ? name : path_.string());
  }

  void WriteSequence(const SequenceRows& rows) {
    const std::string& name = rows.info().name;
    std::string file = name + InfoOf(target_.format).extension;
    if (target_.format == BoxFormat::kMot && target_.rows != MotRows::kResults)
      file = name + (target_.rows == MotRows::kGroundTruth ? "/gt/gt.txt" : "/det/det.txt");
    Write(file, [&](TextSink* sink) {
      switch (target_.format) {
        case BoxFormat::kMot:
          return WriteMotBoxes(rows, target_.rows, sink);
        case BoxFormat::kMotHeader:
          return WriteMotHeader(rows, sink);
        case BoxFormat::kSupervision:
          return WriteSupervision(rows, sink);
        case BoxFormat::kKitti:
          return WriteKitti(rows, sink);
        case BoxFormat::kCvat:
          return WriteCvat(rows, sink);
        case BoxFormat::kVisDrone:
          return WriteVisDrone(rows, sink);
        case BoxFormat::kNumpy:
          return WriteNumpy(rows, sink);
        default:
          REIDBENCH_CHECK(false);
      }
    });
    if (target_.format == BoxFormat::kMot && target_.is_folder && target_.rows != MotRows::kResults)
      WriteInfo(rows.info());
  }

  void WriteInfo(const BoxSequence& info) {
    Write(info.name + "/seqinfo.ini", [&](TextSink* sink) {
      std::string& out = sink->text();
      out = fmt::format("[Sequence]\nname={}\nimDir=img1\nseqLength={}\n", info.name,
                        info.frame_count);
      if (info.frame_rate) out += fmt::format("frameRate={}\n", *info.frame_rate);
      if (info.size.width > 0) {
        out += fmt::format("imWidth={}\nimHeight={}\n", info.size.width, info.size.height);
      }
      out += "imExt=.jpg\n";
    });
  }

  void WriteYolo() {
    const bool several = table_.sequences.size() > 1;
    for (size_t s = 0; s < table_.sequences.size(); ++s) {
      const SequenceRows rows = Rows(s);
      const std::string folder = several ? rows.info().name + "/" : "";
      size_t begin = rows.begin;
      for (int64_t frame = 1; frame <= rows.info().frame_count; ++frame) {
        size_t end = begin;
        while (end < rows.end && rows.row(end).frame == frame) ++end;
        const auto name = rows.info().frame_names.find(frame);
        const std::string stem =
            name == rows.info().frame_names.end() ? DefaultStem(frame) : name->second;
        Write(folder + stem + ".txt",
              [&](TextSink* sink) { WriteYoloFrame(rows, frame, begin, end, sink); });
        begin = end;
      }
    }
    bool named = false;
    for (const BoxClass& box_class : table_.classes) named = named || !box_class.name.empty();
    if (!named) return;
    Write("classes.txt", [&](TextSink* sink) {
      for (size_t number = 0; number < table_.classes.size(); ++number) {
        for (const BoxClass& box_class : table_.classes) {
          if (box_class.number == static_cast<int32_t>(number))
            sink->text() += box_class.name + "\n";
        }
      }
    });
  }

  const BoxTable& table_;
  const BoxTarget& target_;
  const fs::path& path_;
  const std::vector<size_t> begins_;
  std::vector<std::string> files_;
};

}  // namespace

std::vector<std::string> WriteBoxes(const BoxTable& table, const BoxTarget& target,
                                    const fs::path& path) {
  return BoxWriter(table, target, path).Run();
}

}  // namespace reidbench
