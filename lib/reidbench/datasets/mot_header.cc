#include "reidbench/datasets/mot_header.h"

#include <algorithm>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/datasets/quoted.h"

namespace reidbench {
namespace {

// What a field can be: the columns of MOT text, and other ways of writing a box.
enum Meaning : int {
  kRightMeaning = kMotColumns,
  kBottomMeaning,
  kCentreXMeaning,
  kCentreYMeaning,
  kMeanings,
};

using Names = std::vector<std::string_view>;

struct MeaningNames {
  int meaning;
  std::string_view what;  // in messages
  // The first list that has one of the names decides: an "x" beside "bb_left" is no left edge.
  std::vector<Names> ranks;
};

const std::vector<MeaningNames>& AllMeanings() {
  static const std::vector<MeaningNames> kAll = {
      {kFrameColumn,
       "frame",
       {{"frame", "frameid", "frameidx", "frameindex", "framenumber", "frameno", "framenum",
         "framenr", "imageid", "imageidx", "imageindex", "imgid", "imgidx", "fid"},
        {"timestamp", "timestampms", "timestamps", "time", "timems", "ts"},
        {"f"}}},
      {kIdColumn,
       "id",
       {{"id", "trackid", "trackerid", "objectid", "objid", "personid", "targetid", "instanceid",
         "pedestrianid", "agentid", "identity", "tid", "pid", "oid", "tracknumber", "trackno",
         "trackidx", "trackindex", "trackletid"},
        {"track", "tracker", "target", "object", "ids"}}},
      {kLeftColumn,
       "left",
       {{"left",  "bbleft", "bboxleft", "boxleft", "xmin",  "bbxmin",   "bboxxmin", "boxxmin",
         "minx",  "xleft",  "leftx",    "tlx",     "xtl",   "topleftx", "xtopleft", "bbx",
         "bboxx", "boxx",   "bbx1",     "bboxx1",  "boxx1", "lx",       "l"},
        {"x0", "bbx0", "bboxx0"},
        {"x1"},
        {"x"}}},
      {kTopColumn,
       "top",
       {{"top",   "bbtop", "bboxtop", "boxtop", "ymin",  "bbymin",   "bboxymin", "boxymin",
         "miny",  "ytop",  "topy",    "tly",    "ytl",   "toplefty", "ytopleft", "bby",
         "bboxy", "boxy",  "bby1",    "bboxy1", "boxy1", "ty",       "t"},
        {"y0", "bby0", "bboxy0"},
        {"y1"},
        {"y"}}},
      {kWidthColumn,
       "width",
       {{"width", "w", "bbwidth", "bboxwidth", "boxwidth", "bbw", "bboxw", "boxw"}}},
      {kHeightColumn,
       "height",
       {{"height", "h", "bbheight", "bboxheight", "boxheight", "bbh", "bboxh", "boxh"}}},
      {kRightMeaning,
       "right",
       {{"right",        "bbright", "bboxright", "boxright", "xmax", "bbxmax", "bboxxmax",
         "boxxmax",      "maxx",    "xright",    "rightx",   "brx",  "xbr",    "bottomrightx",
         "xbottomright", "bbx2",    "bboxx2",    "boxx2",    "x2",   "rx",     "r"}}},
      {kBottomMeaning,
       "bottom",
       {{"bottom",       "bbbottom", "bboxbottom", "boxbottom", "ymax", "bbymax", "bboxymax",
         "boxymax",      "maxy",     "ybottom",    "bottomy",   "bry",  "ybr",    "bottomrighty",
         "ybottomright", "bby2",     "bboxy2",     "boxy2",     "y2",   "by",     "b"}}},
      {kCentreXMeaning,
       "centre x",
       {{"cx", "xc", "centerx", "centrex", "xcenter", "xcentre", "bbcx", "bboxcx", "boxcx",
         "bbcenterx", "bboxcenterx", "bboxxcenter", "centroidx", "xcentroid", "ctrx", "midx",
         "xmid"}}},
      {kCentreYMeaning,
       "centre y",
       {{"cy", "yc", "centery", "centrey", "ycenter", "ycentre", "bbcy", "bboxcy", "boxcy",
         "bbcentery", "bboxcentery", "bboxycenter", "centroidy", "ycentroid", "ctry", "midy",
         "ymid"}}},
      {kScoreColumn,
       "score",
       {{"score", "conf", "confidence", "detscore", "detconf", "detectionscore", "boxconf",
         "detectionconfidence", "prob", "probability", "mark", "consider", "considered",
         "considerflag", "active", "flag", "valid", "notignored"},
        {"c", "s"}}},
      {kClassColumn,
       "class",
       {{"class", "classid", "cls", "clsid", "classidx", "classindex", "category", "categoryid",
         "cat", "catid", "objectclass", "objectcategory", "objecttype"},
        {"label", "labelid", "classname", "categoryname", "labelname", "type", "name"}}},
      {kVisibilityColumn,
       "visibility",
       {{"visibility", "vis", "visible", "visratio", "visibilityratio"}}},
  };
  return kAll;
}

std::string Normalised(std::string_view name) {
  std::string out;
  char closing = 0;  // of a unit in brackets
  for (const char c : ToLower(UnquoteField(name))) {
    if (closing != 0) {
      if (c == closing) closing = 0;
    } else if (c == '(' || c == '[') {
      closing = c == '(' ? ')' : ']';
    } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      out += c;
    }
  }
  return out;
}

// A row's number, as pandas, R and spreadsheets put it first.
bool IsIndexName(std::string_view name, size_t field) {
  return (field == 0 && (name.empty() || name == "index" || name == "rownames" || name == "row")) ||
         name.starts_with("unnamed");
}

std::string ShownName(const std::string& name) { return name.empty() ? "(no name)" : Quoted(name); }

class HeaderReader {
 public:
  HeaderReader(const std::vector<std::string_view>& fields, MotFileKind kind,
               std::string_view source, int64_t line)
      : kind_(kind), source_(source), line_(line) {
    for (const std::string_view field : fields) {
      out_.names.emplace_back(UnquoteField(field));
      plain_.push_back(Normalised(field));
    }
    meaning_.assign(plain_.size(), -1);
  }

