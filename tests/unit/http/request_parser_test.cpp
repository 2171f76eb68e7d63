// Bytes as clients send them, whole and in pieces, to what endpoints see; and what is refused before its body is read.
#include "http/request_parser.hpp"

#include <gtest/gtest.h>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <optional>

namespace zl::http {
namespace {

constexpr std::uint32_t header_limit = 8192;
constexpr std::uint64_t body_limit = 1000;

/// One request and what came of it.
struct Read {
  RequestText text;
  RequestParser parser{text, header_limit, body_limit};
  boost::beast::error_code error;
  Request request;

  /// Gives the bytes `piece` at a time, as a connection does: what the parser leaves comes again with the next.
  explicit Read(std::string_view bytes, std::size_t piece = 100'000) {
    std::string unread;
    while (!bytes.empty() && !parser.is_done() && !failed()) {
      unread += bytes.substr(0, piece);
      bytes.remove_prefix(std::min(piece, bytes.size()));
      std::size_t used = 1;
      while (used > 0 && !unread.empty() && !parser.is_done() && !failed()) {
        used = parser.put(boost::asio::buffer(unread), error);
        unread.erase(0, used);
      }
    }
    if (parser.is_done()) parser.fill(request);
  }

  bool failed() const { return error && error != boost::beast::http::error::need_more; }
  bool holds() const { return !failed() && parser.is_header_done() && parser.framing_holds(); }
};

std::string post(std::string_view headers, std::string_view body = "") {
  return "POST /api/v1/logout?everywhere=true HTTP/1.1\r\nHost: town\r\n" + std::string(headers) + "\r\n" +
         std::string(body);
}

TEST(RequestParser, gives_the_parts_that_endpoints_see_however_the_bytes_come) {
  const std::string bytes = post(
      "content-type: application/json\r\nAUTHORIZATION: Bearer abc\r\nCookie: zl=1\r\nOrigin: https://town\r\n"
      "idempotency-key: key-0001\r\nIf-Match: \"3\"\r\nAccept-Language: en\r\nX-Other: 1\r\n"
      "Content-Length: 7\r\n",
      "{\"a\":1}");
  for (const std::size_t piece : {1U, 7U, 100U, 10'000U}) {
    const Read read(bytes, piece);
    ASSERT_TRUE(read.parser.is_done()) << piece;
    EXPECT_TRUE(read.holds());
    const Request& request = read.request;
    EXPECT_EQ(request.method, Method::post);
    EXPECT_EQ(request.path, "/api/v1/logout");
    EXPECT_EQ(request.query, "everywhere=true");
    EXPECT_EQ(request.body, "{\"a\":1}");
    EXPECT_EQ(request.content_type, "application/json");
    EXPECT_EQ(request.authorization, "Bearer abc");
    EXPECT_EQ(request.cookie, "zl=1");
    EXPECT_EQ(request.origin, "https://town");
    EXPECT_EQ(request.idempotency_key, "key-0001");
    EXPECT_EQ(request.if_match, "\"3\"");
    EXPECT_EQ(request.accept_language, "en");
    EXPECT_TRUE(request.has_length);
    EXPECT_TRUE(request.keep_alive);
  }
}

TEST(RequestParser, tells_what_was_not_sent_from_what_was_sent_empty) {
  const Read none(post(""));
  EXPECT_EQ(none.request.authorization.data(), nullptr);
  EXPECT_EQ(none.request.idempotency_key.data(), nullptr);
  EXPECT_FALSE(none.request.has_length);
  const Read empty(post("Authorization: \r\nIdempotency-Key:\r\nContent-Length: 0\r\n"));
  EXPECT_NE(empty.request.authorization.data(), nullptr);
  EXPECT_EQ(empty.request.authorization, "");
  EXPECT_NE(empty.request.idempotency_key.data(), nullptr);
  EXPECT_TRUE(empty.request.has_length);
}

TEST(RequestParser, leaves_nothing_of_the_request_before) {
  RequestText text;
  Request request;
  for (const std::string& bytes :
       {post("Authorization: Bearer abc\r\nX-Forwarded-For: 1.1.1.1\r\nContent-Length: 2\r\n", "{}"), post("")}) {
    RequestParser parser(text, header_limit, body_limit);
    parser.eager(true);
    boost::beast::error_code error;
    parser.put(boost::asio::buffer(bytes), error);
    ASSERT_TRUE(parser.is_done());
    parser.fill(request);
    request.claims.emplace();
    if (bytes.size() > 100) continue;
    EXPECT_EQ(request.authorization.data(), nullptr);
    EXPECT_EQ(request.body, "");
    EXPECT_EQ(parser.forwarded_for(), "");
    parser.fill(request);
    EXPECT_FALSE(request.claims);
  }
}

TEST(RequestParser, the_first_of_a_doubled_field_counts) {
  const Read read(post("Authorization: Bearer first\r\nAuthorization: Bearer second\r\n"));
  EXPECT_EQ(read.request.authorization, "Bearer first");
}

TEST(RequestParser, joins_forwarded_addresses_in_order) {
  const Read read(post("X-Forwarded-For: 1.1.1.1\r\nHost2: a\r\nx-forwarded-for: 2.2.2.2, 3.3.3.3\r\n"));
  EXPECT_EQ(read.parser.forwarded_for(), "1.1.1.1,2.2.2.2, 3.3.3.3");
}

TEST(RequestParser, joins_chunks_and_leaves_trailers_out) {
  const Read read(
      post("Transfer-Encoding: chunked\r\n", "2\r\n{\"\r\n5\r\na\":1}\r\n0\r\nAuthorization: Bearer abc\r\n\r\n"), 5);
  ASSERT_TRUE(read.parser.is_done());
  EXPECT_TRUE(read.holds());
  EXPECT_EQ(read.request.body, "{\"a\":1}");
  EXPECT_TRUE(read.request.has_length);
  EXPECT_EQ(read.request.authorization.data(), nullptr);
}

TEST(RequestParser, closes_behind_a_request_that_says_so) {
  EXPECT_FALSE(Read(post("Connection: close\r\n")).request.keep_alive);
  EXPECT_FALSE(Read("GET / HTTP/1.0\r\nHost: town\r\n\r\n").request.keep_alive);
  EXPECT_TRUE(Read("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").request.keep_alive);
}

TEST(RequestParser, knows_who_waits_to_be_told_to_go_on) {
  EXPECT_TRUE(Read(post("Expect: 100-continue\r\nContent-Length: 5\r\n")).parser.expects_continue());
  EXPECT_FALSE(Read(post("Content-Length: 5\r\n")).parser.expects_continue());
}

TEST(RequestParser, refuses_framing_that_others_read_differently) {
  for (const char* headers :
       {"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n",
        "Transfer-Encoding: gzip\r\n", "Transfer-Encoding: gzip\r\nContent-Length: 2\r\n",
        "Transfer-Encoding: xchunked\r\nContent-Length: 2\r\n", "Transfer-Encoding: chunked, gzip\r\n",
        "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: identity\r\nContent-Length: 2\r\n",
        "Transfer-Encoding:\r\n", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: 2\r\nContent-Length: 2\r\n", "Content-Length: 2\r\nContent-Length: 3\r\n",
        "Content-Length: 2, 2\r\n", "Content-Length: +2\r\n", "Content-Length: -2\r\n", "Content-Length: 0x2\r\n",
        "Content-Length:\r\n", "Content-Length : 2\r\n", "Host: other\r\n"}) {
    EXPECT_FALSE(Read(post(headers)).holds()) << headers;
  }
  EXPECT_TRUE(Read(post("Transfer-Encoding: Chunked\r\n")).holds());
  EXPECT_TRUE(Read(post("Content-Length: 2\r\n")).holds());
}

/// Others take what is behind the fold for a field of its own, or for none (RFC 9112, 5.2).
TEST(RequestParser, refuses_folded_lines_in_headers_and_trailers) {
  const char* folded[] = {"X:\r\n a\r\n",
                          "X:\r\n\ta\r\n",
                          "X: \t\r\n a\r\n",
                          "X: a\r\n b\r\n",
                          "X: a\r\n\tb\r\n",
                          "X: a\r\n \r\n b\r\n",
                          "X: a\r\n \r\n",
                          "X:\r\n \r\n",
                          "X:\r\n \r\n a\r\n",
                          "Authorization: Bearer\r\n abc\r\n",
                          "Cookie:\r\n zl=1\r\n",
                          "Transfer-Encoding:\r\n chunked\r\n",
                          "Transfer-Encoding: chunked\r\n \r\n",
                          "Content-Length:\r\n 2\r\n",
                          "Host2: a\r\n Content-Length: 2\r\n"};
  for (const char* lines : folded) {
    for (const std::size_t piece : {1U, 10'000U}) {
      const Read in_header(post(lines), piece);
      EXPECT_FALSE(in_header.holds()) << lines;
      EXPECT_EQ(status_of_parse_error(in_header.error), 400);
      const Read in_trailer(post("Transfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\n" + std::string(lines) + "\r\n"),
                            piece);
      EXPECT_TRUE(in_trailer.failed()) << lines;
      EXPECT_EQ(status_of_parse_error(in_trailer.error), 400);
    }
  }
  EXPECT_FALSE(Read("GET / HTTP/1.1\r\n Host: town\r\n\r\n").holds());
  EXPECT_FALSE(Read("GET / HTTP/1.1\r\nHost:\r\n town\r\n\r\n").holds());
  for (const char* lines : {"X:\r\n", "X: \r\n", "X:\t a \t\r\n", "X:a b\r\n"}) {
    EXPECT_TRUE(Read(post(lines)).holds()) << lines;
  }
}

TEST(RequestParser, makes_no_header_of_a_trailer) {
  for (const char* line : {"Connection: close", "Expect: 100-continue", "Cookie: zl=1", "Idempotency-Key: key-0001",
                           "X-Forwarded-For: 1.1.1.1", "Host: other", "Origin: https://other", "If-Match: *"}) {
    const Read read(post("Transfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\n" + std::string(line) + "\r\n\r\n"));
    ASSERT_TRUE(read.parser.is_done()) << line;
    EXPECT_TRUE(read.holds()) << line;
    EXPECT_TRUE(read.request.keep_alive) << line;
    EXPECT_FALSE(read.parser.expects_continue()) << line;
    EXPECT_EQ(read.request.cookie.data(), nullptr);
    EXPECT_EQ(read.request.idempotency_key.data(), nullptr);
    EXPECT_EQ(read.request.origin.data(), nullptr);
    EXPECT_EQ(read.request.if_match.data(), nullptr);
    EXPECT_EQ(read.parser.forwarded_for(), "");
  }
  for (const char* line : {"Content-Length: 2", "Transfer-Encoding: chunked", "Transfer-Encoding: gzip"}) {
    EXPECT_TRUE(Read(post("Transfer-Encoding: chunked\r\n", "0\r\n" + std::string(line) + "\r\n\r\n")).failed())
        << line;
  }
}

TEST(RequestParser, refuses_other_targets_versions_and_missing_hosts) {
  EXPECT_TRUE(Read("GET / HTTP/1.1\r\nHost: town\r\n\r\n").holds());
  EXPECT_TRUE(Read("GET / HTTP/1.0\r\n\r\n").holds());
  for (const char* bytes :
       {"GET / HTTP/1.1\r\n\r\n", "GET http://town/ HTTP/1.1\r\nHost: town\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: town\r\n\r\n", "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/2.0\r\nHost: town\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/1.1\nHost: town\n\n",
        "GET / HTTP/1.1\r\nHo st: town\r\n\r\n"}) {
    EXPECT_FALSE(Read(bytes).holds()) << bytes;
  }
}

TEST(RequestParser, limits_have_their_statuses) {
  EXPECT_EQ(status_of_parse_error(Read(post("Content-Length: 1001\r\n")).error), 413);
  EXPECT_EQ(status_of_parse_error(Read(post("Transfer-Encoding: chunked\r\n", "3e9\r\n")).error), 413);
  EXPECT_EQ(status_of_parse_error(Read(post("X-Long: " + std::string(header_limit, 'x') + "\r\n")).error), 431);
  EXPECT_EQ(status_of_parse_error(Read("hello\r\n\r\n").error), 400);
  EXPECT_EQ(status_of_parse_error(Read(post("Transfer-Encoding: chunked\r\n", "zz\r\n")).error), 400);
}

}  // namespace
}  // namespace zl::http
