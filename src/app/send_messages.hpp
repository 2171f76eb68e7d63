// Sends what is in the outbox: one process of the fleet at a time, at a set rate, each user's messages in their order.
//
// What a crash leaves behind: a claimed message is claimed again after a minute, as one that may have been sent. The
// platform knows a template message's repetition by its id for ten minutes; what happens after that is said by its kind
// (domain::MessagePolicy). A message that was accepted and not settled is repeated in the same way.
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <optional>
#include <set>
#include <string>

#include "app/message_channel.hpp"
#include "app/message_plan.hpp"
#include "app/message_store.hpp"
#include "base/clock.hpp"
#include "runtime/metrics.hpp"
#include "runtime/task_group.hpp"

namespace zl::app {

/// Counts of messages by kind and state; registered once.
class MessageMetrics {
 public:
  explicit MessageMetrics(runtime::Metrics& metrics);

  void count(domain::MessageKind kind, domain::MessageState state, std::uint64_t times = 1);
  /// A message that had to arrive could not.
  void alarm() { alarms_->add(); }

 private:
  static constexpr std::size_t kinds = domain::all_message_kinds.size() + 1;
  static constexpr std::size_t states = 6;

  std::array<std::array<runtime::Counter*, states>, kinds> counters_{};
  runtime::Counter* alarms_;
};

struct SendingRules {
  MessageSetup setup;
  int per_second = 20;     ///< of all processes together, since one sends at a time
  int reminder_hour = 18;  ///< of the town's day; see days_to_remind
  int offset_minutes = 480;
  std::string page_url;  ///< opened by a tap on a message; may be empty
};

class SendMessages {
 public:
  struct Parts {
    MessageStore& store;
    MessageChannel& channel;
    SmsChannel* sms = nullptr;  ///< null where there is none
    const base::Clock& clock;
    runtime::TaskGroup& group;
    MessageMetrics& metrics;
    SendingRules rules;
  };

  explicit SendMessages(Parts parts);

  /// Takes turns with other processes until the group stops, and starts the lanes; on one loop.
  asio::awaitable<void> keep();

  /// One pass: whose turn it is, then what was booked, the reminders, the offers that fell silent, and now and then
  /// what is to be forgotten.
  asio::awaitable<void> pass();

  /// Sends the next message, or puts it off where its channel is held; false where there is none, or the turn is
  /// another process's.
  asio::awaitable<bool> send_next();

 private:
  asio::awaitable<void> run_lane();
  asio::awaitable<void> remind();
  asio::awaitable<bool> remind_of(base::Date date, std::string day);
  asio::awaitable<void> retry_silent_offers();
  asio::awaitable<void> purge();
  std::optional<ChannelHold> hold_of(Channel channel) const;
  asio::awaitable<SendAnswer> send(const ClaimedMessage& message, const MessageStep& step);
  asio::awaitable<void> settle(const ClaimedMessage& message, Settlement settlement);
  void tell(const ClaimedMessage& message, const Settlement& settlement);
  base::Milliseconds wait_of_rate();
  bool may_send() const;
  void hold(Channel channel, const SendAnswer& answer);

  struct Hold {
    base::SteadyTime until{};
    base::SteadyTime stopped_until{};
    int error = 0;
  };
  static constexpr std::size_t channels = 4;  // their values begin at 1

  Parts parts_;
  // All of it for the loop that keep() runs on.
  bool leading_ = false;
  base::SteadyTime leading_until_{};
  base::SteadyTime next_send_{};
  std::array<Hold, channels> holds_;
  base::SteadyTime purge_at_{};
  int lanes_begun_ = 0;
  std::set<std::string> reminded_;  ///< days to remind of whose reminders are queued
};

}  // namespace zl::app