  std::optional<MotHeader> Read() {
    int found = 0;
    for (const MeaningNames& each : AllMeanings()) found += FindMeaning(each) ? 1 : 0;
    // A sentence may have two such words, and a list of letters many.
    const auto is_named = [&](int meaning) {
      return at_[meaning] >= 0 && plain_[static_cast<size_t>(at_[meaning])].size() > 1;
    };
    if (found < 3 || (!is_named(kFrameColumn) && !is_named(kIdColumn))) return std::nullopt;
    for (const auto& [meaning, a, b] : twice_) {
      Refuse(fmt::format("one column of {}", AllMeanings()[static_cast<size_t>(meaning)].what),
             fmt::format("'{}' and '{}'", ShownName(out_.names[a]), ShownName(out_.names[b])),
             "rename or remove one of them");
    }
    out_.field.fill(-1);
    for (const int column :
         {kFrameColumn, kIdColumn, kScoreColumn, kClassColumn, kVisibilityColumn})
      out_.field[static_cast<size_t>(column)] = at_[column];
    Require(kFrameColumn, "the frame numbers");
    if (at_[kIdColumn] < 0 && kind_ != MotFileKind::kDetections) {
      Refuse("a column of ids", Listed(),
             kind_ == MotFileKind::kResult
                 ? "these look like detections: run a tracker on them first (reidbench track)"
                 : "name the column of identities 'id'");
    }
    out_.horizontal = ReadSide(kLeftColumn, kWidthColumn, kRightMeaning, kCentreXMeaning);
    out_.vertical = ReadSide(kTopColumn, kHeightColumn, kBottomMeaning, kCentreYMeaning);
    ReadRest();
    return std::move(out_);
  }

