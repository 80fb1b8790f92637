// The part of XML 1.0 that annotation tools write, read from start to end: elements, attributes,
// text, comments, CDATA. Nothing is fetched and no entity but the five of XML and numbers is
// replaced: a document type is refused.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reidbench {

class XmlReader {
 public:
  enum class Event { kBegin, kEnd, kDone };

  // `source` names the text in messages.
  XmlReader(std::string_view text, std::string source);

  // Goes to the next begin or end of an element; an empty element has both. Throws Error(kInput)
  // with file and line for what is no XML.
  Event Next();

  const std::string& name() const { return name_; }  // of the element
  size_t depth() const { return open_.size(); }      // of elements that are open, with a begun one
  // The text since the last event, with its blanks.
  const std::string& text() const { return text_; }

  bool Has(std::string_view attribute) const;
  // Each throws Error(kInput) with file, line, element and attribute.
  const std::string& Attribute(std::string_view attribute) const;
  double Number(std::string_view attribute) const;
  int64_t Integer(std::string_view attribute, int64_t least, int64_t most) const;

  std::string Place() const;  // "path:line", of the element's begin
  [[noreturn]] void Fail(std::string_view expected, std::string_view found) const;

 private:
  void ReadTag();
  std::string_view ReadName();
  void SkipBlanks();
  bool SkipPast(std::string_view end);
  void AppendText(std::string_view raw, std::string* out);

  std::string_view text_in_;
  std::string source_;
  size_t at_ = 0;
  mutable size_t counted_ = 0;  // up to where lines are counted
  mutable int64_t line_ = 1;
  size_t tag_at_ = 0;
  std::vector<std::string> open_;
  bool pending_end_ = false;  // of an empty element
  bool end_next_ = false;     // the open element has ended: leave it
  bool seen_root_ = false;
  std::string name_;
  std::string text_;
  std::vector<std::pair<std::string, std::string>> attributes_;
  size_t attribute_count_ = 0;
};

}  // namespace reidbench
