// What is written is JSON that says the same.
#include "http/json_writer.hpp"

#include <gtest/gtest.h>

#include "support.hpp"

namespace zl::http {
namespace {

TEST(JsonWriter, sets_commas_and_writes_every_kind_of_value) {
  std::string out;
  JsonWriter json(out, 480);
  json.begin_object().member("text", "a").member("number", -7).member("big", std::uint64_t{18446744073709551615U});
  json.member("flag", true).member("none", std::optional<int>()).member("some", std::optional(3));
  json.key("list").begin_array().value(1).begin_object().end_object().begin_array().end_array().value("x").end_array();
  json.member("at", base::Instant{0}).key("raw").raw("{\"a\":1}").end_object();
  EXPECT_EQ(out, R"({"text":"a","number":-7,"big":18446744073709551615,"flag":true,"none":null,"some":3,)"
                 R"("list":[1,{},[],"x"],"at":"1970-01-01T08:00:00.000+08:00","raw":{"a":1}})");
}

TEST(JsonWriter, escapes_what_has_to_be_and_nothing_else) {
  std::string all;
  for (char c = 0; c < 127; ++c) all.push_back(c);
  all += "\x7F/é中🎉";
  std::string out;
  JsonWriter(out, 0).begin_object().member("text", all).end_object();
  const boost::json::object read_back = parsed(out);
  EXPECT_EQ(read_back.at("text").as_string(), boost::json::string_view(all.data(), all.size()));
  EXPECT_NE(out.find("\\u0000"), std::string::npos);
  EXPECT_NE(out.find("\\u001f"), std::string::npos);
  EXPECT_NE(out.find("中🎉"), std::string::npos);
}

TEST(JsonWriter, writes_ids_and_days) {
  std::string out;
  JsonWriter json(out, 0);
  const auto day = base::parse_date("2018-02-28").value();
  json.begin_array().value(base::StationId{}).value(day).value(std::optional<base::StationId>()).end_array();
  EXPECT_EQ(out, R"(["00000000000000000000000000000000","2018-02-28",null])");
}

}  // namespace
}  // namespace zl::http
