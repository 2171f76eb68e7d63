// XML from anybody: read where it is plain and small, refused whole where it isn't.
#include "wechat/xml.hpp"

#include <gtest/gtest.h>

namespace zl::wechat {
namespace {

std::string nested(std::size_t depth) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i) text += "<a>";
  for (std::size_t i = 0; i < depth; ++i) text += "</a>";
  return text;
}

TEST(Xml, reads_texts_written_in_any_way) {
  const auto xml = XmlElement::parse(
      "<xml><A><![CDATA[钟楼]]></A><B>1 &lt; 2 &#38; &#x1F600;</B><C>\n <![CDATA[x]]>\n</C><D/><A>second</A></xml>");
  ASSERT_TRUE(xml);
  EXPECT_EQ(xml->text("A"), "钟楼");
  EXPECT_EQ(xml->text("B"), "1 < 2 & 😀");
  EXPECT_EQ(xml->text("C"), "x");
  EXPECT_EQ(xml->text("D"), "");
  EXPECT_EQ(xml->text("E"), "");
  EXPECT_TRUE(xml->has("D"));
  EXPECT_FALSE(xml->has("E"));
}

TEST(Xml, what_is_absent_reads_as_empty_at_any_depth) {
  const auto xml = XmlElement::parse("<xml/>");
  ASSERT_TRUE(xml);
  EXPECT_EQ(xml->child("A").child("B").text("C"), "");
  EXPECT_TRUE(xml->child("A").children("B", 10).empty());
}

TEST(Xml, gives_children_up_to_a_limit) {
  const auto xml = XmlElement::parse("<xml><L><A>1</A></L><M/><L><A>2</A></L><L><A>3</A></L></xml>");
  ASSERT_TRUE(xml);
  const auto all = xml->children("L", 10);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[2].text("A"), "3");
  EXPECT_EQ(xml->children("L", 2).size(), 2U);
}

TEST(Xml, elements_keep_their_document_alive) {
  std::optional<XmlElement> inner;
  {
    const auto xml = XmlElement::parse("<xml><A><B>still here</B></A></xml>");
    inner = xml->child("A");
  }
  EXPECT_EQ(inner->text("B"), "still here");
}

TEST(Xml, refuses_document_types) {
  EXPECT_FALSE(XmlElement::parse("<!DOCTYPE xml><xml/>"));
  EXPECT_FALSE(XmlElement::parse(R"(<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><xml><A>&e;</A></xml>)"));
  EXPECT_FALSE(XmlElement::parse(R"(<!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><l>&b;</l>)"));
}

TEST(Xml, follows_no_entities_of_its_own_making) {
  const auto xml = XmlElement::parse("<xml><A>&e;</A></xml>");
  ASSERT_TRUE(xml);
  EXPECT_EQ(xml->text("A"), "&e;");
}

TEST(Xml, refuses_what_is_deep_or_of_many_parts) {
  EXPECT_TRUE(XmlElement::parse(nested(xml_limit_depth)));
  EXPECT_FALSE(XmlElement::parse(nested(xml_limit_depth + 1)));
  EXPECT_FALSE(XmlElement::parse(nested(xml_limit_parts)));
  std::string wide = "<xml>";
  for (std::size_t i = 0; i < xml_limit_parts; ++i) wide += "<a/>";
  EXPECT_FALSE(XmlElement::parse(wide + "</xml>"));
  std::string attributes = "<xml ";
  for (std::size_t i = 0; i <= xml_limit_attributes; ++i) attributes += "a" + std::to_string(i) + "='' ";
  EXPECT_FALSE(XmlElement::parse(attributes + "/>"));
}

TEST(Xml, refuses_what_is_large) {
  const std::string frame = "<xml></xml>";
  EXPECT_TRUE(XmlElement::parse("<xml>" + std::string(xml_limit_bytes - frame.size(), 'x') + "</xml>"));
  EXPECT_FALSE(XmlElement::parse("<xml>" + std::string(xml_limit_bytes - frame.size() + 1, 'x') + "</xml>"));
}

TEST(Xml, refuses_what_is_no_xml) {
  for (const std::string text : {"", " ", "success", "<xml>", "<xml></a>", "</xml>", "<xml/><xml/>", "{\"a\":1}",
                                 "<xml><![CDATA[x]]</xml>", "<xml a=1/>", "<>", "<xml><!-- </xml>"}) {
    EXPECT_FALSE(XmlElement::parse(text)) << text;
  }
}

TEST(Xml, refuses_bytes_and_references_that_are_no_characters) {
  EXPECT_FALSE(XmlElement::parse("<xml><A>\xFF</A></xml>"));
  EXPECT_FALSE(XmlElement::parse("<xml><A>\xC0\xAF</A></xml>"));
  EXPECT_FALSE(XmlElement::parse(std::string("<xml>\0</xml>", 12)));
  EXPECT_FALSE(XmlElement::parse("<xml><A>&#xD800;</A></xml>"));
  EXPECT_FALSE(XmlElement::parse("<xml><A>&#x110000;</A></xml>"));
}

TEST(Xml, cdata_comes_back_as_it_was) {
  for (const std::string text : {"", "]]>", "]]>]]>", "]]", "]]]]>>", "a]]>b", "<xml>&amp;", "😀钟"}) {
    const auto xml = XmlElement::parse("<xml>" + xml_cdata("A", text) + "</xml>");
    ASSERT_TRUE(xml) << text;
    EXPECT_EQ(xml->text("A"), text);
  }
}

TEST(Xml, cdata_leaves_out_what_xml_cannot_hold) {
  EXPECT_EQ(xml_cdata("A", std::string("a\0b\x01\x1F\tc\n", 8)), "<A><![CDATA[ab\tc\n]]></A>");
}

}  // namespace
}  // namespace zl::wechat
