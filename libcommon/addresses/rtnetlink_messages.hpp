// The kernel's rtnetlink messages (rtnetlink(7)) as the values of inventory.hpp.
#pragma once

#include <optional>
#include <vector>

#include "addresses/inventory.hpp"

struct nlmsghdr;

namespace p2p::addresses {

/// Each reads a message of its own kind, a removal (RTM_DELLINK) like an announcement; none where it is about something
/// else (another family, a bridge's view of its port) or does not hold what it must.
std::optional<Link> read_link(nlmsghdr* message);
std::optional<Address> read_address(nlmsghdr* message);
/// One a next hop; empty for what is no unicast route, or is in the kernel's table of local addresses.
std::vector<Route> read_routes(nlmsghdr* message);
std::optional<PolicyRule> read_rule(nlmsghdr* message);
/// The answer to a request for one route; `target` and `asked_source` are left to the caller.
std::optional<RouteAnswer> read_route_answer(nlmsghdr* message);

}  // namespace p2p::addresses
