// What happens next with a message: by which channel it goes, and what follows from the channel's answer. Pure.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "app/message_channel.hpp"
#include "app/message_store.hpp"
#include "domain/message_fields.hpp"

namespace zl::app {

/// Errors of our own beside the platform's, in a message's row.
namespace message_error {
inline constexpr int expired = -101;         ///< its time was over before anybody could be reached
inline constexpr int unreachable = -102;     ///< no channel is left
inline constexpr int in_doubt = -103;        ///< it may have arrived, and isn't worth a double
inline constexpr int untrue = -104;          ///< skipped: things have changed since
inline constexpr int not_configured = -105;  ///< skipped: there is no template for its kind
}  // namespace message_error

/// The platform tells repetitions apart for ten minutes from when it had a message first; less what a call may take.
inline constexpr base::Milliseconds repeat_window = std::chrono::minutes(8);

/// How long an offer that a channel of the platform's has accepted waits for a receipt, which comes within seconds.
inline constexpr base::Milliseconds receipt_patience = std::chrono::minutes(2);

/// What is configured; a kind without a template is not sent by that channel.
struct MessageSetup {
  using Templates = std::array<std::optional<domain::MessageTemplate>, domain::all_message_kinds.size() + 1>;

  Templates templates;  ///< by kind: to followers
  Templates notices;    ///< by kind: to who asked for them
  bool has_sms = false;

  const domain::MessageTemplate* template_of(domain::MessageKind kind, Channel channel) const;
};

struct MessageStep {
  std::optional<Channel> channel;                             ///< to send by; nothing: it ends
  const domain::MessageTemplate* message_template = nullptr;  ///< of template messages and notices
  domain::MessageState end = domain::MessageState::queued;
  int error = 0;
  bool has_another = false;  ///< another channel is left, should this one not do
};

/// A channel that takes nothing for now, as it said itself.
struct ChannelHold {
  base::Milliseconds left{0};     ///< until the next message is tried
  base::Milliseconds stopped{0};  ///< until it takes messages again, as it said; may be longer
  int error = 0;
};

/// What to do with a message whose turn it is.
MessageStep next_step(const ClaimedMessage& message, const MessageSetup& setup);

/// An end without an attempt.
Settlement ended(const ClaimedMessage& message, const MessageStep& step);

/// How long a channel is left alone after an answer; zero where the next message may fare better.
base::Milliseconds hold_after(Channel channel, const SendAnswer& answer);

/// What becomes of a message that was not sent because `step`'s channel is held.
Settlement held_back(const ClaimedMessage& message, const MessageStep& step, const ChannelHold& hold);

/// What follows from the answer to an attempt by `step`'s channel.
Settlement settled(const ClaimedMessage& message, const MessageStep& step, const SendAnswer& answer);

/// The days of whose sessions people are reminded now: tomorrow, from `hour` on; and until noon today, for where nobody
/// sent yesterday.
std::vector<base::Date> days_to_remind(base::Instant now, int hour, int offset_minutes);

/// Doubles from 2 s to 10 min.
base::Milliseconds pause_after(std::uint32_t attempt);

}  // namespace zl::app
