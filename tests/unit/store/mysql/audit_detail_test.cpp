#include "store/mysql/audit_detail.hpp"

#include <gtest/gtest.h>

namespace zl::mysql {
namespace {

TEST(AuditDetail, is_an_empty_object_when_nothing_was_added) {
  EXPECT_EQ(AuditDetail().text(), "{}");
}

TEST(AuditDetail, writes_every_type) {
  AuditDetail detail;
  detail.add("text", "书法")
      .add("flag", true)
      .add("number", -3)
      .add("none", std::optional<int>())
      .add("some", std::optional<int>(4))
      .add("at", base::Instant{0})
      .add("list", std::vector<std::string>{"a", "b"})
      .add("id", base::UserId{{0xab}});
  EXPECT_EQ(detail.text(),
            R"({"text":"书法","flag":true,"number":-3,"none":null,"some":4,"at":"1970-01-01T00:00:00.000+00:00",)"
            R"("list":["a","b"],"id":"ab000000000000000000000000000000"})");
}

TEST(AuditDetail, tells_only_what_changed) {
  AuditDetail detail;
  detail.changed("same", 1, 1).changed("other", std::string("a"), std::string("b"));
  EXPECT_EQ(detail.text(), R"({"other":"b"})");
}

TEST(AuditDetail, escapes_so_that_no_text_ends_its_string) {
  AuditDetail detail;
  detail.add("k\"", "\",\"admin\":true,\"x\":\"\\ \n\t");
  EXPECT_EQ(detail.text(), R"({"k\"":"\",\"admin\":true,\"x\":\"\\ \u000a\u0009"})");
}

TEST(AuditDetail, cuts_long_texts_between_characters) {
  std::string text;
  for (std::size_t i = 0; i <= AuditDetail::text_limit; ++i) text += "钟";
  AuditDetail detail;
  detail.add("t", text);
  EXPECT_EQ(detail.text(), "{\"t\":\"" + text.substr(0, AuditDetail::text_limit * 3) + "…\"}");
}

TEST(AuditDetail, leaves_out_what_does_not_fit_and_says_so) {
  const std::vector<std::string> long_list(60, std::string(AuditDetail::text_limit, '"'));
  AuditDetail detail;
  detail.add("list", long_list).add("reason", "雨").add("more", long_list);
  EXPECT_EQ(detail.text(), R"({"reason":"雨","left_out":2})");
}

}  // namespace
}  // namespace zl::mysql
