#include "http/answer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <ctime>

namespace zl::http {
namespace {

namespace chrono = std::chrono;

void append_number(std::size_t number, std::string& out) {
  std::array<char, 20> digits{};
  const auto [end, fault] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), end);
}

void append_two_digits(unsigned number, std::string& out) {
  out.push_back(static_cast<char>('0' + number / 10));
  out.push_back(static_cast<char>('0' + number % 10));
}

/// "Date: Sun, 06 Nov 1994 08:49:37 GMT" and the line's end (RFC 9110, 5.6.7).
std::string date_line(chrono::sys_seconds now) {
  static constexpr std::string_view days = "SunMonTueWedThuFriSat";
  static constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const auto midnight = chrono::floor<chrono::days>(now);
  const chrono::year_month_day date{midnight};
  const chrono::hh_mm_ss time{now - midnight};
  std::string line = "Date: ";
  line.append(days.substr(std::size_t{3} * chrono::weekday(midnight).c_encoding(), 3)).append(", ");
  append_two_digits(static_cast<unsigned>(date.day()), line);
  line.append(" ").append(months.substr(std::size_t{3} * (static_cast<unsigned>(date.month()) - 1), 3)).append(" ");
  append_number(static_cast<std::size_t>(static_cast<int>(date.year())), line);
  line.push_back(' ');
  append_two_digits(static_cast<unsigned>(time.hours().count()), line);
  line.push_back(':');
  append_two_digits(static_cast<unsigned>(time.minutes().count()), line);
  line.push_back(':');
  append_two_digits(static_cast<unsigned>(time.seconds().count()), line);
  return line.append(" GMT\r\n");
}

/// Made once a second and thread.
const std::string& current_date_line() {
  thread_local chrono::sys_seconds second;
  thread_local std::string line;
  const chrono::sys_seconds now{chrono::seconds(std::time(nullptr))};
  if (now != second || line.empty()) {
    second = now;
    line = date_line(now);
  }
  return line;
}

}  // namespace

Answer& Answer::with(std::string_view name, std::string value) {
  const auto known = std::ranges::find(headers, name, &std::pair<std::string_view, std::string>::first);
  if (known == headers.end()) {
    headers.emplace_back(name, std::move(value));
  } else {
    known->second = std::move(value);
  }
  return *this;
}

std::string_view reason_of(int status) {
  static constexpr std::pair<int, std::string_view> reasons[] = {{200, "OK"},
                                                                 {201, "Created"},
                                                                 {204, "No Content"},
                                                                 {302, "Found"},
                                                                 {400, "Bad Request"},
                                                                 {401, "Unauthorized"},
                                                                 {403, "Forbidden"},
                                                                 {404, "Not Found"},
                                                                 {405, "Method Not Allowed"},
                                                                 {408, "Request Timeout"},
                                                                 {409, "Conflict"},
                                                                 {411, "Length Required"},
                                                                 {412, "Precondition Failed"},
                                                                 {413, "Content Too Large"},
                                                                 {415, "Unsupported Media Type"},
                                                                 {422, "Unprocessable Content"},
                                                                 {429, "Too Many Requests"},
                                                                 {431, "Request Header Fields Too Large"},
                                                                 {500, "Internal Server Error"},
                                                                 {503, "Service Unavailable"}};
  for (const auto& [known, reason] : reasons) {
    if (known == status) return reason;
  }
  return "Unknown";
}

std::string_view security_lines(bool https) {
  static constexpr std::string_view of_https =
      "Strict-Transport-Security: max-age=31536000\r\n"
      "X-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\nReferrer-Policy: no-referrer\r\n"
      "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n";
  return https ? of_https : of_https.substr(of_https.find('\n') + 1);
}

void append_bytes(const Answer& answer, std::string_view request_id, bool keep_alive, bool head_only,
                  std::string_view fixed_lines, std::string& out) {
  constexpr std::size_t header_guess = 512;
  out.reserve(out.size() + header_guess + answer.body.size());
  out.append("HTTP/1.1 ");
  append_number(static_cast<std::size_t>(answer.status), out);
  out.append(" ").append(reason_of(answer.status)).append("\r\n");
  out.append(current_date_line());
  if (answer.status != 204) {
    out.append("Content-Type: ").append(answer.content_type).append("\r\nContent-Length: ");
    append_number(answer.body.size(), out);
    out.append("\r\n");
  }
  out.append("X-Request-Id: ").append(request_id).append("\r\n");
  out.append(answer.is_public ? "Cache-Control: no-cache\r\n" : "Cache-Control: no-store\r\n");
  out.append(fixed_lines);
  for (const auto& [name, value] : answer.headers) out.append(name).append(": ").append(value).append("\r\n");
  if (!keep_alive) out.append("Connection: close\r\n");
  out.append("\r\n");
  if (!head_only) out.append(answer.body);
}

}  // namespace zl::http
