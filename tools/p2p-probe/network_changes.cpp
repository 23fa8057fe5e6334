#include "network_changes.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace p2p::probe {
namespace {

using addresses::Inventory;

std::string name_of(const Inventory& inventory, int index) {
  const addresses::Link* link = inventory.link(index);
  return link != nullptr ? link->name : std::to_string(index);
}

std::string text_of(const addresses::Address& address) {
  return fmt::format("{}/{}", address.address.to_text(), address.prefix_length);
}

/// `default by 192.0.2.1` or `10.0.0.0/8`
std::string text_of(const addresses::Route& route) {
  std::string out = route.is_default() ? std::string("default") : route.destination.to_text();
  if (route.gateway) out += " by " + route.gateway->to_text();
  return out;
}

/// Calls `on_missing` for each of `of` that is not in `from`.
template <class T, class OnMissing>
void each_missing(const std::vector<T>& of, const std::vector<T>& from, OnMissing&& on_missing) {
  for (const T& one : of) {
    if (std::find(from.begin(), from.end(), one) == from.end()) on_missing(one);
  }
}

/// What is otherwise of a link, as clauses that follow its name; but for what state_of() says.
std::vector<std::string> clauses_of_change(const addresses::Link& before, const addresses::Link& now,
                                           const Inventory& inventory) {
  std::vector<std::string> out;
  if (now.name != before.name) out.push_back(fmt::format("is called {} now", now.name));
  if (now.master != before.master) {
    out.push_back(now.master == 0 ? "is a port of nothing any more"
                                  : fmt::format("is a port of {} now", name_of(inventory, now.master)));
  }
  if (now.lower != before.lower) {
    out.push_back(now.lower == 0 ? "sits on no other interface any more"
                                 : fmt::format("sits on {} now", name_of(inventory, now.lower)));
  }
  if (now.kind != before.kind || now.tun_type != before.tun_type || now.is_loopback != before.is_loopback ||
      now.is_point_to_point != before.is_point_to_point || now.has_parent_device != before.has_parent_device)
    out.emplace_back("is of another kind now");
  if (state_of(now) == state_of(before) &&
      (now.has_carrier != before.has_carrier || now.oper_state != before.oper_state))
    out.push_back(fmt::format("is {} as before, and its lower layer in another state", state_of(now)));
  return out;
}

class Comparison {
 public:
  Comparison(const Inventory& before, const Inventory& after) : before_(before), after_(after) {
    // The zone of an address is its link's name: a rename is no change of the address.
    for (auto& address : before_.addresses) {
      if (const addresses::Link* now = after.link(address.link))
        address.address = address.address.with_zone(address.address.zone().empty() ? "" : now->name);
    }
  }

  std::vector<NetworkChange> run() {
    each_missing(before_.addresses, after_.addresses, [&](const addresses::Address& address) {
      const bool is_still_there = std::any_of(after_.addresses.begin(), after_.addresses.end(), [&](const auto& other) {
        return other.link == address.link && text_of(other) == text_of(address);
      });
      if (!is_still_there) add_address("address-removed", "was removed from", before_, address);
    });
    each_missing(before_.routes, after_.routes, [&](const addresses::Route& route) {
      add_route("route-removed", "was removed from", before_, route);
    });
    compare_links();
    each_missing(after_.addresses, before_.addresses, [&](const addresses::Address& address) {
      const bool was_there = std::any_of(before_.addresses.begin(), before_.addresses.end(), [&](const auto& other) {
        return other.link == address.link && text_of(other) == text_of(address);
      });
      if (was_there)
        add_address("address-changed", "is in another state on", after_, address);
      else
        add_address("address-added", "was added to", after_, address);
    });
    each_missing(after_.routes, before_.routes,
                 [&](const addresses::Route& route) { add_route("route-added", "was added to", after_, route); });
    if (before_.rules != after_.rules) out_.push_back({"rules-changed", "", "", "the routing rules are others"});
    return std::move(out_);
  }

 private:
  void compare_links() {
    for (const auto& link : before_.links) {
      const addresses::Link* now = after_.link(link.index);
      if (now == nullptr) {
        out_.push_back({"link-removed", link.name, "", fmt::format("{} was removed", link.name)});
        continue;
      }
      if (const auto clauses = clauses_of_change(link, *now, after_); !clauses.empty()) {
        out_.push_back({"link-changed", now->name, "", fmt::format("{} {}", link.name, join(clauses, ", and "))});
      }
      if (state_of(*now) != state_of(link)) {
        out_.push_back({now->is_running() ? "link-up" : "link-down", now->name, "",
                        fmt::format("{} is {} now, and was {}", now->name, state_of(*now), state_of(link))});
      }
    }
    for (const auto& link : after_.links) {
      if (before_.link(link.index) == nullptr) {
        out_.push_back(
            {"link-added", link.name, "", fmt::format("{} was added, and is {}", link.name, state_of(link))});
      }
    }
  }

  void add_address(std::string_view event, std::string_view verb, const Inventory& in,
                   const addresses::Address& address) {
    const std::string name = name_of(in, address.link), text = text_of(address);
    out_.push_back({event, name, text, fmt::format("{} {} {}", text, verb, name)});
  }

  void add_route(std::string_view event, std::string_view verb, const Inventory& in, const addresses::Route& route) {
    const std::string name = name_of(in, route.link);
    out_.push_back(
        {event, name, route.destination.to_text(), fmt::format("the route {} {} {}", text_of(route), verb, name)});
  }

  Inventory before_;
  const Inventory& after_;
  std::vector<NetworkChange> out_;
};

}  // namespace

std::vector<NetworkChange> changes_between(const Inventory& before, const Inventory& after) {
  return Comparison(before, after).run();
}

Json to_json(const NetworkChange& change) {
  return {{"event", change.event},
          {"interface", change.interface.empty() ? Json() : Json(change.interface)},
          {"address", change.address.empty() ? Json() : Json(change.address)},
          {"message", change.sentence}};
}

std::string_view state_of(const addresses::Link& link) {
  if (!link.is_up) return "down";
  return link.is_running() ? "up" : "no carrier";
}

}  // namespace p2p::probe
