// Writes JSON straight into a string: no tree, no temporary texts.
#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/id.hpp"
#include "base/time.hpp"

namespace zl::http {

/// Sets commas by itself. Texts must be well-formed UTF-8; what is opened is closed by the caller.
class JsonWriter {
 public:
  /// Instants are written with this offset.
  JsonWriter(std::string& out, int offset_minutes) : out_(out), offset_minutes_(offset_minutes) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }

  /// A member's name; the next call writes its value. The name is a literal without anything to escape.
  JsonWriter& key(std::string_view name) {
    separate();
    out_.append("\"").append(name).append("\":");
    needs_comma_ = false;
    return *this;
  }

  JsonWriter& value(std::string_view text);
  JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(bool flag) { return raw(flag ? "true" : "false"); }
  JsonWriter& value(base::Instant instant) { return quoted(base::format_instant(instant, offset_minutes_)); }
  JsonWriter& value(base::Date date) { return quoted(base::format_date(date)); }

  template <class Tag>
  JsonWriter& value(const base::Id<Tag>& id) {
    separate();
    out_.push_back('"');
    base::append_hex(out_, id.raw());
    out_.push_back('"');
    needs_comma_ = true;
    return *this;
  }

  template <std::integral Number>
    requires(!std::same_as<Number, bool>)
  JsonWriter& value(Number number) {
    std::array<char, 24> digits{};
    const auto [end, fault] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    return raw({digits.data(), end});
  }

  /// null where there is nothing.
  template <class T>
  JsonWriter& value(const std::optional<T>& maybe) {
    return maybe ? value(*maybe) : raw("null");
  }

  template <class T>
  JsonWriter& member(std::string_view name, const T& content) {
    return key(name).value(content);
  }

  /// JSON that is written already.
  JsonWriter& raw(std::string_view json) { return raw_parts({json}); }
  /// Likewise, one value in several parts.
  JsonWriter& raw_parts(std::initializer_list<std::string_view> parts) {
    separate();
    for (const std::string_view part : parts) out_.append(part);
    needs_comma_ = true;
    return *this;
  }

  /// Makes room for that many bytes more.
  void reserve(std::size_t more) { out_.reserve(out_.size() + more); }
  int offset_minutes() const { return offset_minutes_; }
  /// Bytes written so far, and what was there before.
  std::size_t size() const { return out_.size(); }

 private:
  void separate() {
    if (needs_comma_) out_.push_back(',');
  }
  JsonWriter& open(char bracket) {
    separate();
    out_.push_back(bracket);
    needs_comma_ = false;
    return *this;
  }
  JsonWriter& close(char bracket) {
    out_.push_back(bracket);
    needs_comma_ = true;
    return *this;
  }
  /// Text of which it is known that there is nothing to escape.
  JsonWriter& quoted(std::string_view text) {
    separate();
    out_.append("\"").append(text).append("\"");
    needs_comma_ = true;
    return *this;
  }

  std::string& out_;
  const int offset_minutes_;
  bool needs_comma_ = false;
};

}  // namespace zl::http
