#include "reidbench/formats/xml_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/expect_error.h"

namespace reidbench {
namespace {

using ::testing::HasSubstr;

// "+a -a" for <a></a>, with attributes "x" and texts before an end.
std::string Events(std::string_view text) {
  XmlReader xml(text, "f.xml");
  std::string events;
  for (;;) {
    const XmlReader::Event event = xml.Next();
    if (event == XmlReader::Event::kDone) return events;
    if (event == XmlReader::Event::kBegin) {
      events += "+" + xml.name();
      if (xml.Has("x")) events += "(" + xml.Attribute("x") + ")";
    } else {
      events += "-" + xml.name() + "[" + xml.text() + "]";
    }
    events += std::to_string(xml.depth()) + " ";
  }
}

std::string RefusedXml(std::string_view text) {
  return MessageOf(ErrorKind::kInput, [&] { Events(text); });
}

TEST(XmlReader, ReadsElementsAttributesAndText) {
  EXPECT_EQ(Events("\xEF\xBB\xBF<?xml version=\"1.0\"?>\n<!-- c --><a x='1'><b/>t<c x = \"2\" >u"
                   "</c >\n</a>\n"),
            "+a(1)1 +b2 -b[]2 +c(2)2 -c[u]2 -a[\n]1 ");
}

TEST(XmlReader, ReplacesEntitiesAndKeepsCdata) {
  EXPECT_EQ(Events("<a x=\"&lt;&amp;&#65;&#x4e2d;\">&quot;<![CDATA[<&>]]>&apos;</a>"),
            "+a(<&A\xE4\xB8\xAD)1 -a[\"<&>']1 ");
}

TEST(XmlReader, NamesThePlaceOfWhatIsNoXml) {
  EXPECT_THAT(RefusedXml("<a>\n<b>\n</a>"), HasSubstr("f.xml:3: expected </b>, found </a"));
  EXPECT_THAT(RefusedXml("<a>\n<b x=1/></a>"), HasSubstr("f.xml:2: expected x=\"...\", found 1/"));
  EXPECT_THAT(RefusedXml("<a x='1' x='2'/>"), HasSubstr("each attribute once"));
  EXPECT_THAT(RefusedXml("<a"), HasSubstr("the end of <a"));
  EXPECT_THAT(RefusedXml("<a>"), HasSubstr("expected </a>, found the end of the file"));
  EXPECT_THAT(RefusedXml("<a/><b/>"), HasSubstr("found <b>"));
  EXPECT_THAT(RefusedXml(""), HasSubstr("expected an element"));
  EXPECT_THAT(RefusedXml("text"), HasSubstr("expected <, found text"));
  EXPECT_THAT(RefusedXml("<a>&nbsp;</a>"), HasSubstr("an entity of XML, found &nbsp;"));
  EXPECT_THAT(RefusedXml("<a>&#xD800;</a>"), HasSubstr("entity"));
}

// Entities of a document type can grow a file without limit, or name other files.
TEST(XmlReader, RefusesDocumentTypesAndDepth) {
  EXPECT_THAT(RefusedXml("<!DOCTYPE a [<!ENTITY x SYSTEM \"/etc/passwd\">]><a>&x;</a>"),
              HasSubstr("document type"));
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "<a>";
  EXPECT_THAT(RefusedXml(deep), HasSubstr("nested at most 64 levels"));
}

}  // namespace
}  // namespace reidbench
