#include "reidbench/json/json_text.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "reidbench/core/files.h"

namespace reidbench {
namespace {

[[noreturn]] void RefuseJson(ErrorKind kind, const std::string& message) {
  throw Error(kind, message);
}

std::string PlaceIn(std::string_view text, const std::string& place, size_t at) {
  const std::string_view before = text.substr(0, at);
  const size_t line_start = before.rfind('\n') + 1;  // npos + 1 = 0
  return fmt::format("{}:{}:{}", place, 1 + std::count(before.begin(), before.end(), '\n'),
                     1 + at - line_start);
}

// Before the parser, whose tree is walked with one call a level by everything after it.
void CheckDepth(std::string_view text, const std::string& place, ErrorKind kind) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kDeepestJson) {
        RefuseJson(kind, fmt::format("{}: expected JSON nested at most {} levels deep, found more",
                                     PlaceIn(text, place, i), kDeepestJson));
      }
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
}

// nlohmann's "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error ...":
// what stands behind the place.
std::string_view WithoutPlace(std::string_view message) {
  const size_t place = message.find("column ");
  const size_t colon = message.find(": ", place == message.npos ? 0 : place);
  return colon == message.npos ? message : message.substr(colon + 2);
}

// "1:2" of such a message.
std::string LineAndColumn(std::string_view message) {
  const auto digits = [&](std::string_view before) -> std::string_view {
    const size_t at = message.find(before);
    if (at == message.npos) return "?";
    const std::string_view rest = message.substr(at + before.size());
    return rest.substr(0, rest.find_first_not_of("0123456789"));
  };
  return fmt::format("{}:{}", digits("at line "), digits("column "));
}

// Characters of a file, for the parser: one pass, one piece in memory.
class ChunkIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  ChunkIterator() = default;  // the end
  explicit ChunkIterator(FileChunks* chunks) : chunks_(chunks) { Refill(); }

  char operator*() const { return *at_; }
  ChunkIterator& operator++() {
    if (++at_ == end_) Refill();
    return *this;
  }
  // Only ever compared with the end.
  friend bool operator==(const ChunkIterator& a, const ChunkIterator& b) {
    return a.chunks_ == b.chunks_;
  }
  friend bool operator!=(const ChunkIterator& a, const ChunkIterator& b) { return !(a == b); }

 private:
  void Refill() {
    const std::string_view chunk = chunks_->Next();
    at_ = chunk.data();
    end_ = at_ + chunk.size();
    if (chunk.empty()) chunks_ = nullptr;
  }

  FileChunks* chunks_ = nullptr;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
};

// What nlohmann's parser calls.
class EventBridge final : public nlohmann::json_sax<nlohmann::json> {
 public:
  EventBridge(const std::string& place, JsonEvents* events) : place_(place), events_(*events) {}

  bool null() override { return events_.Null(), true; }
  bool boolean(bool value) override { return events_.Flag(value), true; }
  bool number_integer(int64_t value) override { return events_.Integer(value), true; }
  bool number_unsigned(uint64_t value) override {
    if (value <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      events_.Integer(static_cast<int64_t>(value));
    } else {
      events_.Number(static_cast<double>(value));
    }
    return true;
  }
  bool number_float(double value, const std::string&) override {
    return events_.Number(value), true;
  }
  bool string(std::string& value) override { return events_.Text(value), true; }
  bool binary(nlohmann::json::binary_t&) override { return false; }  // not in text
  bool start_object(size_t) override { return Deeper(), events_.BeginObject(), true; }
  bool key(std::string& value) override { return events_.Key(value), true; }
  bool end_object() override { return --depth_, events_.EndObject(), true; }
  bool start_array(size_t) override { return Deeper(), events_.BeginList(), true; }
  bool end_array() override { return --depth_, events_.EndList(), true; }
  bool parse_error(size_t, const std::string&, const nlohmann::json::exception& error) override {
    if (std::string_view(error.what()).find("out_of_range") != std::string_view::npos)
      ThrowInput("{}: expected JSON: {}", place_, error.what());
    ThrowInput("{}:{}: expected JSON: {}", place_, LineAndColumn(error.what()),
               WithoutPlace(error.what()));
  }

 private:
  void Deeper() {
    if (++depth_ > kDeepestJson) {
      ThrowInput("{}: expected JSON nested at most {} levels deep, found more", place_,
                 kDeepestJson);
    }
  }

  const std::string& place_;
  JsonEvents& events_;
  int depth_ = 0;
};

}  // namespace

std::string DumpJson(const Json& json, int indent) {
  std::string text = json.dump(indent, ' ', false, Json::error_handler_t::replace);
  if (indent >= 0) text += '\n';
  return text;
}

Json ParseJson(std::string_view text, const std::string& place, ErrorKind kind) {
  CheckDepth(text, place, kind);
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    const size_t at = std::min(text.size(), error.byte > 0 ? error.byte - 1 : 0);
    RefuseJson(kind, fmt::format("{}: expected JSON: {}", PlaceIn(text, place, at),
                                 WithoutPlace(error.what())));
  } catch (const Json::exception& error) {  // a number beyond double
    RefuseJson(kind, fmt::format("{}: expected JSON: {}", place, error.what()));
  }
}

Json ReadJson(const std::filesystem::path& file) {
  return ParseJson(ReadFileText(file), file.string());
}

void StreamJson(std::string_view text, const std::string& place, JsonEvents* events) {
  EventBridge bridge(place, events);
  nlohmann::json::sax_parse(text.begin(), text.end(), &bridge);
}

void StreamJsonFile(const std::filesystem::path& file, JsonEvents* events) {
  const std::string place = file.string();
  FileChunks chunks(file);
  EventBridge bridge(place, events);
  nlohmann::json::sax_parse(ChunkIterator(&chunks), ChunkIterator(), &bridge);
}

}  // namespace reidbench
