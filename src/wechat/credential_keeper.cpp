#include "wechat/credential_keeper.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "runtime/event.hpp"
#include "runtime/log.hpp"

namespace zl::wechat {

using base::Milliseconds;
using base::Outcome;
using base::SteadyTime;
using boost::asio::awaitable;

namespace {

constexpr Milliseconds poll_wait{100};  // while another process renews; up to as much again, by chance
constexpr std::uint64_t poll_jitter_ms = 100;
constexpr Milliseconds first_try_wait{1'000};  // doubled from try to try
constexpr int tries_max = 5;
constexpr Milliseconds believed_for{60'000};
constexpr Milliseconds kept_at_least{60'000};

base::Refused unavailable(std::string detail, Milliseconds wait) {
  const auto wait_s = std::chrono::ceil<std::chrono::seconds>(wait).count();
  return {base::Code::unavailable, std::move(detail), {}, std::max(1, static_cast<int>(wait_s))};
}

}  // namespace

/// One renewal, which everybody who comes meanwhile waits for.
struct CredentialKeeper::Flight {
  explicit Flight(std::size_t waiters_max) : landed(waiters_max) {}

  runtime::Event landed;
  Outcome<std::string> result = base::Code::unavailable;  ///< written before `landed` is set
};

awaitable<Outcome<std::string>> CredentialKeeper::get() {
  auto current = current_or_flight();
  if (auto* value = std::get_if<std::string>(&current)) co_return std::move(*value);
  if (auto* refused = std::get_if<base::Refused>(&current)) co_return std::move(*refused);
  const auto flight = std::get<std::shared_ptr<Flight>>(std::move(current));
  if (!co_await flight->landed.wait(config_.caller_wait)) {
    co_return unavailable("the platform's credential is still being renewed", config_.first_pause);
  }
  co_return flight->result;
}

std::variant<std::string, base::Refused, std::shared_ptr<CredentialKeeper::Flight>>
CredentialKeeper::current_or_flight() {
  std::shared_ptr<Flight> flight;
  {
    const std::lock_guard lock(mutex_);
    const SteadyTime now = parts_.clock.steady_now();
    if (held_ && now < held_->renew_at) return held_->value;
    if (flight_) return flight_;
    if (now < paused_until_) {
      return unavailable("the platform's credential could not be renewed",
                         std::chrono::ceil<Milliseconds>(paused_until_ - now));
    }
    flight = flight_ = std::make_shared<Flight>(config_.waiters_max);
  }
  // Not under the lock: on its own loop a task runs at once.
  if (!parts_.group.spawn(fly(flight), "wechat_renewal")) land(flight, base::Code::overloaded);
  return flight;
}

awaitable<void> CredentialKeeper::fly(std::shared_ptr<Flight> flight) {
  Renewal renewal = base::Code::internal;
  try {
    renewal = co_await renew();
  } catch (const std::exception& exception) {
    runtime::log::error("wechat_renewal_failed", {{"name", config_.name}, {"what", exception.what()}});
  }
  land(flight, renewal);
}

void CredentialKeeper::land(const std::shared_ptr<Flight>& flight, const Renewal& renewal) {
  {
    const std::lock_guard lock(mutex_);
    const SteadyTime now = parts_.clock.steady_now();
    flight_.reset();
    if (renewal) {
      // What was just given is used for a while even where little is left of it, or every call would renew.
      const auto least = std::min<SteadyTime::duration>(kept_at_least, (renewal->lapses_at - now) / 2);
      held_ = Held{renewal->value, std::max(renewal->lapses_at - config_.margin, now + least)};
      if (renewal->value == discarded_) believed_until_ = now + believed_for;
      failures_ = 0;
      flight->result = renewal->value;
    } else {
      const int doubled = std::min(failures_++, 16);
      const Milliseconds usual = std::min(config_.first_pause * (1 << doubled), config_.pause_max);
      const Milliseconds asked =
          renewal.is_refused() ? Milliseconds(std::chrono::seconds(renewal.refused().retry_after_s)) : Milliseconds(0);
      // Never longer than that: another process may have stored one meanwhile.
      const Milliseconds pause = std::min(std::max(usual, asked), config_.pause_max);
      paused_until_ = now + pause;
      flight->result = unavailable("the platform's credential could not be renewed", pause);
    }
  }
  flight->landed.set();
}

awaitable<void> CredentialKeeper::discard(std::string used) {
  {
    const std::lock_guard lock(mutex_);
    const SteadyTime now = parts_.clock.steady_now();
    if (used == discarded_ && now < believed_until_) co_return;
    discarded_ = used;
    if (held_ && held_->value == used) held_.reset();
  }
  const auto expired = co_await parts_.store.expire(config_.name, used);
  // Not needed for this process, which knows better than the store now.
  if (!expired) runtime::log::warning("wechat_credential_not_expired", {{"name", config_.name}});
}

awaitable<CredentialKeeper::Renewal> CredentialKeeper::renew() {
  const SteadyTime deadline = parts_.clock.steady_now() + config_.renewal_limit;
  for (;;) {
    auto fresh = co_await find_fresh();
    if (!fresh) co_return fresh.as<Renewed>();
    if (*fresh) co_return **std::move(fresh);
    const auto turn = co_await parts_.store.take_turn(config_.name, config_.renewal_limit * 3 / 2);
    if (!turn) co_return turn.as<Renewed>();
    if (*turn) co_return co_await renew_in_turn(**turn, deadline);
    if (parts_.clock.steady_now() >= deadline || parts_.group.stopping()) {
      co_return unavailable("another process has been renewing for too long", config_.first_pause);
    }
    const Milliseconds jitter(static_cast<std::int64_t>(parts_.random.below(poll_jitter_ms)));
    co_await parts_.sleeper.sleep_for(poll_wait + jitter);
  }
}

awaitable<Outcome<std::optional<CredentialKeeper::Renewed>>> CredentialKeeper::find_fresh() {
  const SteadyTime asked_at = parts_.clock.steady_now();
  const auto found = co_await parts_.store.find(config_.name);
  if (!found) co_return found.as<std::optional<Renewed>>();
  const std::lock_guard lock(mutex_);
  const bool fresh = found->has_value() && (*found)->lifetime > config_.margin && (*found)->value != discarded_;
  if (!fresh) co_return std::optional<Renewed>();
  co_return std::optional(Renewed{(*found)->value, asked_at + (*found)->lifetime});
}

awaitable<CredentialKeeper::Renewal> CredentialKeeper::renew_in_turn(app::RenewalTurn turn, SteadyTime deadline) {
  // Whoever had the turn before may have just stored.
  const auto fresh = co_await find_fresh();
  std::optional<Renewal> result;
  if (fresh && *fresh) {
    result.emplace(**fresh);
  } else {
    auto fetched = co_await fetch_with_tries(deadline);
    if (auto* renewed = std::get_if<Renewed>(&fetched)) co_return co_await store(turn, std::move(*renewed));
    const auto& fault = std::get<FetchFault>(fetched);
    runtime::log::warning("wechat_credential_refused", {{"name", config_.name}, {"detail", fault.detail}});
    result.emplace(unavailable(fault.detail, fault.pause));
  }
  const auto ended = co_await parts_.store.end_turn(config_.name, turn);
  if (!ended) runtime::log::warning("wechat_turn_not_ended", {{"name", config_.name}});
  co_return *std::move(result);
}

awaitable<CredentialKeeper::Renewal> CredentialKeeper::store(app::RenewalTurn turn, Renewed renewed) {
  const auto left = std::chrono::floor<Milliseconds>(renewed.lapses_at - parts_.clock.steady_now());
  app::Credential credential{renewed.value, left};
  const auto stored = co_await parts_.store.put(config_.name, turn, std::move(credential));
  if (stored && !*stored) {
    // This process was held up past its turn; what came after is newer than what it brings.
    const auto newer = co_await find_fresh();
    if (newer && *newer) co_return **newer;
  }
  if (!stored) runtime::log::warning("wechat_credential_not_stored", {{"name", config_.name}});
  co_return renewed;
}

awaitable<std::variant<CredentialKeeper::Renewed, FetchFault>> CredentialKeeper::fetch_with_tries(SteadyTime deadline) {
  Milliseconds wait = first_try_wait;
  for (int tried = 1;; ++tried) {
    const SteadyTime asked_at = parts_.clock.steady_now();
    FetchAnswer answer = co_await parts_.source.fetch();
    if (const auto* fetched = std::get_if<Fetched>(&answer)) {
      co_return Renewed{fetched->value, asked_at + fetched->lifetime};
    }
    FetchFault fault = std::get<FetchFault>(std::move(answer));
    const bool time_left = parts_.clock.steady_now() + wait < deadline;
    if (!fault.passing || tried == tries_max || !time_left || parts_.group.stopping()) co_return fault;
    co_await parts_.sleeper.sleep_for(wait);
    wait *= 2;
  }
}

}  // namespace zl::wechat
