#include "ratelimit/client.hpp"

#include <doctest/doctest.h>

#include <string>

using p2p::ratelimit::Client;

namespace {

std::string bucket(const Client& client, unsigned coarseness = 0) {
  Client::Buffer buffer;
  return std::string(client.bytes(buffer, "x", coarseness));
}
bool same(const char* a, const char* b, unsigned coarseness = 0) {
  return bucket(Client::address(a), coarseness) == bucket(Client::address(b), coarseness);
}

}  // namespace

TEST_CASE("IPv4 counts by address, IPv6 by /64, mapped addresses as IPv4") {
  CHECK_FALSE(same("192.0.2.1", "192.0.2.2"));
  CHECK(same("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"));
  CHECK_FALSE(same("2001:db8:1:2::1", "2001:db8:1:3::1"));
  CHECK(same("::ffff:192.0.2.1", "192.0.2.1"));
  CHECK(same("::ffff:c000:201", "192.0.2.1"));
  CHECK_FALSE(same("::1", "127.0.0.1"));
}

TEST_CASE("machines on one link are not one client, whatever interface they are seen on") {
  CHECK_FALSE(same("fe80::1%eth0", "fe80::2%eth0"));
  CHECK(same("fe80::1%eth0", "fe80::1%a-very-long-name-of-an-interface-that-nobody-has"));
}

TEST_CASE("neighbourhoods: /24 and /16, /48 and /32, then everyone") {
  CHECK(same("192.0.2.1", "192.0.2.254", 1));
  CHECK_FALSE(same("192.0.2.1", "192.0.3.1", 1));
  CHECK(same("192.0.2.1", "192.0.3.1", 2));
  CHECK_FALSE(same("192.0.2.1", "192.1.2.1", 2));
  CHECK(same("2001:db8:1:2::1", "2001:db8:1:3::1", 1));
  CHECK_FALSE(same("2001:db8:1:2::1", "2001:db8:2:2::1", 1));
  CHECK(same("2001:db8:1:2::1", "2001:db8:2:2::1", 2));
  CHECK_FALSE(same("2001:db8::1", "2001:db9::1", 2));
  CHECK(same("2001:db8::1", "192.0.2.1", 3));
  // An address is never its neighbourhood.
  CHECK(bucket(Client::address("192.0.2.0"), 0) != bucket(Client::address("192.0.2.0"), 1));
}

TEST_CASE("what is no address is one client") {
  CHECK(same("", "nonsense"));
  CHECK(same("1.2.3.4.5", std::string(1000, '1').c_str()));
  CHECK_FALSE(same("", "0.0.0.0"));
}

TEST_CASE("a name of any length fits") {
  const std::string longest(1000, 'n');
  CHECK(bucket(Client::token(longest)).size() <= sizeof(Client::Buffer));
  CHECK(bucket(Client::token("a")) != bucket(Client::node('w', "a")));
}
