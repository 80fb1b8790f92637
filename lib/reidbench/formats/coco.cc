// COCO's and COCO-VID's annotations (cocodataset.org/#format-data): lists of images, annotations,
// categories and, of videos, videos; or a list of results {image_id, category_id, bbox, score}.
// Boxes are left, top, width, height in pixels. Where trackers' converters differ (frame_id from 0
// or 1, track_id or instance_id, score or conf), all are understood.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <numeric>
#include <tuple>
#include <unordered_map>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/formats/decimal.h"
#include "reidbench/formats/format_parts.h"
#include "reidbench/formats/json_records.h"
#include "reidbench/formats/text_rows.h"

namespace reidbench {
namespace {

// The keys of an annotation that have a place in a row, or say nothing.
constexpr std::array<std::string_view, 16> kKnownKeys = {
    "id",          "image_id", "video_id", "category_id",  "bbox",     "track_id",
    "instance_id", "score",    "conf",     "visibility",   "occluded", "truncated",
    "area",        "iscrowd",  "ignore",   "num_keypoints"};
// Of an annotation's "attributes", as CVAT and Datumaro write them, the same.
constexpr std::string_view kAttributes = "attributes.";
constexpr std::array<std::string_view, 5> kKnownAttributes = {"track_id", "score", "visibility",
                                                              "occluded", "truncated"};

struct CocoImage {
  std::string file_name;
  int64_t video = -1;
  int64_t frame = -1;  // as the file counts; -1: not stated
  int64_t width = 0, height = 0;
};

// "SEQ/img1/000012.jpg": what WriteCoco writes where no names are known.
std::string DefaultFileName(std::string_view sequence, int64_t frame) {
  return fmt::format("{}/img1/{:06d}.jpg", sequence, frame);
}

std::optional<int64_t> FrameOfName(std::string_view file_name) {
  return SplitStem(StemOf(file_name)).frame;
}

// "SEQ" of "SEQ/img1/000012.jpg" and "train/SEQ/000012.jpg"; empty where there is no folder.
std::string SequenceOfName(std::string_view file_name) {
  std::vector<std::string> parts;
  for (const std::string_view part : SplitText(file_name, '/')) parts.emplace_back(part);
  if (!parts.empty()) parts.pop_back();
  while (!parts.empty() && (parts.back() == "img1" || parts.back() == "images" ||
                            parts.back() == "img" || parts.back().empty() || parts.back() == "."))
    parts.pop_back();
  return parts.empty() ? std::string() : parts.back();
}

class CocoReader {
 public:
  CocoReader(std::string source, std::string default_sequence, BoxTable* table)
      : source_(std::move(source)),
        default_sequence_(std::move(default_sequence)),
        table_(*table),
        first_row_(table->rows.size()) {}

  void Take(const std::string& list, const JsonRecord& record) {
    if (list == "annotations" || list.empty()) {
      TakeAnnotation(record);
      results_ = results_ || list.empty();
    } else if (list == "images") {
      TakeImage(record);
    } else if (list == "videos") {
      TakeVideo(record);
    } else if (list == "categories") {
      TakeCategory(record);
    }
  }

  // Once all lists are there, which may stand in any order.
  void Finish(const std::vector<std::string>& root_keys) {
    const auto has = [&](std::string_view key) {
      return std::find(root_keys.begin(), root_keys.end(), key) != root_keys.end();
    };
    if (!results_ && !has("images") && !has("annotations") &&
        !(root_keys.empty() && images_.empty())) {
      ThrowInput(
          "{}: expected COCO's lists images, annotations and categories, or a list of "
          "results, found {}",
          source_, root_keys.empty() ? "an empty object" : JoinText(root_keys, ", "));
    }
    if (images_.empty())
      PlaceByImageId();
    else
      PlaceImages();
    NameClasses();
    table_.CountLoss("annotations without a bbox", without_box_, "there is no box in them");
    table_.CountLoss("segmentations", segmentations_, "outlines are not boxes");
    table_.CountLoss("keypoints", keypoints_, "points are not boxes");
    table_.CountLoss("crowd marks", crowds_, "a region of many objects is taken as a box");
  }

 private:
  void TakeVideo(const JsonRecord& record) {
    BoxSequence video;
    video.name = record.Find("name") != nullptr        ? record.Text("name")
                 : record.Find("file_name") != nullptr ? record.Text("file_name")
                                                       : fmt::format("{}", record.Integer("id"));
    while (EndsWith(video.name, "/")) video.name.pop_back();
    video.size = {Size(record, "width"), Size(record, "height")};
    for (const char* key : {"fps", "frame_rate"}) {
      if (record.Find(key) != nullptr && record.Number(key) > 0)
        video.frame_rate = record.Number(key);
    }
    if (!videos_.emplace(record.Integer("id"), std::move(video)).second)
      record.Fail("id", "each id once");
    video_order_.push_back(record.Integer("id"));
  }

