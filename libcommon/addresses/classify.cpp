#include "addresses/classify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.hpp"

namespace p2p::addresses {
namespace {

/// Stacks of links are not deeper; a loop of wrong indexes ends here.
constexpr int kMaxDepth = 8;

enum class Meaning : unsigned char { lan, vpn, container, bridge, inherits };

struct KindRow {
  std::string_view kind;
  Meaning meaning;
};

/// What is a tunnel of Ethernet frames (vxlan, geneve, gretap) belongs to containers and virtual machines as a rule.
constexpr KindRow kKinds[] = {
    {"wireguard", Meaning::vpn},
    {"ppp", Meaning::vpn},
    {"ipip", Meaning::vpn},
    {"ip6tnl", Meaning::vpn},
    {"gre", Meaning::vpn},
    {"ip6gre", Meaning::vpn},
    {"sit", Meaning::vpn},
    {"vti", Meaning::vpn},
    {"vti6", Meaning::vpn},
    {"xfrm", Meaning::vpn},
    {"ovpn", Meaning::vpn},
    {"veth", Meaning::container},
    {"macvlan", Meaning::container},
    {"macvtap", Meaning::container},
    {"ipvlan", Meaning::container},
    {"ipvtap", Meaning::container},
    {"vxlan", Meaning::container},
    {"geneve", Meaning::container},
    {"gretap", Meaning::container},
    {"ip6gretap", Meaning::container},
    {"erspan", Meaning::container},
    {"ip6erspan", Meaning::container},
    {"bareudp", Meaning::container},
    {"dummy", Meaning::container},
    {"ifb", Meaning::container},
    {"netkit", Meaning::container},
    {"vrf", Meaning::container},
    {"bridge", Meaning::bridge},
    {"openvswitch", Meaning::bridge},
    {"bond", Meaning::inherits},
    {"team", Meaning::inherits},
    {"vlan", Meaning::inherits},
    {"macsec", Meaning::inherits},
    {"wwan", Meaning::lan},
    {"rmnet", Meaning::lan},
    {"batadv", Meaning::lan},
    {"hsr", Meaning::lan},
};

struct NameRow {
  std::string_view prefix;
  LinkClass link_class;
};

/// For links of which the kernel says neither kind nor bus, as in old kernels and some sandboxes.
constexpr NameRow kNames[] = {
    {"docker", LinkClass::container},  {"br-", LinkClass::container},     {"virbr", LinkClass::container},
    {"cni", LinkClass::container},     {"veth", LinkClass::container},    {"lxc", LinkClass::container},
    {"lxdbr", LinkClass::container},   {"podman", LinkClass::container},  {"cali", LinkClass::container},
    {"flannel", LinkClass::container}, {"kube-", LinkClass::container},   {"vnet", LinkClass::container},
    {"vmnet", LinkClass::container},   {"vboxnet", LinkClass::container}, {"tap", LinkClass::container},
    {"dummy", LinkClass::container},   {"tun", LinkClass::vpn},           {"wg", LinkClass::vpn},
    {"ppp", LinkClass::vpn},           {"tailscale", LinkClass::vpn},     {"ipsec", LinkClass::vpn},
    {"utun", LinkClass::vpn},
};

LinkVerdict verdict_of(const Link& link, LinkClass link_class, std::string reason) {
  return {link.index, link_class, std::move(reason)};
}

class Classifier {
 public:
  explicit Classifier(const Inventory& inventory) : inventory_(inventory) {}

  LinkVerdict judge(const Link& link, int depth = 0) const {
    if (link.is_loopback) return verdict_of(link, LinkClass::loopback, "it is the loopback");
    if (link.kind == "tun" && link.tun_type != TunType::none) {
      return link.tun_type == TunType::tap ? verdict_of(link, LinkClass::container, "it is a tap, which carries frames")
                                           : verdict_of(link, LinkClass::vpn, "it is a tun, which carries packets");
    }
    if (!link.kind.empty()) return judge_kind(link, depth);
    if (link.has_parent_device) return verdict_of(link, LinkClass::lan, "it is a network card");
    return judge_name(link);
  }

