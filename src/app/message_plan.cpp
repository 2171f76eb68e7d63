#include "app/message_plan.hpp"

#include <algorithm>
#include <chrono>

namespace zl::app {
namespace {

using base::Milliseconds;
using domain::BookingState;
using domain::MessageKind;
using domain::MessageState;

constexpr Milliseconds first_pause = std::chrono::seconds(2);
constexpr Milliseconds longest_pause = std::chrono::minutes(10);

// Some time between tries of a channel that told to wait; a wait for one person alone (43108) is shorter than any hold.
constexpr Milliseconds longest_hold = std::chrono::seconds(30);
constexpr Milliseconds worth_a_hold = std::chrono::seconds(5);

/// What must arrive doesn't wait longer than this for a channel while another is left.
constexpr Milliseconds patience_of_urgent = std::chrono::minutes(1);

bool is_true(const ClaimedMessage& message) {
  const MessageContent& content = message.content;
  switch (message.kind) {
    case MessageKind::booked:
    case MessageKind::reminder:
      return content.booking_state == BookingState::confirmed && message.now < content.session.starts_at;
    case MessageKind::session_changed:
      return domain::is_active(content.booking_state) && message.now < content.session.ends_at;
    case MessageKind::offer:
      return content.booking_state == BookingState::offered;
    case MessageKind::cancelled_by_station:
      return true;
    case MessageKind::cancelled_by_user:
      return false;
  }
  return false;
}

bool is_late(const ClaimedMessage& message) {
  if (message.now - message.created_at >= domain::policy_of(message.kind).lifetime) return true;
  return message.content.until && message.now >= *message.content.until;
}

int consents_left(const Recipient& recipient, const std::string& template_id) {
  const auto found = std::ranges::find(recipient.consents, template_id, &Consents::template_id);
  return found == recipient.consents.end() ? 0 : found->left;
}

bool can_go_by(const ClaimedMessage& message, Channel channel, const MessageSetup& setup) {
  if (message.failed.has(channel)) return false;
  if (channel == Channel::sms) return setup.has_sms;
  const auto* const wanted = setup.template_of(message.kind, channel);
  if (wanted == nullptr || message.recipient.openid.empty()) return false;
  if (channel == Channel::template_message) return message.recipient.follows;
  return consents_left(message.recipient, wanted->id) > 0;
}

bool is_configured(MessageKind kind, const MessageSetup& setup) {
  return setup.has_sms || setup.template_of(kind, Channel::template_message) != nullptr ||
         setup.template_of(kind, Channel::notice) != nullptr;
}

MessageStep end_with(MessageState state, int error) {
  return {std::nullopt, nullptr, state, error, false};
}

bool past_window(const ClaimedMessage& message) {
  return message.in_doubt_for && *message.in_doubt_for >= repeat_window;
}

/// Only template messages carry an id by which the platform knows a repetition.
bool may_be_doubled(const ClaimedMessage& message, Channel channel) {
  return message.in_doubt_for && (channel == Channel::notice || past_window(message));
}

/// By another channel at once, or by none: next_step finds out.
void by_another(Settlement& settlement, Channel channel) {
  settlement.failed = settlement.failed.with(channel);
  settlement.in_doubt = false;
  settlement.wait = Milliseconds(0);
}

bool leaves(const ClaimedMessage& message, const MessageStep& step, Milliseconds wait) {
  return domain::policy_of(message.kind).must_arrive && step.has_another && wait > patience_of_urgent;
}

void wait_for(Settlement& settlement, const ClaimedMessage& message, const MessageStep& step, Milliseconds wait) {
  settlement.wait = std::max(wait, pause_after(message.attempt));
  if (leaves(message, step, settlement.wait)) by_another(settlement, *step.channel);
}

}  // namespace

const domain::MessageTemplate* MessageSetup::template_of(MessageKind kind, Channel channel) const {
  if (channel == Channel::sms) return nullptr;
  const auto& found = (channel == Channel::notice ? notices : templates).at(static_cast<std::size_t>(kind));
  return found ? &*found : nullptr;
}

MessageStep next_step(const ClaimedMessage& message, const MessageSetup& setup) {
  const domain::MessagePolicy policy = domain::policy_of(message.kind);
  if (!policy.is_sent || !is_true(message)) return end_with(MessageState::skipped, message_error::untrue);
  // A seat that is offered to nobody is not passed over in silence, whatever is configured.
  const bool is_offer = message.kind == MessageKind::offer;
  if (!is_offer && !is_configured(message.kind, setup)) {
    return end_with(MessageState::skipped, message_error::not_configured);
  }
  if (is_late(message)) return end_with(MessageState::failed, message_error::expired);
  MessageStep step = end_with(MessageState::failed, message_error::unreachable);
  for (const Channel channel : {Channel::template_message, Channel::notice, Channel::sms}) {
    if (!can_go_by(message, channel, setup)) continue;
    step.has_another = step.channel.has_value();
    if (step.has_another) break;
    if (may_be_doubled(message, channel) && !policy.tolerates_double) {
      return end_with(MessageState::failed, message_error::in_doubt);
    }
    step = {channel, setup.template_of(message.kind, channel), MessageState::queued, 0, false};
  }
  return step;
}

Settlement ended(const ClaimedMessage& message, const MessageStep& step) {
  Settlement settlement;
  settlement.id = message.id;
  settlement.attempt = message.attempt;
  settlement.state = step.end;
  settlement.failed = message.failed;
  settlement.error = step.error;
  return settlement;
}

Milliseconds hold_after(Channel channel, const SendAnswer& answer) {
  if (answer.verdict == SendVerdict::later && answer.wait >= worth_a_hold) return std::min(answer.wait, longest_hold);
  // A hook that doesn't answer would keep all lanes waiting for it.
  const bool silent_hook = channel == Channel::sms && answer.verdict == SendVerdict::unknown && answer.error == 0;
  return silent_hook ? longest_hold : Milliseconds(0);
}

Settlement held_back(const ClaimedMessage& message, const MessageStep& step, const ChannelHold& hold) {
  Settlement settlement = ended(message, step);
  settlement.error = hold.error;
  settlement.in_doubt = message.in_doubt_for.has_value();
  settlement.wait = hold.left;
  if (leaves(message, step, hold.stopped)) by_another(settlement, *step.channel);
  return settlement;
}

Settlement settled(const ClaimedMessage& message, const MessageStep& step, const SendAnswer& answer) {
  const Channel channel = *step.channel;
  Settlement settlement = ended(message, step);
  settlement.channel = channel;
  settlement.error = answer.error;
  settlement.openid = message.recipient.openid;
  settlement.in_doubt = message.in_doubt_for.has_value();
  if (channel == Channel::notice) settlement.template_id = step.message_template->id;
  switch (answer.verdict) {
    case SendVerdict::accepted:
      settlement.state = MessageState::accepted;
      settlement.message_id = answer.message_id;
      if (channel == Channel::notice) settlement.consent = ConsentUse::spent;
      break;
    case SendVerdict::not_following:
      settlement.unfollowed = true;
      by_another(settlement, channel);
      break;
    case SendVerdict::no_consent:
      settlement.consent = ConsentUse::voided;
      by_another(settlement, channel);
      break;
    case SendVerdict::unknown_person:
    case SendVerdict::refused:
      by_another(settlement, channel);
      break;
    case SendVerdict::misconfigured:
      // What must arrive goes another way; the rest waits for the operator.
      if (domain::policy_of(message.kind).must_arrive) {
        by_another(settlement, channel);
      } else {
        settlement.wait = longest_pause;
      }
      break;
    case SendVerdict::later:
      wait_for(settlement, message, step, answer.wait);
      break;
    case SendVerdict::unknown:
      settlement.in_doubt = true;
      settlement.wait = pause_after(message.attempt);
      // Once past the window is enough: every further repetition could be one more message.
      if (may_be_doubled(message, channel) || (channel == Channel::sms && past_window(message))) {
        by_another(settlement, channel);
      }
      break;
  }
  return settlement;
}

std::vector<base::Date> days_to_remind(base::Instant now, int hour, int offset_minutes) {
  constexpr std::chrono::hours noon{12};
  const base::Date today = base::civil_day(now, offset_minutes);
  const Milliseconds of_day = now - base::start_of_day(today, offset_minutes);
  std::vector<base::Date> days;
  if (of_day < noon) days.push_back(today);
  if (of_day >= std::chrono::hours(hour)) days.emplace_back(std::chrono::sys_days(today) + std::chrono::days(1));
  return days;
}

Milliseconds pause_after(std::uint32_t attempt) {
  const std::uint32_t doublings = std::clamp<std::uint32_t>(attempt, 1, 16) - 1;
  return std::min(first_pause * (std::int64_t{1} << doublings), longest_pause);
}

}  // namespace zl::app
