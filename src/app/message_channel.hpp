// Ports: the ways by which a message leaves.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "app/message_store.hpp"
#include "base/time.hpp"
#include "domain/message_fields.hpp"

namespace zl::app {

enum class SendVerdict {
  accepted = 1,
  not_following,   ///< not sent: template messages reach followers alone
  no_consent,      ///< not sent: the person asked for none, or has had it
  unknown_person,  ///< not sent: nobody is reached by this identity
  refused,         ///< not sent: the content, and so it will always be
  misconfigured,   ///< not sent: an operator has to mend the account or its settings
  later,           ///< not sent: the channel takes none for `wait`
  unknown,         ///< it may have been sent
};

struct SendAnswer {
  SendVerdict verdict = SendVerdict::unknown;
  std::string message_id;  ///< the platform's, where accepted
  int error = 0;
  base::Milliseconds wait{0};  ///< for later
};

/// What a channel of the platform's is given, made to fit.
struct PlatformMessage {
  MessageId id;  ///< the platform tells repetitions of a template message by it for ten minutes
  std::string openid;
  std::string template_id;
  std::string url;  ///< opened by a tap; may be empty
  std::vector<domain::MessageField> fields;
};

/// The platform's own channels.
class MessageChannel {
 public:
  virtual ~MessageChannel() = default;
  virtual asio::awaitable<SendAnswer> send_template(PlatformMessage message) = 0;
  virtual asio::awaitable<SendAnswer> send_notice(PlatformMessage message) = 0;
};

/// For the provider of text messages. Zhonglou knows no phone numbers: `user_id` is its own id of the parent, and the
/// hook's owner knows the number that belongs to it, or answers that nobody is known.
struct SmsMessage {
  MessageId id;  ///< the same in a repetition
  domain::MessageKind kind = domain::MessageKind::offer;
  base::UserId user_id;
  base::BookingId booking_id;
  std::string text;
};

class SmsChannel {
 public:
  virtual ~SmsChannel() = default;
  virtual asio::awaitable<SendAnswer> send(SmsMessage message) = 0;
};

}  // namespace zl::app