 private:
  // Whether a field has this meaning.
  bool FindMeaning(const MeaningNames& each) {
    const bool second_corner_is_x1 = Has("x0") && Has("x1") && !Has("x2");
    const bool second_corner_is_y1 = Has("y0") && Has("y1") && !Has("y2");
    at_[each.meaning] = -1;
    for (const Names& names : each.ranks) {
      for (size_t k = 0; k < plain_.size(); ++k) {
        if (IsIndexName(plain_[k], k)) continue;
        if (std::find(names.begin(), names.end(), plain_[k]) == names.end()) continue;
        if (at_[each.meaning] >= 0) {
          twice_.push_back({MeaningIndex(each), static_cast<size_t>(at_[each.meaning]), k});
          break;
        }
        at_[each.meaning] = static_cast<int>(k);
      }
      if (at_[each.meaning] >= 0) break;
    }
    if (each.meaning == kRightMeaning && second_corner_is_x1 && at_[kRightMeaning] < 0)
      at_[kRightMeaning] = FieldOf("x1");
    if (each.meaning == kBottomMeaning && second_corner_is_y1 && at_[kBottomMeaning] < 0)
      at_[kBottomMeaning] = FieldOf("y1");
    if (at_[each.meaning] < 0) return false;
    meaning_[static_cast<size_t>(at_[each.meaning])] = each.meaning;
    return true;
  }

  static int MeaningIndex(const MeaningNames& each) {
    return static_cast<int>(&each - AllMeanings().data());
  }
  int FieldOf(std::string_view name) const {
    const auto found = std::find(plain_.begin(), plain_.end(), name);
    return found == plain_.end() ? -1 : static_cast<int>(found - plain_.begin());
  }
  bool Has(std::string_view name) const { return FieldOf(name) >= 0; }

  [[noreturn]] void Refuse(const std::string& expected, const std::string& found,
                           const std::string& mend) const {
    ThrowInput("{}:{}: expected {}, found {}\n  hint: {}", source_, line_, expected, found, mend);
  }
  std::string Listed() const {
    std::vector<std::string> shown;
    for (const std::string& name : out_.names) shown.push_back(ShownName(name));
    return "the columns " + JoinText(shown, ", ");
  }
  std::string Name(int meaning) const {
    return fmt::format("'{}'", ShownName(out_.names[static_cast<size_t>(at_[meaning])]));
  }

  void Require(int meaning, std::string_view what) const {
    if (at_[meaning] >= 0) return;
    Refuse(fmt::format("a column of {}", what), Listed(),
           "name the columns frame, id, left, top, width, height, score, or left, top, right, "
           "bottom; a file without a header is read in that order");
  }

  // Exactly one of: start and size, both edges, centre and size.
  MotHeader::Box ReadSide(int start, int size, int end, int centre) {
    const bool horizontal = start == kLeftColumn;
    const std::string_view forms = horizontal
                                       ? "left and width, left and right, or centre x and width"
                                       : "top and height, top and bottom, or centre y and height";
    const auto refuse = [&](const std::string& found) {
      Refuse(fmt::format("one of {}", forms), found,
             "keep the columns of one form, and name them so");
    };
    if (at_[end] >= 0 && at_[size] >= 0)
      refuse(fmt::format("both {} and {}", Name(end), Name(size)));
    if (at_[start] >= 0 && at_[centre] >= 0)
      refuse(fmt::format("both {} and {}", Name(start), Name(centre)));
    if (at_[end] >= 0 && at_[centre] >= 0)
      refuse(fmt::format("both {} and {}", Name(end), Name(centre)));
    if (at_[start] < 0 && at_[centre] < 0) {
      Refuse(fmt::format("a column of {}",
                         horizontal ? "left edges (left, x1)" : "top edges (top, y1)"),
             Listed(), fmt::format("give {}", forms));
    }
    if (at_[end] < 0 && at_[size] < 0) {
      Refuse(fmt::format("a column of {}",
                         horizontal ? "widths (or right edges)" : "heights (or bottom edges)"),
             Listed(), fmt::format("give {}", forms));
    }
    out_.field[static_cast<size_t>(start)] = at_[start] >= 0 ? at_[start] : at_[centre];
    out_.field[static_cast<size_t>(size)] = at_[size] >= 0 ? at_[size] : at_[end];
    return at_[end] >= 0      ? MotHeader::Box::kCorners
           : at_[centre] >= 0 ? MotHeader::Box::kCentre
                              : MotHeader::Box::kSize;
  }

