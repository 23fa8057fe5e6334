// The kernel of the machine that runs the tests, against what the C library says of it.
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <cstring>
#include <memory>

#include "addresses/rtnetlink_reader.hpp"
#include "network.hpp"

namespace p2p::addresses {
namespace {

std::optional<IpAddress> address_of(const sockaddr* from) {
  if (from == nullptr) return std::nullopt;
  if (from->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, from, sizeof v4);
    return IpAddress::from_bytes({reinterpret_cast<const std::uint8_t*>(&v4.sin_addr), 4});
  }
  if (from->sa_family != AF_INET6) return std::nullopt;
  sockaddr_in6 v6{};
  std::memcpy(&v6, from, sizeof v6);
  return IpAddress::from_bytes({reinterpret_cast<const std::uint8_t*>(&v6.sin6_addr), 16});
}

}  // namespace

TEST_CASE("the inventory has every address that getifaddrs(3) has, on the same link") {
  auto reader = RtnetlinkReader::open();
  REQUIRE(reader.has_value());
  const auto inventory = reader->read();
  REQUIRE_MESSAGE(inventory.has_value(), inventory.error().context);
  ifaddrs* list = nullptr;
  REQUIRE(::getifaddrs(&list) == 0);
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, ::freeifaddrs);
  std::size_t count = 0;
  for (const ifaddrs* at = list; at != nullptr; at = at->ifa_next) {
    const auto expected = address_of(at->ifa_addr);
    if (!expected) continue;
    ++count;
    CAPTURE(expected->to_text());
    const Link* link = inventory->link(at->ifa_name);
    REQUIRE(link != nullptr);
    CHECK(link->index == static_cast<int>(::if_nametoindex(at->ifa_name)));
    CHECK(link->is_up == ((at->ifa_flags & IFF_UP) != 0));
    CHECK(link->is_loopback == ((at->ifa_flags & IFF_LOOPBACK) != 0));
    bool found = false;
    for (const Address& own : inventory->addresses) {
      found = found || (own.link == link->index && own.address.without_zone() == *expected);
    }
    CHECK(found);
  }
  CHECK(count == inventory->addresses.size());
}

TEST_CASE("the kernel sends to the loopback by the loopback, and says where there is no way") {
  auto reader = RtnetlinkReader::open();
  REQUIRE(reader.has_value());
  const auto inventory = reader->read();
  REQUIRE(inventory.has_value());
  const auto answer = reader->route_to(ip("127.0.0.1"));
  REQUIRE(answer.has_value());
  CHECK(answer->failure.empty());
  CHECK(answer->source == ip("127.0.0.1"));
  REQUIRE(inventory->link("lo") != nullptr);
  CHECK(answer->link == inventory->link("lo")->index);
  // An address of documentation (RFC 5737) is never an own one.
  const auto refused = reader->route_to(ip("127.0.0.1"), ip("203.0.113.77"));
  REQUIRE(refused.has_value());
  CHECK(refused->link == 0);
  CHECK_FALSE(refused->failure.empty());
  // The socket is good for further questions.
  const auto again = reader->route_to(ip("127.0.0.1"), ip("127.0.0.1"));
  REQUIRE(again.has_value());
  CHECK(again->link == answer->link);
}

}  // namespace p2p::addresses
