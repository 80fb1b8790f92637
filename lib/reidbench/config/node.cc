#include "reidbench/config/node.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <istream>
#include <streambuf>
#include <unordered_set>

#include "reidbench/config/utf8.h"
#include "reidbench/core/files.h"
#include "reidbench/core/text.h"

namespace reidbench {
namespace {

// Long values would drown the message.
std::string Abbreviate(std::string_view text) {
  constexpr size_t kLongest = 60;
  std::string shown(text.substr(0, kLongest));
  for (char& c : shown) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  // Cut before a UTF-8 sequence, not inside it.
  if (text.size() > kLongest) {
    while (!shown.empty() && (static_cast<unsigned char>(shown.back()) & 0xC0) == 0x80)
      shown.pop_back();
    if (!shown.empty() && static_cast<unsigned char>(shown.back()) >= 0xC0) shown.pop_back();
    shown += "...";
  }
  return shown;
}

// yaml-cpp guesses encodings and treats byte 4 as the end of the file, so only clean UTF-8 reaches
// it.
void RequireCleanText(std::string_view text, std::string_view source_name) {
  int line = 1;
  for (size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '\n') ++line;
    if ((c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7F) {
      ThrowConfig("{}:{}: control character 0x{:02x}; a config file is plain UTF-8 text",
                  source_name, line, c);
    }
    const size_t length = Utf8Length(text.substr(i));
    if (length == 0)
      ThrowConfig("{}:{}: not valid UTF-8; save the file as UTF-8 text", source_name, line);
    i += length;
  }
}

class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::string_view source_name) : source_(source_name) {}

  ConfigNode TakeRoot() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) {
      Fail(mark,
           "a second YAML document starts here; a config file holds one document, check the "
           "indentation or remove "
           "what follows");
    }
    root_.place = PlaceOf(mark);
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Refuse(mark, "?", anchor);
    Add(MakeNode(ConfigNode::Kind::kNull, mark), "");
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    Fail(mark, "aliases (*name) are not supported: repeat the value");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Refuse(mark, tag, anchor);
    // yaml-cpp 0.7 turns "\N" and "\_" into single bytes that are no UTF-8.
    for (size_t i = 0; i < value.size();) {
      const size_t length = Utf8Length(std::string_view(value).substr(i));
      if (length == 0)
        Fail(mark, "an escape in this text is not supported; write the character itself");
      i += length;
    }
    ConfigNode node = MakeNode(ConfigNode::Kind::kScalar, mark);
    node.text = value;
    node.quoted = tag == "!";
    Add(std::move(node), value);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(ConfigNode::Kind::kSequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { Close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(ConfigNode::Kind::kMapping, mark, tag, anchor);
  }
  void OnMapEnd() override { Close(); }

 private:
  struct Frame {
    ConfigNode node;
    bool has_key = false;
    std::string key;
    ConfigPlace key_place;
    std::unordered_set<std::string> seen;
  };

  ConfigPlace PlaceOf(const YAML::Mark& mark) const {
    return {source_, std::max(mark.line, 0) + 1, std::max(mark.column, 0) + 1};
  }

  [[noreturn]] void Fail(const YAML::Mark& mark, std::string_view what) const {
    ThrowConfig("{}: {}", PlaceOf(mark).ToString(), what);
  }

  void Refuse(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) const {
    if (anchor != YAML::NullAnchor)
      Fail(mark, "anchors (&name) are not supported: repeat the value");
    if (!tag.empty() && tag != "?" && tag != "!") {
      Fail(mark, fmt::format("tags are not supported, found '{}': remove it", Abbreviate(tag)));
    }
  }

  ConfigNode MakeNode(ConfigNode::Kind kind, const YAML::Mark& mark) {
    if (++nodes_ > kMaxConfigNodes) Fail(mark, fmt::format("more than {} values", kMaxConfigNodes));
    ConfigNode node;
    node.kind = kind;
    node.place = PlaceOf(mark);
    return node;
  }

  void Open(ConfigNode::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor) {
    Refuse(mark, tag, anchor);
    RequireNotKey(mark);
    if (stack_.size() >= static_cast<size_t>(kMaxConfigDepth)) {
      Fail(mark, fmt::format("nested deeper than {} levels", kMaxConfigDepth));
    }
    Frame frame;
    frame.node = MakeNode(kind, mark);
    stack_.push_back(std::move(frame));
  }

  void RequireNotKey(const YAML::Mark& mark) const {
    if (!stack_.empty() && stack_.back().node.IsMapping() && !stack_.back().has_key) {
      Fail(mark, "a key must be plain text, not a list or mapping");
    }
  }

  void Close() {
    ConfigNode node = std::move(stack_.back().node);
    stack_.pop_back();
    Add(std::move(node), "");
  }

  void Add(ConfigNode node, const std::string& key_text) {
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& frame = stack_.back();
    if (frame.node.IsMapping()) {
      if (!frame.has_key) {
        TakeKey(&frame, node, key_text);
        return;
      }
      node.key = std::move(frame.key);
      node.key_place = std::move(frame.key_place);
      frame.has_key = false;
    }
    frame.node.children.push_back(std::move(node));
  }

  static void TakeKey(Frame* frame, const ConfigNode& node, const std::string& key_text) {
    if (!node.IsScalar() || key_text.empty()) ThrowConfig("{}: empty key", node.place.ToString());
    if (!node.quoted && key_text == "<<") {
      ThrowConfig("{}: merge keys (<<) are not supported: repeat the values",
                  node.place.ToString());
    }
    if (!frame->seen.insert(key_text).second) {
      const ConfigNode* first = frame->node.Find(key_text);
      ThrowConfig("{}: key '{}' is given twice; first at line {}", node.place.ToString(),
                  Abbreviate(key_text), first == nullptr ? 0 : first->key_place.line);
    }
    frame->has_key = true;
    frame->key = key_text;
    frame->key_place = node.place;
  }

  std::string source_;
  ConfigNode root_;
  std::vector<Frame> stack_;
  int documents_ = 0;
  size_t nodes_ = 0;
};

