#include "wechat/xml.hpp"

#include <algorithm>
#include <iterator>
#include <pugixml.hpp>

#include "base/text.hpp"

namespace zl::wechat {
namespace {

// parse_doctype makes a DTD visible, so that it can be refused; pugixml never follows one.
constexpr unsigned parse_options = pugi::parse_cdata | pugi::parse_escapes | pugi::parse_eol | pugi::parse_doctype;

pugi::xml_node node_of(void* node) {
  return pugi::xml_node(static_cast<pugi::xml_node_struct*>(node));
}

bool is_text(pugi::xml_node_type type) {
  return type == pugi::node_pcdata || type == pugi::node_cdata;
}

/// Looks at every node once; the walk keeps its own place, so that depth costs no stack.
class Inspection : public pugi::xml_tree_walker {
 public:
  bool for_each(pugi::xml_node& node) override {
    if (node.type() == pugi::node_doctype) return false;
    if (static_cast<std::size_t>(depth()) >= xml_limit_depth) return false;
    attributes_ += static_cast<std::size_t>(std::distance(node.attributes_begin(), node.attributes_end()));
    if (attributes_ > xml_limit_attributes) return false;
    // A character reference can write what the bytes may not.
    return base::utf8_length(node.value()).has_value();
  }

 private:
  std::size_t attributes_ = 0;
};

}  // namespace

struct XmlElement::Document {
  pugi::xml_document tree;
};

std::optional<XmlElement> XmlElement::parse(std::string_view text) {
  if (text.size() > xml_limit_bytes || !base::utf8_length(text)) return std::nullopt;
  if (static_cast<std::size_t>(std::ranges::count(text, '<')) > xml_limit_parts) return std::nullopt;
  // pugixml takes a NUL for the end.
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  auto document = std::make_shared<Document>();
  const auto parsed = document->tree.load_buffer(text.data(), text.size(), parse_options, pugi::encoding_utf8);
  Inspection inspection;
  if (!parsed || !document->tree.traverse(inspection)) return std::nullopt;
  const pugi::xml_node root = document->tree.document_element();
  if (!root || root.next_sibling()) return std::nullopt;
  return XmlElement(std::move(document), root.internal_object());
}

std::string XmlElement::text(std::string_view name) const {
  std::string text;
  for (const pugi::xml_node part : node_of(node_).child(std::string(name).c_str()).children()) {
    if (is_text(part.type())) text.append(part.value());
  }
  return text;
}

XmlElement XmlElement::child(std::string_view name) const {
  return {document_, node_of(node_).child(std::string(name).c_str()).internal_object()};
}

std::vector<XmlElement> XmlElement::children(std::string_view name, std::size_t limit) const {
  std::vector<XmlElement> found;
  const std::string wanted(name);  // pugixml's iterators keep the pointer
  for (const pugi::xml_node node : node_of(node_).children(wanted.c_str())) {
    if (found.size() == limit) break;
    found.push_back({document_, node.internal_object()});
  }
  return found;
}

bool XmlElement::has(std::string_view name) const {
  return !node_of(node_).child(std::string(name).c_str()).empty();
}

std::string xml_cdata(std::string_view name, std::string_view text) {
  static constexpr std::string_view end = "]]>";
  std::string out;
  out.append("<").append(name).append("><![CDATA[");
  for (const char c : text) {
    const bool allowed = static_cast<unsigned char>(c) >= 0x20U || c == '\n' || c == '\r' || c == '\t';
    if (!allowed) continue;
    out.push_back(c);
    if (c == '>' && out.ends_with(end)) out.insert(out.size() - 1, "]]><![CDATA[");
  }
  return out.append("]]></").append(name).append(">");
}

}  // namespace zl::wechat
