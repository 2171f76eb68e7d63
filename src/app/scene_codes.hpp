// Port: QR codes of the chat platform. Who scans one with the chat app is pushed to us with the code's scene.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>

#include "base/outcome.hpp"
#include "base/time.hpp"

namespace zl::app {

namespace asio = boost::asio;

struct SceneCode {
  std::string ticket;                       ///< the platform's name of the code
  std::string url;                          ///< what the code says, for those who draw it themselves
  std::string image_url;                    ///< the platform's picture of it
  std::optional<base::Instant> expires_at;  ///< nothing: never
};

class SceneCodes {
 public:
  virtual ~SceneCodes() = default;

  /// The one code of a scene, made where there is none; without `lifetime` a permanent one, of which the account has a
  /// limited number, else one that lasts as long, or the platform's longest. `scene` is one of scenes.hpp. Refused:
  /// invalid_state, where the permanent ones are used up; unavailable, overloaded. Unknown: a code may have been made
  /// that nobody knows; asked again, another one is.
  virtual asio::awaitable<base::Outcome<SceneCode>> code_of(std::string scene,
                                                            std::optional<base::Milliseconds> lifetime) = 0;
};

}  // namespace zl::app