// std::istringstream would copy the text.
class ViewBuffer : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin =
        const_cast<char*>(text.data());  // streambuf's interface; the get area is never written
    setg(begin, begin, begin + text.size());
  }
};

[[noreturn]] void FailConversion(const ConfigNode& node, std::string_view expected,
                                 std::string_view advice = "") {
  throw ConfigValueError(node.place,
                         fmt::format("expected {}, found {}{}", expected, node.Describe(), advice));
}

// "010" is 8 to some YAML readers and 10 to others.
bool HasLeadingZero(std::string_view text) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  return text.size() > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9';
}

std::string AdviceOnLeadingZero(std::string_view text) {
  std::string_view sign;
  if (text.front() == '-' || text.front() == '+') {
    sign = text.substr(0, text.front() == '-' ? 1 : 0);
    text.remove_prefix(1);
  }
  while (HasLeadingZero(text)) text.remove_prefix(1);
  return fmt::format("; a leading 0 is ambiguous (octal or decimal): write {}{}", sign,
                     Abbreviate(text));
}

template <typename Integer>
Integer ConvertInteger(const ConfigNode& node) {
  constexpr std::string_view kExpected =
      std::is_signed_v<Integer> ? "a whole number" : "a whole number that is not negative";
  if (!node.IsScalar()) FailConversion(node, kExpected);
  if (node.quoted) {
    FailConversion(node, kExpected, ParseInt(node.text) ? "; remove the quotes" : "");
  }
  if (HasLeadingZero(node.text)) FailConversion(node, kExpected, AdviceOnLeadingZero(node.text));
  Integer value{};
  const char* end = node.text.data() + node.text.size();
  const auto [stop, error] = std::from_chars(node.text.data(), end, value);
  if (error == std::errc::result_out_of_range && stop == end) {
    FailConversion(node, kExpected, "; it does not fit 64 bits");
  }
  if (error != std::errc{} || stop != end) {
    const auto number = ParseDouble(node.text);
    if (number && std::floor(*number) == *number && std::abs(*number) < 1e15) {
      FailConversion(node, kExpected, fmt::format("; write {:.0f}", *number));
    }
    FailConversion(node, kExpected);
  }
  return value;
}

