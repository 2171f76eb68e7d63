// QR codes with scenes, made once and kept for all processes. Source: "createQRCode", developers.weixin.qq.com.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "app/credential_store.hpp"
#include "app/scene_codes.hpp"
#include "base/clock.hpp"
#include "runtime/timer.hpp"
#include "wechat/platform_api.hpp"

namespace zl::wechat {

/// Thread-safe. A code is kept where the account's credentials are, and made in turn: however many ask, of however many
/// processes, a permanent one of the account's 100,000 is used up once for each scene. Lost it is where a process dies
/// between the platform's answer and the store's.
class WechatSceneCodes final : public app::SceneCodes {
 public:
  static constexpr std::string_view path = "/cgi-bin/qrcode/create";
  static constexpr base::Milliseconds lifetime_max = std::chrono::hours(24 * 30);
  /// A kept temporary code does while it lacks no more than this of what is asked for.
  static constexpr base::Milliseconds slack = std::chrono::hours(1);

  struct Parts {
    PlatformApi& api;
    app::CredentialStore& store;
    runtime::Sleeper& sleeper;
    const base::Clock& clock;
  };

  /// `image_origin` is where the platform draws codes: https://mp.weixin.qq.com.
  WechatSceneCodes(Parts parts, std::string appid, std::string image_origin)
      : parts_(parts), appid_(std::move(appid)), image_origin_(std::move(image_origin)) {}

  boost::asio::awaitable<base::Outcome<app::SceneCode>> code_of(std::string scene,
                                                                std::optional<base::Milliseconds> lifetime) override;

  /// The name under which a scene's code is stored.
  std::string stored_name(std::string_view scene) const;

 private:
  struct Made {
    std::string ticket;
    std::string url;
    base::Milliseconds lifetime{0};  ///< of a temporary one
  };
  using Lifetime = std::optional<base::Milliseconds>;
  template <class T>
  using Answer = boost::asio::awaitable<base::Outcome<T>>;

  Answer<std::optional<Made>> find(std::string name, Lifetime wanted);
  Answer<Made> make(std::string name, app::RenewalTurn turn, std::string scene, Lifetime lifetime);
  Answer<Made> ask_platform(std::string scene, Lifetime lifetime);
  app::SceneCode shown(const Made& made, bool permanent) const;

  const Parts parts_;
  const std::string appid_;
  const std::string image_origin_;
};

}  // namespace zl::wechat
