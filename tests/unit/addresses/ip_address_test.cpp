#include "addresses/ip_address.hpp"

#include "network.hpp"

namespace p2p::addresses {

TEST_CASE("an IPv4-mapped IPv6 address is the IPv4 address") {
  CHECK(ip("::ffff:192.0.2.1") == ip("192.0.2.1"));
  CHECK(ip("::ffff:c000:201").to_text() == "192.0.2.1");
  CHECK_FALSE(ip("::fffe:192.0.2.1") == ip("192.0.2.1"));
}

TEST_CASE("addresses print as RFC 5952 section 4 says") {
  CHECK(ip("2001:0db8:0000:0000:0001:0000:0000:0001").to_text() == "2001:db8::1:0:0:1");
  CHECK(ip("2001:DB8::A").to_text() == "2001:db8::a");
}

TEST_CASE("a zone belongs to link-local IPv6 addresses and to no others") {
  CHECK(ip("fe80::1%eth0").to_text() == "fe80::1%eth0");
  CHECK(ip("fe80::1%eth0") != ip("fe80::1%eth1"));
  CHECK_FALSE(IpAddress::parse("2001:db8::1%eth0").has_value());
  CHECK_FALSE(IpAddress::parse("192.0.2.1%eth0").has_value());
  CHECK_FALSE(IpAddress::parse("fe80::1%").has_value());
  CHECK_FALSE(IpAddress::parse("fe80::1%a/b").has_value());
  CHECK_FALSE(IpAddress::parse("fe80::1%sixteen-letters-").has_value());
}

TEST_CASE("what is no address is none") {
  for (const char* text : {"", "1.2.3", "1.2.3.4.5", "256.0.0.1", "::g", "1.2.3.4 ", "eth0", "[::1]", "01.2.3.4"}) {
    CAPTURE(text);
    CHECK_FALSE(IpAddress::parse(text).has_value());
  }
  CHECK_FALSE(IpAddress::parse(std::string(5000, ':')).has_value());
  CHECK_FALSE(IpAddress::from_bytes(Bytes(5)).has_value());
}

TEST_CASE("ranges are those of their RFCs, to the last address") {
  // RFC 1918 section 3, RFC 6598 section 7, RFC 4193 section 3.1
  for (const char* text : {"10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0",
                           "192.168.255.255", "100.64.0.0", "100.127.255.255", "fc00::", "fdff:ffff::1"}) {
    CAPTURE(text);
    CHECK(ip(text).is_private());
  }
  for (const char* text : {"9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255",
                           "192.169.0.0", "100.63.255.255", "100.128.0.0", "fbff::1", "fe00::1", "2001:db8::1"}) {
    CAPTURE(text);
    CHECK_FALSE(ip(text).is_private());
  }
  CHECK(ip("169.254.0.1").is_link_local());
  CHECK(ip("febf::1").is_link_local());
  CHECK_FALSE(ip("fec0::1").is_link_local());
  CHECK(ip("127.255.0.1").is_loopback());
  CHECK(ip("::1").is_loopback());
  CHECK_FALSE(ip("::2").is_loopback());
  CHECK(ip("ff02::1").is_multicast());
  CHECK(ip("239.0.0.1").is_multicast());
  CHECK(ip("::").is_unspecified());
}

TEST_CASE("two addresses share their leading bits") {
  CHECK(common_prefix_length(ip("192.168.1.1"), ip("192.168.1.1")) == 32);
  CHECK(common_prefix_length(ip("192.168.1.0"), ip("192.168.1.128")) == 24);
  CHECK(common_prefix_length(ip("0.0.0.0"), ip("128.0.0.0")) == 0);
  CHECK(common_prefix_length(ip("2001:db8::"), ip("2001:db8:0:1::")) == 63);
  CHECK(common_prefix_length(ip("::1"), ip("0.0.0.1")) == 0);
}

TEST_CASE("a network contains what begins with its bits") {
  CHECK(net("192.168.1.100/24").contains(ip("192.168.1.255")));
  CHECK_FALSE(net("192.168.1.100/24").contains(ip("192.168.2.0")));
  CHECK(net("0.0.0.0/0").contains(ip("203.0.113.1")));
  CHECK_FALSE(net("0.0.0.0/0").contains(ip("2001:db8::1")));
  CHECK(net("10.8.0.1/32").contains(ip("10.8.0.1")));
  CHECK(net("172.16.0.0/12").contains(ip("172.31.0.1")));
  CHECK(net("192.168.1.100/20").to_text() == "192.168.0.0/20");
  CHECK(net("2001:db8::ffff/121").to_text() == "2001:db8::ff80/121");
  for (const char* text : {"10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/8x", "/8", "::/129"}) {
    CAPTURE(text);
    CHECK_FALSE(IpPrefix::parse(text).has_value());
  }
}

}  // namespace p2p::addresses
