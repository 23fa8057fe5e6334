// The links of a node: the one that a worker keeps to its coordinator, and those that a coordinator accepts. What
// travels over them goes to membership, to the log shipper or collector, and to the dispatcher of calls.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "address_race.hpp"
#include "gossip.hpp"
#include "logs/collector.hpp"
#include "logs/log_shipper.hpp"
#include "membership/link.hpp"
#include "net/client.hpp"
#include "net/router.hpp"
#include "rpc/dispatcher.hpp"

namespace p2p::node {

class Links {
 public:
  /// References must outlive it. `collector` is that of a coordinator, `shipper` that of a worker; the other is null.
  Links(boost::asio::io_context& control, Gossip& gossip, rpc::Dispatcher& dispatcher, logs::Collector* collector,
        logs::LogShipper* shipper, Random& random, const Clock& clock, LogSink& log);

  /// `/internal/link`, where workers dial in.
  void add_route(net::Router& router);

  /// Dials a coordinator, keeps the link, and dials again with back-off, until cancelled. On the control loop, with its
  /// client; `tasks` is a group of that loop.
  boost::asio::awaitable<void> keep(net::Client& client, net::TaskGroup& tasks, std::vector<std::string> addresses);
  /// Asked after each link that keep() has opened; control loop. May be empty.
  void set_linked(std::function<void()> linked) { linked_ = std::move(linked); }
  /// The ways to the coordinators are others: what waits or dials begins anew. Control loop.
  void redial();
  /// From this own address these coordinators are reached better: a link from another one is replaced once one from
  /// there is open, and the calls over it end in peace. Control loop.
  void move(const std::string& own_address, std::vector<std::string> coordinators);
  /// At a coordinator: who takes what linked nodes tell of themselves; on any loop. Before requests come.
  using TakeFigures = std::function<void(const std::string& node_id, std::string_view payload)>;
  void set_figures(TakeFigures take) { take_figures_ = std::move(take); }
  /// At a worker: tells the coordinator, if it is linked. Control loop.
  void send_figures(std::string_view payload);
  /// No link is dialled from here on. Control loop.
  void stop() { stopping_ = true; }

 private:
  boost::asio::awaitable<void> accept(net::Request request, net::ChannelPtr channel);
  boost::asio::awaitable<Result<net::ChannelPtr>> dial(net::Client& client, net::TaskGroup& tasks,
                                                       std::vector<std::string> addresses, bool moves);
  boost::asio::awaitable<void> pause(std::chrono::milliseconds backoff);
  boost::asio::awaitable<void> hold(net::ChannelPtr channel);
  boost::asio::awaitable<void> ship(std::shared_ptr<membership::Link> link);
  boost::asio::awaitable<void> stop_shipping();
  void send_logs(membership::Link& link, const std::vector<Bytes>& messages);
  boost::asio::awaitable<std::string> answer(const auth::Caller& peer, membership::LinkCall call);
  membership::LinkHandlers handlers(const net::ChannelPtr& channel);

  boost::asio::io_context& control_;
  Gossip& gossip_;
  rpc::Dispatcher& dispatcher_;
  logs::Collector* collector_;
  logs::LogShipper* shipper_;
  Random& random_;
  const Clock& clock_;
  Logger log_;
  TakeFigures take_figures_;  // at a coordinator
  // At a worker.
  std::function<void()> linked_;
  boost::asio::steady_timer wake_;      ///< of keep()
  net::ChannelPtr current_;             ///< of the link that is kept; others are on their way out
  net::TaskGroup* shipping_ = nullptr;  ///< where the log is shipped over the current link
  std::vector<std::string> better_;     ///< coordinators to which the link is to move
  std::shared_ptr<AddressRace> race_;   ///< while dialling
  Monotonic ways_changed_{};
  std::weak_ptr<membership::Link> upstream_;
  bool stopping_ = false;
};

}  // namespace p2p::node
