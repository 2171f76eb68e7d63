#include "http/trusted_proxies.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <optional>
#include <stdexcept>

#include "http/client_address.hpp"

namespace zl::http {
namespace {

namespace ip = boost::asio::ip;

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

constexpr unsigned short mapped_bits = 96;

/// The IPv4 network that "::ffff:10.0.0.0/104" stands for, if it does.
std::optional<ip::network_v4> mapped_network(const ip::network_v6& network) {
  if (!network.address().is_v4_mapped() || network.prefix_length() < mapped_bits) return std::nullopt;
  return ip::network_v4(ip::make_address_v4(ip::v4_mapped, network.address()),
                        static_cast<unsigned short>(network.prefix_length() - mapped_bits));
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
      const ip::network_v6 network = ip::make_network_v6(has_length ? proxy : proxy + "/128", error).canonical();
      const std::optional<ip::network_v4> mapped = mapped_network(network);
      if (mapped) {
        v4_.push_back(mapped->canonical());
      } else {
        v6_.push_back(network);
      }
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
    address = address_text(parsed);
  }
  return address;
}

}  // namespace zl::http