  void TakeImage(const JsonRecord& record) {
    CocoImage image;
    if (record.Find("file_name") != nullptr) image.file_name = record.Text("file_name");
    if (record.Find("video_id") != nullptr) image.video = record.Integer("video_id");
    for (const char* key : {"mot_frame_id", "frame_id", "frame_index"}) {
      if (image.frame < 0 && record.Find(key) != nullptr) image.frame = record.Integer(key);
    }
    image.width = Size(record, "width");
    image.height = Size(record, "height");
    const int64_t id = record.Integer("id");
    if (!image_index_.emplace(id, static_cast<uint32_t>(images_.size())).second)
      record.Fail("id", "each image id once");
    images_.push_back(std::move(image));
    image_ids_.push_back(id);
  }

  void TakeCategory(const JsonRecord& record) {
    const int64_t id = record.Integer("id");
    if (id < 0 || id > std::numeric_limits<int32_t>::max())
      record.Fail("id", "a whole number from 0 to 2147483647");
    if (!categories_
             .emplace(id, record.Find("name") == nullptr ? std::string() : record.Text("name"))
             .second)
      record.Fail("id", "each category id once");
  }

  void TakeAnnotation(const JsonRecord& record) {
    using Kind = JsonRecord::Kind;
    const JsonRecord::Field* box = record.Find("bbox");
    if (const auto* field = record.Find("segmentation");
        field != nullptr && (field->kind == Kind::kOther || !field->numbers.empty()))
      ++segmentations_;
    if (record.Find("keypoints") != nullptr) ++keypoints_;
    if (box == nullptr || (box->kind == Kind::kNumbers && box->numbers.empty())) {
      ++without_box_;
      return;
    }
    if (box->kind != Kind::kNumbers || box->numbers.size() != 4)
      record.Fail("bbox", "[left, top, width, height]");
    BoxRow row;
    row.box = {box->numbers[0], box->numbers[1], box->numbers[2], box->numbers[3]};
    if (!(row.box.width >= 0) || !(row.box.height >= 0) || !(std::abs(row.box.left) <= 1e100) ||
        !(std::abs(row.box.top) <= 1e100) || !(row.box.width <= 1e100) ||
        !(row.box.height <= 1e100))
      CheckBox(row.box, record.place() + ".bbox");
    for (const char* key : {"track_id", "instance_id", "attributes.track_id"}) {
      if (row.track_id == kNoTrack && record.Find(key) != nullptr) {
        row.track_id = record.Integer(key);
        if (row.track_id < -1) record.Fail(key, "an id of at least 0, or -1 for none");
      }
    }
    row.score = Value(record, {"score", "conf", "attributes.score"});
    row.visibility = Value(record, {"visibility", "attributes.visibility"});
    row.occluded = Value(record, {"occluded", "attributes.occluded"});
    row.truncated = Value(record, {"truncated", "attributes.truncated"});
    if (const auto* ignore = record.Find("ignore"); ignore != nullptr)
      row.mark = ignore->number == 0 ? 1 : 0;
    if (const auto* crowd = record.Find("iscrowd"); crowd != nullptr && crowd->number != 0)
      ++crowds_;
    table_.rows.push_back(row);
    image_of_.push_back(record.Integer("image_id"));
    category_of_.push_back(record.Find("category_id") == nullptr ? -1
                                                                 : record.Integer("category_id"));
    for (size_t i = 0; i < record.size(); ++i) TakeExtra(record.field(i));
  }

  void TakeExtra(const JsonRecord::Field& field) {
    using Kind = JsonRecord::Kind;
    std::string_view key = field.key;
    const bool attribute = StartsWith(key, kAttributes);
    if (attribute) key.remove_prefix(kAttributes.size());
    const auto is_one_of = [&](const auto& keys) {
      return std::find(keys.begin(), keys.end(), key) != keys.end();
    };
    if (attribute ? is_one_of(kKnownAttributes) && field.kind != Kind::kText
                  : is_one_of(kKnownKeys))
      return;
    if (StartsWith(key, "segmentation.")) return;
    if (field.kind == Kind::kText) {
      table_.SetExtra(key, field.text);
    } else if (field.kind == Kind::kInteger || field.kind == Kind::kNumber ||
               field.kind == Kind::kFlag) {
      table_.SetExtra(key, field.number);
    }
  }

