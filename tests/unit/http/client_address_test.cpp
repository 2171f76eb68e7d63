// One spelling for each address, one bucket for each client, and who is believed about it.
#include "http/client_address.hpp"

#include <gtest/gtest.h>

#include "http/connection_limits.hpp"
#include "http/trusted_proxies.hpp"

namespace zl::http {
namespace {

std::string text(const char* address) {
  return address_text(boost::asio::ip::make_address(address));
}

TEST(ClientAddress, writes_an_address_in_one_way) {
  EXPECT_EQ(text("10.1.2.3"), "10.1.2.3");
  EXPECT_EQ(text("::ffff:10.1.2.3"), "10.1.2.3");
  EXPECT_EQ(text("::ffff:a01:203"), "10.1.2.3");
  EXPECT_EQ(text("2001:DB8:0:0::1"), "2001:db8::1");
  EXPECT_EQ(text("fe80::1%1"), "fe80::1");
  EXPECT_EQ(text("::1"), "::1");
}

TEST(ClientAddress, counts_a_host_of_ipv6_by_its_network_and_one_of_ipv4_by_itself) {
  EXPECT_EQ(limit_key("10.1.2.3"), "10.1.2.3");
  EXPECT_EQ(limit_key("::ffff:10.1.2.3"), "10.1.2.3");
  EXPECT_EQ(limit_key("2001:db8:1:2::1"), "2001:db8:1:2::/64");
  EXPECT_EQ(limit_key("2001:db8:1:2:ffff:ffff:ffff:ffff"), "2001:db8:1:2::/64");
  EXPECT_EQ(limit_key("2001:db8:1:3::1"), "2001:db8:1:3::/64");
  EXPECT_EQ(limit_key("no: address"), "no: address");
  EXPECT_EQ(limit_key(""), "");
}

TEST(ConnectionLimits, count_the_addresses_of_one_network_together) {
  ConnectionLimits limits(10, 2);
  auto first = limits.take("2001:db8:1:2::1");
  auto second = limits.take("2001:db8:1:2::2");
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(limits.take("2001:db8:1:2::3"));
  EXPECT_TRUE(limits.take("2001:db8:1:3::1"));
  EXPECT_EQ(first->address(), "2001:db8:1:2::1");
  first.reset();
  EXPECT_TRUE(limits.take("2001:db8:1:2::3"));
}

TEST(TrustedProxies, are_asked_for_the_last_address_that_none_of_them_added) {
  const TrustedProxies proxies({"10.0.0.0/8", "fd00::/8"});
  EXPECT_EQ(proxies.client_address("10.0.0.1", "1.2.3.4, 10.9.9.9"), "1.2.3.4");
  EXPECT_EQ(proxies.client_address("fd00::1", "1.2.3.4"), "1.2.3.4");
  EXPECT_EQ(proxies.client_address("1.1.1.1", "1.2.3.4"), "1.1.1.1");
  EXPECT_EQ(proxies.client_address("10.0.0.1", "nonsense"), "10.0.0.1");
}

TEST(TrustedProxies, know_an_ipv4_address_in_every_spelling) {
  const TrustedProxies proxies({"10.0.0.0/8", "::ffff:192.168.0.0/112", "::ffff:172.16.0.1"});
  EXPECT_EQ(proxies.client_address(text("::ffff:10.0.0.1"), "::ffff:1.2.3.4"), "1.2.3.4");
  EXPECT_EQ(proxies.client_address("10.0.0.1", "2001:db8::7, ::ffff:10.0.0.2"), "2001:db8::7");
  EXPECT_EQ(proxies.client_address("192.168.7.7", "1.2.3.4"), "1.2.3.4");
  EXPECT_EQ(proxies.client_address("172.16.0.1", "1.2.3.4"), "1.2.3.4");
  EXPECT_EQ(proxies.client_address("172.16.0.2", "1.2.3.4"), "172.16.0.2");
}

}  // namespace
}  // namespace zl::http
