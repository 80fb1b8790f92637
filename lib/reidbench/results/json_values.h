// Our way to JSON and back. What cannot be computed is null in every file of reidbench: never 0,
// never NaN; names of files may hold any bytes; and what is read is told apart by its schema.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/core/finding.h"
#include "reidbench/json/json_text.h"  // IWYU pragma: export

namespace reidbench {

template <typename T>
Json OrNull(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

// An array of {kind, severity, place, count, share, message, mend}.
Json FindingsJson(std::span<const Finding> findings);

// Throws Error(kind) that names the schema expected and the one found. `maker` is what writes it:
// "reidbench score --format json".
void RequireSchema(const Json& json, std::string_view schema, std::string_view maker,
                   const std::string& place, ErrorKind kind = ErrorKind::kInput);

// A value of a file and the path that leads to it ("sequences.A.frames"). What is missing or of
// another type than asked for throws Error(kind) with that path. The JSON and the place are
// referred to, not copied.
class JsonReader {
 public:
  JsonReader(const Json& json, const std::string& place, ErrorKind kind = ErrorKind::kInput)
      : JsonReader(json, place, "", kind) {}

  JsonReader At(const std::string& key) const;
  // nullopt where the key is missing or null.
  std::optional<JsonReader> Find(const std::string& key) const;
  std::vector<JsonReader> Items() const;
  std::vector<std::pair<std::string, JsonReader>> Entries() const;

  std::string Text() const;
  std::vector<std::string> Texts() const;
  bool Flag() const;
  int64_t Integer(int64_t least = std::numeric_limits<int64_t>::min()) const;
  double Number(double least = -std::numeric_limits<double>::infinity()) const;  // finite
  double Positive() const;
  std::optional<double> OptionalNumber(
      double least = -std::numeric_limits<double>::infinity()) const;  // null: nullopt

  bool IsText() const { return json_->is_string(); }
  const Json& json() const { return *json_; }

 private:
  JsonReader(const Json& json, const std::string& place, std::string path, ErrorKind kind)
      : json_(&json), place_(&place), path_(std::move(path)), kind_(kind) {}

  std::string PathOf(const std::string& key) const;
  void Expect(bool ok, const std::string& what) const;

  const Json* json_;
  const std::string* place_;
  std::string path_;
  ErrorKind kind_;
};

// What a command's result says the reader should know; empty where it says nothing.
std::vector<std::string> WarningsOf(const Json& result);

}  // namespace reidbench