  static double Value(const JsonRecord& record, std::initializer_list<const char*> keys) {
    for (const char* key : keys) {
      const JsonRecord::Field* field = record.Find(key);
      if (field == nullptr) continue;
      if (field->kind == JsonRecord::Kind::kFlag) return field->number;
      if (field->kind == JsonRecord::Kind::kText && StartsWith(key, kAttributes)) continue;
      return record.Number(key);
    }
    return kNoValue;
  }

  static int64_t Size(const JsonRecord& record, const char* key) {
    if (record.Find(key) == nullptr) return 0;
    const int64_t size = record.Integer(key);
    if (size < 0 || size > 1 << 20) record.Fail(key, "a size of 0..1048576 pixels");
    return size;
  }

  // A list of results alone: its images' ids are all that says where a box is.
  void PlaceByImageId() {
    if (image_of_.empty()) return;
    const int64_t lowest = *std::min_element(image_of_.begin(), image_of_.end());
    const int64_t highest = *std::max_element(image_of_.begin(), image_of_.end());
    const int64_t shift = lowest == 0 ? 1 : 0;
    if (lowest < 0 || highest + shift > kMostFrames) {
      ThrowInput("{}: expected image ids of 0..{} to take as frames, found {}", source_,
                 kMostFrames - 1, lowest < 0 ? lowest : highest);
    }
    const int32_t sequence = table_.Sequence(default_sequence_);
    for (size_t i = 0; i < image_of_.size(); ++i) {
      BoxRow& row = table_.rows[first_row_ + i];
      row.sequence = sequence;
      row.frame = static_cast<int32_t>(image_of_[i] + shift);
    }
    table_.notes.push_back(
        fmt::format("{}: there is no list of images: image ids are frames{}", source_,
                    shift == 1 ? ", and 1 was added, as they count from 0" : ""));
  }

  void PlaceImages() {
    std::vector<int32_t> sequence(images_.size());
    for (const int64_t id : video_order_) {
      const int32_t index = table_.Sequence(videos_.at(id).name);
      BoxSequence& target = table_.sequences[static_cast<size_t>(index)];
      if (target.frame_count != 0) {
        ThrowInput("{}: videos: expected each name once, found {} twice", source_, target.name);
      }
      target = videos_.at(id);
      target.frame_count = -1;  // seen
      sequence_of_video_[id] = index;
    }
    for (size_t i = 0; i < images_.size(); ++i) sequence[i] = SequenceOf(images_[i], i);
    std::vector<std::vector<uint32_t>> images_of(table_.sequences.size());
    for (size_t i = 0; i < images_.size(); ++i)
      images_of[static_cast<size_t>(sequence[i])].push_back(static_cast<uint32_t>(i));
    for (size_t s = 0; s < images_of.size(); ++s) {
      BoxSequence& target = table_.sequences[s];
      if (target.frame_count == -1) target.frame_count = 0;
      if (!images_of[s].empty()) NumberFrames(images_of[s], &target);
    }
    for (size_t k = 0; k < image_of_.size(); ++k) {
      const auto found = image_index_.find(image_of_[k]);
      if (found == image_index_.end()) {
        ThrowInput("{}: annotations: expected an image_id of the list of images, found {}", source_,
                   image_of_[k]);
      }
      BoxRow& row = table_.rows[first_row_ + k];
      row.sequence = sequence[found->second];
      row.frame = static_cast<int32_t>(images_[found->second].frame);
    }
  }

  int32_t SequenceOf(const CocoImage& image, size_t index) {
    if (image.video >= 0 || !videos_.empty()) {
      const auto found = sequence_of_video_.find(image.video);
      if (found != sequence_of_video_.end()) return found->second;
      if (!videos_.empty()) {
        ThrowInput("{}: images[{}].video_id: expected the id of a video, found {}", source_, index,
                   image.video);
      }
      return table_.Sequence(fmt::format("{}", image.video));
    }
    std::string name = SequenceOfName(image.file_name);
    if (name.empty()) name = default_sequence_;
    if (last_name_ != name) {
      last_name_ = name;
      last_sequence_ = table_.Sequence(name);
    }
    return last_sequence_;
  }

