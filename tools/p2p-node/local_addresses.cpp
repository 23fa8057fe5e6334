#include "local_addresses.hpp"

#include <ifaddrs.h>
#include <net/if.h>

#include <netinet/in.h>
#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cstring>
#include <memory>

#include "net/client.hpp"

namespace p2p::node {
namespace {

namespace ip = boost::asio::ip;

/// Lower is better; loopback and link-local are the last resort.
int rank(const ip::address& address) {
  if (address.is_loopback()) return 9;
  if (address.is_v6()) return address.to_v6().is_link_local() ? 8 : 2;
  return (address.to_v4().to_uint() >> 16) == 0xA9FE ? 8 : 1;  // 169.254.0.0/16, RFC 3927
}

std::vector<ip::address> interface_addresses() {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return {};
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, ::freeifaddrs);
  std::vector<ip::address> out;
  for (const ifaddrs* at = list; at != nullptr; at = at->ifa_next) {
    if (at->ifa_addr == nullptr || (at->ifa_flags & IFF_UP) == 0) continue;
    if (at->ifa_addr->sa_family == AF_INET) {
      sockaddr_in v4{};
      std::memcpy(&v4, at->ifa_addr, sizeof v4);
      out.emplace_back(ip::address_v4(ntohl(v4.sin_addr.s_addr)));
    } else if (at->ifa_addr->sa_family == AF_INET6) {
      sockaddr_in6 v6{};
      std::memcpy(&v6, at->ifa_addr, sizeof v6);
      ip::address_v6::bytes_type bytes;
      std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
      out.emplace_back(ip::address_v6(bytes));
    }
  }
  return out;
}

}  // namespace

std::vector<std::string> local_addresses(const std::string& advertise_address, const std::string& bind_address,
                                         unsigned short port) {
  if (!advertise_address.empty()) {
    const auto endpoint = net::parse_endpoint(advertise_address, port);
    return {endpoint ? endpoint->to_text() : advertise_address};
  }
  boost::system::error_code failed;
  const auto bound = ip::make_address(bind_address, failed);
  if (!failed && !bound.is_unspecified()) return {net::Endpoint{bound.to_string(), port}.to_text()};

  auto addresses = interface_addresses();
  if (!failed && bound.is_v4()) std::erase_if(addresses, [](const auto& a) { return a.is_v6(); });
  std::stable_sort(addresses.begin(), addresses.end(), [](const auto& a, const auto& b) { return rank(a) < rank(b); });
  const bool has_routable = !addresses.empty() && rank(addresses.front()) < 8;
  std::vector<std::string> out;
  for (const auto& address : addresses) {
    if (has_routable && rank(address) >= 8) break;
    out.push_back(net::Endpoint{address.to_string(), port}.to_text());
  }
  return out;
}

}  // namespace p2p::node
