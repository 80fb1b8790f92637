// CVAT's XML 1.1 (docs.cvat.ai, "XML annotation format"): for video, tracks of boxes, a box a
// frame, of which one with outside="1" ends a track; for images, boxes in images. Frames count from
// 0.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/datasets/quoted.h"
#include "reidbench/formats/decimal.h"
#include "reidbench/formats/format_parts.h"
#include "reidbench/formats/text_rows.h"
#include "reidbench/formats/xml_reader.h"

namespace reidbench {
namespace {

std::string DefaultImageName(int64_t frame) { return fmt::format("{:06d}.jpg", frame); }

bool IsOtherShape(std::string_view name) {
  for (const char* shape :
       {"polygon", "polyline", "points", "cuboid", "ellipse", "mask", "skeleton", "tag"}) {
    if (name == shape) return true;
  }
  return false;
}

class CvatReader {
 public:
  CvatReader(std::string_view text, const std::string& source, BoxTable* table)
      : xml_(text, source), table_(*table) {
    std::string name = std::filesystem::path(source).stem().string();
    named_by_file_ = name != "annotations";
    sequence_.name = std::move(name);
  }

  void Run() {
    if (xml_.Next() != XmlReader::Event::kBegin || xml_.name() != "annotations")
      xml_.Fail("<annotations> of CVAT", fmt::format("<{}>", Quoted(xml_.name())));
    const int32_t index = static_cast<int32_t>(table_.sequences.size());
    table_.sequences.push_back(sequence_);
    index_ = index;
    for (;;) {
      const XmlReader::Event event = xml_.Next();
      if (event == XmlReader::Event::kDone) break;
      if (event == XmlReader::Event::kEnd) {
        EndElement();
        continue;
      }
      if (xml_.name() == "track") {
        track_id_ = xml_.Integer("id", 0, int64_t{1} << 53);
        class_ = table_.Class(-1, xml_.Attribute("label"));
        in_track_ = true;
      } else if (xml_.name() == "image") {
        BeginImage();
      } else if (xml_.name() == "box" && (in_track_ || in_image_)) {
        BeginBox();
      } else if ((in_track_ || in_image_) && IsOtherShape(xml_.name())) {
        ++other_shapes_;
      } else if (xml_.name() == "attribute" && in_box_) {
        attribute_ = xml_.Attribute("name");
      }
    }
    sequence_.frame_count = std::max(size_, last_image_);
    table_.sequences[static_cast<size_t>(index)] = sequence_;
    table_.CountLoss("other shapes", other_shapes_,
                     "polygons, points, masks and tags are no boxes");
    if (interpolated_ > 0) {
      table_.warnings.push_back(
          fmt::format("{} tracks have frames without a box between key frames: what CVAT would "
                      "fill in there is "
                      "not made up",
                      interpolated_));
    }
  }

 private:
  void BeginImage() {
    in_image_ = true;
    frame_ = static_cast<int32_t>(xml_.Integer("id", 0, kMostFrames - 1) + 1);
    last_image_ = std::max<int64_t>(last_image_, frame_);
    if (!images_.insert(frame_).second)
      xml_.Fail("each image id once", xml_.Attribute("id") + " twice");
    if (xml_.Has("width")) {
      const ImageSize size = {xml_.Integer("width", 0, 1 << 20),
                              xml_.Integer("height", 0, 1 << 20)};
      if (sequence_.size.width == 0) sequence_.size = size;
      if (!(sequence_.size == size)) sequence_.frame_sizes[frame_] = size;
    }
    if (xml_.Has("name") && xml_.Attribute("name") != DefaultImageName(frame_))
      sequence_.frame_names[frame_] = xml_.Attribute("name");
  }

