// The members of a JSON file's long lists as flat records, one at a time: memory does not follow
// the file. Private to lib/reidbench/formats.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/json/json_text.h"

namespace reidbench {

// One object of a list: its values by the path of keys that leads to them ("attributes.occluded").
class JsonRecord {
 public:
  enum class Kind { kNull, kInteger, kNumber, kFlag, kText, kNumbers, kOther };
  struct Field {
    std::string key;
    Kind kind = Kind::kNull;
    int64_t integer = 0;
    double number = 0;  // also of integers and flags
    std::string text;
    std::vector<double> numbers;  // of a short list of numbers
  };

  // nullptr where the key is missing or null.
  const Field* Find(std::string_view key) const;
  // "path: annotations[3]"
  const std::string& place() const;

  // Each throws Error(kInput) with place and key where the value is missing or of another kind.
  int64_t Integer(std::string_view key) const;
  double Number(std::string_view key) const;
  const std::string& Text(std::string_view key) const;
  [[noreturn]] void Fail(std::string_view key, std::string_view expected) const;

  size_t size() const { return size_; }
  const Field& field(size_t i) const { return fields_[i]; }

 private:
  friend class JsonRecords;

  std::vector<Field> fields_;  // of which size_ count: their memory is used again
  size_t size_ = 0;
  const std::string* source_ = nullptr;
  std::string_view list_;
  int64_t index_ = 0;
  mutable std::string place_;
};

// Calls body(name of the list, record) for every object in the lists directly below the root, or in
// the root itself, where that is a list (name ""). What stands elsewhere is passed over.
class JsonRecords final : public JsonEvents {
 public:
  using Body = std::function<void(const std::string& list, const JsonRecord& record)>;
  JsonRecords(std::string source, Body body);

  // The names of all keys of the root, in their order.
  const std::vector<std::string>& root_keys() const { return root_keys_; }

  void BeginObject() override;
  void Key(std::string& key) override;
  void EndObject() override;
  void BeginList() override;
  void EndList() override;
  void Text(std::string& text) override;
  void Number(double value) override;
  void Integer(int64_t value) override;
  void Flag(bool value) override;
  void Null() override;

 private:
  void NoNumbers();
  JsonRecord::Field* NewField(JsonRecord::Kind kind);
  void Scalar(JsonRecord::Kind kind, double value, int64_t integer, std::string* text);

  std::string source_;
  Body body_;
  std::vector<std::string> root_keys_;
  std::vector<char> open_;                // '{' and '[' that are not closed
  std::string list_;                      // key of the root that is being read
  size_t record_depth_ = 0;               // number of open brackets inside a record; 0: in none
  int64_t index_ = 0;                     // of the next record in its list
  std::string path_;                      // of keys inside the record
  std::vector<size_t> path_length_;       // before each open object of the record
  int lists_ = 0;                         // that are open inside the record
  JsonRecord::Field* numbers_ = nullptr;  // the list that is being read
  JsonRecord record_;
};

}  // namespace reidbench
