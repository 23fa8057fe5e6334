// Keeps the announced addresses of this node those that others can use: chooses at the start and whenever the network
// changes, tries the ways to the coordinators, and tells the rest of the node what follows.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "addresses/address_policy.hpp"
#include "addresses/coordinators.hpp"
#include "addresses/inventory_watch.hpp"
#include "base/log_sink.hpp"
#include "base/random.hpp"
#include "config/node_config.hpp"
#include "net/task_group.hpp"
#include "net/tls.hpp"
#include "pki/identity.hpp"

namespace p2p::node {

/// For `/metrics`.
struct ChosenAddress {
  std::string address{};  ///< without a port but for a configured one; empty: none
  std::string interface {};
  std::string rule{};         ///< as addresses::to_text(Rule); `bind-address` where the configuration fixes it so
  std::uint64_t changes = 0;  ///< since the start, the first choice left out
};

/// Control loop, except for chosen().
class AddressKeeper {
 public:
  /// References must outlive it.
  struct Parts {
    const config::NodeConfig& config;
    pki::Role role;
    boost::asio::io_context& control;
    const net::TlsContexts& tls;
    Random& random;
    const Clock& clock;
    LogSink& log;
  };
  struct Hooks {
    /// These `host:port` are to be announced from now on, best first.
    std::function<void(const std::vector<std::string>&)> announce;
    /// From these own addresses nothing can be sent any more.
    std::function<void(const std::vector<addresses::IpAddress>&)> lost;
    /// The ways to the coordinators are others: one that led nowhere may lead somewhere now. After `lost`.
    std::function<void()> ways_changed;
    /// Another address was chosen, and the one before is still there.
    std::function<void(const addresses::AddressPolicy::Replacement&)> replace;
  };
  AddressKeeper(const Parts& parts, Hooks hooks);

  /// Reads the network and chooses by what the kernel says of it: what to announce until a hook says otherwise. Once.
  std::vector<std::string> open(std::uint16_t port);
  /// Follows the network and tries the ways, until cancelled.
  void start(net::TaskGroup& tasks);
  /// A way to a coordinator has come up: what the ways are like is looked at anew, soon.
  void coordinator_reached();
  /// As AddressPolicy::link_silent.
  void link_silent(const std::string& from, const std::string& to);

  /// Any thread.
  ChosenAddress chosen() const;

 private:
  boost::asio::awaitable<void> check_advertised();
  boost::asio::awaitable<void> follow();
  boost::asio::awaitable<void> look_again_and_again();
  boost::asio::awaitable<void> look();
  boost::asio::awaitable<std::vector<addresses::NamedCoordinator>> find_coordinators();
  boost::asio::awaitable<std::vector<addresses::PathProbe>> probe(addresses::LookPlan plan);
  std::chrono::milliseconds timeout() const;

  addresses::Surroundings surroundings(const std::vector<addresses::Coordinator>& coordinators);
  void carry_out(const addresses::AddressPolicy::Actions& actions);
  void tell(const addresses::AddressChoice::Change& change) const;
  void keep_chosen();

  const Parts parts_;
  const Hooks hooks_;
  Logger log_;
  std::uint16_t port_ = 0;
  bool is_open_ = false;
  bool said_routes_ = false;          ///< that there are more than are read
  std::vector<net::Endpoint> names_;  ///< of the coordinators
  std::unique_ptr<addresses::InventoryWatch> watch_;
  std::optional<addresses::AddressPolicy> policy_;  ///< since open()
  std::vector<addresses::RouteAnswer> routes_;      ///< as the kernel told last
  boost::asio::steady_timer wake_;
  mutable std::mutex mutex_;  // guards the next
  ChosenAddress chosen_;
};

}  // namespace p2p::node
