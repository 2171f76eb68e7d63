// Port: what the platform tells about messages that we sent, and about consents.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "app/platform_messages.hpp"
#include "base/outcome.hpp"

namespace zl::app {

namespace asio = boost::asio;

class MessageReceipts {
 public:
  virtual ~MessageReceipts() = default;

  virtual asio::awaitable<base::Outcome<base::Done>> delivered(std::string openid,
                                                               std::vector<DeliveryReport> reports) = 0;
  /// `push_key` is the push's that tells it: what the same push tells again counts once.
  virtual asio::awaitable<base::Outcome<base::Done>> consent_changed(std::string openid,
                                                                     std::vector<ConsentChange> changes,
                                                                     std::string push_key) = 0;
};

}  // namespace zl::app
