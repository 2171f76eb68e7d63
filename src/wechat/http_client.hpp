// Calls to the platform over HTTPS, or over HTTP to an emulator.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "base/outcome.hpp"
#include "base/time.hpp"

namespace zl::wechat {

struct HttpRequest {
  std::string target;       ///< path and query, encoded; holds secrets and is never logged
  std::string json;         ///< a body to POST; GET where it is empty
  std::string bearer = {};  ///< a token for Authorization; none where it is empty
};

struct HttpAnswer {
  int status = 0;
  std::string body;
  std::optional<base::Instant> date = std::nullopt;  ///< by the sender's clock, where it says so
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;

  /// Done with whatever was answered in time. Refused{unavailable}: nothing was sent. Refused{overloaded}: too many
  /// calls are under way. Unknown: it may have been received. Runs on the caller's loop.
  virtual boost::asio::awaitable<base::Outcome<HttpAnswer>> fetch(HttpRequest request) = 0;
};

struct HttpClientConfig {
  std::string base_url = "https://api.weixin.qq.com";  ///< scheme, host and port; http:// for an emulator
  base::Milliseconds timeout{10'000};                  ///< of a whole call, from looking up the host
  std::size_t answer_limit_bytes = 1024UL * 1024;
  std::size_t calls_limit = 64;  ///< at a time; each has a connection of its own
  std::string ca_file;           ///< trusted instead of the system's authorities; PEM
};

/// One connection per call, closed after it; certificate and host name are checked. Follows no redirects. Usable from
/// all loops. Throws std::invalid_argument where base_url is none, std::runtime_error where ca_file can't be read.
std::unique_ptr<HttpClient> create_http_client(const HttpClientConfig& config);

}  // namespace zl::wechat
