// The links of a node: the one that a worker keeps to its coordinator, and those that a coordinator accepts. What
// travels over them goes to membership, to the log shipper or collector, and to the dispatcher of calls.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gossip.hpp"
#include "logs/collector.hpp"
#include "logs/log_shipper.hpp"
#include "membership/link.hpp"
#include "membership/link_plan.hpp"
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
  /// Told when the link that keep() holds, from one address to another, has not answered for a while; control loop. May
  /// be empty.
  using Silent = std::function<void(const std::string& from, const std::string& to)>;
  void set_silent(Silent silent) { silent_ = std::move(silent); }
  /// The ways to the coordinators are others: what waits or dials begins anew. Control loop.
  void redial();
  /// From this own address these coordinators are reached better: a link from another one is replaced once one from
  /// there is open, and the calls over it end in peace. Control loop.
  void move(const std::string& own_address, std::vector<std::string> coordinators);
  /// The way from this own address is dead, and these coordinators are reached from another: a link from there ends at
  /// once, with its calls, and they are dialled first. Control loop.
  void leave(const std::string& own_address, std::vector<std::string> coordinators);
  /// At a coordinator: who takes what linked nodes tell of themselves; on any loop. Before requests come.
  using TakeFigures = std::function<void(const std::string& node_id, std::string_view payload)>;
  void set_figures(TakeFigures take) { take_figures_ = std::move(take); }
  /// At a worker: tells the coordinator, if it is linked. Control loop.
  void send_figures(std::string_view payload);
  /// No link is dialled from here on. Control loop.
  void stop();

 private:
  boost::asio::awaitable<void> accept(net::Request request, net::ChannelPtr channel);
  boost::asio::awaitable<Result<net::ChannelPtr>> dial(net::Client& client, net::TaskGroup& tasks,
                                                       membership::LinkPlan::Dial plan);
  boost::asio::awaitable<Result<net::ChannelPtr>> dial_unless_changed(net::Client& client, net::TaskGroup& tasks,
                                                                      membership::LinkPlan::Dial plan);
  void take(net::TaskGroup& tasks, net::ChannelPtr channel, bool moves);
  boost::asio::awaitable<void> hold(net::ChannelPtr channel);
  void ended(const net::ChannelPtr& channel, const Error& why);
  void take_logs_reply(net::Channel& channel, std::string_view payload);
  boost::asio::awaitable<void> ship(std::shared_ptr<membership::Link> link);
  void stop_shipping(const membership::Link* link);
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
  Silent silent_;
  membership::LinkPlan plan_;
  boost::asio::steady_timer wake_;    ///< of keep(), while it waits
  boost::asio::steady_timer anew_;    ///< ends a dial that is under way
  bool begins_anew_ = false;          ///< and that it was ended so
  net::ChannelPtr current_;           ///< of the link that is kept; others are on their way out
  const membership::Link* shipping_;  ///< over which the log is shipped
  std::weak_ptr<membership::Link> upstream_;
  bool stopping_ = false;
};

}  // namespace p2p::node
