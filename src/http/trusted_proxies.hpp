// Whose X-Forwarded-For is believed.
#pragma once

#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace zl::http {

class TrustedProxies {
 public:
  /// Addresses or networks ("10.0.0.0/8"); throws std::runtime_error with the one that is neither.
  explicit TrustedProxies(const std::vector<std::string>& proxies);

  /// The client's address, as address_text() writes it: the peer's, which is written so, or, where the peer is trusted,
  /// the last that no trusted proxy added.
  std::string client_address(const std::string& peer, std::string_view forwarded_for) const;

  /// An address as address_text() writes it.
  bool trusts(std::string_view text) const;

 private:
  std::vector<boost::asio::ip::network_v4> v4_;
  std::vector<boost::asio::ip::network_v6> v6_;
};

}  // namespace zl::http