std::vector<std::string> SplitOverridePath(std::string_view path, std::string_view assignment) {
  std::vector<std::string> segments;
  for (const std::string_view segment : SplitText(path, '.')) {
    if (Trim(segment).empty()) {
      ThrowConfig(
          "--set {}: empty name in the path; expected path.key=value, as in tracker.max_age=30",
          Abbreviate(assignment));
    }
    segments.emplace_back(Trim(segment));
  }
  if (segments.size() > static_cast<size_t>(kMaxConfigDepth)) {
    ThrowConfig("--set {}: path deeper than {} levels", Abbreviate(assignment), kMaxConfigDepth);
  }
  return segments;
}

ConfigNode ParseOverrideValue(std::string_view value, const std::string& origin) {
  ConfigNode node;
  try {
    node = ParseConfig(value, origin);
  } catch (const Error& error) {
    ThrowConfig("{}; put the value in quotes if it is text", error.what());
  }
  if (node.IsNull() && value != "~" && value != "null") {
    ThrowConfig("{}: no value; write \"\" for an empty text and null for none", origin);
  }
  return node;
}

void SetPlaces(ConfigNode* node, const ConfigPlace& place) {
  node->place = place;
  node->key_place = place;
  for (ConfigNode& child : node->children) SetPlaces(&child, place);
}

bool IsIndex(std::string_view segment) {
  return !segment.empty() &&
         std::all_of(segment.begin(), segment.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Only characters that mean nothing to YAML in any context.
bool IsSafePlain(std::string_view text) {
  if (text.empty() || text.front() == '-' || text.front() == '.' || text.front() == ' ' ||
      text.back() == ' ') {
    return ParseDouble(text).has_value();
  }
  for (const std::string_view reserved : {"null", "Null", "NULL", "~"}) {
    if (text == reserved) return false;
  }
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == '/' || c == '+' || c == ' ';
  });
}

std::string Quote(std::string_view text) {
  std::string out = "\"";
  for (size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    const size_t length = std::max<size_t>(Utf8Length(text.substr(i)), 1);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += text[i];
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c < 0x20 || c == 0x7F) {
      out += fmt::format("\\x{:02x}", c);
    } else {
      out += text.substr(i, length);
    }
    i += length;
  }
  return out + '"';
}

std::string FormatScalar(const ConfigNode& node) {
  if (node.IsNull()) return "null";
  return !node.quoted && IsSafePlain(node.text) ? node.text : Quote(node.text);
}

std::string FormatKey(const std::string& key) {
  return IsSafePlain(key) && key.size() < 200 ? key : Quote(key);
}

bool IsLeaf(const ConfigNode& node) {
  return node.IsNull() || node.IsScalar() || node.children.empty();
}

class Dumper {
 public:
  explicit Dumper(bool with_places) : with_places_(with_places) {}

  // Writes `node` after "key:" or "-": on the same line if it is short, else as a block indented by
  // `indent`.
  void DumpValue(const ConfigNode& node, int indent, bool after_dash) {
    const bool flat_list =
        node.IsSequence() &&
        std::all_of(node.children.begin(), node.children.end(),
                    [](const ConfigNode& child) { return child.IsNull() || child.IsScalar(); });
    if (IsLeaf(node) || flat_list) {
      out_ += fmt::format(" {}", FormatFlat(node));
      EndLine(node);
    } else if (node.IsSequence()) {
      out_ += '\n';
      for (const ConfigNode& child : node.children) DumpItem(child, indent);
    } else {
      // "- key: value": the first key shares the dash's line.
      if (!after_dash) out_ += '\n';
      DumpEntries(node, indent, after_dash);
    }
  }

