// Port: the outbox in MySQL, and what is known of how people can be reached.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/message_receipts.hpp"
#include "base/id.hpp"
#include "base/outcome.hpp"
#include "domain/booking.hpp"
#include "domain/message.hpp"
#include "domain/rules.hpp"

namespace zl::app {

using MessageId = base::Id<struct MessageTag>;

/// Ways to a person, in the order in which they are tried; the values are stored.
enum class Channel { template_message = 1, notice, sms };

/// A set of channels, a bit for each; stored.
class ChannelSet {
 public:
  constexpr ChannelSet() = default;
  constexpr explicit ChannelSet(unsigned bits) : bits_(bits) {}

  constexpr bool has(Channel channel) const { return (bits_ & bit(channel)) != 0; }
  constexpr ChannelSet with(Channel channel) const { return ChannelSet(bits_ | bit(channel)); }
  constexpr unsigned bits() const { return bits_; }
  bool operator==(const ChannelSet&) const = default;

 private:
  static constexpr unsigned bit(Channel channel) { return 1U << static_cast<unsigned>(channel); }

  unsigned bits_ = 0;
};

/// Notices of a template that a person has asked for and not got yet.
struct Consents {
  std::string template_id;
  int left = 0;
};

struct Recipient {
  base::UserId user_id;
  std::string openid;   ///< empty: no account of the platform's is bound
  bool follows = true;  ///< as far as is known
  std::vector<Consents> consents;
};

/// What a message tells, as things are now.
struct MessageContent {
  base::BookingId booking_id;
  domain::BookingState booking_state = domain::BookingState::confirmed;
  std::string activity;
  std::string station;
  std::string attendee;
  std::string reason;                  ///< of a cancellation
  domain::Interval session;            ///< the one that it is about, else the activity's first
  std::string venue;                   ///< of that session
  std::optional<base::Instant> until;  ///< of an offer
};

/// A message whose turn it is, claimed by who was given it.
struct ClaimedMessage {
  MessageId id;
  std::uint32_t attempt = 1;  ///< only the latest claim may settle
  domain::MessageKind kind = domain::MessageKind::booked;
  base::Instant created_at;
  base::Instant now;  ///< by the store's clock, as all times here
  /// Since when a channel may have had it, where an attempt's outcome is unknown.
  std::optional<base::Milliseconds> in_doubt_for;
  ChannelSet failed;  ///< channels by which it can't arrive
  Recipient recipient;
  MessageContent content;
};

enum class ConsentUse { none = 1, spent, voided };

/// What came of an attempt.
struct Settlement {
  MessageId id;
  std::uint32_t attempt = 0;
  domain::MessageState state = domain::MessageState::queued;
  base::Milliseconds wait{0};  ///< where it stays queued
  bool in_doubt = false;       ///< some attempt may have arrived
  ChannelSet failed;
  std::optional<Channel> channel;  ///< of the attempt
  std::string message_id;          ///< the platform's, where it was accepted and gave one
  int error = 0;                   ///< the platform's, or one of ours (message_plan.hpp)

  // What is learned of the person.
  std::string openid;
  bool unfollowed = false;
  ConsentUse consent = ConsentUse::none;
  std::string template_id;  ///< of the consent
};

/// A message that ended by a receipt, or is queued again after one.
struct ReceiptEffect {
  domain::MessageKind kind = domain::MessageKind::booked;
  domain::MessageState state = domain::MessageState::delivered;
};

/// Everything may be unknown, and may then be repeated. Refused: unavailable, overloaded.
class MessageStore {
 public:
  virtual ~MessageStore() = default;

  /// True while this process is the one that sends; keeps or takes the turn for some seconds. It saves work and holds
  /// the rate; claims are what keeps messages from being sent twice.
  virtual asio::awaitable<base::Outcome<bool>> lead() = 0;

  /// Queues the messages of bookings that were committed since the last call, each once, however many call at once; a
  /// bounded number of group commits. How many messages there were.
  virtual asio::awaitable<base::Outcome<std::size_t>> collect_booked() = 0;

  /// Queues a reminder for each active booking of the sessions that start in `day`, each once. Nothing where the day
  /// was done already. `name` is the day's, for the mark that it is done.
  virtual asio::awaitable<base::Outcome<std::size_t>> remind(std::string name, domain::Interval day) = 0;

  /// Claims the message whose turn it is, for a minute: an offer before all others, else the one that is due first. Of
  /// each user's the oldest alone may have it; offers and cancellations by the station wait for none and hold up none,
  /// and a changed session waits for none that is put off for long.
  virtual asio::awaitable<base::Outcome<std::optional<ClaimedMessage>>> claim() = 0;

  /// False, and nothing changes, where the message was claimed anew or has ended. A receipt that came before ends it.
  virtual asio::awaitable<base::Outcome<bool>> settle(Settlement settlement) = 0;

  /// Receipts of messages that are not accepted yet are kept for them.
  virtual asio::awaitable<base::Outcome<std::vector<ReceiptEffect>>> add_receipts(
      std::string openid, std::vector<DeliveryReport> reports) = 0;

  /// Queues again, without that channel, the offers that a channel of the platform's accepted `patience` ago and of
  /// which no receipt has told since. How many there were.
  virtual asio::awaitable<base::Outcome<std::uint64_t>> retry_silent_offers(base::Milliseconds patience) = 0;

  /// Nothing where the same push was told before.
  virtual asio::awaitable<base::Outcome<base::Done>> change_consents(std::string openid,
                                                                     std::vector<ConsentChange> changes,
                                                                     std::string push_key) = 0;

  /// Deletes what has served its time, a bounded number of rows at a call; how many went.
  virtual asio::awaitable<base::Outcome<std::uint64_t>> purge() = 0;

  /// Whether somebody follows the account: what pushes tell, as of `told_s`, the platform's seconds. Nothing where
  /// something newer is known.
  virtual asio::awaitable<base::Outcome<base::Done>> set_following(std::string openid, bool follows,
                                                                   std::int64_t told_s) = 0;
};

}  // namespace zl::app
