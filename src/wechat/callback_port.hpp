// The callback behind the port that the edge has for it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "app/platform_callback.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "wechat/callback.hpp"

namespace zl::wechat {

/// The references outlive it.
class CallbackPort final : public app::PlatformCallback {
 public:
  CallbackPort(const Callback& callback, const base::Clock& clock, base::Random& random)
      : callback_(callback), clock_(clock), random_(random) {}

  std::optional<std::string> check_url(const app::PushQuery& query) const override {
    return callback_.check_url(query);
  }
  std::variant<app::OpenedPush, app::PushFault> open(const app::PushQuery& query, std::string_view body) const override;
  std::string answer(const app::OpenedPush& opened, std::string_view nonce, std::string_view words) const override;

 private:
  const Callback& callback_;
  const base::Clock& clock_;
  base::Random& random_;
};

}  // namespace zl::wechat
