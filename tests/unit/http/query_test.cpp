// Query parameters and the Idempotency-Key.
#include "http/query.hpp"

#include <gtest/gtest.h>

#include "support.hpp"

namespace zl::http {
namespace {

using Pointers = std::vector<std::string>;

std::optional<std::string> value_of(std::string_view query, std::string_view name) {
  bool malformed = false;
  std::optional<std::string> value = query_value(query, name, malformed);
  return malformed ? std::optional<std::string>("malformed") : value;
}

TEST(PercentEncoded, keeps_letters_digits_and_what_is_named) {
  EXPECT_EQ(percent_encoded("aZ09-/花\"\r\n%\x7f", "-"), "aZ09-%2F%E8%8A%B1%22%0D%0A%25%7F");
  EXPECT_EQ(percent_encoded("", "-"), "");
}

TEST(QueryValue, is_percent_decoded_and_a_plus_is_a_space) {
  EXPECT_EQ(value_of("q=%E7%9A%AE%e5%bd%b1&x=1", "q"), "皮影");
  EXPECT_EQ(value_of("a=1&from=2026-07-06T09:00:00%2B08:00", "from"), "2026-07-06T09:00:00+08:00");
  EXPECT_EQ(value_of("q=a+b", "q"), "a b");
  EXPECT_EQ(value_of("limi%74=5", "limit"), "5");
  EXPECT_EQ(value_of("q=a=b", "q"), "a=b");
  EXPECT_EQ(value_of("q", "q"), "");
  EXPECT_EQ(value_of("q=", "q"), "");
  EXPECT_EQ(value_of("qq=1", "q"), std::nullopt);
  EXPECT_EQ(value_of("", "q"), std::nullopt);
}

TEST(QueryValue, says_where_the_encoding_is_broken) {
  for (const std::string_view query : {"q=%", "q=%4", "q=%zz", "q=%ff", "q=%C0%AF"}) {
    EXPECT_EQ(value_of(query, "q"), "malformed") << query;
  }
}

TEST(CheckQueryNames, faults_what_is_unknown_or_repeated) {
  EXPECT_EQ(pointers(check_query_names("", "")), Pointers());
  EXPECT_EQ(pointers(check_query_names("cursor=a&limit=5", "station_id cursor limit")), Pointers());
  EXPECT_EQ(pointers(check_query_names("colour=red&limit=5&limit=6", "cursor limit")), (Pointers{"?colour", "?limit"}));
  EXPECT_EQ(pointers(check_query_names("lim=1", "limit")), Pointers{"?lim"});
  EXPECT_EQ(pointers(check_query_names("from=a&from=b&%ff=1&state=1&state=2", "code state", Others::ignored)),
            Pointers{"?state"});
  EXPECT_EQ(pointers(check_query_names("%ff=1&" + std::string(500, 'x'), "limit")), (Pointers{"?", "?"}));
}

TEST(QueryReader, reads_each_type_or_names_the_parameter) {
  Request request = a_request();
  request.query = "age=7&on=true&from=2026-07-06T01:00:00Z&kind=camp&id=0b1c2d3e4f5061728394a5b6c7d8e9f0";
  Faults faults;
  QueryReader query(request, faults);
  std::optional<int> age;
  bool on = false;
  std::optional<base::Instant> from;
  std::optional<domain::Kind> kind;
  std::optional<base::StationId> id;
  query.integer("age", 0, 150, age);
  query.boolean("on", on);
  query.instant("from", from);
  query.choice("kind", kind);
  query.id("id", id);
  EXPECT_EQ(pointers(faults), Pointers());
  EXPECT_EQ(age, 7);
  EXPECT_TRUE(on);
  EXPECT_EQ(kind, domain::Kind::camp);
  EXPECT_TRUE(from && id);

  request.query = "age=151&on=yes&from=now&kind=party&id=x";
  QueryReader wrong(request, faults);
  wrong.integer("age", 0, 150, age);
  wrong.boolean("on", on);
  wrong.instant("from", from);
  wrong.choice("kind", kind);
  wrong.id("id", id);
  EXPECT_EQ(pointers(faults), (Pointers{"?age", "?on", "?from", "?kind", "?id"}));
}

TEST(QueryReader, takes_nothing_but_digits_for_numbers) {
  for (const std::string_view wrong :
       {"n=", "n=six", "n=6.5", "n=+6", "n=%206", "n=6x", "n=0", "n=201", "n=99999999999"}) {
    Request request = a_request();
    request.query = wrong;
    Faults faults;
    std::optional<int> number;
    QueryReader(request, faults).integer("n", 1, 200, number);
    EXPECT_EQ(pointers(faults), Pointers{"?n"}) << wrong;
    EXPECT_FALSE(number.has_value()) << wrong;
  }
}

TEST(IdempotencyKey, is_the_same_bare_or_quoted) {
  Request request = a_request(Method::post);
  Faults faults;
  request.idempotency_key = "key_1234-AB";
  EXPECT_EQ(read_idempotency_key(request, Need::required, faults), "key_1234-AB");
  request.idempotency_key = "\"key_1234-AB\"";
  EXPECT_EQ(read_idempotency_key(request, Need::required, faults), "key_1234-AB");
  EXPECT_EQ(pointers(faults), Pointers());
}

TEST(IdempotencyKey, may_be_absent_where_it_is_optional_but_never_malformed) {
  Request request = a_request(Method::post);
  Faults faults;
  EXPECT_EQ(read_idempotency_key(request, Need::optional, faults), std::nullopt);
  EXPECT_EQ(pointers(faults), Pointers());
  read_idempotency_key(request, Need::required, faults);
  EXPECT_EQ(pointers(faults), Pointers{"Idempotency-Key"});
  const std::string too_long(65, 'x');
  for (const std::string_view malformed :
       {std::string_view(""), std::string_view("short-7"), std::string_view(too_long), std::string_view("has space"),
        std::string_view("\"unclosed-key"), std::string_view("unopened-key\""), std::string_view("\"\""),
        std::string_view("键键键键键键键键"), std::string_view("\"quoted\"more")}) {
    faults.clear();
    request.idempotency_key = malformed;
    EXPECT_EQ(read_idempotency_key(request, Need::optional, faults), std::nullopt) << malformed;
    EXPECT_EQ(pointers(faults), Pointers{"Idempotency-Key"}) << malformed;
  }
}

TEST(IfMatch, is_the_etag_or_a_star) {
  EXPECT_TRUE(if_match_holds("\"7\"", 7));
  EXPECT_TRUE(if_match_holds("*", 7));
  for (const std::string_view wrong : {"", "7", "\"8\"", "\"07\"", "W/\"7\"", "\"7", "\"7\", \"8\"", "**"}) {
    EXPECT_FALSE(if_match_holds(wrong, 7)) << wrong;
  }
}

}  // namespace
}  // namespace zl::http
