// Port: the platform's pushes, from the bytes of a request and back; who signs and seals them is behind it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "app/platform_messages.hpp"

namespace zl::app {

/// Why a push is not taken. No more is told apart, to anybody.
enum class PushFault {
  forged = 1,  ///< the signature doesn't hold, or is of long ago; nothing behind it was looked at
  unreadable,
};

struct OpenedPush {
  Push push;
  bool sealed = false;  ///< then the answer is sealed too
};

/// Pure and thread-safe; nothing here waits.
class PlatformCallback {
 public:
  virtual ~PlatformCallback() = default;

  /// The text to answer the platform's check of the address with; nothing where the signature doesn't hold.
  virtual std::optional<std::string> check_url(const PushQuery& query) const = 0;

  virtual std::variant<OpenedPush, PushFault> open(const PushQuery& query, std::string_view body) const = 0;

  /// The XML that answers a push with words, at most reply_limit_bytes of them.
  virtual std::string answer(const OpenedPush& opened, std::string_view nonce, std::string_view words) const = 0;
};

/// The body that answers a push which is dealt with by no words.
inline constexpr std::string_view no_words_body = "success";

}  // namespace zl::app
