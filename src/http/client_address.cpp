#include "http/client_address.hpp"

#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

namespace zl::http {
namespace {

namespace ip = boost::asio::ip;

constexpr unsigned short subscriber_bits = 64;

}  // namespace

std::string address_text(const ip::address& address) {
  if (address.is_v4()) return address.to_string();
  ip::address_v6 v6 = address.to_v6();
  if (v6.is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, v6).to_string();
  v6.scope_id(0);
  return v6.to_string();
}

std::string limit_key(const std::string& address) {
  if (address.find(':') == std::string::npos) return address;
  boost::system::error_code error;
  const ip::address_v6 v6 = ip::make_address_v6(address, error);
  if (error) return address;
  if (v6.is_v4_mapped()) return address_text(v6);
  return ip::network_v6(v6, subscriber_bits).canonical().to_string();
}

}  // namespace zl::http
