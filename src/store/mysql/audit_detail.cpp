#include "store/mysql/audit_detail.hpp"

#include <algorithm>

namespace zl::mysql {
namespace {

constexpr std::size_t braces_and_left_out = 40;

bool starts_code_point(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_code_point));
}

/// The text, or its first code points and an ellipsis.
std::string cut(std::string_view text) {
  std::size_t points = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!starts_code_point(text[at])) continue;
    if (points++ == AuditDetail::text_limit) return std::string(text.substr(0, at)) + "…";
  }
  return std::string(text);
}

void append_quoted(std::string& out, std::string_view text) {
  static constexpr std::string_view digits = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20U) {
      out += "\\u00";
      out += digits[byte >> 4U];
      out += digits[byte & 15U];
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace

AuditDetail& AuditDetail::add(std::string_view key, std::string_view text) {
  std::string value;
  append_quoted(value, cut(text));
  return member(key, value);
}

AuditDetail& AuditDetail::add(std::string_view key, const std::vector<std::string>& texts) {
  std::string value = "[";
  for (const std::string& text : texts) {
    if (value.size() > 1) value += ',';
    append_quoted(value, cut(text));
  }
  value += ']';
  return member(key, value);
}

AuditDetail& AuditDetail::add(std::string_view key, base::Instant instant) {
  return add(key, std::string_view(base::format_instant(instant, 0)));
}

AuditDetail& AuditDetail::member(std::string_view key, std::string_view value) {
  std::string member = members_.empty() ? "" : ",";
  append_quoted(member, key);
  member += ':';
  member += value;
  const std::size_t length = code_points(member);
  if (length_ + length + braces_and_left_out > length_limit) {
    ++left_out_;
  } else {
    members_ += member;
    length_ += length;
  }
  return *this;
}

std::string AuditDetail::text() const {
  std::string object = "{" + members_;
  if (left_out_ > 0) {
    object += members_.empty() ? "\"left_out\":" : ",\"left_out\":";
    object += std::to_string(left_out_);
  }
  return object + "}";
}

}  // namespace zl::mysql
