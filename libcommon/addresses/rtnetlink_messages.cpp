#include "addresses/rtnetlink_messages.hpp"

#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <array>
#include <cstring>

namespace p2p::addresses {
namespace {

constexpr std::size_t kMaxKind = 31;
constexpr unsigned kTunPackets = 1, kTunFrames = 2;  // IFF_TUN and IFF_TAP of linux/if_tun.h
constexpr unsigned kLowerUp = 1U << 16;              // IFF_LOWER_UP of linux/if.h, which does not go with net/if.h

template <int Max>
using Attributes = std::array<nlattr*, static_cast<std::size_t>(Max) + 1>;

/// Those of a message behind its fixed part; none where the message is too short or torn.
template <int Max>
std::optional<Attributes<Max>> attributes_of(nlmsghdr* message, std::size_t fixed_size) {
  Attributes<Max> out{};
  if (nlmsg_parse(message, static_cast<int>(fixed_size), out.data(), Max, nullptr) < 0) return std::nullopt;
  return out;
}

std::optional<std::uint32_t> number(nlattr* attribute) {
  if (attribute == nullptr || nla_len(attribute) < static_cast<int>(sizeof(std::uint32_t))) return std::nullopt;
  return nla_get_u32(attribute);
}

std::string text(nlattr* attribute, std::size_t limit) {
  if (attribute == nullptr || nla_len(attribute) <= 0) return {};
  const auto* begin = static_cast<const char*>(nla_data(attribute));
  return {begin, ::strnlen(begin, std::min(limit, static_cast<std::size_t>(nla_len(attribute))))};
}

std::optional<IpAddress> address(nlattr* attribute) {
  if (attribute == nullptr || nla_len(attribute) <= 0) return std::nullopt;
  const auto* begin = static_cast<const std::uint8_t*>(nla_data(attribute));
  return IpAddress::from_bytes({begin, static_cast<std::size_t>(nla_len(attribute))});
}

/// The address behind a family (struct rtvia), of a next hop of the other family.
std::optional<IpAddress> via(nlattr* attribute) {
  constexpr int kFamily = sizeof(std::uint16_t);
  if (attribute == nullptr || nla_len(attribute) <= kFamily) return std::nullopt;
  const auto* begin = static_cast<const std::uint8_t*>(nla_data(attribute));
  return IpAddress::from_bytes({begin + kFamily, static_cast<std::size_t>(nla_len(attribute) - kFamily)});
}

std::optional<IpAddress> gateway(const Attributes<RTA_MAX>& found) {
  auto out = address(found[RTA_GATEWAY]);
  return out ? out : via(found[RTA_VIA]);
}

/// 0.0.0.0/0 or ::/0 where there is no attribute.
std::optional<IpPrefix> prefix(nlattr* attribute, int family, int length) {
  static constexpr std::array<std::uint8_t, 16> kZeros{};
  const auto base = attribute != nullptr ? address(attribute)
                                         : IpAddress::from_bytes(ByteView(kZeros).first(family == AF_INET6 ? 16 : 4));
  if (!base || length < 0 || length > base->bit_count()) return std::nullopt;
  return IpPrefix{*base, length};
}

bool is_ip(int family) { return family == AF_INET || family == AF_INET6; }

TunType tun_type_of(nlattr* data) {
  std::array<nlattr*, IFLA_TUN_MAX + 1> found{};
  if (data == nullptr || nla_parse_nested(found.data(), IFLA_TUN_MAX, data, nullptr) < 0) return TunType::none;
  nlattr* type = found[IFLA_TUN_TYPE];
  if (type == nullptr || nla_len(type) < 1) return TunType::none;
  const unsigned value = nla_get_u8(type);
  return value == kTunPackets ? TunType::tun : value == kTunFrames ? TunType::tap : TunType::none;
}

std::optional<std::chrono::seconds> lifetime(std::uint32_t seconds) {
  constexpr std::uint32_t kForEver = 0xffffffff;
  if (seconds == kForEver) return std::nullopt;
  return std::chrono::seconds(seconds);
}

}  // namespace

std::optional<Link> read_link(nlmsghdr* message) {
  const auto found = attributes_of<IFLA_MAX>(message, sizeof(ifinfomsg));
  if (!found) return std::nullopt;
  const auto* head = static_cast<const ifinfomsg*>(nlmsg_data(message));
  if (head->ifi_family != AF_UNSPEC) return std::nullopt;
  Link out;
  out.index = head->ifi_index;
  out.name = text((*found)[IFLA_IFNAME], IFNAMSIZ);
  if (out.index <= 0 || out.name.empty()) return std::nullopt;
  out.has_parent_device = (*found)[IFLA_PARENT_DEV_NAME] != nullptr;
  out.is_loopback = (head->ifi_flags & IFF_LOOPBACK) != 0;
  out.is_point_to_point = (head->ifi_flags & IFF_POINTOPOINT) != 0;
  out.is_up = (head->ifi_flags & IFF_UP) != 0;
  out.has_carrier = (head->ifi_flags & kLowerUp) != 0;
  if (nlattr* state = (*found)[IFLA_OPERSTATE]; state != nullptr && nla_len(state) >= 1) {
    const unsigned value = nla_get_u8(state);
    if (value <= static_cast<unsigned>(OperState::up)) out.oper_state = static_cast<OperState>(value);
  }
  out.master = static_cast<int>(number((*found)[IFLA_MASTER]).value_or(0));
  // The index of a device in another namespace means nothing here.
  if ((*found)[IFLA_LINK_NETNSID] == nullptr) out.lower = static_cast<int>(number((*found)[IFLA_LINK]).value_or(0));
  std::array<nlattr*, IFLA_INFO_MAX + 1> facts{};
  nlattr* about = (*found)[IFLA_LINKINFO];
  if (about != nullptr && nla_parse_nested(facts.data(), IFLA_INFO_MAX, about, nullptr) >= 0) {
    out.kind = text(facts[IFLA_INFO_KIND], kMaxKind);
    if (out.kind == "tun") out.tun_type = tun_type_of(facts[IFLA_INFO_DATA]);
  }
  return out;
}

std::optional<Address> read_address(nlmsghdr* message) {
  const auto found = attributes_of<IFA_MAX>(message, sizeof(ifaddrmsg));
  if (!found) return std::nullopt;
  const auto* head = static_cast<const ifaddrmsg*>(nlmsg_data(message));
  // On a point-to-point link IFA_LOCAL is the own address and IFA_ADDRESS the peer's; IPv6 has the latter alone as a
  // rule.
  const auto far = address((*found)[IFA_ADDRESS]);
  const auto near = address((*found)[IFA_LOCAL]);
  const auto own = near ? near : far;
  if (!is_ip(head->ifa_family) || !own || head->ifa_prefixlen > own->bit_count()) return std::nullopt;
  Address out;
  out.link = static_cast<int>(head->ifa_index);
  out.address = *own;
  out.prefix_length = head->ifa_prefixlen;
  if (near && far && *near != *far && near->is_v6() == far->is_v6()) out.peer = far;
  out.scope = head->ifa_scope;
  const std::uint32_t flags = number((*found)[IFA_FLAGS]).value_or(head->ifa_flags);
  out.is_tentative = (flags & IFA_F_TENTATIVE) != 0 && (flags & IFA_F_OPTIMISTIC) == 0;
  out.is_duplicate = (flags & IFA_F_DADFAILED) != 0;
  out.is_deprecated = (flags & IFA_F_DEPRECATED) != 0;
  // The same bit means `secondary` of IPv4 addresses.
  out.is_temporary = own->is_v6() && (flags & IFA_F_TEMPORARY) != 0;
  out.is_permanent = (flags & IFA_F_PERMANENT) != 0;
  if (nlattr* times = (*found)[IFA_CACHEINFO]; times != nullptr && nla_len(times) >= 8) {
    ifa_cacheinfo info{};
    std::memcpy(&info, nla_data(times), std::min(sizeof info, static_cast<std::size_t>(nla_len(times))));
    out.preferred_for = lifetime(info.ifa_prefered);
    out.valid_for = lifetime(info.ifa_valid);
  }
  return out;
}

std::vector<Route> read_routes(nlmsghdr* message) {
  const auto found = attributes_of<RTA_MAX>(message, sizeof(rtmsg));
  if (!found) return {};
  const auto* head = static_cast<const rtmsg*>(nlmsg_data(message));
  const std::uint32_t table = number((*found)[RTA_TABLE]).value_or(head->rtm_table);
  if (!is_ip(head->rtm_family) || head->rtm_type != RTN_UNICAST || table == RT_TABLE_LOCAL) return {};
  if ((head->rtm_flags & RTM_F_CLONED) != 0) return {};
  const auto destination = prefix((*found)[RTA_DST], head->rtm_family, head->rtm_dst_len);
  if (!destination) return {};
  Route route;
  route.table = table;
  route.destination = *destination;
  route.gateway = gateway(*found);
  route.link = static_cast<int>(number((*found)[RTA_OIF]).value_or(0));
  route.preferred_source = address((*found)[RTA_PREFSRC]);
  route.metric = number((*found)[RTA_PRIORITY]).value_or(0);
  nlattr* several = (*found)[RTA_MULTIPATH];
  if (several == nullptr) return {route};
  std::vector<Route> out;
  auto* hop = static_cast<rtnexthop*>(nla_data(several));
  auto left = static_cast<std::size_t>(nla_len(several));
  while (left >= sizeof(rtnexthop) && hop->rtnh_len >= sizeof(rtnexthop) && hop->rtnh_len <= left) {
    Attributes<RTA_MAX> of_hop{};
    auto* first = reinterpret_cast<nlattr*>(RTNH_DATA(hop));
    const int length = hop->rtnh_len - static_cast<int>(RTNH_SPACE(0));
    if (nla_parse(of_hop.data(), RTA_MAX, first, length, nullptr) < 0) break;
    route.gateway = gateway(of_hop);
    route.link = hop->rtnh_ifindex;
    out.push_back(route);
    const std::size_t step = RTNH_ALIGN(hop->rtnh_len);
    if (step >= left) break;
    left -= step;
    hop = reinterpret_cast<rtnexthop*>(reinterpret_cast<char*>(hop) + step);
  }
  return out;
}

std::optional<PolicyRule> read_rule(nlmsghdr* message) {
  const auto found = attributes_of<FRA_MAX>(message, sizeof(fib_rule_hdr));
  if (!found) return std::nullopt;
  const auto* head = static_cast<const fib_rule_hdr*>(nlmsg_data(message));
  if (!is_ip(head->family) || head->action != FR_ACT_TO_TBL) return std::nullopt;
  PolicyRule out;
  out.is_v6 = head->family == AF_INET6;
  out.priority = number((*found)[FRA_PRIORITY]).value_or(0);
  if ((*found)[FRA_SRC] != nullptr) out.from = prefix((*found)[FRA_SRC], head->family, head->src_len);
  if ((*found)[FRA_DST] != nullptr) out.to = prefix((*found)[FRA_DST], head->family, head->dst_len);
  out.input = text((*found)[FRA_IIFNAME], IFNAMSIZ);
  out.output = text((*found)[FRA_OIFNAME], IFNAMSIZ);
  out.mark = number((*found)[FRA_FWMARK]).value_or(0);
  out.table = number((*found)[FRA_TABLE]).value_or(head->table);
  return out;
}

std::optional<RouteAnswer> read_route_answer(nlmsghdr* message) {
  const auto found = attributes_of<RTA_MAX>(message, sizeof(rtmsg));
  if (!found) return std::nullopt;
  const auto* head = static_cast<const rtmsg*>(nlmsg_data(message));
  RouteAnswer out;
  out.table = number((*found)[RTA_TABLE]).value_or(head->rtm_table);
  if (head->rtm_type != RTN_UNICAST && head->rtm_type != RTN_LOCAL) {
    out.failure = "a route forbids it";
    return out;
  }
  out.link = static_cast<int>(number((*found)[RTA_OIF]).value_or(0));
  out.source = address((*found)[RTA_PREFSRC]);
  if (!out.source) out.source = address((*found)[RTA_SRC]);
  out.gateway = gateway(*found);
  return out;
}

}  // namespace p2p::addresses
