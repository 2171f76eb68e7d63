// What is written once is, for every request, what would have been written for it.
#include "http/sold_out_bodies.hpp"

#include <gtest/gtest.h>

#include "http/problem.hpp"
#include "support.hpp"

namespace zl::http {
namespace {

constexpr base::Instant opening{1'783'299'600'000};

std::string id(int number) {
  std::string text = "0000000000000000000000000000000" + std::to_string(number);
  return text.substr(text.size() - 32);
}

domain::Refusal sold_out(std::int64_t decided_ms, std::optional<std::int64_t> sold_out_ms = 100,
                         std::optional<int> remaining = 0) {
  domain::SoldOut violation;
  if (sold_out_ms) violation.sold_out_at = opening + base::Milliseconds(*sold_out_ms);
  return {{violation}, {std::nullopt, opening + base::Milliseconds(decided_ms), opening, remaining}};
}

boost::json::object body(const domain::Refusal& refused, int number, Language language = Language::en) {
  Request request = a_request(Method::post, language);
  request.request_id = id(number);
  const Answer answer = refusal(request, refused, 480);
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(answer.content_type, problem_type);
  return parsed(answer.body);
}

std::string text(const boost::json::object& object, const char* name) {
  return std::string(object.at(name).as_string());
}

TEST(SoldOutBodies, differ_in_id_and_time_alone) {
  const boost::json::object first = body(sold_out(1000), 1);
  boost::json::object second = body(sold_out(1234), 2);
  EXPECT_EQ(text(first, "request_id"), id(1));
  EXPECT_EQ(text(second, "request_id"), id(2));
  const auto& receipt = second.at("receipt").as_object();
  EXPECT_EQ(text(receipt, "decided_at"), base::format_instant(opening + base::Milliseconds(1234), 480));
  EXPECT_EQ(text(receipt, "sold_out_at"), base::format_instant(opening + base::Milliseconds(100), 480));
  EXPECT_EQ(text(first.at("receipt").as_object(), "decided_at"),
            base::format_instant(opening + base::Milliseconds(1000), 480));
  second["request_id"] = id(1);
  second.at("receipt").as_object()["decided_at"] = first.at("receipt").at("decided_at");
  EXPECT_EQ(first, second);
}

TEST(SoldOutBodies, kinds_are_not_mixed_up) {
  struct Case {
    domain::Refusal refused;
    Language language = Language::en;
  };
  const Case cases[] = {{sold_out(5000)},         {sold_out(5000), Language::zh},
                        {sold_out(5000, 200)},    {sold_out(5000, std::nullopt)},
                        {sold_out(5000, 100, 1)}, {sold_out(5000, 100, std::nullopt)}};
  std::vector<boost::json::object> first;
  for (const Case& c : cases) first.push_back(body(c.refused, 7, c.language));
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(body(cases[i].refused, 7, cases[i].language), first[i]) << i;
    for (std::size_t j = 0; j < i; ++j) EXPECT_NE(first[i], first[j]) << i << " and " << j;
  }
}

TEST(SoldOutBodies, many_kinds_make_room_for_each_other) {
  for (int round = 0; round < 2; ++round) {
    for (int kind = 0; kind < 500; ++kind) {
      const boost::json::object told = body(sold_out(9000 + round, kind), kind % 10);
      EXPECT_EQ(text(told, "request_id"), id(kind % 10));
      EXPECT_EQ(text(told.at("receipt").as_object(), "sold_out_at"),
                base::format_instant(opening + base::Milliseconds(kind), 480));
    }
  }
}

TEST(SoldOutBodies, what_rests_on_holds_or_on_the_gate_is_written_anew) {
  domain::Refusal provisional = sold_out(1000);
  std::get<domain::SoldOut>(provisional.violations.front()).provisional = true;
  EXPECT_TRUE(body(provisional, 3).at("violations").as_array().at(0).at("provisional").as_bool());
  domain::Refusal by_gate = sold_out(1000);
  by_gate.receipt.arrival = 77;
  EXPECT_EQ(body(by_gate, 4).at("receipt").at("arrival").as_int64(), 77);
  EXPECT_TRUE(body(sold_out(1000), 5).at("receipt").at("arrival").is_null());
}

}  // namespace
}  // namespace zl::http