  void BeginBox() {
    BoxRow row;
    row.sequence = index_;
    row.frame =
        in_track_ ? static_cast<int32_t>(xml_.Integer("frame", 0, kMostFrames - 1) + 1) : frame_;
    row.box_class = in_track_ ? class_ : table_.Class(-1, xml_.Attribute("label"));
    if (in_track_) row.track_id = track_id_;
    const double left = xml_.Number("xtl"), top = xml_.Number("ytl");
    const double right = xml_.Number("xbr"), bottom = xml_.Number("ybr");
    row.box = {left, top,
               DecimalDifference(xml_.Attribute("xbr"), xml_.Attribute("xtl"), right, left),
               DecimalDifference(xml_.Attribute("ybr"), xml_.Attribute("ytl"), bottom, top)};
    CheckBox(row.box, xml_.Place());
    if (xml_.Has("occluded")) row.occluded = static_cast<double>(xml_.Integer("occluded", 0, 1));
    const bool outside = xml_.Has("outside") && xml_.Integer("outside", 0, 1) == 1;
    if (in_track_) {
      if (!outside && !was_outside_ && row.frame > last_frame_ + 1) track_has_gap_ = true;
      was_outside_ = outside;
      last_frame_ = row.frame;
    }
    in_box_ = true;
    keeps_box_ = !outside;
    if (keeps_box_) table_.rows.push_back(row);
  }

  void EndElement() {
    const std::string& name = xml_.name();
    if (name == "track") {
      in_track_ = false;
      if (track_has_gap_) ++interpolated_;
      track_has_gap_ = false;
      was_outside_ = true;
    } else if (name == "image") {
      in_image_ = false;
    } else if (name == "box") {
      in_box_ = false;
    } else if (name == "attribute" && in_box_ && keeps_box_) {
      TakeAttribute(std::string(Trim(xml_.text())));
    } else if (!in_track_ && !in_image_) {
      TakeMeta(name, std::string(Trim(xml_.text())));
    }
  }

  void TakeAttribute(const std::string& text) {
    BoxRow& row = table_.rows.back();
    const std::optional<double> number = ParseDouble(text);
    const bool finite = number && *number - *number == 0;
    if (finite && (attribute_ == "score" || attribute_ == "confidence")) {
      row.score = *number;
    } else if (finite && attribute_ == "visibility") {
      row.visibility = *number;
    } else if (finite && attribute_ == "truncated") {
      row.truncated = *number;
    } else if (finite && attribute_ == "occlusion_level") {
      row.occluded = *number;
    } else if (finite && attribute_ == "mark" && (*number == 0 || *number == 1)) {
      row.mark = static_cast<int8_t>(*number);
    } else if (!text.empty()) {
      table_.SetExtra(attribute_, text);
    }
  }

  // Depth 4 is an element of <task> in <meta> (or of <job>, <project>), 5 of its <original_size>.
  void TakeMeta(const std::string& name, const std::string& text) {
    const auto size = [&](int64_t most) {
      const auto value = ParseInt(text);
      if (!value || *value < 0 || *value > most)
        xml_.Fail(fmt::format("a whole number 0..{} in <{}>", most, name), Quoted(text));
      return *value;
    };
    if (xml_.depth() == 4 && name == "name" && !named_by_file_ && !text.empty())
      sequence_.name = text;
    if (xml_.depth() == 4 && name == "size" && !text.empty()) size_ = size(kMostFrames);
    if (xml_.depth() == 5 && name == "width" && !text.empty()) sequence_.size.width = size(1 << 20);
    if (xml_.depth() == 5 && name == "height" && !text.empty())
      sequence_.size.height = size(1 << 20);
    if (xml_.depth() == 4 && name == "frame_rate") {
      if (const auto rate = ParseDouble(text); rate && *rate > 0 && *rate < 1e9)
        sequence_.frame_rate = *rate;
    }
  }

