// A message that is claimed, and an account that can send it, as the tests of the sender use them.
#pragma once

#include <chrono>
#include <string>

#include "app/message_plan.hpp"
#include "support/samples.hpp"

namespace zl::test {

inline constexpr base::Instant message_time{1'783'299'600'000};  // 2026-07-06T09:00+08:00

/// Of somebody who follows; the session is tomorrow.
inline app::ClaimedMessage sample_message(domain::MessageKind kind = domain::MessageKind::booked) {
  app::ClaimedMessage message;
  message.id = id_of<app::MessageId>(7);
  message.kind = kind;
  message.created_at = message_time;
  message.now = message_time + std::chrono::seconds(2);
  message.recipient.user_id = id_of<base::UserId>(1);
  message.recipient.openid = "o1";
  message.content.booking_id = id_of<base::BookingId>(3);
  message.content.activity = "书法";
  message.content.station = "钟楼站";
  message.content.attendee = "张小明";
  message.content.venue = "二楼教室";
  const base::Instant tomorrow = message_time + std::chrono::hours(24);
  message.content.session = {tomorrow, tomorrow + std::chrono::hours(1)};
  if (kind == domain::MessageKind::offer) {
    message.content.booking_state = domain::BookingState::offered;
    message.content.until = message_time + std::chrono::hours(2);
  }
  return message;
}

/// Templates "T" and notices "N" for every kind, and a hook for SMS.
inline app::MessageSetup full_setup() {
  app::MessageSetup setup;
  for (const domain::MessageKind kind : domain::all_message_kinds) {
    setup.templates.at(static_cast<std::size_t>(kind)) = domain::MessageTemplate::parse("T");
    setup.notices.at(static_cast<std::size_t>(kind)) = domain::MessageTemplate::parse("N");
  }
  setup.has_sms = true;
  return setup;
}

}  // namespace zl::test
