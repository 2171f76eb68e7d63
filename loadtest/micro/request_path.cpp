// The pure parts of a request's way: bytes to request, route, token, rate limit, rules, answer to bytes.
#include <benchmark/benchmark.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <chrono>
#include <cstring>
#include <string>
#include <vector>

#include "app/tokens.hpp"
#include "base/id.hpp"
#include "domain/decision.hpp"
#include "domain/violation.hpp"
#include "http/answer.hpp"
#include "http/inputs.hpp"
#include "http/problem.hpp"
#include "http/rate_limit.hpp"
#include "http/request_parser.hpp"
#include "http/routes.hpp"

namespace zl {
namespace {

constexpr base::Instant now{1'783'299'600'000};
constexpr std::string_view booking_path = "/api/v1/activities/00112233445566778899aabbccddeeff/bookings";

template <class IdType>
IdType numbered(std::uint64_t number) {
  IdType id;
  std::memcpy(id.bytes.data(), &number, sizeof number);
  std::memcpy(id.bytes.data() + sizeof number, &number, sizeof number);
  return id;
}

app::Claims claims() {
  app::Claims made;
  made.account = numbered<base::AccountId>(1);
  made.token = numbered<base::TokenId>(2);
  made.expires_at = now + base::Milliseconds(3'600'000);
  return made;
}

std::string booking_bytes() {
  const std::string body = R"({"attendee_id":"ffeeddccbbaa99887766554433221100"})";
  const app::TokenKeys keys(std::string(32, 'k'), "");
  return "POST " + std::string(booking_path) +
         " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAuthorization: Bearer " +
         keys.sign(claims()) +
         "\r\nIdempotency-Key: 0123456789abcdef\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

void parse_request(benchmark::State& state) {
  const std::string bytes = booking_bytes();
  http::RequestText text;
  http::Request parsed;
  for (auto _ : state) {
    http::RequestParser parser(text, 8192, 65'536);
    parser.eager(true);
    boost::system::error_code error;
    parser.put(boost::asio::buffer(bytes), error);
    parser.fill(parsed);
    benchmark::DoNotOptimize(parsed);
  }
}
BENCHMARK(parse_request);

void read_body(benchmark::State& state) {
  const std::string body = R"({"attendee_id":"ffeeddccbbaa99887766554433221100"})";
  for (auto _ : state) {
    http::Faults faults;
    benchmark::DoNotOptimize(http::read_booking(body, faults));
  }
}
BENCHMARK(read_body);

void find_route(benchmark::State& state) {
  std::array<std::string_view, 2> parameters;
  for (auto _ : state) benchmark::DoNotOptimize(http::find_route(http::Method::post, booking_path, parameters));
}
BENCHMARK(find_route);

void check_token(benchmark::State& state) {
  const app::TokenKeys keys(std::string(32, 'k'), "");
  const std::string token = keys.sign(claims());
  for (auto _ : state) benchmark::DoNotOptimize(keys.check(token, now));
}
BENCHMARK(check_token);

void take_rate(benchmark::State& state) {
  http::RateLimit limit({1e6, 1e6}, 1'000'000);
  std::vector<std::string> users;
  for (std::uint64_t user = 0; user < 20'000; ++user) users.emplace_back(numbered<base::UserId>(user).raw());
  std::size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(limit.take(users[next++ % users.size()], 1, std::chrono::steady_clock::now()));
  }
}
BENCHMARK(take_rate);

/// With as many bookings that the attendee or the user holds already.
void decide_rules(benchmark::State& state) {
  domain::Rules rules{2, 4, true, 24};
  domain::OverlapSet overlapping;
  std::vector<domain::HeldBooking> held;
  for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(state.range(0)); ++i) {
    overlapping.push_back(numbered<base::ActivityId>(100 + i));
    held.push_back({numbered<base::BookingId>(i), numbered<base::ActivityId>(i), numbered<base::AttendeeId>(1),
                    numbered<base::UserId>(1)});
  }
  for (auto _ : state) {
    std::vector<domain::Violation> broken;
    domain::check_held(rules, overlapping, numbered<base::ActivityId>(50), numbered<base::AttendeeId>(1),
                       numbered<base::UserId>(1), held, broken);
    benchmark::DoNotOptimize(broken);
  }
}
BENCHMARK(decide_rules)->Arg(0)->Arg(2)->Arg(14);

http::Request request() {
  http::Request made;
  made.request_id = std::string(32, '0');
  return made;
}

void write_refusal(benchmark::State& state) {
  const http::Request asked = request();
  const domain::Refusal refused{{domain::SoldOut{now, false}}, {std::nullopt, now, now, 0}};
  std::string out;
  for (auto _ : state) {
    out.clear();
    http::append_bytes(http::refusal(asked, refused, 480), asked.request_id, true, false, out);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(write_refusal);

void write_problem(benchmark::State& state) {
  const http::Request asked = request();
  std::string out;
  for (auto _ : state) {
    out.clear();
    http::append_bytes(http::problem(asked, base::Code::too_many_requests), asked.request_id, true, false, out);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(write_problem);

}  // namespace
}  // namespace zl
