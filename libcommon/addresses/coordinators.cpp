#include "addresses/coordinators.hpp"

#include <algorithm>

#include "net/connect.hpp"

namespace p2p::addresses {

namespace asio = boost::asio;

namespace {

void add_places(const net::Endpoint& named, const net::Addresses& places, std::vector<NamedCoordinator>& out) {
  for (const auto& place : places) {
    const auto address = IpAddress::parse(place.address().to_string());
    if (!address || out.size() >= kMaxCoordinatorAddresses) continue;
    const NamedCoordinator found{named, {*address, place.port()}};
    const bool is_known =
        std::any_of(out.begin(), out.end(), [&](const auto& other) { return other.coordinator == found.coordinator; });
    if (!is_known) out.push_back(found);
  }
}

}  // namespace

asio::awaitable<FoundCoordinators> find_coordinators(asio::any_io_executor executor, std::vector<net::Endpoint> names,
                                                     std::chrono::milliseconds timeout) {
  FoundCoordinators out;
  for (const auto& named : names) {
    net::CallWatch watch(executor, timeout);
    auto resolving = net::resolve(executor, named, watch);
    const auto places = co_await std::move(resolving);
    if (places)
      add_places(named, *places, out.coordinators);
    else
      out.unresolved = places.error();
  }
  co_return out;
}

}  // namespace p2p::addresses
