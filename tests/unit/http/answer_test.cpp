// An answer as bytes.
#include "http/answer.hpp"

#include <gtest/gtest.h>

namespace zl::http {
namespace {

std::string bytes_of(const Answer& answer, bool keep_alive = true, bool head_only = false) {
  std::string out;
  append_bytes(answer, "0123456789abcdef", keep_alive, head_only, security_lines(false), out);
  return out;
}

bool has_line(const std::string& bytes, const std::string& line) {
  return bytes.find("\r\n" + line + "\r\n") != std::string::npos;
}

Answer an_answer() {
  Answer answer;
  answer.body = "{\"a\":1}";
  return answer;
}

TEST(AppendBytes, writes_status_headers_and_body) {
  Answer answer = an_answer();
  answer.status = 201;
  answer.with("Location", "/api/v1/bookings/1");
  const std::string bytes = bytes_of(answer);
  EXPECT_TRUE(bytes.starts_with("HTTP/1.1 201 Created\r\nDate: ")) << bytes;
  EXPECT_TRUE(has_line(bytes, "Content-Type: application/json"));
  EXPECT_TRUE(has_line(bytes, "Content-Length: 7"));
  EXPECT_TRUE(has_line(bytes, "X-Request-Id: 0123456789abcdef"));
  EXPECT_TRUE(has_line(bytes, "X-Content-Type-Options: nosniff"));
  EXPECT_TRUE(has_line(bytes, "Location: /api/v1/bookings/1"));
  EXPECT_TRUE(bytes.ends_with("\r\n\r\n{\"a\":1}"));
  EXPECT_EQ(bytes.find("Connection:"), std::string::npos);
}

TEST(AppendBytes, appends_to_what_is_there) {
  std::string out;
  append_bytes(an_answer(), "id", true, false, security_lines(false), out);
  const std::size_t first = out.size();
  append_bytes(an_answer(), "id", true, false, security_lines(false), out);
  EXPECT_EQ(out.size(), 2 * first);
}

TEST(SecurityLines, ask_for_https_where_the_site_is_reached_by_it) {
  const std::string_view plain = security_lines(false);
  EXPECT_TRUE(plain.starts_with("X-Content-Type-Options: nosniff\r\n"));
  EXPECT_EQ(security_lines(true), "Strict-Transport-Security: max-age=31536000\r\n" + std::string(plain));
}

TEST(AppendBytes, head_has_the_length_and_no_body) {
  const std::string bytes = bytes_of(an_answer(), true, true);
  EXPECT_TRUE(has_line(bytes, "Content-Length: 7"));
  EXPECT_TRUE(bytes.ends_with("\r\n\r\n"));
}

TEST(AppendBytes, no_content_has_neither_type_nor_length) {
  Answer answer;
  answer.status = 204;
  const std::string bytes = bytes_of(answer);
  EXPECT_EQ(bytes.find("\r\nContent-Type:"), std::string::npos);
  EXPECT_EQ(bytes.find("\r\nContent-Length:"), std::string::npos);
}

TEST(AppendBytes, says_that_the_connection_ends) {
  EXPECT_TRUE(has_line(bytes_of(an_answer(), false), "Connection: close"));
}

TEST(AppendBytes, lets_nobody_keep_what_is_not_public) {
  EXPECT_TRUE(has_line(bytes_of(an_answer()), "Cache-Control: no-store"));
  Answer answer = an_answer();
  answer.is_public = true;
  EXPECT_TRUE(has_line(bytes_of(answer), "Cache-Control: no-cache"));
}

TEST(Answer, a_header_that_is_set_again_is_replaced) {
  Answer answer;
  answer.with("Retry-After", "1").with("Allow", "GET").with("Retry-After", "30");
  ASSERT_EQ(answer.headers.size(), 2U);
  EXPECT_EQ(answer.headers[0].second, "30");
}

}  // namespace
}  // namespace zl::http