  void ReadRest() {
    if (out_.horizontal != out_.vertical) {
      Refuse("boxes written alike in both directions",
             fmt::format("{} and {}",
                         Name(out_.horizontal == MotHeader::Box::kCorners ? int{kRightMeaning}
                                                                          : int{kWidthColumn}),
                         Name(out_.vertical == MotHeader::Box::kCorners ? int{kBottomMeaning}
                                                                        : int{kHeightColumn})),
             "give left, top, width, height, or left, top, right, bottom");
    }
    for (size_t k = 0; k < plain_.size(); ++k) {
      // The last columns of MOT15 are places in the world, which nobody evaluates.
      const bool world = plain_[k] == "x" || plain_[k] == "y" || plain_[k] == "z";
      if (meaning_[k] < 0 && !world && !IsIndexName(plain_[k], k))
        out_.ignored.push_back(ShownName(out_.names[k]));
    }
    out_.in_mot_order = out_.horizontal == MotHeader::Box::kSize && plain_.size() >= 7;
    for (size_t k = 0; k < std::min<size_t>(plain_.size(), kMotColumns); ++k)
      out_.in_mot_order = out_.in_mot_order && out_.field[k] == static_cast<int>(k);
    const std::string& frame = plain_[static_cast<size_t>(at_[kFrameColumn])];
    out_.counts_from_zero = frame.ends_with("index") || frame.ends_with("idx");
  }

  struct Twice {
    int meaning_index;
    size_t a, b;
  };

  const MotFileKind kind_;
  const std::string_view source_;
  const int64_t line_;
  MotHeader out_;
  std::vector<std::string> plain_;  // the names as they are compared
  std::vector<int> meaning_;        // of each field
  std::array<int, kMeanings> at_{};
  std::vector<Twice> twice_;
};

}  // namespace

std::string MotHeader::DescribeBox() const {
  const auto side = [&](MotColumn start, MotColumn size, Box form, std::string_view start_name,
                        std::string_view size_name) {
    const std::string a = ShownName(NameOf(start)), b = ShownName(NameOf(size));
    switch (form) {
      case Box::kSize:
        return fmt::format("{}={}, {}={}", start_name, a, size_name, b);
      case Box::kCorners:
        return fmt::format("{}={}, {}={}-{}", start_name, a, size_name, b, a);
      case Box::kCentre:
        return fmt::format("{}={}-{}/2, {}={}", start_name, a, b, size_name, b);
    }
    return std::string();
  };
  return side(kLeftColumn, kWidthColumn, horizontal, "left", "width") + ", " +
         side(kTopColumn, kHeightColumn, vertical, "top", "height");
}

char DelimiterOf(std::string_view line) {
  for (const char delimiter : {',', ';', '\t'}) {
    if (line.find(delimiter) != std::string_view::npos) return delimiter;
  }
  return ' ';
}

bool IsRemark(std::string_view line) {
  return line.starts_with('#') || line.starts_with('%') || line.starts_with("//");
}

std::optional<MotHeader> ReadMotHeader(std::string_view line, MotFileKind kind,
                                       std::string_view source, int64_t number) {
  // "# frame,id,...", as numpy.savetxt writes it
  while (IsRemark(line)) line = Trim(line.substr(1));
  std::vector<std::string_view> fields;
  SplitFields(line, DelimiterOf(line), &fields);
  return HeaderReader(fields, kind, source, number).Read();
}

void SplitFields(std::string_view line, char delimiter, std::vector<std::string_view>* fields) {
  fields->clear();
  const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\v' || c == '\f'; };
  size_t at = 0;
  for (;;) {
    while (at < line.size() && is_blank(line[at]) && line[at] != delimiter) ++at;
    if (delimiter == ' ') {
      while (at < line.size() && is_blank(line[at])) ++at;
    }
    if (at == line.size() && (delimiter == ' ' || !fields->empty())) return;
    size_t end = at;
    if (end < line.size() && line[end] == '"') {
      ++end;
      while (end < line.size() &&
             (line[end] != '"' || (end + 1 < line.size() && line[end + 1] == '"')))
        end += line[end] == '"' ? 2 : 1;
    }
    while (end < line.size() && line[end] != delimiter &&
           (delimiter != ' ' || !is_blank(line[end])))
      ++end;
    fields->push_back(line.substr(at, end - at));
    if (end >= line.size()) return;
    at = end + 1;
  }
}

std::string_view UnquoteField(std::string_view field) {
  field = Trim(field);
  if (field.size() >= 2 && (field.front() == '"' || field.front() == '\'') &&
      field.front() == field.back())
    field = Trim(field.substr(1, field.size() - 2));
  return field;
}

}  // namespace reidbench
