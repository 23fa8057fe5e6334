// Where the coordinators are, and by which ways the kernel would go there: what a ranking is to know of them.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <optional>
#include <vector>

#include "addresses/address_policy.hpp"
#include "base/error.hpp"
#include "base/log_sink.hpp"
#include "net/client.hpp"

namespace p2p::addresses {

/// More addresses than this are not looked at.
inline constexpr std::size_t kMaxCoordinatorAddresses = 128;

struct FoundCoordinators {
  std::vector<NamedCoordinator> coordinators{};  ///< each address once, in the names' order
  std::optional<Error> unresolved{};             ///< of the last name that could not be resolved
};

/// All names are resolved side by side, within `timeout`. Of a name without an answer what `before` has of it holds.
boost::asio::awaitable<FoundCoordinators> find_coordinators(boost::asio::any_io_executor executor,
                                                            std::vector<net::Endpoint> names,
                                                            std::vector<NamedCoordinator> before,
                                                            std::chrono::milliseconds timeout, LogSink& log);

/// RankingFacts::routes: asks `router`, a RtnetlinkReader or an InventoryWatch.
template <class Router>
Result<std::vector<RouteAnswer>> ask_routes(const Inventory& inventory, const std::vector<Coordinator>& coordinators,
                                            Router& router) {
  std::vector<RouteAnswer> out;
  for (const auto& question : route_questions(inventory, coordinators)) {
    auto way = router.route_to(question.target, question.source);
    if (!way) return way.error();
    out.push_back(std::move(*way));
  }
  return out;
}

}  // namespace p2p::addresses
