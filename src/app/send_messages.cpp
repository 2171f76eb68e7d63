#include "app/send_messages.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "app/message_texts.hpp"
#include "base/crash_point.hpp"
#include "runtime/log.hpp"

namespace zl::app {
namespace {

using base::Milliseconds;
using domain::MessageKind;
using domain::MessageState;

constexpr int lanes = 4;
constexpr Milliseconds pass_interval = std::chrono::seconds(1);
constexpr Milliseconds idle_lane = std::chrono::milliseconds(500);
/// Below what the store gives a turn, so that nobody sends who has lost it.
constexpr Milliseconds turn = std::chrono::seconds(4);
constexpr std::chrono::minutes purge_interval{10};
constexpr int settle_tries = 3;
constexpr Milliseconds between_tries = std::chrono::milliseconds(500);
/// Of the minute that a claim lasts; the rest is for the call.
constexpr Milliseconds claim_trust = std::chrono::seconds(45);

constexpr std::array all_states{MessageState::queued, MessageState::accepted, MessageState::delivered,
                                MessageState::failed, MessageState::skipped};

std::string name(MessageState state) {
  switch (state) {
    case MessageState::queued:
      return "queued";
    case MessageState::accepted:
      return "accepted";
    case MessageState::delivered:
      return "delivered";
    case MessageState::failed:
      return "failed";
    case MessageState::skipped:
      return "skipped";
  }
  return {};
}

}  // namespace

MessageMetrics::MessageMetrics(runtime::Metrics& metrics)
    : alarms_(&metrics.counter("zhonglou_message_alarms_total", "Messages that had to reach somebody and could not")) {
  for (const MessageKind kind : domain::all_message_kinds) {
    for (const MessageState state : all_states) {
      counters_.at(static_cast<std::size_t>(kind)).at(static_cast<std::size_t>(state)) =
          &metrics.counter("zhonglou_messages_total", "Messages that came to a state, by kind",
                           {{"kind", std::string(domain::name(kind))}, {"state", name(state)}});
    }
  }
}

void MessageMetrics::count(MessageKind kind, MessageState state, std::uint64_t times) {
  counters_.at(static_cast<std::size_t>(kind)).at(static_cast<std::size_t>(state))->add(times);
}

SendMessages::SendMessages(Parts parts) : parts_(std::move(parts)) {}

asio::awaitable<void> SendMessages::keep() {
  for (; lanes_begun_ < lanes; ++lanes_begun_) {
    parts_.group.spawn_for_good([this] { return run_lane(); }, "message_lane");
  }
  while (!parts_.group.stopping()) {
    co_await pass();
    co_await parts_.group.sleeper().sleep_for(pass_interval);
  }
}

asio::awaitable<void> SendMessages::run_lane() {
  while (!parts_.group.stopping()) {
    if (!co_await send_next()) co_await parts_.group.sleeper().sleep_for(idle_lane);
  }
}

asio::awaitable<void> SendMessages::pass() {
  const base::SteadyTime asked_at = parts_.clock.steady_now();
  const base::Outcome<bool> mine = co_await parts_.store.lead();
  leading_ = mine.is_done() && *mine;
  leading_until_ = asked_at + turn;
  if (!leading_) co_return;
  const base::Outcome<std::size_t> collected = co_await parts_.store.collect_booked();
  if (collected) parts_.metrics.count(MessageKind::booked, MessageState::queued, *collected);
  co_await remind();
  co_await retry_silent_offers();
  co_await purge();
}

asio::awaitable<void> SendMessages::retry_silent_offers() {
  const base::Outcome<std::uint64_t> silent = co_await parts_.store.retry_silent_offers(receipt_patience);
  if (!silent || *silent == 0) co_return;
  parts_.metrics.count(MessageKind::offer, MessageState::queued, *silent);
  runtime::log::warning("offers_without_receipt", {{"count", *silent}});
}

asio::awaitable<void> SendMessages::purge() {
  const base::SteadyTime now = parts_.clock.steady_now();
  if (now < purge_at_) co_return;
  const base::Outcome<std::uint64_t> purged = co_await parts_.store.purge();
  // A pass later where there is more.
  if (purged && *purged == 0) purge_at_ = now + purge_interval;
}

asio::awaitable<void> SendMessages::remind() {
  const SendingRules& rules = parts_.rules;
  const auto days = days_to_remind(parts_.clock.wall_now(), rules.reminder_hour, rules.offset_minutes);
  std::set<std::string> done;
  for (const base::Date day : days) {
    const std::string name = base::format_date(day);
    bool is_done = reminded_.contains(name);
    if (!is_done) is_done = co_await remind_of(day, name);
    if (is_done) done.insert(name);
  }
  reminded_ = std::move(done);
}

asio::awaitable<bool> SendMessages::remind_of(base::Date date, std::string day) {
  const base::Instant start = base::start_of_day(date, parts_.rules.offset_minutes);
  const base::Outcome<std::size_t> queued =
      co_await parts_.store.remind(day, domain::Interval{start, start + std::chrono::hours(24)});
  if (!queued) co_return false;
  parts_.metrics.count(MessageKind::reminder, MessageState::queued, *queued);
  if (*queued > 0) runtime::log::info("reminders_queued", {{"day", day}, {"count", *queued}});
  co_return true;
}

bool SendMessages::may_send() const {
  return leading_ && parts_.clock.steady_now() < leading_until_;
}

std::optional<ChannelHold> SendMessages::hold_of(Channel channel) const {
  const base::SteadyTime now = parts_.clock.steady_now();
  const Hold& hold = holds_.at(static_cast<std::size_t>(channel));
  if (now >= hold.until) return std::nullopt;
  return ChannelHold{std::chrono::ceil<Milliseconds>(hold.until - now),
                     std::chrono::ceil<Milliseconds>(hold.stopped_until - now), hold.error};
}

void SendMessages::hold(Channel channel, const SendAnswer& answer) {
  const Milliseconds time = hold_after(channel, answer);
  if (time == Milliseconds(0)) return;
  const base::SteadyTime now = parts_.clock.steady_now();
  holds_.at(static_cast<std::size_t>(channel)) = {now + time, now + std::max(answer.wait, time), answer.error};
}

Milliseconds SendMessages::wait_of_rate() {
  const base::SteadyTime now = parts_.clock.steady_now();
  const base::SteadyTime mine = std::max(next_send_, now);
  next_send_ = mine + std::chrono::microseconds(1'000'000 / std::max(parts_.rules.per_second, 1));
  return std::chrono::ceil<Milliseconds>(mine - now);
}

asio::awaitable<bool> SendMessages::send_next() {
  if (!may_send()) co_return false;
  const base::SteadyTime claimed_at = parts_.clock.steady_now();
  const base::Outcome<std::optional<ClaimedMessage>> claimed = co_await parts_.store.claim();
  if (!claimed || !*claimed) co_return false;
  ZL_CRASH_POINT("message.claimed");
  const ClaimedMessage& message = **claimed;
  const MessageStep step = next_step(message, parts_.rules.setup);
  if (!step.channel) {
    co_await settle(message, ended(message, step));
    co_return true;
  }
  // What isn't sent takes nothing of the rate.
  if (!hold_of(*step.channel)) {
    const Milliseconds wait = wait_of_rate();
    if (wait > Milliseconds(0)) co_await parts_.group.sleeper().sleep_for(wait);
  }
  std::optional<ChannelHold> held = hold_of(*step.channel);
  // Who was stopped meanwhile may have lost the message to another process: it has its turn again.
  if (parts_.clock.steady_now() - claimed_at > claim_trust) held.emplace();
  if (held) {
    co_await settle(message, held_back(message, step, *held));
    co_return true;
  }
  const SendAnswer answer = co_await send(message, step);
  ZL_CRASH_POINT("message.sent");
  hold(*step.channel, answer);
  co_await settle(message, settled(message, step, answer));
  ZL_CRASH_POINT("message.settled");
  co_return true;
}

asio::awaitable<SendAnswer> SendMessages::send(const ClaimedMessage& message, const MessageStep& step) {
  const int offset = parts_.rules.offset_minutes;
  if (*step.channel == Channel::sms) {
    SmsMessage sms{message.id, message.kind, message.recipient.user_id, message.content.booking_id,
                   sentence_of(message, offset)};
    co_return co_await parts_.sms->send(std::move(sms));
  }
  PlatformMessage made{message.id, message.recipient.openid, step.message_template->id, parts_.rules.page_url,
                       fields_of(message, *step.message_template, offset)};
  if (*step.channel == Channel::notice) co_return co_await parts_.channel.send_notice(std::move(made));
  co_return co_await parts_.channel.send_template(std::move(made));
}

asio::awaitable<void> SendMessages::settle(const ClaimedMessage& message, Settlement settlement) {
  for (int tried = 1; tried <= settle_tries; ++tried) {
    if (tried > 1) co_await parts_.group.sleeper().sleep_for(between_tries);
    const base::Outcome<bool> stored = co_await parts_.store.settle(settlement);
    if (!stored) continue;
    if (*stored) tell(message, settlement);
    co_return;
  }
  // The claim lapses, and the message goes again as one that may have been sent.
  runtime::log::warning("message_not_settled", {{"message_id", message.id.hex()}});
}

void SendMessages::tell(const ClaimedMessage& message, const Settlement& settlement) {
  if (settlement.state == MessageState::queued) {
    if (!settlement.channel) return;  // nothing was tried
    runtime::log::info("message_put_off", {{"message_id", message.id.hex()},
                                           {"kind", domain::name(message.kind)},
                                           {"channel", static_cast<int>(*settlement.channel)},
                                           {"error", settlement.error},
                                           {"wait_ms", settlement.wait.count()}});
    return;
  }
  parts_.metrics.count(message.kind, settlement.state);
  if (settlement.state != MessageState::failed) return;
  const bool alarming = domain::policy_of(message.kind).must_arrive;
  if (alarming) parts_.metrics.alarm();
  const auto log = alarming ? runtime::log::warning : runtime::log::info;
  log("message_failed", {{"message_id", message.id.hex()},
                         {"kind", domain::name(message.kind)},
                         {"error", settlement.error},
                         {"attempts", message.attempt}});
}

}  // namespace zl::app