  // From the images' own numbers, else from the digits of their names, else by their order.
  void NumberFrames(const std::vector<uint32_t>& images, BoxSequence* sequence) {
    const auto try_frames = [&](bool only_dense, auto&& frame_of) {
      std::vector<int64_t> frames;
      for (const uint32_t i : images) {
        const std::optional<int64_t> frame = frame_of(images_[i]);
        if (!frame || *frame < 0 || *frame >= kMostFrames) return false;
        frames.push_back(*frame);
      }
      std::vector<int64_t> sorted = frames;
      std::sort(sorted.begin(), sorted.end());
      if (only_dense && !AreFrameNumbers(sorted.back(), sorted.size())) return false;
      if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) return false;
      const int64_t shift = sorted.front() == 0 ? 1 : 0;
      for (size_t k = 0; k < images.size(); ++k) images_[images[k]].frame = frames[k] + shift;
      sequence->frame_count = sorted.back() + shift;
      if (shift == 1) zero_based_ = true;
      return true;
    };
    const bool stated = std::any_of(images.begin(), images.end(),
                                    [&](uint32_t i) { return images_[i].frame >= 0; });
    const auto own = [](const CocoImage& image) -> std::optional<int64_t> { return image.frame; };
    if (stated) {
      if (!try_frames(false, own)) {
        ThrowInput(
            "{}: images: expected each frame of sequence {} once, from 0 to {}, found "
            "others",
            source_, sequence->name, kMostFrames - 1);
      }
    } else if (!try_frames(true,
                           [](const CocoImage& image) { return FrameOfName(image.file_name); })) {
      std::vector<uint32_t> order = images;
      std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
        return std::tie(images_[a].file_name, image_ids_[a]) <
               std::tie(images_[b].file_name, image_ids_[b]);
      });
      for (size_t k = 0; k < order.size(); ++k)
        images_[order[k]].frame = static_cast<int64_t>(k) + 1;
      sequence->frame_count = static_cast<int64_t>(order.size());
      table_.notes.push_back(fmt::format(
          "{}: sequence {}: names of images hold no frame numbers: frames are the order of names",
          source_, sequence->name));
    }
    for (const uint32_t i : images) {
      CocoImage& image = images_[i];
      const ImageSize size = {image.width, image.height};
      if (sequence->size.width == 0) sequence->size = size;
      if (!(sequence->size == size)) sequence->frame_sizes[image.frame] = size;
      if (!image.file_name.empty() &&
          image.file_name != DefaultFileName(sequence->name, image.frame))
        sequence->frame_names[image.frame] = std::move(image.file_name);
    }
    if (zero_based_ && !zero_noted_) {
      zero_noted_ = true;
      table_.notes.push_back(fmt::format("{}: frames count from 0: 1 was added", source_));
    }
  }

  void NameClasses() {
    std::unordered_map<int64_t, int32_t> known;
    for (size_t k = 0; k < category_of_.size(); ++k) {
      const int64_t id = category_of_[k];
      auto found = known.find(id);
      if (found == known.end()) {
        const auto category = categories_.find(id);
        if (category == categories_.end() && !categories_.empty() && id >= 0) {
          ThrowInput("{}: annotations: expected a category_id of the list of categories, found {}",
                     source_, id);
        }
        if (id > std::numeric_limits<int32_t>::max() || id < -1)
          ThrowInput("{}: annotations: expected a category_id from 0, found {}", source_, id);
        found = known
                    .emplace(id, table_.Class(static_cast<int32_t>(id),
                                              category == categories_.end() ? std::string()
                                                                            : category->second))
                    .first;
      }
      table_.rows[first_row_ + k].box_class = found->second;
    }
  }

  const std::string source_;
  const std::string default_sequence_;
  BoxTable& table_;
  const size_t first_row_;
  bool results_ = false;
  std::vector<CocoImage> images_;
  std::vector<int64_t> image_ids_;
  std::unordered_map<int64_t, uint32_t> image_index_;
  std::unordered_map<int64_t, BoxSequence> videos_;
  std::vector<int64_t> video_order_;
  std::unordered_map<int64_t, int32_t> sequence_of_video_;
  std::unordered_map<int64_t, std::string> categories_;
  std::vector<int64_t> image_of_, category_of_;  // of each row from first_row_
  std::string last_name_;
  int32_t last_sequence_ = 0;
  bool zero_based_ = false, zero_noted_ = false;
  int64_t without_box_ = 0, segmentations_ = 0, keypoints_ = 0, crowds_ = 0;
};

std::string DefaultSequence(const std::string& source) {
  return std::filesystem::path(source).stem().string();
}

std::string JsonText(const std::string& text) { return DumpJson(Json(text), -1); }

}  // namespace

void ReadCoco(const std::filesystem::path& file, BoxTable* table) {
  CocoReader reader(file.string(), DefaultSequence(file.string()), table);
  JsonRecords records(file.string(), [&](const std::string& list, const JsonRecord& record) {
    reader.Take(list, record);
  });
  StreamJsonFile(file, &records);
  reader.Finish(records.root_keys());
}

