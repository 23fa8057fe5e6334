// Carries out what membership decides: exchanges and joins over HTTP, pushes over links, dial backs, the log lines of
// its events, the saved state, and the view that everyone else reads. Everything here runs on the control loop, except
// the handlers of its routes, which hop there.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "directory.hpp"
#include "membership/compression.hpp"
#include "membership/membership.hpp"
#include "net/client.hpp"
#include "net/router.hpp"
#include "net/task_group.hpp"

namespace p2p::node {

/// Gossip on the wire since the start, in both directions, before and after compression.
struct GossipTraffic {
  std::atomic<std::uint64_t> raw_bytes{0};
  std::atomic<std::uint64_t> wire_bytes{0};
  std::atomic<std::uint64_t> messages{0};
};

/// What gossip reports to its owner, on the control loop.
struct GossipHooks {
  /// Starts writing the state; called again only after it has returned.
  std::function<boost::asio::awaitable<Result<void>>(std::string state)> save;
  /// The first join was accepted (at once on a coordinator).
  std::function<void()> joined;
  /// The first join was refused; the process should end with this error.
  std::function<void(Error)> refused;
};

class Gossip {
 public:
  /// References must outlive it; `client` is that of the control loop.
  Gossip(boost::asio::io_context& control, membership::Membership& membership, net::TaskGroup& tasks,
         net::Client& client, Directory& directory, membership::CompressionSettings compression, GossipHooks hooks,
         const Clock& clock, LogSink& log);

  /// `/internal/gossip/join`, `/internal/gossip/exchange`, `/internal/instance`.
  void add_routes(net::Router& router);
  /// Ticks the membership until cancelled.
  boost::asio::awaitable<void> run();
  /// To be called after every change of the membership from outside.
  void pump();

  /// A link to this node is open; it replaces an older one, which is closed.
  void link_opened(const std::string& node_id, std::shared_ptr<membership::Link> link);
  /// Ignored when a newer link has taken its place.
  void link_closed(const std::string& node_id, const membership::Link* link);
  /// A `records` frame of the node at the other end of a link; what does not hold is logged.
  void receive_push(const pki::Identity& peer, std::string payload);

  /// Says goodbye to the fleet and waits until it is sent, at most `grace`.
  boost::asio::awaitable<void> leave(std::chrono::milliseconds grace);
  /// Writes the state now; for shutdown.
  boost::asio::awaitable<void> save_now();
  /// Writes the state every `interval` when something changed, until cancelled.
  boost::asio::awaitable<void> autosave(std::chrono::milliseconds interval);

  /// What readers on other threads see; never null.
  membership::ClusterViewPtr view() const;
  const GossipTraffic& traffic() const { return traffic_; }

 private:
  using Identity = pki::Identity;

  membership::Instant now() const { return {clock_.monotonic(), clock_.wall()}; }
  void publish();
  void save_soon();
  boost::asio::awaitable<void> save_loop();
  boost::asio::awaitable<void> join(std::vector<std::string> addresses);
  boost::asio::awaitable<void> exchange(membership::ExchangeTarget target);
  boost::asio::awaitable<void> dial_back(membership::DialBack action);
  boost::asio::awaitable<bool> answers_as(membership::JoinProbe probe);
  boost::asio::awaitable<Result<membership::Message>> post(std::vector<std::string> addresses, net::ExpectedPeer peer,
                                                           std::string target, membership::Message message,
                                                           std::string& answered_by);
  void push(const membership::PushTo& action);
  boost::asio::awaitable<net::Response> answer_exchange(Identity peer, std::string body, bool is_lz4);
  boost::asio::awaitable<net::Response> answer_join(Identity peer, std::string body, bool is_lz4);
  void complain(const std::string& peer, const Error& error);
  membership::Packed pack(const membership::Message& message);
  Result<membership::Message> unpack(std::string_view body, bool is_lz4);
  net::Response respond(const membership::Message& message);

  boost::asio::io_context& control_;
  membership::Membership& membership_;
  net::TaskGroup& tasks_;
  net::Client& client_;
  Directory& directory_;
  const membership::CompressionSettings compression_;
  GossipHooks hooks_;
  const Clock& clock_;
  Logger log_;
  boost::asio::steady_timer wakeup_;
  std::map<std::string, std::shared_ptr<membership::Link>, std::less<>> links_;
  std::map<std::string, std::string, std::less<>> answered_at_;  ///< per node, the address that worked last
  std::map<std::string, Monotonic, std::less<>> complained_;  ///< until when a peer's nonsense is not mentioned again
  membership::ClusterViewPtr published_;
  mutable std::mutex view_mutex_;  // guards published_ against readers on other threads
  bool links_changed_ = false;
  std::vector<membership::ExchangeTarget> held_;  ///< rounds that wait for the answer to the first join
  bool joined_ = false;
  bool joining_ = false;
  bool saving_ = false;
  bool save_wanted_ = false;
  bool dirty_ = false;  ///< something changed since the last save
  GossipTraffic traffic_;
};

}  // namespace p2p::node
