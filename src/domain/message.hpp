// Messages to parents: their kinds, and what is sent, given up or left unsent.
#pragma once

#include <array>
#include <chrono>
#include <string_view>

#include "base/time.hpp"

namespace zl::domain {

/// The values are stored.
enum class MessageKind {
  booked = 1,
  cancelled_by_user,  ///< recorded, never sent: the parent did it
  cancelled_by_station,
  session_changed,
  reminder,  ///< of a session, the day before
  offer,     ///< a seat for somebody on the waiting list, until an hour
};

inline constexpr std::array all_message_kinds{
    MessageKind::booked,          MessageKind::cancelled_by_user, MessageKind::cancelled_by_station,
    MessageKind::session_changed, MessageKind::reminder,          MessageKind::offer};

/// As the kind is called in metrics, logs and the SMS hook.
constexpr std::string_view name(MessageKind kind) {
  switch (kind) {
    case MessageKind::booked:
      return "booked";
    case MessageKind::cancelled_by_user:
      return "cancelled_by_user";
    case MessageKind::cancelled_by_station:
      return "cancelled_by_station";
    case MessageKind::session_changed:
      return "session_changed";
    case MessageKind::reminder:
      return "reminder";
    case MessageKind::offer:
      return "offer";
  }
  return "";
}

/// The values are stored. queued → accepted → delivered; failed and skipped are ends, and a receipt that tells of a
/// failure brings an accepted message back to queued while another channel is left.
enum class MessageState {
  queued = 1,
  accepted,  ///< a channel took it on
  delivered,
  failed,   ///< no channel was left, or its time was over
  skipped,  ///< not sent because it was not true any more, or its kind is not sent
};

/// What a kind of message is worth.
struct MessagePolicy {
  bool is_sent = true;
  /// Whether it is sent again where it may have arrived and the platform can't tell repetitions apart any more. Of what
  /// a parent must know the second is the smaller evil; a reminder isn't worth it.
  bool tolerates_double = true;
  bool must_arrive = false;        ///< an operator is told where it can't
  base::Milliseconds lifetime{0};  ///< nothing is sent that long after it came up
};

constexpr MessagePolicy policy_of(MessageKind kind) {
  using std::chrono::hours;
  switch (kind) {
    case MessageKind::booked:
      return {true, true, false, hours(24)};
    case MessageKind::cancelled_by_user:
      return {false, false, false, hours(24)};
    case MessageKind::cancelled_by_station:
      return {true, true, true, hours(24 * 7)};
    case MessageKind::session_changed:
      return {true, true, true, hours(24 * 7)};
    case MessageKind::reminder:
      return {true, false, false, hours(4)};
    case MessageKind::offer:
      return {true, true, true, hours(24 * 7)};
  }
  return {};
}

}  // namespace zl::domain