  XmlReader xml_;
  BoxTable& table_;
  BoxSequence sequence_;
  bool named_by_file_ = true;
  int32_t index_ = 0;
  int64_t size_ = 0, last_image_ = 0;
  bool in_track_ = false, in_image_ = false, in_box_ = false, keeps_box_ = false;
  int64_t track_id_ = kNoTrack;
  int32_t class_ = kNoClass;
  int32_t frame_ = 0;
  std::set<int32_t> images_;
  std::string attribute_;
  int64_t other_shapes_ = 0, interpolated_ = 0;
  bool was_outside_ = true, track_has_gap_ = false;
  int32_t last_frame_ = 0;
};

void AppendXml(std::string_view text, std::string* out) {
  for (const char c : text) {
    switch (c) {
      case '&':
        *out += "&amp;";
        break;
      case '<':
        *out += "&lt;";
        break;
      case '>':
        *out += "&gt;";
        break;
      case '"':
        *out += "&quot;";
        break;
      default:
        *out += c;
    }
  }
}

std::string Xml(std::string_view text) {
  std::string out;
  AppendXml(text, &out);
  return out;
}

void AppendCorners(const BoxLtwh& box, std::string* out) {
  *out += " xtl=\"";
  AppendShortest(box.left, out);
  *out += "\" ytl=\"";
  AppendShortest(box.top, out);
  *out += "\" xbr=\"";
  AppendDecimalSum(box.left, box.width, out);
  *out += "\" ybr=\"";
  AppendDecimalSum(box.top, box.height, out);
  *out += '"';
}

// What has no place of its own in CVAT: attributes of the box.
struct CvatAttributes {
  const SequenceRows& rows;

  template <typename Body>
  void ForEach(size_t i, Body&& body) const {
    const BoxRow& row = rows.row(i);
    const auto number = [&](std::string_view name, double value) {
      if (HasValue(value)) body(name, fmt::format("{}", value));
    };
    number("score", row.score);
    number("visibility", row.visibility);
    number("truncated", row.truncated);
    if (HasValue(row.occluded) && row.occluded != 0 && row.occluded != 1)
      number("occlusion_level", row.occluded);
    if (row.mark >= 0) number("mark", row.mark);
    for (const ExtraColumn& extra : rows.table.extras) {
      const double value = extra.values[i];
      if (!HasValue(value)) continue;
      if (extra.words.empty()) {
        number(extra.name, value);
      } else {
        body(extra.name, extra.words[static_cast<size_t>(value)]);
      }
    }
  }

