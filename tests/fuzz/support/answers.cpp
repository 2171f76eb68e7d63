#include "fuzz/support/answers.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <charconv>
#include <optional>

#include "base/text.hpp"
#include "fuzz/support/fuzz.hpp"
#include "http/answer.hpp"

namespace zl::fuzz {
namespace {

constexpr std::string_view version = "HTTP/1.1 ";

/// The line up to CRLF, which `text` loses.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find("\r\n");
  require(end != std::string_view::npos, "a line of a header ends", text.substr(0, 200));
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 2);
  return line;
}

std::size_t number_of(std::string_view digits) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  require(error == std::errc() && end == digits.data() + digits.size(), "a number", digits);
  return number;
}

bool is_field_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

struct Head {
  SeenAnswer answer;
  std::optional<std::size_t> length;
  std::string content_type;
};

Head take_head(std::string_view& text) {
  Head head;
  const std::string_view status_line = take_line(text);
  require(status_line.starts_with(version) && status_line.size() > 13, "a status line", status_line);
  head.answer.status = static_cast<int>(number_of(status_line.substr(version.size(), 3)));
  head.answer.header = status_line;
  for (std::string_view line = take_line(text); !line.empty(); line = take_line(text)) {
    const std::size_t colon = line.find(": ");
    require(colon != std::string_view::npos && is_field_name(line.substr(0, colon)), "a header field", line);
    require(!base::has_control_characters(line, false), "no control character in a header", line);
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = line.substr(colon + 2);
    if (name == "Date") continue;
    if (name == "Content-Length") head.length = number_of(value);
    if (name == "Content-Type") head.content_type = value;
    head.answer.header.append("\n").append(line);
  }
  return head;
}

void check_common(const Head& head) {
  static constexpr std::string_view always[] = {"\nX-Request-Id: ", "\nX-Content-Type-Options: nosniff",
                                                "\nX-Frame-Options: DENY",
                                                "\nContent-Security-Policy: ", "\nReferrer-Policy: no-referrer"};
  for (const std::string_view field : always) {
    require(head.answer.header.find(field) != std::string::npos, "a header that every answer has", head.answer.header);
  }
  require(http::reason_of(head.answer.status) != "Unknown", "a status of the contract", head.answer.header);
  // Nothing that a client sends makes an endpoint throw.
  require(head.answer.status != 500, "no answer is `internal`", head.answer.body);
  require(head.length.has_value() || head.answer.status == 204, "a length", head.answer.header);
}

void check_body(const Head& head) {
  if (head.answer.status >= 400) require(head.content_type == http::problem_type, "an error is a problem document");
  if (head.content_type != http::problem_type && head.content_type != http::json_type) return;
  if (head.answer.body.size() > 65'536) return;  // the contract itself, read anew each time
  boost::system::error_code error;
  const boost::json::value value = boost::json::parse(head.answer.body, error);
  require(!error && value.is_object(), "a JSON object", head.answer.body);
  if (head.answer.status < 400) return;
  const auto* status = value.as_object().if_contains("status");
  require(status != nullptr && *status == head.answer.status, "a problem names its status", head.answer.body);
}

}  // namespace

std::vector<SeenAnswer> read_answers(std::string_view received, std::string_view sent) {
  static constexpr std::string_view interim = "HTTP/1.1 100 Continue\r\n\r\n";
  const bool head_was_sent = sent.find("HEAD ") != std::string_view::npos;
  std::vector<SeenAnswer> answers;
  while (!received.empty()) {
    if (received.starts_with(interim)) {
      received.remove_prefix(interim.size());
      continue;
    }
    Head head = take_head(received);
    const std::size_t length = head.length.value_or(0);
    const bool body_left_out = head_was_sent && (received.empty() || received.starts_with(version));
    if (!body_left_out) {
      require(received.size() >= length, "a body as long as was said", head.answer.header);
      head.answer.body = received.substr(0, length);
      received.remove_prefix(length);
      check_body(head);
    }
    check_common(head);
    answers.push_back(std::move(head.answer));
  }
  return answers;
}

}  // namespace zl::fuzz
