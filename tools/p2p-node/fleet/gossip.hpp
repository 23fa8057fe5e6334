// Carries out what membership decides: exchanges and joins over HTTP, pushes over links, dial backs, the log lines of
// its events. Everything here runs on the control loop, except the handlers of its routes, which hop there.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "../state_writer.hpp"
#include "gossip_wire.hpp"
#include "membership/membership.hpp"
#include "net/router.hpp"
#include "reach.hpp"

namespace p2p::node {

/// What gossip reports to its owner, on the control loop.
struct GossipHooks {
  /// The first join was accepted (at once on a coordinator).
  std::function<void()> joined;
  /// The first join was refused; the process should end with this error.
  std::function<void(Error)> refused;
  /// The coordinators show certificates of a CA that is not known here. May be empty.
  std::function<void()> foreign_authority;
  /// This node holds a newer bulletin, or has read it from its saved state. May be empty.
  std::function<void(const membership::Bulletin&)> bulletin;
  /// The node announces this `host:port` first no more, and does not answer there; at a coordinator. May be empty.
  std::function<void(const Reach::Left&)> unreachable{};
};

class Gossip {
 public:
  /// References must outlive it; `client` is that of the control loop, `state` writes what membership is to remember.
  Gossip(boost::asio::io_context& control, membership::Membership& membership, net::TaskGroup& tasks,
         net::Client& client, Directory& directory, membership::CompressionSettings compression, StateWriter& state,
         GossipHooks hooks, const Clock& clock, LogSink& log);

  /// `/internal/gossip/join`, `/internal/gossip/exchange`, `/internal/instance`.
  void add_routes(net::Router& router);
  /// Ticks the membership until cancelled.
  boost::asio::awaitable<void> run();
  /// To be called after every change of the membership from outside.
  void pump();

  /// A link to this node is open; it replaces an older one.
  void link_opened(const std::string& node_id, std::shared_ptr<membership::Link> link, OlderLink older);
  /// Ignored when a newer link has taken its place.
  void link_closed(const std::string& node_id, const membership::Link* link);
  /// A `records` frame of the node at the other end of a link; what does not hold is logged.
  void receive_push(const pki::Identity& peer, std::string payload);

  /// The node, or without a node_id a coordinator, answered at this `host:port`: it comes first from then on.
  void answered_at(const std::string& node_id, const std::string& address);
  /// The coordinators' addresses with the one that answered last in front.
  std::vector<std::string> coordinators(std::vector<std::string> addresses) const;

  /// Membership::publish, and what follows from it.
  Result<bool> publish_bulletin(std::string kind, Bytes content);

  /// Says goodbye to the fleet and waits until it is sent, at most `grace`.
  boost::asio::awaitable<void> leave(std::chrono::milliseconds grace);

  /// What readers on other threads see; never null.
  membership::ClusterViewPtr view() const { return reach_.view(); }
  const GossipTraffic& traffic() const { return wire_.traffic(); }

 private:
  using Identity = pki::Identity;

  membership::Instant now() const { return {clock_.monotonic(), clock_.wall()}; }
  void publish();
  void tell(const membership::Events& events);
  void push(const membership::PushTo& action);
  void complain(const std::string& peer, const Error& error);

  // The asking side (gossip_asking.cpp).
  boost::asio::awaitable<void> exchange(membership::ExchangeTarget target);
  boost::asio::awaitable<void> dial_back(membership::DialBack action);
  boost::asio::awaitable<void> ask_at(Reach::Left left);

  // The answering side (gossip_answering.cpp).
  boost::asio::awaitable<net::Response> answer_exchange(Identity peer, std::string body, bool is_lz4);

  // Joins, both sides (gossip_joins.cpp).
  boost::asio::awaitable<void> join(std::vector<std::string> addresses);
  void take_join_answer(const Result<GossipWire::Answer>& answer);
  boost::asio::awaitable<net::Response> answer_join(Identity peer, std::string body, bool is_lz4);
  boost::asio::awaitable<bool> still_answers(membership::JoinProbe probe);

  boost::asio::io_context& control_;
  membership::Membership& membership_;
  net::TaskGroup& tasks_;
  net::Client& client_;
  GossipHooks hooks_;
  const Clock& clock_;
  Logger log_;
  GossipWire wire_;
  Reach reach_;
  StateWriter& state_;
  boost::asio::steady_timer wakeup_;
  std::map<std::string, Monotonic, std::less<>> complained_;  ///< until when a peer's nonsense is not mentioned again
  std::vector<membership::ExchangeTarget> held_;              ///< rounds that wait for the answer to the first join
  bool joined_ = false;
  bool joining_ = false;
};

/// What is wrong with a peer's message is the peer's mistake, not ours.
net::Response refusal(const Error& error);

}  // namespace p2p::node
