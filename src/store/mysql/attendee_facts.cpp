#include "store/mysql/attendee_facts.hpp"

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

// Attendees by the primary key, their guardians by index guardianships_attendee; locks nothing.
constexpr std::string_view select_facts =
    "SELECT a.id, a.birth_date, g.user_id FROM attendees a FORCE INDEX (PRIMARY) "
    "LEFT JOIN guardianships g ON g.attendee_id = a.id WHERE a.id IN (?) AND a.deleted = 0 ORDER BY a.id, g.user_id";

std::unordered_map<base::AttendeeId, app::AttendeeFacts> facts_in(const Rows& rows) {
  std::unordered_map<base::AttendeeId, app::AttendeeFacts> found;
  for (const Row row : rows) {
    const auto id = row.id<base::AttendeeId>(0);
    app::AttendeeFacts& facts = found.try_emplace(id, id, row.date(1)).first->second;
    if (const auto guardian = row.maybe_id<base::UserId>(2)) facts.guardians.push_back(*guardian);
  }
  return found;
}

}  // namespace

boost::asio::awaitable<AttendeeFactsReader::Answer> AttendeeFactsReader::read(base::AttendeeId id) {
  std::optional<Answer> answer = co_await runtime::suspend<std::optional<Answer>>(
      [this, id](runtime::Resumption<std::optional<Answer>> caller) { enter({id, std::move(caller)}); });
  if (answer) co_return *std::move(answer);
  co_return co_await read_for_all(id);
}

void AttendeeFactsReader::enter(Waiting waiting) {
  std::optional<Answer> answer;
  {
    const std::lock_guard lock(mutex_);
    if (reads_ < limits_.reads_at_once) {
      ++reads_;
    } else if (waiting_.size() < limits_.waiting) {
      waiting_.push_back(std::move(waiting));
      return;
    } else {
      answer.emplace(base::Refused{base::Code::overloaded, "too many attendees wait to be read", {}, 0});
    }
  }
  std::move(waiting.caller)(std::move(answer));
}

boost::asio::awaitable<AttendeeFactsReader::Answer> AttendeeFactsReader::read_for_all(base::AttendeeId id) {
  std::vector<Waiting> others;
  std::exception_ptr thrown;
  base::Outcome<Found> found = base::Code::unavailable;
  try {
    // Whoever has come until a thread is free is read too.
    found = co_await pool_.read([&](Connection& connection) -> base::Outcome<Found> {
      take_waiting(others, limits_.attendees_at_once - 1);
      std::vector<base::AttendeeId> ids{id};
      for (const Waiting& other : others) ids.push_back(other.id);
      return facts_in(connection.query(sql(select_facts, ids)));
    });
  } catch (...) {
    thrown = std::current_exception();
  }
  // What refused this read would refuse the next ones, each after as long a wait.
  if (!found) take_waiting(others, std::numeric_limits<std::size_t>::max());
  pass_on();
  const auto answer_for = [&](const base::AttendeeId& of) -> Answer {
    if (!found) return found.as<std::optional<app::AttendeeFacts>>();
    const auto place = found->find(of);
    return place == found->end() ? std::nullopt : std::optional(place->second);
  };
  for (Waiting& other : others) std::move(other.caller)(answer_for(other.id));
  if (thrown) std::rethrow_exception(thrown);
  co_return answer_for(id);
}

void AttendeeFactsReader::take_waiting(std::vector<Waiting>& taken, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  while (!waiting_.empty() && taken.size() < limit) {
    taken.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
}

void AttendeeFactsReader::pass_on() {
  std::optional<Waiting> next;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) {
      --reads_;
      return;
    }
    next.emplace(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  std::move(next->caller)(std::nullopt);
}

}  // namespace zl::mysql