  void DumpEntries(const ConfigNode& mapping, int indent, bool first_is_inline) {
    for (const ConfigNode& child : mapping.children) {
      out_ += first_is_inline ? std::string(" ") : std::string(static_cast<size_t>(indent), ' ');
      first_is_inline = false;
      // A YAML reader looks ahead at most 1024 characters for the colon of a simple key.
      const std::string key = FormatKey(child.key);
      out_ += key.size() < 1000
                  ? fmt::format("{}:", key)
                  : fmt::format("? {}\n{}:", key, std::string(static_cast<size_t>(indent), ' '));
      DumpValue(child, indent + 2, false);
    }
  }

  void DumpItem(const ConfigNode& item, int indent) {
    out_ += std::string(static_cast<size_t>(indent), ' ') + "-";
    DumpValue(item, indent + 2, true);
  }

  static std::string FormatFlat(const ConfigNode& node) {
    if (node.IsMapping()) return "{}";
    if (!node.IsSequence()) return FormatScalar(node);
    std::vector<std::string> items;
    for (const ConfigNode& child : node.children) items.push_back(FormatScalar(child));
    return fmt::format("[{}]", JoinText(items, ", "));
  }

  void EndLine(const ConfigNode& node) {
    if (with_places_ && !node.place.source.empty()) {
      std::string place = node.place.ToString();
      std::replace(place.begin(), place.end(), '\n', ' ');
      out_ += fmt::format("  # {}", place);
    }
    out_ += '\n';
  }

  std::string Take() { return std::move(out_); }

 private:
  bool with_places_;
  std::string out_;
};

}  // namespace

std::string ConfigPlace::ToString() const {
  return line == 0 ? source : fmt::format("{}:{}:{}", source, line, column);
}

const ConfigNode* ConfigNode::Find(std::string_view wanted) const {
  if (!IsMapping()) return nullptr;
  for (const ConfigNode& child : children) {
    if (child.key == wanted) return &child;
  }
  return nullptr;
}

ConfigNode* ConfigNode::Find(std::string_view wanted) {
  return const_cast<ConfigNode*>(static_cast<const ConfigNode*>(this)->Find(wanted));
}

std::string ConfigNode::Describe() const {
  switch (kind) {
    case Kind::kNull:
      return "nothing";
    case Kind::kSequence:
      return "a list";
    case Kind::kMapping:
      return "a section";
    case Kind::kScalar:
      break;
  }
  return quoted ? fmt::format("the text \"{}\"", Abbreviate(text))
                : fmt::format("'{}'", Abbreviate(text));
}

bool ConfigNode::AsBool() const {
  if (IsScalar() && !quoted) {
    if (text == "true") return true;
    if (text == "false") return false;
  }
  FailConversion(*this, "true or false");
}

int64_t ConfigNode::AsInt64() const { return ConvertInteger<int64_t>(*this); }
uint64_t ConfigNode::AsUint64() const { return ConvertInteger<uint64_t>(*this); }

double ConfigNode::AsDouble() const {
  if (!IsScalar()) FailConversion(*this, "a number");
  const auto number = ParseDouble(text);
  if (quoted) FailConversion(*this, "a number", number ? "; remove the quotes" : "");
  if (HasLeadingZero(text)) FailConversion(*this, "a number", AdviceOnLeadingZero(text));
  if (!number || !std::isfinite(*number)) FailConversion(*this, "a finite number");
  return *number;
}

std::string ConfigNode::AsString() const {
  if (!IsScalar()) {
    FailConversion(
        *this, "a text",
        IsNull() ? "; write \"\" for an empty text, and \"null\" in quotes for that word" : "");
  }
  return text;
}

