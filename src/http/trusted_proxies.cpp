#include "http/trusted_proxies.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <stdexcept>

namespace zl::http {
namespace {

namespace ip = boost::asio::ip;

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

template <class Network, class Address>
bool contains(const Network& network, const Address& address) {
  return Network(address, network.prefix_length()).canonical() == network;
}

}  // namespace

TrustedProxies::TrustedProxies(const std::vector<std::string>& proxies) {
  for (const std::string& proxy : proxies) {
    const bool is_v6 = proxy.find(':') != std::string::npos;
    const bool has_length = proxy.find('/') != std::string::npos;
    boost::system::error_code error;
    if (is_v6) {
      v6_.push_back(ip::make_network_v6(has_length ? proxy : proxy + "/128", error).canonical());
    } else {
      v4_.push_back(ip::make_network_v4(has_length ? proxy : proxy + "/32", error).canonical());
    }
    if (error) throw std::runtime_error("http.trusted_proxies: " + proxy + " is neither an address nor a network");
  }
}

bool TrustedProxies::trusts(std::string_view text) const {
  if (v4_.empty() && v6_.empty()) return false;
  boost::system::error_code error;
  const ip::address address = ip::make_address(std::string(text), error);
  if (error) return false;
  if (address.is_v4()) {
    return std::ranges::any_of(v4_, [&address](const auto& network) { return contains(network, address.to_v4()); });
  }
  return std::ranges::any_of(v6_, [&address](const auto& network) { return contains(network, address.to_v6()); });
}

std::string TrustedProxies::client_address(const std::string& peer, std::string_view forwarded_for) const {
  std::string address = peer;
  while (!forwarded_for.empty() && trusts(address)) {
    const std::size_t comma = forwarded_for.rfind(',');
    const std::string_view last =
        trimmed(comma == std::string_view::npos ? forwarded_for : forwarded_for.substr(comma + 1));
    forwarded_for = forwarded_for.substr(0, comma == std::string_view::npos ? 0 : comma);
    boost::system::error_code error;
    const ip::address parsed = ip::make_address(std::string(last), error);
    if (error) break;
    address = parsed.to_string();
  }
  return address;
}

}  // namespace zl::http
