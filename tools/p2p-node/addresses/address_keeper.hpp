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

#include "addresses/address_choice.hpp"
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
    /// The address was chosen though the one before still works; from it these coordinators of the configuration are
    /// reached.
    std::function<void(const std::string& address, std::vector<std::string> coordinators)> moved;
  };
  AddressKeeper(const Parts& parts, Hooks hooks);

  /// Reads the network and chooses by what the kernel says of it: what to announce until a hook says otherwise. Once.
  std::vector<std::string> open(std::uint16_t port);
  /// Follows the network and tries the ways, until cancelled.
  void start(net::TaskGroup& tasks);
  /// A way to a coordinator has come up: what the ways are like is looked at anew, soon.
  void coordinator_reached();

  /// Any thread.
  ChosenAddress chosen() const;

 private:
  /// What the ways depend on.
  struct Ground {
    std::vector<addresses::IpAddress> sources{};
    std::vector<addresses::RouteAnswer> routes{};
    bool operator==(const Ground&) const = default;
  };

  boost::asio::awaitable<void> follow();
  void take_change();
  boost::asio::awaitable<void> look_again_and_again();
  boost::asio::awaitable<void> look(bool is_confirmation);
  boost::asio::awaitable<void> find_coordinators();
  boost::asio::awaitable<void> probe(std::vector<addresses::IpAddress> sources, std::chrono::milliseconds timeout);
  void look_at(Monotonic when);
  Monotonic next_look() const;
  std::chrono::milliseconds confirmation_timeout() const;

  void rank();
  void consider();
  void keep_chosen(const std::optional<std::string>& fixed);
  void tell(const addresses::AddressChoice::Change& change);
  std::vector<std::string> coordinators_by(const std::string& own_address) const;
  addresses::Inventory inventory() const { return watch_ ? watch_->current() : addresses::Inventory{}; }

  const Parts parts_;
  const Hooks hooks_;
  Logger log_;
  std::uint16_t port_ = 0;
  bool is_open_ = false;
  std::vector<net::Endpoint> names_;  ///< of the coordinators
  std::unique_ptr<addresses::InventoryWatch> watch_;
  addresses::Inventory before_;  ///< as it was at the last change
  std::vector<addresses::NamedCoordinator> coordinators_;
  addresses::RankingFacts facts_;
  addresses::Ranking ranking_;
  addresses::AddressChoice choice_;
  std::vector<std::string> announced_;
  boost::asio::steady_timer wake_;
  std::optional<Monotonic> look_due_;
  Monotonic looked_at_{};  ///< when the last look began
  Ground ground_;
  mutable std::mutex mutex_;  // guards the next
  ChosenAddress chosen_;
};

}  // namespace p2p::node
