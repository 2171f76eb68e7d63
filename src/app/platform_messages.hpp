// What the chat platform pushes, in the words of the use cases: messages that people send and events around them.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace zl::app {

/// What a push's address carries besides its body; absent parameters are empty.
struct PushQuery {
  std::string signature;
  std::string timestamp;
  std::string nonce;
  std::string encrypt_type;
  std::string msg_signature;
  std::string echostr;
};

struct Said {
  std::string text;
};
/// `scene` is that of the QR code which was scanned, without the platform's prefix; empty where it was none.
struct Followed {
  std::string scene;
};
struct Unfollowed {};
/// A follower scanned a QR code.
struct Scanned {
  std::string scene;
};
struct MenuPressed {
  std::string key;
};

enum class Delivery { delivered = 1, blocked_by_user, failed };

struct DeliveryReport {
  std::string message_id;   ///< the platform's; digits
  std::string template_id;  ///< of a subscription notice, else empty
  Delivery delivery = Delivery::failed;
  std::string detail;  ///< the platform's words, for the log
};
struct Delivered {
  std::vector<DeliveryReport> reports;
};

enum class Consent {
  given = 1,  ///< one more notice of the template may be sent
  refused,
  withdrawn,
};

struct ConsentChange {
  std::string template_id;
  Consent consent = Consent::refused;
};
struct ConsentChanged {
  std::vector<ConsentChange> changes;
};

/// Anything that nothing is done about: pictures, places, pages opened from the menu.
struct OtherPush {
  std::string kind;  ///< MsgType, or the name of the event
};

using PushContent =
    std::variant<Said, Followed, Unfollowed, Scanned, MenuPressed, Delivered, ConsentChanged, OtherPush>;

struct Push {
  std::string key;      ///< alike in every repetition of this push, else unique; at most 64 bytes of ASCII
  std::string openid;   ///< whom it is about
  std::string account;  ///< the platform's id of our account
  std::int64_t created_at_s = 0;
  PushContent content;
};

}  // namespace zl::app
