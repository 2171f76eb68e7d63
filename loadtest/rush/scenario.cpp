// One coroutine per parent; it shares nothing but its connection with others.
#include "rush/scenario.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <optional>
#include <vector>

#include "rush/wire.hpp"

namespace zl::rush {
namespace {

namespace asio = boost::asio;

constexpr double look_before_press_ms = 300;
constexpr double first_pause_ms = 200;
constexpr double longest_pause_ms = 2000;
constexpr double cancel_after_ms = 1000;
constexpr int max_sends = 30;

/// A number in [0, 1) that is the same in every run with the same openid and number: spreads parents without a
/// generator.
double spread(const std::string& openid, std::size_t number) {
  const auto mixed = (std::hash<std::string>{}(openid) ^ (number * 0x9e3779b97f4a7c15U)) * 0xbf58476d1ce4e5b9U;
  return static_cast<double>(mixed >> 11) * 0x1p-53;
}

/// Refusals that pressing the same button again won't change; after the others ("overloaded", "not open") people press
/// on.
bool is_last_word(const std::string& code) {
  constexpr std::array<std::string_view, 6> codes{"closed",        "ineligible", "already_booked",
                                                  "limit_reached", "overlaps",   "sold_out"};
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

/// What a child still wants and what it has tried.
struct Wishes {
  const Child* child;
  int open;
  std::vector<std::size_t> untried;

  bool any() const { return open > 0 && !untried.empty(); }
};

class Visit {
 public:
  Visit(HttpClient& client, const Parent& parent, const Stage& stage, Diary& diary)
      : client_(client),
        parent_(parent),
        stage_(stage),
        diary_(diary),
        may_cancel_(parent.cancels),
        looks_full_(stage.programme.activities.size()) {
    for (const Child& child : parent.children) {
      wishes_.push_back({.child = &child, .open = child.wishes, .untried = child.preferences});
    }
  }

  asio::awaitable<void> run();

 private:
  asio::awaitable<void> wait_until(double moment_ms);
  asio::awaitable<void> open_page();
  asio::awaitable<void> look(double intended_ms);
  asio::awaitable<Press> press(const Child& child, std::size_t activity, double intended_ms);
  asio::awaitable<Verdict> try_until_definite(const Request& request, Press& press);
  asio::awaitable<void> cancel(Press& press);
  bool worth_another_try(const Answer& answer, const Verdict& verdict, const Press& press) const;
  Wishes* next_wishes();
  std::optional<std::size_t> choose(const Wishes& wishes) const;
  void learn(Wishes& wishes, const Press& press);
  void learn(const std::string& page);

  double now_ms() const { return ms_of(std::chrono::steady_clock::now()); }
  double ms_of(SteadyTime moment) const { return stage_.clock.ms_since(stage_.programme.release, moment); }

  HttpClient& client_;
  const Parent& parent_;
  const Stage& stage_;
  Diary& diary_;
  bool may_cancel_;
  std::vector<Wishes> wishes_;
  std::size_t turn_ = 0;
  bool disappointed_ = false;     ///< the last press met a full activity
  std::vector<bool> looks_full_;  ///< for each of the programme's activities, as last seen
};

asio::awaitable<void> Visit::run() {
  co_await open_page();
  for (const double moment_ms : parent_.presses_ms) {
    Wishes* wishes = next_wishes();
    if (wishes == nullptr) {
      break;
    }
    if (disappointed_) {
      co_await wait_until(moment_ms - look_before_press_ms);
      co_await look(std::max(0.0, moment_ms - look_before_press_ms));
    }
    co_await wait_until(moment_ms);
    const auto activity = choose(*wishes);
    if (!activity) {
      wishes->open = 0;
      continue;
    }
    Press made = co_await press(*wishes->child, *activity, moment_ms);
    learn(*wishes, made);
    if (may_cancel_ && made.outcome == Outcome::granted) {
      may_cancel_ = false;
      co_await cancel(made);
    }
    diary_.presses.push_back(std::move(made));
  }
}

asio::awaitable<void> Visit::wait_until(double moment_ms) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  timer.expires_at(stage_.clock.when(stage_.programme.release, moment_ms));
  co_await timer.async_wait(asio::use_awaitable);
}

/// Parents have the page open when the bell rings: a connection that was closed meanwhile is opened again here.
asio::awaitable<void> Visit::open_page() {
  const double before_release_ms = 1000 + 2000 * spread(parent_.openid, 0);
  if (now_ms() > -before_release_ms) {
    co_return;
  }
  co_await wait_until(-before_release_ms);
  Request request;
  request.target = "/api/v1/time";
  co_await client_.send(std::move(request));
}

asio::awaitable<void> Visit::look(double intended_ms) {
  Request request;
  request.target = fmt::format("/api/v1/activities?programme_id={}&limit=200", stage_.programme.id);
  const Answer answer = co_await client_.send(std::move(request));
  Look look{.intended_ms = intended_ms, .answered_ms = now_ms(), .code = answer.failure};
  if (answer.delivery == Delivery::answered) {
    look.code = answer.status == 200 ? "looked" : fmt::format("http {}", answer.status);
  }
  if (look.code == "looked") {
    learn(answer.body);
  }
  diary_.looks.push_back(std::move(look));
}

/// Children take turns, so that a second child isn't left until the first has everything.
Wishes* Visit::next_wishes() {
  for (std::size_t step = 0; step < wishes_.size(); ++step) {
    Wishes& candidate = wishes_[turn_++ % wishes_.size()];
    if (candidate.any()) {
      return &candidate;
    }
  }
  return nullptr;
}

std::optional<std::size_t> Visit::choose(const Wishes& wishes) const {
  for (const std::size_t activity : wishes.untried) {
    if (!looks_full_[activity]) {
      return activity;
    }
  }
  return std::nullopt;
}

asio::awaitable<Press> Visit::press(const Child& child, std::size_t activity, double intended_ms) {
  Press press;
  press.activity = activity;
  press.user_id = parent_.user_id;
  press.attendee_id = child.id;
  press.intended_ms = intended_ms;
  Request request;
  request.method = "POST";
  request.target = fmt::format("/api/v1/activities/{}/bookings", stage_.programme.activities[activity].id);
  request.token = parent_.token;
  request.idempotency_key = fmt::format("{}-{}", parent_.openid, diary_.presses.size());
  request.body = fmt::format(R"({{"attendee_id":"{}"}})", child.id);
  const Verdict verdict = co_await try_until_definite(request, press);
  press.answered_ms = now_ms();
  press.outcome = verdict.outcome;
  press.code = verdict.code;
  press.told_sold_out = verdict.told_sold_out;
  press.booking_id = verdict.booking_id;
  press.decided_at = verdict.decided_at;
  co_return press;
}

asio::awaitable<Verdict> Visit::try_until_definite(const Request& request, Press& press) {
  bool in_doubt = false;  // an earlier sending may have been carried out
  double pause_ms = first_pause_ms;
  while (true) {
    const Answer answer = co_await client_.send(request);
    if (press.sends == 0) {
      press.sent_ms = answer.sends > 0 ? ms_of(answer.first_sent) : now_ms();
    }
    press.sends += answer.sends;
    Verdict verdict;
    verdict.code = answer.failure;
    if (answer.delivery == Delivery::answered) {
      verdict = judge(answer.status, answer.body);
    } else if (answer.delivery == Delivery::not_sent) {
      verdict.outcome = Outcome::refused;
    }
    const bool passing = answer.delivery == Delivery::not_sent || answer.status == 429 || answer.status == 503;
    if (!worth_another_try(answer, verdict, press)) {
      // "Overloaded" says nothing about what became of a sending that was never answered.
      verdict.outcome = passing && in_doubt ? Outcome::unknown : verdict.outcome;
      co_return verdict;
    }
    in_doubt = in_doubt || verdict.outcome == Outcome::unknown;
    const double jitter_ms = 250 * spread(parent_.openid, static_cast<std::size_t>(press.sends));
    co_await wait_until(now_ms() + jitter_ms + (answer.retry_after_s ? *answer.retry_after_s * 1000 : pause_ms));
    pause_ms = std::min(pause_ms * 2, longest_pause_ms);
  }
}

bool Visit::worth_another_try(const Answer& answer, const Verdict& verdict, const Press& press) const {
  const bool may_change =
      answer.delivery != Delivery::answered || answer.retry_after_s || verdict.outcome == Outcome::unknown;
  const bool has_patience = press.sends < max_sends && now_ms() < press.intended_ms + stage_.patience_ms;
  return stage_.retry && may_change && has_patience;
}

void Visit::learn(Wishes& wishes, const Press& press) {
  disappointed_ = press.told_sold_out;
  if (press.outcome == Outcome::refused && !is_last_word(press.code)) {
    return;
  }
  std::erase(wishes.untried, press.activity);
  if (press.outcome == Outcome::granted) {
    wishes.open -= 1;
  } else if (press.code == "limit_reached") {
    wishes.open = 0;
  }
}

void Visit::learn(const std::string& page) {
  const auto& activities = stage_.programme.activities;
  read_seats(page, [&](std::string_view id, int remaining) {
    const auto known = std::ranges::find(activities, id, &Activity::id);
    if (known != activities.end()) {
      looks_full_[static_cast<std::size_t>(known - activities.begin())] = remaining <= 0;
    }
  });
}

asio::awaitable<void> Visit::cancel(Press& press) {
  co_await wait_until(press.answered_ms + cancel_after_ms);
  Request request;
  request.method = "DELETE";
  request.target = fmt::format("/api/v1/bookings/{}", press.booking_id);
  request.token = parent_.token;
  const Answer answer = co_await client_.send(std::move(request));
  if (answer.delivery == Delivery::answered && answer.status == 200) {
    press.cancelled_ms = now_ms();
  } else {
    press.cancel_unknown = answer.delivery == Delivery::unanswered || answer.status >= 500;
  }
}

}  // namespace

asio::awaitable<void> take_part(HttpClient& client, const Parent& parent, const Stage& stage, Diary& diary) {
  Visit visit(client, parent, stage, diary);
  co_await visit.run();
}

}  // namespace zl::rush
