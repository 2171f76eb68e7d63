#include "runtime/base64url.hpp"

#include <array>
#include <cstdint>

namespace zl::runtime {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t no_digit = 64;

constexpr std::array<std::uint8_t, 256> digits = [] {
  std::array<std::uint8_t, 256> table{};
  table.fill(no_digit);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return table;
}();

}  // namespace

std::string base64url_encode(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() * 4 + 2) / 3);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : bytes) {
    bits = (bits << 8U) | static_cast<unsigned char>(c);
    held += 8;
    while (held >= 6) {
      held -= 6;
      text.push_back(alphabet[(bits >> held) & 63U]);
    }
  }
  if (held > 0) text.push_back(alphabet[(bits << (6 - held)) & 63U]);
  return text;
}

bool base64url_decode_into(std::string_view text, std::span<std::uint8_t> out) {
  if (text.size() != (out.size() * 4 + 2) / 3) return false;
  std::uint32_t bits = 0;
  unsigned held = 0;
  std::size_t put = 0;
  std::uint8_t seen = 0;
  for (const char c : text) {
    const std::uint8_t digit = digits[static_cast<unsigned char>(c)];
    seen |= digit;
    bits = (bits << 6U) | (digit & 63U);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out[put++] = static_cast<std::uint8_t>(bits >> held);
  }
  const std::uint32_t left_over = bits & ((1U << held) - 1U);
  return (seen & no_digit) == 0 && left_over == 0;
}

std::optional<std::string> base64url_decode(std::string_view text) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bytes(text.size() * 3 / 4, '\0');
  if (!base64url_decode_into(text, {reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()})) return std::nullopt;
  return bytes;
}

}  // namespace zl::runtime
