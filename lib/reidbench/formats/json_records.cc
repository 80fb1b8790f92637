#include "reidbench/formats/json_records.h"

#include <fmt/format.h>

#include <cmath>

#include "reidbench/core/error.h"
#include "reidbench/datasets/quoted.h"
#include "reidbench/formats/text_rows.h"

namespace reidbench {
namespace {

constexpr size_t kMostNumbers = 16;  // of a list that is kept: a box has 4
constexpr size_t kMostFields = 256;  // of a record

std::string DescribeField(const JsonRecord::Field* field) {
  if (field == nullptr) return "nothing";
  switch (field->kind) {
    case JsonRecord::Kind::kInteger:
      return fmt::format("{}", field->integer);
    case JsonRecord::Kind::kNumber:
      return fmt::format("{}", field->number);
    case JsonRecord::Kind::kFlag:
      return field->number != 0 ? "true" : "false";
    case JsonRecord::Kind::kText:
      return fmt::format("\"{}\"", Quoted(field->text));
    case JsonRecord::Kind::kNumbers:
      return fmt::format("a list of {} numbers", field->numbers.size());
    default:
      return "a list or an object";
  }
}

}  // namespace

const JsonRecord::Field* JsonRecord::Find(std::string_view key) const {
  for (size_t i = 0; i < size_; ++i) {
    if (fields_[i].key == key) return &fields_[i];
  }
  return nullptr;
}

const std::string& JsonRecord::place() const {
  place_ = fmt::format("{}: {}[{}]", *source_, list_, index_);
  return place_;
}

void JsonRecord::Fail(std::string_view key, std::string_view expected) const {
  ThrowField(fmt::format("{}.{}", place(), key), expected, DescribeField(Find(key)));
}

int64_t JsonRecord::Integer(std::string_view key) const {
  const Field* field = Find(key);
  if (field != nullptr && field->kind == Kind::kInteger) return field->integer;
  if (field != nullptr && field->kind == Kind::kNumber && std::abs(field->number) <= 9e15 &&
      field->number == std::floor(field->number)) {
    return static_cast<int64_t>(field->number);
  }
  Fail(key, "a whole number");
}

double JsonRecord::Number(std::string_view key) const {
  const Field* field = Find(key);
  if (field == nullptr || (field->kind != Kind::kInteger && field->kind != Kind::kNumber))
    Fail(key, "a number");
  return field->number;
}

const std::string& JsonRecord::Text(std::string_view key) const {
  const Field* field = Find(key);
  if (field == nullptr || field->kind != Kind::kText) Fail(key, "a text");
  return field->text;
}

JsonRecords::JsonRecords(std::string source, Body body)
    : source_(std::move(source)), body_(std::move(body)) {
  record_.source_ = &source_;
}

void JsonRecords::BeginObject() {
  if (record_depth_ > 0) {
    NoNumbers();
    path_length_.push_back(path_.size());
    ++record_depth_;
  } else if (!open_.empty() && open_.back() == '[' && open_.size() <= 2) {
    record_.size_ = 0;
    record_.list_ = list_;
    record_.index_ = index_++;
    record_depth_ = 1;
    path_.clear();
    path_length_ = {0};
    lists_ = 0;
    numbers_ = nullptr;
  }
  open_.push_back('{');
}

void JsonRecords::Key(std::string& key) {
  if (record_depth_ > 0) {
    path_.resize(path_length_.back());
    if (!path_.empty()) path_ += '.';
    path_ += key;
  } else if (open_.size() == 1) {
    list_ = key;
    index_ = 0;
    if (root_keys_.size() < kMostFields) root_keys_.push_back(key);
  }
}

void JsonRecords::EndObject() {
  open_.pop_back();
  if (record_depth_ == 0) return;
  if (--record_depth_ == 0) {
    body_(list_, record_);
    return;
  }
  path_.resize(path_length_.back());
  path_length_.pop_back();
}

void JsonRecords::BeginList() {
  if (record_depth_ > 0) {
    if (lists_++ == 0) {
      numbers_ = NewField(JsonRecord::Kind::kNumbers);
    } else {
      NoNumbers();
    }
    ++record_depth_;
  }
  open_.push_back('[');
}

void JsonRecords::EndList() {
  open_.pop_back();
  if (record_depth_ == 0) return;
  --record_depth_;
  --lists_;
  numbers_ = nullptr;
}

// What is in the list is no short row of numbers: that it is there is all that is kept.
void JsonRecords::NoNumbers() {
  if (numbers_ != nullptr) numbers_->kind = JsonRecord::Kind::kOther;
  numbers_ = nullptr;
}

JsonRecord::Field* JsonRecords::NewField(JsonRecord::Kind kind) {
  if (record_.size_ >= kMostFields)
    ThrowInput("{}: expected at most {} values, found more", record_.place(), kMostFields);
  if (record_.size_ == record_.fields_.size()) record_.fields_.emplace_back();
  JsonRecord::Field& field = record_.fields_[record_.size_++];
  field.key = path_;
  field.kind = kind;
  field.numbers.clear();
  return &field;
}

void JsonRecords::Scalar(JsonRecord::Kind kind, double value, int64_t integer, std::string* text) {
  if (record_depth_ == 0) return;
  if (lists_ > 0) {
    if (numbers_ == nullptr) return;
    const bool number = kind == JsonRecord::Kind::kNumber || kind == JsonRecord::Kind::kInteger;
    if (!number || numbers_->numbers.size() >= kMostNumbers) return NoNumbers();
    numbers_->numbers.push_back(value);
    return;
  }
  if (kind == JsonRecord::Kind::kNull) return;
  JsonRecord::Field& field = *NewField(kind);
  field.number = value;
  field.integer = integer;
  if (text != nullptr) field.text = std::move(*text);
}

void JsonRecords::Text(std::string& text) { Scalar(JsonRecord::Kind::kText, 0, 0, &text); }
void JsonRecords::Number(double value) { Scalar(JsonRecord::Kind::kNumber, value, 0, nullptr); }
void JsonRecords::Integer(int64_t value) {
  Scalar(JsonRecord::Kind::kInteger, static_cast<double>(value), value, nullptr);
}
void JsonRecords::Flag(bool value) {
  Scalar(JsonRecord::Kind::kFlag, value ? 1 : 0, value ? 1 : 0, nullptr);
}
void JsonRecords::Null() { Scalar(JsonRecord::Kind::kNull, 0, 0, nullptr); }

}  // namespace reidbench
