#include "closed_loop/requests.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <utility>
#include <vector>

namespace zl::closed_loop {
namespace {

constexpr std::string_view json_post = "HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n";

/// The lines of a file, each cut at its tabs into so many fields.
std::vector<std::vector<std::string>> read_fields(const std::string& name, std::size_t count) {
  std::ifstream file(name);
  std::vector<std::vector<std::string>> lines;
  for (std::string line; std::getline(file, line);) {
    std::vector<std::string>& fields = lines.emplace_back();
    for (std::size_t begin = 0; begin <= line.size();) {
      const std::size_t end = std::min(line.find('\t', begin), line.size());
      fields.push_back(line.substr(begin, end - begin));
      begin = end + 1;
    }
    if (fields.size() != count) {
      throw std::runtime_error(fmt::format("{}, line {}: {} fields expected", name, lines.size(), count));
    }
  }
  if (lines.empty()) throw std::runtime_error(name + ": nothing in it");
  return lines;
}

/// Behind the key: the rest of a booking's header, and its body.
std::string attendee_tail(const std::string& attendee) {
  const std::string body = fmt::format(R"({{"attendee_id":"{}"}})", attendee);
  return fmt::format("\r\nContent-Length: {}\r\n\r\n{}", body.size(), body);
}

/// Requests that are the same each time round.
class Cycle final : public Requests {
 public:
  explicit Cycle(std::vector<std::string> requests) : requests_(std::move(requests)) {}
  std::string_view at(std::size_t number) override { return requests_[number % requests_.size()]; }

 private:
  const std::vector<std::string> requests_;
};

class Walk final : public Requests {
 public:
  Walk(const std::string& people, const std::string& activities) {
    for (const auto& fields : read_fields(people, 2)) {
      heads_.push_back(
          fmt::format("/bookings {}Authorization: Bearer {}\r\nIdempotency-Key: bench-", json_post, fields[0]));
      tails_.push_back(attendee_tail(fields[1]));
    }
    for (auto& fields : read_fields(activities, 1)) activities_.push_back(std::move(fields[0]));
  }

  /// Beyond the last activity everybody asks for that again, and is refused.
  std::string_view at(std::size_t number) override {
    const std::size_t person = number % heads_.size();
    const std::string& activity = activities_[std::min(number / heads_.size(), activities_.size() - 1)];
    text_.assign("POST /api/v1/activities/").append(activity).append(heads_[person]).append(activity);
    return text_.append(tails_[person]);
  }

 private:
  std::vector<std::string> activities_;
  std::vector<std::string> heads_;
  std::vector<std::string> tails_;
  std::string text_;
};

std::vector<std::string> bookings(const std::string& file) {
  std::vector<std::string> requests;
  for (const auto& fields : read_fields(file, 3)) {
    requests.push_back(
        fmt::format("POST /api/v1/activities/{}/bookings {}Authorization: Bearer {}\r\nIdempotency-Key: bench-again{}",
                    fields[0], json_post, fields[1], attendee_tail(fields[2])));
  }
  return requests;
}

std::vector<std::string> check_ins(const std::string& file, const std::string& token) {
  std::vector<std::string> requests;
  for (const auto& fields : read_fields(file, 2)) {
    const std::string body = fmt::format(R"({{"session_id":"{}","booking_id":"{}"}})", fields[0], fields[1]);
    requests.push_back(
        fmt::format("POST /api/v1/admin/check-ins {}Authorization: Bearer {}\r\nContent-Length: {}\r\n\r\n{}",
                    json_post, token, body.size(), body));
  }
  return requests;
}

std::vector<std::string> reads(const std::string& file) {
  std::vector<std::string> requests;
  for (const auto& fields : read_fields(file, 1)) {
    requests.push_back(fmt::format("GET {} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", fields[0]));
  }
  return requests;
}

}  // namespace

std::unique_ptr<Requests> requests_of(const std::string& kind, const std::string& file, const std::string& second) {
  if (kind == "walk") return std::make_unique<Walk>(file, second);
  if (kind == "pairs") return std::make_unique<Cycle>(bookings(file));
  if (kind == "door") return std::make_unique<Cycle>(check_ins(file, second));
  return std::make_unique<Cycle>(reads(file));
}

}  // namespace zl::closed_loop
