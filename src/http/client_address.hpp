// How a client's address is written and counted, the same for connections, requests and logins.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <string>

namespace zl::http {

/// One spelling for each: an IPv4 address that a socket for both kinds tells as ::ffff:a.b.c.d is a.b.c.d, and no zone
/// is named.
std::string address_text(const boost::asio::ip::address& address);

/// What limits count by: an IPv4 address itself, and of an IPv6 one the /64, whose 2^64 addresses any single host can
/// have. What is no address counts as it is.
std::string limit_key(const std::string& address);

}  // namespace zl::http
