// The links of a node: the one that a worker keeps to its coordinator, and those that a coordinator accepts. What
// travels over them goes to membership, to the log shipper or collector, and to the dispatcher of calls.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

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
  /// client.
  boost::asio::awaitable<void> keep(net::Client& client, std::vector<std::string> addresses);
  /// At a coordinator: who takes what linked nodes tell of themselves; on any loop. Before requests come.
  using TakeFigures = std::function<void(const std::string& node_id, std::string_view payload)>;
  void set_figures(TakeFigures take) { take_figures_ = std::move(take); }
  /// At a worker: tells the coordinator, if it is linked. Control loop.
  void send_figures(std::string_view payload);
  /// No link is dialled from here on. Control loop.
  void stop() { stopping_ = true; }

 private:
  boost::asio::awaitable<void> accept(net::ChannelPtr channel);
  boost::asio::awaitable<Result<net::ChannelPtr>> dial(net::Client& client, std::vector<std::string> addresses);
  boost::asio::awaitable<Error> hold(net::ChannelPtr channel);
  boost::asio::awaitable<void> ship(std::shared_ptr<membership::Link> link);
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
  TakeFigures take_figures_;
  std::weak_ptr<membership::Link> upstream_;
  bool stopping_ = false;
};

}  // namespace p2p::node
