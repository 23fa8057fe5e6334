#include "addresses/coordinators.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/connect.hpp"
#include "net/task_group.hpp"

namespace p2p::addresses {

namespace asio = boost::asio;
using std::chrono::milliseconds;

namespace {

/// A lookup ends by itself at its time; this only bounds the wait for it.
constexpr milliseconds kLookupGrace{1'000};

void add_place(const std::string& named, const Coordinator& place, std::vector<NamedCoordinator>& out) {
  const bool is_known =
      std::any_of(out.begin(), out.end(), [&](const NamedCoordinator& other) { return other.coordinator == place; });
  if (!is_known && out.size() < kMaxCoordinatorAddresses) out.push_back({named, place});
}

void add_places(const std::string& named, const net::Addresses& places, std::vector<NamedCoordinator>& out) {
  for (const auto& place : places) {
    const auto address = IpAddress::parse(place.address().to_string());
    if (address) add_place(named, {*address, place.port()}, out);
  }
}

void add_former(const std::string& named, const std::vector<NamedCoordinator>& before,
                std::vector<NamedCoordinator>& out) {
  for (const auto& known : before) {
    if (known.named == named) add_place(named, known.coordinator, out);
  }
}

asio::awaitable<void> look_up(asio::any_io_executor executor, const net::Endpoint& named, milliseconds timeout,
                              Result<net::Addresses>& into) {
  net::CallWatch watch(executor, timeout);
  auto resolving = net::resolve(executor, named, watch);
  into = co_await std::move(resolving);
}

asio::awaitable<FoundCoordinators> look_all_up(asio::any_io_executor executor, std::vector<net::Endpoint> names,
                                               std::vector<NamedCoordinator> before, milliseconds timeout,
                                               LogSink& log) {
  std::vector<Result<net::Addresses>> found;
  for (const auto& name : names)
    found.emplace_back(Error(Errc::timeout, "the lookup of " + name.host + ": no answer in time"));
  net::TaskGroup lookups(executor, log);
  for (std::size_t i = 0; i < names.size(); ++i) {
    lookups.start("looking up", look_up(executor, names[i], timeout, found[i]));
  }
  // The tasks hold references to what is here, so they are waited for also where this is cancelled.
  co_await asio::this_coro::throw_if_cancelled(false);
  auto waiting = lookups.wait(timeout + kLookupGrace);
  co_await std::move(waiting);
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  auto stopping = lookups.stop(kLookupGrace);
  co_await std::move(stopping);
  FoundCoordinators out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string named = names[i].to_text();
    if (found[i]) {
      add_places(named, *found[i], out.coordinators);
    } else {
      add_former(named, before, out.coordinators);
      out.unresolved = found[i].error();
    }
  }
  co_return out;
}

}  // namespace

asio::awaitable<FoundCoordinators> find_coordinators(asio::any_io_executor executor, std::vector<net::Endpoint> names,
                                                     std::vector<NamedCoordinator> before, milliseconds timeout,
                                                     LogSink& log) {
  // Of its own, so that what it does about a cancellation is not done to the caller's.
  auto looking = look_all_up(executor, std::move(names), std::move(before), timeout, log);
  co_return co_await asio::co_spawn(executor, std::move(looking), asio::use_awaitable);
}

}  // namespace p2p::addresses
