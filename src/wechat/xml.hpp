// The platform's XML, read with care: no DTD, and nothing large, deep or of many parts.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zl::wechat {

inline constexpr std::size_t xml_limit_bytes = 1024UL * 1024;
inline constexpr std::size_t xml_limit_depth = 16;
inline constexpr std::size_t xml_limit_parts = 4096;  ///< tags, comments and CDATA sections
inline constexpr std::size_t xml_limit_attributes = 64;

/// An element of a document, which it keeps alive. What is absent reads as empty.
class XmlElement {
 public:
  /// The root element. Nothing where the text is not well-formed UTF-8 and XML, holds a DTD or passes a limit.
  static std::optional<XmlElement> parse(std::string_view text);

  /// The text of the first child of this name, CDATA and character data together; empty where there is none.
  std::string text(std::string_view name) const;
  XmlElement child(std::string_view name) const;
  /// The children of this name, at most `limit`.
  std::vector<XmlElement> children(std::string_view name, std::size_t limit) const;
  bool has(std::string_view name) const;

 private:
  struct Document;

  XmlElement(std::shared_ptr<const Document> document, void* node) : document_(std::move(document)), node_(node) {}

  std::shared_ptr<const Document> document_;
  void* node_;  ///< pugixml's handle; null where there is no such element
};

/// `<name><![CDATA[text]]></name>`. A `]]>` in the text is split over two sections; characters that XML 1.0 cannot hold
/// are left out. `text` is UTF-8.
std::string xml_cdata(std::string_view name, std::string_view text);

}  // namespace zl::wechat
