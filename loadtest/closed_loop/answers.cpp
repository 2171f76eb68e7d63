#include "closed_loop/answers.hpp"

#include <algorithm>
#include <charconv>

namespace zl::closed_loop {
namespace {

constexpr std::string_view end_of_line = "\r\n";
constexpr std::string_view end_of_header = "\r\n\r\n";

/// The number at the start of a text.
std::optional<std::size_t> number_in(std::string_view text, int base) {
  std::size_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (read.ec != std::errc()) return std::nullopt;
  return number;
}

/// Whether a line of a header begins with this, which is in lower case.
bool starts_with(std::string_view line, std::string_view expected) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return line.size() >= expected.size() && std::ranges::equal(line.substr(0, expected.size()), expected, {}, lower);
}

/// Where the chunks end that begin at `at`, 0 where they are none; nothing while a part is missing.
std::optional<std::size_t> end_of_chunks(std::string_view text, std::size_t at) {
  for (;;) {
    const std::size_t line_end = text.find(end_of_line, at);
    if (line_end == std::string_view::npos) return std::nullopt;
    const std::optional<std::size_t> size = number_in(text.substr(at, line_end - at), 16);
    if (!size) return 0;
    at = line_end + end_of_line.size() + *size + end_of_line.size();
    if (at > text.size()) return std::nullopt;
    if (*size == 0) return at;
  }
}

/// Where the answer ends, or nothing where that isn't known yet.
std::optional<std::size_t> end_of_answer(std::string_view text) {
  const std::size_t header_end = text.find(end_of_header);
  if (header_end == std::string_view::npos) return std::nullopt;
  const std::size_t body = header_end + end_of_header.size();
  for (std::size_t at = text.find(end_of_line) + end_of_line.size(); at < body;) {
    const std::size_t line_end = text.find(end_of_line, at);
    const std::string_view line = text.substr(at, line_end - at);
    constexpr std::string_view length = "content-length: ";
    if (starts_with(line, length)) return body + number_in(line.substr(length.size()), 10).value_or(0);
    if (starts_with(line, "transfer-encoding: chunked")) return end_of_chunks(text, body);
    at = line_end + end_of_line.size();
  }
  return body;
}

}  // namespace

std::optional<int> Answers::put(std::string_view bytes) {
  if (!begun_.empty()) {
    begun_ += bytes;
    bytes = begun_;
  }
  const std::optional<std::size_t> end = end_of_answer(bytes);
  if (!end || *end > bytes.size()) {
    if (begun_.empty()) begun_ = bytes;
    return std::nullopt;
  }
  constexpr std::string_view version = "HTTP/1.1 ";
  const bool whole = *end == bytes.size() && bytes.starts_with(version);
  const int status = whole ? static_cast<int>(number_in(bytes.substr(version.size()), 10).value_or(0)) : 0;
  begun_.clear();
  return status;
}

}  // namespace zl::closed_loop