 private:
  LinkVerdict judge_kind(const Link& link, int depth) const {
    const auto* row = std::find_if(std::begin(kKinds), std::end(kKinds),
                                   [&](const KindRow& candidate) { return candidate.kind == link.kind; });
    if (row == std::end(kKinds)) {
      // A tun whose type is not told, and kinds that are not known here.
      LinkVerdict out = judge_name(link);
      out.reason = fmt::format("its kind {} says nothing, and {}", link.kind, out.reason);
      return out;
    }
    const std::string by_kind = fmt::format("its kind is {}", link.kind);
    switch (row->meaning) {
      case Meaning::lan: return verdict_of(link, LinkClass::lan, by_kind);
      case Meaning::vpn: return verdict_of(link, LinkClass::vpn, by_kind);
      case Meaning::container: return verdict_of(link, LinkClass::container, by_kind);
      case Meaning::bridge: return judge_bridge(link, depth);
      case Meaning::inherits: break;
    }
    return inherit(link, depth);
  }

  /// A bridge leads where its first port that is no tunnel and no container's leads.
  LinkVerdict judge_bridge(const Link& bridge, int depth) const {
    const Link* port = nullptr;
    if (depth < kMaxDepth) {
      for (const Link& candidate : inventory_.links) {
        if (is_port(candidate, bridge) && judge(candidate, depth + 1).link_class == LinkClass::lan) {
          port = &candidate;
          break;
        }
      }
    }
    if (port == nullptr) return verdict_of(bridge, LinkClass::container, "it is a bridge without a physical port");
    return verdict_of(bridge, LinkClass::lan, fmt::format("it is a bridge with the physical port {}", port->name));
  }

  /// The ports of Open vSwitch hang on one device for all of its bridges.
  bool is_port(const Link& candidate, const Link& bridge) const {
    if (candidate.index == bridge.index || candidate.master == 0) return false;
    if (candidate.master == bridge.index) return true;
    if (bridge.kind != "openvswitch" || candidate.kind == "openvswitch") return false;
    const Link* master = inventory_.link(candidate.master);
    return master != nullptr && master->kind == "openvswitch";
  }

  LinkVerdict inherit(const Link& link, int depth) const {
    const Link* lower = link.lower != 0 ? inventory_.link(link.lower) : nullptr;
    for (const Link& candidate : inventory_.links) {
      if (lower == nullptr && candidate.master == link.index && candidate.index != link.index) lower = &candidate;
    }
    if (lower == nullptr || depth >= kMaxDepth) {
      return verdict_of(link, LinkClass::lan, fmt::format("it is a {} without a lower device here", link.kind));
    }
    LinkVerdict out = judge(*lower, depth + 1);
    return verdict_of(link, out.link_class, fmt::format("it is a {} on {}: {}", link.kind, lower->name, out.reason));
  }

  static LinkVerdict judge_name(const Link& link) {
    for (const NameRow& row : kNames) {
      if (link.name.starts_with(row.prefix)) {
        return verdict_of(link, row.link_class, fmt::format("its name begins with {}", row.prefix));
      }
    }
    if (link.is_point_to_point) return verdict_of(link, LinkClass::vpn, "it is a point-to-point link");
    return verdict_of(link, LinkClass::lan, "nothing says that it is virtual");
  }

  const Inventory& inventory_;
};

/// The one link, of those that are no tunnels, over which default routes go.
std::optional<int> only_default_way(const Inventory& inventory, const std::vector<LinkVerdict>& verdicts) {
  std::optional<int> found;
  for (const Route& route : inventory.routes) {
    if (!route.is_default()) continue;
    const auto verdict = std::find_if(verdicts.begin(), verdicts.end(),
                                      [&](const LinkVerdict& candidate) { return candidate.link == route.link; });
    if (verdict == verdicts.end() || verdict->link_class == LinkClass::vpn) continue;
    if (found && *found != route.link) return std::nullopt;
    found = route.link;
  }
  return found;
}

}  // namespace

std::string_view to_text(LinkClass value) noexcept {
  switch (value) {
    case LinkClass::loopback: return "loopback";
    case LinkClass::lan: return "lan";
    case LinkClass::vpn: return "vpn";
    case LinkClass::container: break;
  }
  return "container";
}

std::vector<LinkVerdict> classify(const Inventory& inventory) {
  const Classifier classifier(inventory);
  std::vector<LinkVerdict> out;
  out.reserve(inventory.links.size());
  for (const Link& link : inventory.links) out.push_back(classifier.judge(link));
  // Inside a container the way out is a veth, a macvlan or a tap.
  const auto way_out = only_default_way(inventory, out);
  for (LinkVerdict& verdict : out) {
    if (verdict.link == way_out && verdict.link_class == LinkClass::container) {
      verdict.link_class = LinkClass::lan;
      verdict.reason += ", but it has the only default route, as inside a container";
    }
  }
  return out;
}

}  // namespace p2p::addresses
