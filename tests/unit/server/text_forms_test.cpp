#include "server/text_forms.hpp"

#include <gtest/gtest.h>

namespace zl::server {
namespace {

struct Case {
  TextForm form;
  std::string text;
  bool fits;
};

TEST(TextForms, each_form_takes_what_it_says_and_nothing_else) {
  const Case cases[] = {
      {TextForm::any, "", true},
      {TextForm::any, "钟楼", true},
      {TextForm::any, "line\nbreak", false},
      {TextForm::any, std::string("a\0b", 3), false},
      {TextForm::required, "x", true},
      {TextForm::required, "", false},
      {TextForm::ip_address, "127.0.0.1", true},
      {TextForm::ip_address, "::1", true},
      {TextForm::ip_address, "localhost", false},
      {TextForm::ip_address, "127.1", false},
      {TextForm::ip_address, "256.0.0.1", false},
      {TextForm::ip_address, "127.0.0.1 ", false},
      {TextForm::ip_address, "", false},
      {TextForm::network, "10.0.0.0/8", true},
      {TextForm::network, "10.0.0.1", true},
      {TextForm::network, "fd00::/64", true},
      {TextForm::network, "10.0.0.0/0", true},
      {TextForm::network, "10.0.0.0/33", false},
      {TextForm::network, "fd00::/129", false},
      {TextForm::network, "10.0.0.0/08", false},
      {TextForm::network, "10.0.0.0/-1", false},
      {TextForm::network, "10.0.0.0/", false},
      {TextForm::socket_path, "", true},
      {TextForm::socket_path, std::string(107, 'p'), true},
      {TextForm::socket_path, std::string(108, 'p'), false},
      {TextForm::origin, "", true},
      {TextForm::origin, "https://example.org", true},
      {TextForm::origin, "http://127.0.0.1:8080", true},
      {TextForm::origin, "http://[::1]:8080", true},
      {TextForm::origin, "https://[::1]", true},
      {TextForm::origin, "https://example.org/", false},
      {TextForm::origin, "https://example.org:443", false},
      {TextForm::origin, "http://example.org:80", false},
      {TextForm::origin, "https://example.org:", false},
      {TextForm::origin, "https://example.org:0", false},
      {TextForm::origin, "https://example.org:65536", false},
      {TextForm::origin, "https://Example.org", false},
      {TextForm::origin, "https://user@example.org", false},
      {TextForm::origin, "https://", false},
      {TextForm::origin, "https://[127.0.0.1]", false},
      {TextForm::origin, "ftp://example.org", false},
      {TextForm::origin, "example.org", false},
      {TextForm::address, "", true},
      {TextForm::address, "https://example.org", true},
      {TextForm::address, "https://example.org:8443/sms?to=parents", true},
      {TextForm::address, "http://127.0.0.1:9000/", true},
      {TextForm::address, "https://example.org/a b", false},
      {TextForm::address, "https://example.org/#x", false},
      {TextForm::address, "https://example.org?x", false},
      {TextForm::address, "https://user@example.org/", false},
      {TextForm::address, "/sms", false},
      {TextForm::verify_file, "MP_verify_a1B2.txt=a1B2", true},
      {TextForm::verify_file, "MP_verify_.txt=a1B2", false},
      {TextForm::verify_file, "MP_verify_a1B2.txt=", false},
      {TextForm::verify_file, "MP_verify_a1B2.txt", false},
      {TextForm::verify_file, "MP_verify_../a.txt=a", false},
      {TextForm::verify_file, "index.html=a", false},
      {TextForm::verify_file, "MP_verify_a.txt=<b>", false},
  };
  for (const auto& c : cases) EXPECT_EQ(has_form(c.text, c.form), c.fits) << static_cast<int>(c.form) << " " << c.text;
}

TEST(TextForms, a_choice_is_exact) {
  constexpr std::string_view choices[] = {"json", "text"};
  EXPECT_TRUE(has_form("json", TextForm::one_of_the_choices, choices));
  EXPECT_FALSE(has_form("JSON", TextForm::one_of_the_choices, choices));
  EXPECT_FALSE(has_form("", TextForm::one_of_the_choices, choices));
}

TEST(TextForms, a_key_is_64_lower_case_hex_digits) {
  EXPECT_TRUE(has_form(std::string(64, 'a'), SecretForm::key));
  EXPECT_FALSE(has_form(std::string(63, 'a'), SecretForm::key));
  EXPECT_FALSE(has_form(std::string(66, 'a'), SecretForm::key));
  EXPECT_FALSE(has_form(std::string(64, 'g'), SecretForm::key));
}

TEST(TextForms, loopback_is_127_slash_8_and_the_one_address_of_ipv6) {
  EXPECT_TRUE(is_loopback("127.0.0.1"));
  EXPECT_TRUE(is_loopback("127.255.0.9"));
  EXPECT_TRUE(is_loopback("::1"));
  EXPECT_FALSE(is_loopback("0.0.0.0"));
  EXPECT_FALSE(is_loopback("::"));
  EXPECT_FALSE(is_loopback("128.0.0.1"));
  EXPECT_FALSE(is_loopback("localhost"));
}

TEST(TextForms, a_loopback_origin_is_judged_by_its_host) {
  EXPECT_TRUE(is_loopback_origin("http://127.0.0.1:8080"));
  EXPECT_TRUE(is_loopback_origin("http://localhost"));
  EXPECT_TRUE(is_loopback_origin("http://[::1]:8080"));
  EXPECT_FALSE(is_loopback_origin("http://127.0.0.1.example.org"));
  EXPECT_FALSE(is_loopback_origin("http://localhost.example.org"));
  EXPECT_FALSE(is_loopback_origin(""));
}

}  // namespace
}  // namespace zl::server
