// Problem documents: codes, statuses, languages, and what a client is told of a failure.
#include "http/problem.hpp"

#include <gtest/gtest.h>

#include <set>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "http/problem_texts.hpp"
#include "support.hpp"

namespace zl::http {
namespace {

std::string text(const boost::json::value& value) {
  return std::string(value.as_string());
}

std::optional<std::string> header(const Answer& answer, std::string_view name) {
  for (const auto& [known, value] : answer.headers) {
    if (known == name) return value;
  }
  return std::nullopt;
}

bool is_ascii(std::string_view text) {
  return base::utf8_length(text) == text.size();
}

template <class Check>
void for_every_code(Check check) {
  for (int number = 1; number <= base::code_count; ++number) check(static_cast<base::Code>(number));
}

TEST(Problem, has_the_members_of_the_contract_for_every_code) {
  std::set<std::string> titles;
  for_every_code([&](base::Code code) {
    const Request request = a_request();
    const Answer answer = problem(request, code);
    const boost::json::object body = parsed(answer.body);
    const std::string name(base::name(code));
    EXPECT_EQ(answer.content_type, problem_type);
    EXPECT_EQ(text(body.at("type")), "/problems/" + name);
    EXPECT_EQ(text(body.at("code")), name);
    EXPECT_EQ(body.at("status").as_int64(), answer.status);
    EXPECT_EQ(text(body.at("request_id")), request.request_id);
    EXPECT_FALSE(text(body.at("detail")).empty());
    EXPECT_TRUE(titles.insert(text(body.at("title"))).second) << name;
    EXPECT_NE(reason_of(answer.status), "Unknown") << name;
  });
}

TEST(Problem, speaks_the_clients_language) {
  for_every_code([](base::Code code) {
    const std::string english = text(parsed(problem(a_request(), code).body).at("detail"));
    const std::string chinese = text(parsed(problem(a_request(Method::get, Language::zh), code).body).at("detail"));
    EXPECT_TRUE(is_ascii(english)) << english;
    EXPECT_FALSE(is_ascii(chinese)) << chinese;
    EXPECT_FALSE(is_ascii(explanation_of(code, Language::zh)));
    EXPECT_TRUE(is_ascii(explanation_of(code, Language::en)));
  });
}

TEST(Problem, carries_the_headers_that_its_status_needs) {
  for_every_code([](base::Code code) {
    const Answer answer = problem(a_request(), code);
    const bool retry = answer.status == 503 || answer.status == 429 || code == base::Code::in_progress;
    EXPECT_EQ(header(answer, "Retry-After").has_value(), retry) << base::name(code);
    EXPECT_EQ(header(answer, "WWW-Authenticate").has_value(), answer.status == 401) << base::name(code);
  });
}

TEST(Invalid, names_every_field_with_its_limit) {
  const Answer answer = invalid(a_request(Method::post, Language::zh),
                                {{"/capacity", "the number is out of bounds", "1..100000"}, {"?q", "odd", ""}});
  EXPECT_EQ(answer.status, 400);
  const boost::json::object body = parsed(answer.body);
  const boost::json::array& errors = body.at("errors").as_array();
  ASSERT_EQ(errors.size(), 2U);
  EXPECT_EQ(text(errors[0].at("pointer")), "/capacity");
  EXPECT_EQ(text(errors[0].at("detail")), "数值超出范围");
  EXPECT_EQ(text(errors[0].at("limit")), "1..100000");
  EXPECT_EQ(text(errors[1].at("detail")), "odd");
  EXPECT_FALSE(errors[1].as_object().contains("limit"));
  EXPECT_FALSE(parsed(invalid(a_request(), {}).body).contains("errors"));
}

domain::Refusal a_refusal() {
  domain::Refusal refusal;
  refusal.receipt.arrival = 912;
  refusal.receipt.decided_at = {1'781'920'809'114};
  refusal.receipt.opens_at = {1'781'920'800'000};
  refusal.receipt.remaining = 0;
  return refusal;
}

TEST(Refusal, names_every_rule_and_carries_the_receipt) {
  domain::Refusal refused = a_refusal();
  refused.violations = {domain::Ineligible{5, 6, 12}, domain::LimitReached{domain::CapScope::user, 4, 4, false},
                        domain::Overlaps{base::ActivityId{}, false},
                        domain::SoldOut{base::Instant{1'781'920'807'030}, false}};
  const Answer answer = refusal(a_request(Method::post), refused, 480);
  EXPECT_EQ(answer.status, 403);
  EXPECT_FALSE(header(answer, "Retry-After").has_value());
  const boost::json::object body = parsed(answer.body);
  EXPECT_EQ(text(body.at("code")), "ineligible");
  EXPECT_EQ(body.at("violations"), boost::json::parse(R"([
      {"code":"ineligible","reason":"too_young","age":5,"age_min":6,"age_max":12},
      {"code":"limit_reached","scope":"user","limit":4,"used":4,"provisional":false},
      {"code":"overlaps","activity_id":"00000000000000000000000000000000","provisional":false},
      {"code":"sold_out","sold_out_at":"2026-06-20T10:00:07.030+08:00","provisional":false}])"));
  EXPECT_EQ(body.at("receipt"), boost::json::parse(R"({"arrival":912,"decided_at":"2026-06-20T10:00:09.114+08:00",
      "opens_at":"2026-06-20T10:00:00.000+08:00","remaining":0,"sold_out_at":"2026-06-20T10:00:07.030+08:00"})"));
}

TEST(Refusal, not_open_says_when_and_memory_has_no_arrival) {
  domain::Refusal refused = a_refusal();
  refused.receipt.arrival.reset();
  refused.receipt.remaining.reset();
  refused.violations = {domain::NotOpen{{1'781'920'800'000}}};
  const boost::json::object body = parsed(refusal(a_request(Method::post), refused, 480).body);
  EXPECT_EQ(text(body.at("opens_at")), "2026-06-20T10:00:00.000+08:00");
  EXPECT_TRUE(body.at("receipt").at("arrival").is_null());
  EXPECT_TRUE(body.at("receipt").at("remaining").is_null());
}

TEST(Refusal, that_rests_on_a_hold_says_when_to_try_again) {
  domain::Refusal refused = a_refusal();
  refused.violations = {domain::AlreadyBooked{std::nullopt, true}};
  const Answer answer = refusal(a_request(Method::post), refused, 480);
  EXPECT_EQ(answer.status, 409);
  const int wait_s = std::stoi(header(answer, "Retry-After").value());
  EXPECT_GE(wait_s, 1);
  EXPECT_LE(wait_s, 2);
}

TEST(Failure, tells_a_reason_that_is_the_callers_and_none_that_is_ours) {
  const base::Refused taken{base::Code::invalid_state, "the user name is taken", {}, 0};
  EXPECT_EQ(text(parsed(failure(a_request(), taken).body).at("detail")), "the user name is taken");
  EXPECT_EQ(text(parsed(failure(a_request(Method::post, Language::zh), taken).body).at("detail")), "用户名已被使用");
  const base::Refused down{base::Code::unavailable, "Can't connect to 10.0.0.7", {}, 0};
  EXPECT_EQ(failure(a_request(), down).body.find("10.0.0.7"), std::string::npos);
  const base::Refused odd{base::Code::invalid_state, "a reason nobody translated", {}, 0};
  EXPECT_EQ(failure(a_request(), odd).body.find("nobody"), std::string::npos);
}

TEST(Translations, know_the_reasons_that_are_made_of_limits) {
  const std::string too_many = "a user has at most " + std::to_string(base::limits::attendees_per_user) + " attendees";
  EXPECT_FALSE(translated(too_many, Language::zh).empty());
}

TEST(Failure, of_unknown_outcome_is_told_as_such_where_something_may_have_changed) {
  const base::Outcome<base::Done> unknown = base::Unknown{"connection lost"};
  EXPECT_EQ(text(parsed(failure(a_request(Method::post), unknown).body).at("code")), "outcome_unknown");
  EXPECT_EQ(text(parsed(failure(a_request(Method::delete_), unknown).body).at("code")), "outcome_unknown");
  EXPECT_EQ(text(parsed(failure(a_request(Method::get), unknown).body).at("code")), "unavailable");
  EXPECT_EQ(failure(a_request(), unknown).body.find("lost"), std::string::npos);
}

TEST(RetryAfter, is_spread_but_for_waits_that_were_computed) {
  EXPECT_EQ(retry_after_s(base::Code::too_many_requests, 30, "a"), 30);
  std::set<int> waits;
  for (int i = 0; i < 50; ++i) waits.insert(retry_after_s(base::Code::overloaded, 1, std::to_string(i)));
  EXPECT_EQ(waits, (std::set<int>{1, 2, 3})) << "a crowd, by the second";
  waits.clear();
  for (int i = 0; i < 50; ++i) waits.insert(retry_after_s(base::Code::unavailable, 1, std::to_string(i)));
  EXPECT_EQ(waits, (std::set<int>{1, 2}));
}

}  // namespace
}  // namespace zl::http