ConfigNode ParseConfig(std::string_view text, std::string_view source_name) {
  if (text.size() > kMaxConfigBytes) {
    ThrowConfig("{}: {} bytes, expected at most {}; is this a config file?", source_name,
                WithThousands(static_cast<int64_t>(text.size())),
                WithThousands(static_cast<int64_t>(kMaxConfigBytes)));
  }
  RequireCleanText(text, source_name);
  TreeBuilder builder(source_name);
  try {
    ViewBuffer buffer(text);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    // The second call finds a second document, if any; the builder refuses it.
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    const ConfigPlace place{std::string(source_name), std::max(error.mark.line, 0) + 1,
                            std::max(error.mark.column, 0) + 1};
    ThrowConfig("{}: not valid YAML: {}", place.ToString(), error.msg);
  }
  ConfigNode root = builder.TakeRoot();
  if (root.place.line == 0) root.place = {std::string(source_name), 1, 1};
  return root;
}

ConfigNode LoadConfig(const std::filesystem::path& path) {
  std::error_code ignored;
  const uintmax_t size = std::filesystem::file_size(path, ignored);
  if (!ignored && size > kMaxConfigBytes) {
    ThrowConfig("{}: {} bytes, expected at most {}; is this a config file?", path.string(),
                WithThousands(static_cast<int64_t>(size)),
                WithThousands(static_cast<int64_t>(kMaxConfigBytes)));
  }
  return ParseConfig(ReadFileText(path), path.string());
}

void ApplyOverride(ConfigNode* root, std::string_view assignment) {
  const std::string origin = fmt::format("--set {}", Abbreviate(assignment));
  const size_t equals = assignment.find('=');
  if (equals == std::string_view::npos) {
    ThrowConfig("{}: no '='; expected path.key=value, as in tracker.max_age=30", origin);
  }
  const std::vector<std::string> segments =
      SplitOverridePath(assignment.substr(0, equals), assignment);
  ConfigNode value = ParseOverrideValue(Trim(assignment.substr(equals + 1)), origin);
  const ConfigPlace place{origin, 0, 0};
  SetPlaces(&value, place);

  ConfigNode* node = root;
  std::string walked;
  for (const std::string& segment : segments) {
    if (node->IsNull()) {
      node->kind = ConfigNode::Kind::kMapping;
      node->place = place;
    }
    if (node->IsSequence()) {
      const auto index = IsIndex(segment) ? ParseInt(segment) : std::nullopt;
      if (!index || *index >= static_cast<int64_t>(node->children.size())) {
        ThrowConfig("{}: '{}' is a list of {} entries ({}), numbered from 0; '{}' is none of them",
                    origin, walked, node->children.size(), node->place.ToString(), segment);
      }
      node = &node->children[static_cast<size_t>(*index)];
    } else if (node->IsMapping()) {
      ConfigNode* child = node->Find(segment);
      if (child == nullptr) {
        ConfigNode created;
        created.key = segment;
        created.key_place = place;
        created.place = place;
        node->children.push_back(std::move(created));
        child = &node->children.back();
      }
      node = child;
    } else {
      ThrowConfig("{}: '{}' is {} ({}), not a section: it has no '{}'", origin,
                  walked.empty() ? "the file" : walked, node->Describe(), node->place.ToString(),
                  segment);
    }
    walked += walked.empty() ? segment : "." + segment;
  }
  value.key = node->key;
  *node = std::move(value);
}

void MergeConfig(ConfigNode* base, const ConfigNode& over) {
  if (!base->IsMapping() || !over.IsMapping()) {
    *base = over;
    return;
  }
  for (const ConfigNode& child : over.children) {
    if (ConfigNode* existing = base->Find(child.key)) {
      MergeConfig(existing, child);
    } else {
      base->children.push_back(child);
    }
  }
}

std::string DumpConfig(const ConfigNode& node, bool with_places) {
  Dumper dumper(with_places);
  if (node.IsMapping() && !node.children.empty()) {
    dumper.DumpEntries(node, 0, false);
    return dumper.Take();
  }
  if (node.IsSequence() && !node.children.empty()) {
    for (const ConfigNode& child : node.children) dumper.DumpItem(child, 0);
    return dumper.Take();
  }
  dumper.DumpValue(node, 0, false);
  return dumper.Take().substr(1);  // without the blank that separates a value from its key
}

}  // namespace reidbench
