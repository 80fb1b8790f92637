#include "reidbench/formats/xml_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/datasets/quoted.h"
#include "reidbench/formats/text_rows.h"

namespace reidbench {
namespace {

constexpr size_t kDeepestXml = 64;

bool IsXmlBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool EndsName(char c) { return IsXmlBlank(c) || c == '=' || c == '>' || c == '/' || c == '<'; }

void AppendCodePoint(uint32_t code, std::string* out) {
  if (code < 0x80) {
    *out += static_cast<char>(code);
  } else if (code < 0x800) {
    *out += static_cast<char>(0xC0 | code >> 6);
    *out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    *out += static_cast<char>(0xE0 | code >> 12);
    *out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    *out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    *out += static_cast<char>(0xF0 | code >> 18);
    *out += static_cast<char>(0x80 | (code >> 12 & 0x3F));
    *out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    *out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

}  // namespace

XmlReader::XmlReader(std::string_view text, std::string source)
    : text_in_(text), source_(std::move(source)) {
  if (StartsWith(text_in_, kByteOrderMark)) at_ = kByteOrderMark.size();
}

std::string XmlReader::Place() const {
  const size_t to = std::min(tag_at_, text_in_.size());
  if (to < counted_) {
    counted_ = 0;
    line_ = 1;
  }
  line_ += std::count(text_in_.begin() + static_cast<int64_t>(counted_),
                      text_in_.begin() + static_cast<int64_t>(to), '\n');
  counted_ = to;
  return fmt::format("{}:{}", source_, line_);
}

void XmlReader::Fail(std::string_view expected, std::string_view found) const {
  ThrowField(Place(), expected, found);
}

void XmlReader::SkipBlanks() {
  while (at_ < text_in_.size() && IsXmlBlank(text_in_[at_])) ++at_;
}

bool XmlReader::SkipPast(std::string_view end) {
  const size_t found = text_in_.find(end, at_);
  at_ = found == std::string_view::npos ? text_in_.size() : found + end.size();
  return found != std::string_view::npos;
}

std::string_view XmlReader::ReadName() {
  const size_t begin = at_;
  while (at_ < text_in_.size() && !EndsName(text_in_[at_])) ++at_;
  if (at_ == begin || at_ - begin > 256) Fail("the name of an element or attribute", "none");
  return text_in_.substr(begin, at_ - begin);
}

void XmlReader::AppendText(std::string_view raw, std::string* out) {
  while (!raw.empty()) {
    const size_t amp = raw.find('&');
    out->append(raw.substr(0, amp));
    if (amp == std::string_view::npos) return;
    raw.remove_prefix(amp);
    const size_t end = raw.find(';');
    const std::string_view entity =
        end == std::string_view::npos ? std::string_view() : raw.substr(1, end - 1);
    std::optional<int64_t> code;
    if (entity == "lt") code = '<';
    if (entity == "gt") code = '>';
    if (entity == "amp") code = '&';
    if (entity == "quot") code = '"';
    if (entity == "apos") code = '\'';
    if (StartsWith(entity, "#x") && entity.size() <= 8) {
      uint32_t value = 0;
      bool good = entity.size() > 2;
      for (const char c : entity.substr(2)) {
        const bool digit = c >= '0' && c <= '9';
        const char low = static_cast<char>(c | 0x20);
        good = good && (digit || (low >= 'a' && low <= 'f'));
        value = value * 16 + static_cast<uint32_t>(digit ? c - '0' : low - 'a' + 10);
      }
      if (good) code = value;
    } else if (StartsWith(entity, "#")) {
      code = ParseInt(entity.substr(1));
    }
    if (!code || *code < 1 || *code > 0x10FFFF || (*code >= 0xD800 && *code < 0xE000)) {
      Fail("&amp; or an entity of XML", Quoted(raw.substr(0, 12)));
    }
    AppendCodePoint(static_cast<uint32_t>(*code), out);
    raw.remove_prefix(end + 1);
  }
}

void XmlReader::ReadTag() {
  attribute_count_ = 0;
  name_ = ReadName();
  for (;;) {
    const size_t before = at_;
    SkipBlanks();
    if (at_ >= text_in_.size()) Fail(fmt::format("the end of <{}", name_), "the end of the file");
    if (text_in_[at_] == '>') {
      ++at_;
      break;
    }
    if (text_in_[at_] == '/') {
      if (text_in_.substr(at_, 2) != "/>") Fail("/>", Quoted(text_in_.substr(at_, 2)));
      at_ += 2;
      pending_end_ = true;
      break;
    }
    if (at_ == before) Fail("a blank before an attribute", Quoted(text_in_.substr(at_, 8)));
    if (attribute_count_ == attributes_.size()) attributes_.emplace_back();
    auto& [name, value] = attributes_[attribute_count_];
    name = ReadName();
    if (Has(name)) Fail("each attribute once", Quoted(name) + " twice");
    SkipBlanks();
    const bool equals = at_ < text_in_.size() && text_in_[at_] == '=';
    if (equals) ++at_;
    SkipBlanks();
    const char quote = at_ < text_in_.size() ? text_in_[at_] : '\0';
    if (!equals || (quote != '"' && quote != '\''))
      Fail(fmt::format("{}=\"...\"", Quoted(name)), Quoted(text_in_.substr(at_, 8)));
    const size_t end = text_in_.find(quote, at_ + 1);
    if (end == std::string_view::npos)
      Fail(fmt::format("the end of {}=\"", Quoted(name)), "the end of the file");
    value.clear();
    AppendText(text_in_.substr(at_ + 1, end - at_ - 1), &value);
    at_ = end + 1;
    ++attribute_count_;
  }
  if (open_.size() >= kDeepestXml)
    Fail(fmt::format("elements nested at most {} levels deep", kDeepestXml), "more");
  if (open_.empty()) {
    if (seen_root_) Fail("the end of the file", fmt::format("<{}>", Quoted(name_)));
    seen_root_ = true;
  }
  open_.push_back(name_);
}

XmlReader::Event XmlReader::Next() {
  if (end_next_) {
    open_.pop_back();
    end_next_ = false;
  }
  text_.clear();
  if (pending_end_) {
    pending_end_ = false;
    end_next_ = true;
    return Event::kEnd;
  }
  for (;;) {
    const size_t open = text_in_.find('<', at_);
    tag_at_ = std::min(open, text_in_.size());
    const std::string_view between = text_in_.substr(at_, tag_at_ - at_);
    if (open_.empty()) {
      if (!Trim(between).empty()) Fail("<", Quoted(Trim(between)));
    } else {
      AppendText(between, &text_);
    }
    at_ = tag_at_;
    if (open == std::string_view::npos) {
      if (!open_.empty()) Fail(fmt::format("</{}>", open_.back()), "the end of the file");
      if (!seen_root_) Fail("an element", "the end of the file");
      return Event::kDone;
    }
    const std::string_view rest = text_in_.substr(at_);
    if (StartsWith(rest, "<!--")) {
      at_ += 4;
      if (!SkipPast("-->")) Fail("-->", "the end of the file");
    } else if (StartsWith(rest, "<![CDATA[")) {
      const size_t end = rest.find("]]>");
      if (end == std::string_view::npos || open_.empty()) Fail("]]>", "the end of the file");
      text_.append(rest.substr(9, end - 9));
      at_ += end + 3;
    } else if (StartsWith(rest, "<?")) {
      if (!SkipPast("?>")) Fail("?>", "the end of the file");
    } else if (StartsWith(rest, "<!")) {
      Fail("annotations without a document type", Quoted(rest.substr(0, 20)));
    } else if (StartsWith(rest, "</")) {
      at_ += 2;
      const std::string_view name = ReadName();
      SkipBlanks();
      if (open_.empty() || name != open_.back() || at_ >= text_in_.size() || text_in_[at_] != '>') {
        Fail(open_.empty() ? std::string("an element") : fmt::format("</{}>", open_.back()),
             fmt::format("</{}", Quoted(name)));
      }
      ++at_;
      name_ = open_.back();
      attribute_count_ = 0;
      end_next_ = true;
      return Event::kEnd;
    } else {
      ++at_;
      ReadTag();
      return Event::kBegin;
    }
  }
}

bool XmlReader::Has(std::string_view attribute) const {
  for (size_t i = 0; i < attribute_count_; ++i) {
    if (attributes_[i].first == attribute) return true;
  }
  return false;
}

const std::string& XmlReader::Attribute(std::string_view attribute) const {
  for (size_t i = 0; i < attribute_count_; ++i) {
    if (attributes_[i].first == attribute) return attributes_[i].second;
  }
  Fail(fmt::format("<{} {}=\"...\">", name_, attribute), "none");
}

double XmlReader::Number(std::string_view attribute) const {
  const std::string& text = Attribute(attribute);
  const auto value = ParseDouble(Trim(text));
  if (!value || !std::isfinite(*value))
    Fail(fmt::format("a number in <{} {}>", name_, attribute), Quoted(text));
  return *value;
}

int64_t XmlReader::Integer(std::string_view attribute, int64_t least, int64_t most) const {
  const std::string& text = Attribute(attribute);
  const auto value = ParseInt(Trim(text));
  if (!value || *value < least || *value > most) {
    Fail(fmt::format("a whole number {}..{} in <{} {}>", least, most, name_, attribute),
         Quoted(text));
  }
  return *value;
}

}  // namespace reidbench
