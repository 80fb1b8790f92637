// The one way from text to JSON and back. Input is nested at most so deep that whatever walks it
// has enough stack, and what is wrong with it is one message with place, line and column.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "reidbench/core/error.h"

namespace reidbench {

using Json = nlohmann::ordered_json;

// Text with so many spaces a level and a line break at its end; -1: all in one line without one.
// Bytes that are no UTF-8 become U+FFFD: this never throws.
std::string DumpJson(const Json& json, int indent = 1);

// Deeper input is refused: what walks it would run out of stack.
inline constexpr int kDeepestJson = 64;

// `place` names the text in messages: a file. Throws Error(kind) with place, line and column for
// what is no JSON, has bytes that are no UTF-8, or is nested deeper than kDeepestJson.
Json ParseJson(std::string_view text, const std::string& place, ErrorKind kind = ErrorKind::kInput);
// Throws also Error(kIo).
Json ReadJson(const std::filesystem::path& file);

// What stands in a JSON text, in its order: for files whose tree would not fit into memory. Every
// value is one call; an object's and a list's members stand between its Begin and its End.
class JsonEvents {
 public:
  virtual ~JsonEvents() = default;
  virtual void BeginObject() = 0;
  virtual void Key(std::string& key) = 0;  // may be moved from
  virtual void EndObject() = 0;
  virtual void BeginList() = 0;
  virtual void EndList() = 0;
  virtual void Text(std::string& text) = 0;  // may be moved from
  virtual void Number(double value) = 0;
  virtual void Integer(int64_t value) = 0;  // beyond its range: Number
  virtual void Flag(bool value) = 0;
  virtual void Null() = 0;
};

// The same errors as ParseJson's; the memory does not grow with the text. What `events` throws
// passes through.
void StreamJson(std::string_view text, const std::string& place, JsonEvents* events);
// Throws also Error(kIo).
void StreamJsonFile(const std::filesystem::path& file, JsonEvents* events);

}  // namespace reidbench