  void Append(size_t i, std::string* out) const {
    bool any = false;
    ForEach(i, [&](std::string_view name, const std::string& text) {
      *out += any ? "" : ">\n";
      any = true;
      *out += "      <attribute name=\"";
      AppendXml(name, out);
      *out += "\">";
      AppendXml(text, out);
      *out += "</attribute>\n";
    });
    *out += any ? "    </box>\n" : "/>\n";
  }
};

void AppendMeta(const SequenceRows& rows, bool video, std::string* out) {
  const BoxSequence& info = rows.info();
  *out +=
      "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<annotations>\n  <version>1.1</version>\n"
      "  <meta>\n    <task>\n";
  *out += fmt::format("      <name>{}</name>\n      <size>{}</size>\n      <mode>{}</mode>\n",
                      Xml(info.name), info.frame_count, video ? "interpolation" : "annotation");
  if (info.frame_count > 0) {
    *out += fmt::format("      <start_frame>0</start_frame>\n      <stop_frame>{}</stop_frame>\n",
                        info.frame_count - 1);
  }
  if (info.frame_rate) *out += fmt::format("      <frame_rate>{}</frame_rate>\n", *info.frame_rate);
  if (info.size.width > 0) {
    *out += fmt::format(
        "      <original_size>\n        <width>{}</width>\n        "
        "<height>{}</height>\n      </original_size>\n",
        info.size.width, info.size.height);
  }
  // CVAT refuses labels and attributes that its task does not know: they are listed.
  std::map<std::string, std::set<std::string>> labels;
  for (size_t i = rows.begin; i < rows.end; ++i) {
    std::set<std::string>& attributes = labels[rows.class_of(i).name];
    CvatAttributes{rows}.ForEach(
        i, [&](std::string_view name, const std::string&) { attributes.emplace(name); });
  }
  *out += "      <labels>\n";
  for (const auto& [label, attributes] : labels) {
    *out += fmt::format("        <label>\n          <name>{}</name>\n          <attributes>\n",
                        Xml(label));
    for (const std::string& attribute : attributes) {
      *out += fmt::format(
          "            <attribute>\n              <name>{}</name>\n              "
          "<mutable>True</mutable>\n              <input_type>text</input_type>\n  "
          "          </attribute>\n",
          Xml(attribute));
    }
    *out += "          </attributes>\n        </label>\n";
  }
  *out += "      </labels>\n    </task>\n  </meta>\n";
}

void AppendOccluded(const BoxRow& row, std::string* out) {
  if (HasValue(row.occluded)) *out += row.occluded == 0 ? " occluded=\"0\"" : " occluded=\"1\"";
}

void WriteImages(const SequenceRows& rows, TextSink* sink) {
  const BoxSequence& info = rows.info();
  size_t i = rows.begin;
  for (int64_t frame = 1; frame <= info.frame_count; ++frame) {
    std::string& out = sink->text();
    const auto name = info.frame_names.find(frame);
    out += fmt::format("  <image id=\"{}\" name=\"{}\" width=\"{}\" height=\"{}\">\n", frame - 1,
                       Xml(name == info.frame_names.end() ? DefaultImageName(frame) : name->second),
                       info.SizeOf(frame).width, info.SizeOf(frame).height);
    for (; i < rows.end && rows.row(i).frame == frame; ++i) {
      const BoxRow& row = rows.row(i);
      out += "    <box label=\"";
      AppendXml(rows.class_of(i).name, &out);
      out += '"';
      AppendOccluded(row, &out);
      AppendCorners(row.box, &out);
      out += " z_order=\"0\"";
      CvatAttributes{rows}.Append(i, &out);
      sink->Pour();
    }
    out += "  </image>\n";
    sink->Pour();
  }
}

void WriteTracks(const SequenceRows& rows, TextSink* sink) {
  std::vector<size_t> order;
  for (size_t i = rows.begin; i < rows.end; ++i) order.push_back(i);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return rows.row(a).track_id < rows.row(b).track_id; });
  for (size_t k = 0; k < order.size();) {
    const size_t first = k;
    const BoxRow& head = rows.row(order[first]);
    const int32_t box_class = head.box_class;
    std::string& out = sink->text();
    out += fmt::format("  <track id=\"{}\" label=\"", head.track_id);
    AppendXml(rows.class_of(order[first]).name, &out);
    out += "\">\n";
    const auto box = [&](size_t i, int32_t frame, bool outside) {
      const BoxRow& row = rows.row(i);
      out += fmt::format("    <box frame=\"{}\" keyframe=\"1\" outside=\"{}\"", frame - 1,
                         outside ? 1 : 0);
      AppendOccluded(row, &out);
      AppendCorners(row.box, &out);
      out += " z_order=\"0\"";
    };
    for (; k < order.size() && rows.row(order[k]).track_id == head.track_id &&
           rows.row(order[k]).box_class == box_class;
         ++k) {
      const BoxRow& row = rows.row(order[k]);
      box(order[k], row.frame, false);
      CvatAttributes{rows}.Append(order[k], &out);
      // Without an end CVAT draws the track on through gaps and to the end of the video.
      const bool goes_on = k + 1 < order.size() &&
                           rows.row(order[k + 1]).track_id == head.track_id &&
                           rows.row(order[k + 1]).box_class == box_class &&
                           rows.row(order[k + 1]).frame <= row.frame + 1;
      if (!goes_on && row.frame < rows.info().frame_count) {
        box(order[k], row.frame + 1, true);
        out += "/>\n";
      }
      sink->Pour();
    }
    out += "  </track>\n";
  }
}

}  // namespace

void ParseCvat(std::string_view text, const std::string& source, BoxTable* table) {
  const std::string_view start = Trim(text.substr(0, 4096));
  if (StartsWith(start, "{") || StartsWith(start, "[")) {
    ThrowInput(
        "{}: expected CVAT's XML, found JSON\n  hint: export the task in CVAT's menu as 'CVAT "
        "for video 1.1', 'CVAT for images 1.1' or 'COCO 1.0'",
        source);
  }
  CvatReader(text, source, table).Run();
}

void WriteCvat(const SequenceRows& rows, TextSink* sink) {
  bool tracks = false;
  for (size_t i = rows.begin; i < rows.end; ++i)
    tracks = tracks || rows.row(i).track_id != kNoTrack;
  AppendMeta(rows, tracks, &sink->text());
  if (tracks) {
    WriteTracks(rows, sink);
  } else {
    WriteImages(rows, sink);
  }
  sink->text() += "</annotations>\n";
}

}  // namespace reidbench
