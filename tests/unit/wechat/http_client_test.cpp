// The client against servers on loopback that answer, dawdle, lie about who they are, or say too much.
#include "wechat/http_client.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "unit/wechat/loopback_server.hpp"
#include "unit/wechat/support.hpp"

namespace zl::wechat {
namespace {

using base::Code;
using base::Outcome;
using test::Identity;
using test::LoopbackServer;

std::string ok(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

class HttpClientTest : public ::testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(ca_file_); }

  HttpClientConfig config(const std::string& scheme, const std::string& host, const std::string& port) const {
    HttpClientConfig made;
    made.base_url = scheme + "://" + host + ":" + port;
    made.timeout = std::chrono::seconds(20);
    return made;
  }

  Outcome<HttpAnswer> fetch(const HttpClientConfig& made, HttpRequest request = {"/cgi-bin/x?a=b", {}}) {
    const auto client = create_http_client(made);
    return loop_.run(client->fetch(std::move(request)));
  }

  /// A file that names `identity` as an authority.
  std::string trusting(const Identity& identity) {
    ca_file_ = std::filesystem::temp_directory_path() / ("zhonglou_ca_" + std::to_string(::getpid()) + ".pem");
    std::ofstream(ca_file_) << identity.certificate;
    return ca_file_;
  }

  test::ManualLoop loop_;
  std::filesystem::path ca_file_;
};

TEST_F(HttpClientTest, asks_and_is_answered) {
  std::string head;
  LoopbackServer server([&head](const std::string& got) {
    head = got;
    return ok(R"({"a":1})");
  });
  const auto answer = fetch(config("http", "127.0.0.1", server.port()));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, R"({"a":1})");
  EXPECT_TRUE(head.starts_with("GET /cgi-bin/x?a=b HTTP/1.1\r\n")) << head;
  EXPECT_NE(head.find("Host: 127.0.0.1:" + server.port() + "\r\n"), std::string::npos) << head;
}

TEST_F(HttpClientTest, posts_json) {
  std::string head;
  LoopbackServer server([&head](const std::string& got) {
    head = got;
    return ok("{}");
  });
  EXPECT_TRUE(fetch(config("http", "127.0.0.1", server.port()), {"/x", R"({"name":"钟"})"}));
  EXPECT_TRUE(head.starts_with("POST /x HTTP/1.1\r\n")) << head;
  EXPECT_NE(head.find("Content-Type: application/json; charset=utf-8\r\n"), std::string::npos) << head;
  EXPECT_NE(head.find("Content-Length: 14\r\n"), std::string::npos) << head;
}

TEST_F(HttpClientTest, passes_other_statuses_on) {
  LoopbackServer server([](const std::string&) { return "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"; });
  EXPECT_EQ(fetch(config("http", "127.0.0.1", server.port())).value().status, 502);
}

TEST_F(HttpClientTest, finds_hosts_by_name) {
  LoopbackServer server([](const std::string&) { return ok("{}"); });
  EXPECT_TRUE(fetch(config("http", "localhost", server.port())));
}

TEST_F(HttpClientTest, says_that_nothing_was_sent_where_nobody_listens) {
  std::string port;
  {
    LoopbackServer gone([](const std::string&) { return ok("{}"); });
    port = gone.port();
  }
  const auto answer = fetch(config("http", "127.0.0.1", port));
  ASSERT_TRUE(answer.is_refused());
  EXPECT_EQ(answer.refused().code, Code::unavailable);
  EXPECT_TRUE(fetch(config("http", "no-such-host.invalid", "80")).is_refused());
}

TEST_F(HttpClientTest, does_not_know_what_became_of_a_request_without_a_whole_answer) {
  LoopbackServer silent([](const std::string&) { return ""; });
  HttpClientConfig hasty = config("http", "127.0.0.1", silent.port());
  hasty.timeout = std::chrono::seconds(2);
  EXPECT_TRUE(fetch(hasty).is_unknown());
  for (const std::string& bytes :
       {std::string("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"), std::string("nonsense\r\n\r\n")}) {
    LoopbackServer server([&bytes](const std::string&) { return bytes; });
    EXPECT_TRUE(fetch(config("http", "127.0.0.1", server.port())).is_unknown()) << bytes;
  }
}

TEST_F(HttpClientTest, takes_no_answer_beyond_its_limit) {
  LoopbackServer server([](const std::string&) { return ok(std::string(1001, 'x')); });
  HttpClientConfig small = config("http", "127.0.0.1", server.port());
  small.answer_limit_bytes = 1000;
  EXPECT_TRUE(fetch(small).is_unknown());
  small.answer_limit_bytes = 1001;
  EXPECT_TRUE(fetch(small).is_done());
}

TEST_F(HttpClientTest, makes_no_more_calls_at_a_time_than_allowed) {
  LoopbackServer silent([](const std::string&) { return ""; });
  HttpClientConfig narrow = config("http", "127.0.0.1", silent.port());
  narrow.calls_limit = 1;
  narrow.timeout = std::chrono::seconds(2);
  const auto client = create_http_client(narrow);
  HttpRequest first{"/1", {}};
  HttpRequest second{"/2", {}};
  const auto waiting = loop_.start(client->fetch(std::move(first)));
  const auto refused = loop_.run(client->fetch(std::move(second)));
  ASSERT_TRUE(refused.is_refused());
  EXPECT_EQ(refused.refused().code, Code::overloaded);
  while (!*waiting) loop_.context.run_one();
  HttpRequest third{"/3", {}};
  EXPECT_TRUE(loop_.run(client->fetch(std::move(third))).is_unknown()) << "the place was given back";
}

TEST_F(HttpClientTest, trusts_a_server_by_its_authority_and_its_name) {
  const Identity identity = test::self_signed("DNS:localhost");
  LoopbackServer server([](const std::string&) { return ok("{}"); }, &identity);
  HttpClientConfig secure = config("https", "localhost", server.port());
  EXPECT_TRUE(fetch(secure).is_refused()) << "nobody vouches for it";
  secure.ca_file = trusting(identity);
  EXPECT_TRUE(fetch(secure).is_done());
  secure.base_url = "https://127.0.0.1:" + server.port();
  EXPECT_TRUE(fetch(secure).is_refused()) << "the certificate is for another name";
}

TEST_F(HttpClientTest, does_not_speak_tls_with_who_does_not) {
  LoopbackServer plain([](const std::string&) { return ok("{}"); });
  HttpClientConfig secure = config("https", "localhost", plain.port());
  secure.timeout = std::chrono::milliseconds(300);
  EXPECT_TRUE(fetch(secure).is_refused());
}

TEST_F(HttpClientTest, wants_an_address_without_a_path_and_authorities_that_can_be_read) {
  for (const std::string url : {"", "api.weixin.qq.com", "ftp://x", "https://x/path", "https://x/"}) {
    HttpClientConfig wrong;
    wrong.base_url = url;
    EXPECT_THROW(create_http_client(wrong), std::invalid_argument) << url;
  }
  HttpClientConfig unreadable;
  unreadable.ca_file = "/nowhere/at/all.pem";
  EXPECT_THROW(create_http_client(unreadable), std::runtime_error);
}

}  // namespace
}  // namespace zl::wechat
