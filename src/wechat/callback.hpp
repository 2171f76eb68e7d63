// The platform's pushes, from the bytes of a request to what it says, and the answers to them: pure, without I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "app/platform_messages.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "wechat/message_cipher.hpp"

namespace zl::wechat {

/// As the account's settings say. In plain mode nothing vouches for a body but that its sender has seen a signed
/// address.
enum class CallbackMode {
  plain = 1,
  compatible,  ///< sealed where the address says so, else plain: for the change-over
  safe,
};

struct CallbackConfig {
  CallbackMode mode = CallbackMode::safe;
  std::string token;             ///< 3 to 32 of [A-Za-z0-9]
  std::string encoding_aes_key;  ///< 43 characters; needed but in plain mode
  std::string appid;
};

/// Why a push is not taken. No more is told apart, to anybody.
enum class CallbackFault {
  forged = 1,  ///< the signature doesn't hold; nothing behind it was looked at
  unreadable,
};

struct Received {
  app::Push push;
  bool sealed = false;  ///< then the answer has to be sealed too
};

/// Whether a push was signed within 12 h of now. Pushes that were dealt with are known for 24 h: with hosts whose
/// clocks differ, what is taken here is still known as dealt with, and what was recorded and is sent again later is
/// refused.
bool is_timely(std::string_view timestamp, base::Instant now);

/// The envelope of an answer, which is sealed and signed as of then.
std::string sealed_answer(const MessageCipher& cipher, std::string_view token, std::string_view xml,
                          std::string_view nonce, std::int64_t now_s, base::Random& random);

/// Thread-safe.
class Callback {
 public:
  /// Nothing where a setting is missing or out of its form.
  static std::optional<Callback> create(const CallbackConfig& config);

  /// The text to answer the platform's check of the address with; nothing where the signature doesn't hold.
  std::optional<std::string> check_url(const app::PushQuery& query) const;

  /// Checks the signature, then opens and reads.
  std::variant<Received, CallbackFault> receive(const app::PushQuery& query, std::string_view body) const;

  /// The body that answers `received` with a text, sealed where the push was. Cut at 2048 bytes.
  std::string answer(const Received& received, std::string_view nonce, std::string_view text, std::int64_t now_s,
                     base::Random& random) const;

  /// Answers a push that is dealt with by no words, or later; never sealed.
  static constexpr std::string_view no_words = "success";

 private:
  Callback(CallbackMode mode, std::string token, std::optional<MessageCipher> cipher)
      : mode_(mode), token_(std::move(token)), cipher_(std::move(cipher)) {}

  bool address_is_signed(const app::PushQuery& query) const;
  std::variant<Received, CallbackFault> receive_sealed(const app::PushQuery& query, std::string_view body) const;

  CallbackMode mode_;
  std::string token_;
  std::optional<MessageCipher> cipher_;
};

}  // namespace zl::wechat