void ParseCoco(std::string_view text, const std::string& source, BoxTable* table) {
  CocoReader reader(source, DefaultSequence(source), table);
  JsonRecords records(source, [&](const std::string& list, const JsonRecord& record) {
    reader.Take(list, record);
  });
  StreamJson(text, source, &records);
  reader.Finish(records.root_keys());
}

void WriteCoco(const BoxTable& table, TextSink* sink) {
  std::string& out = sink->text();
  const std::vector<size_t> begins = SequenceBegins(table);
  std::vector<int64_t> first_image;  // id of each sequence's frame 1
  int64_t next_image = 1;
  out += "{\"videos\":[";
  for (size_t s = 0; s < table.sequences.size(); ++s) {
    const BoxSequence& info = table.sequences[s];
    first_image.push_back(next_image);
    next_image += info.frame_count;
    out +=
        fmt::format("{}\n{{\"id\":{},\"name\":{}", s == 0 ? "" : ",", s + 1, JsonText(info.name));
    if (info.size.width > 0)
      out += fmt::format(",\"width\":{},\"height\":{}", info.size.width, info.size.height);
    if (info.frame_rate) out += fmt::format(",\"fps\":{}", *info.frame_rate);
    out += '}';
  }
  out += "],\n\"images\":[";
  bool first = true;
  for (size_t s = 0; s < table.sequences.size(); ++s) {
    const BoxSequence& info = table.sequences[s];
    for (int64_t frame = 1; frame <= info.frame_count; ++frame) {
      const auto name = info.frame_names.find(frame);
      fmt::format_to(std::back_inserter(out),
                     "{}\n{{\"id\":{},\"video_id\":{},\"frame_id\":{},\"file_name\":{}",
                     first ? "" : ",", first_image[s] + frame - 1, s + 1, frame,
                     JsonText(name != info.frame_names.end() ? name->second
                                                             : DefaultFileName(info.name, frame)));
      first = false;
      if (const ImageSize size = info.SizeOf(frame); size.width > 0) {
        fmt::format_to(std::back_inserter(out), ",\"width\":{},\"height\":{}", size.width,
                       size.height);
      }
      out += '}';
      sink->Pour();
    }
  }
  out += "],\n\"categories\":[";
  for (size_t c = 0; c < table.classes.size(); ++c) {
    out += fmt::format("{}\n{{\"id\":{},\"name\":{}}}", c == 0 ? "" : ",", table.classes[c].number,
                       JsonText(table.classes[c].name));
  }
  out += "],\n\"annotations\":[";
  for (size_t i = 0; i < table.rows.size(); ++i) {
    const BoxRow& row = table.rows[i];
    const auto sequence = static_cast<size_t>(row.sequence);
    fmt::format_to(std::back_inserter(out), "{}\n{{\"id\":{},\"image_id\":{},\"video_id\":{}",
                   i == 0 ? "" : ",", i + 1, first_image[sequence] + row.frame - 1, sequence + 1);
    if (row.box_class != kNoClass) {
      fmt::format_to(std::back_inserter(out), ",\"category_id\":{}",
                     table.classes[static_cast<size_t>(row.box_class)].number);
    }
    if (row.track_id != kNoTrack)
      fmt::format_to(std::back_inserter(out), ",\"track_id\":{}", row.track_id);
    fmt::format_to(std::back_inserter(out), ",\"bbox\":[{},{},{},{}],\"area\":{},\"iscrowd\":0",
                   row.box.left, row.box.top, row.box.width, row.box.height,
                   row.box.width * row.box.height);
    const auto value = [&](const char* key, double number) {
      if (HasValue(number)) fmt::format_to(std::back_inserter(out), ",\"{}\":{}", key, number);
    };
    value("score", row.score);
    value("visibility", row.visibility);
    value("occluded", row.occluded);
    value("truncated", row.truncated);
    if (row.mark >= 0) value("ignore", row.mark == 0 ? 1 : 0);
    bool any = false;
    for (const ExtraColumn& extra : table.extras) {
      const double number = extra.values[i];
      if (!HasValue(number)) continue;
      out += any ? "," : ",\"attributes\":{";
      any = true;
      out += JsonText(extra.name);
      out += ':';
      if (extra.words.empty()) {
        AppendShortest(number, &out);
      } else {
        out += JsonText(extra.words[static_cast<size_t>(number)]);
      }
    }
    if (any) out += '}';
    out += '}';
    sink->Pour();
  }
  out += "]}\n";
}

}  // namespace reidbench
