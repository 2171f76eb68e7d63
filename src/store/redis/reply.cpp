// Reading replies without trusting their shape.
#include "store/redis/reply.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace zl::redis {

std::optional<std::int64_t> Reply::number() const {
  if (kind_ == Kind::integer) return integer_;
  if (kind_ != Kind::text) return std::nullopt;
  std::int64_t value = 0;
  const char* end = text_.data() + text_.size();
  const auto [parsed_to, error] = std::from_chars(text_.data(), end, value);
  if (error != std::errc{} || parsed_to != end) return std::nullopt;
  return value;
}

const Reply& Reply::item(std::size_t index) const {
  static const Reply none;
  return index < items_.size() ? items_[index] : none;
}

std::string_view Reply::error_code() const {
  if (kind_ != Kind::error) return {};
  return std::string_view(text_).substr(0, text_.find(' '));
}

bool needs_new_greeting(const Reply& reply) {
  static constexpr std::array<std::string_view, 5> codes = {"LOADING", "MASTERDOWN", "NOAUTH", "NOSCRIPT", "READONLY"};
  if (!reply.is_error()) return false;
  return std::ranges::find(codes, reply.error_code()) != codes.end() ||
         reply.text().starts_with("ERR Function not found");
}

}  // namespace zl::redis
