// Passes calls on to other nodes (DESIGN.md section 7): only coordinators do, once, stating the caller; broadcast
// collects an entry a node. How bytes reach a node (its port, or the link that it keeps open) is the transport's.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/log_sink.hpp"
#include "base/random.hpp"
#include "net/http.hpp"
#include "pki/identity.hpp"
#include "rpc/method.hpp"
#include "rpc/routing.hpp"
#include "rpc/target.hpp"

namespace p2p::rpc {

/// What a node of this fleet is called and may do.
struct Self {
  std::string node_id;
  pki::Role role = pki::Role::worker;
};

/// The answer of a node to one call, unless less is wanted.
inline constexpr std::size_t kMaxAnswerBytes = 16 << 20;

/// One call on its way to a node.
struct OutgoingCall {
  std::string node_id;
  std::string request;  ///< JSON-RPC text of one call
  std::string caller;   ///< for the header `P2P-Caller`
  Monotonic deadline{};
  ProgressSinkPtr progress{};  ///< null: not asked for
  std::size_t max_answer_bytes = kMaxAnswerBytes;

  /// `P2P-Caller`, `P2P-Timeout-Ms` (what remains, at least 1) and `Content-Type`.
  net::Headers headers(Monotonic now) const;
};

struct TransportAnswer {
  unsigned status = 200;  ///< of HTTP; a link always says 200
  std::string body;
};
struct TransportError {
  Error error;
  bool sent = false;   ///< the request may have reached the node
  bool moved = false;  ///< the way was lost, and the node is reached by another one now
};
using TransportResult = boost::system::result<TransportAnswer, TransportError>;
[[noreturn]] void throw_exception_from_error(const TransportError& error, const boost::source_location& where);

/// Thread-safe; answers on the caller's executor. Ends at the deadline and when cancelled. The error for an answer that
/// is larger than wanted is `too_large`.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual boost::asio::awaitable<TransportResult> send(OutgoingCall call) = 0;
};

/// The fleet as this node sees it. Thread-safe; the members that it returns never change.
class ClusterView {
 public:
  virtual ~ClusterView() = default;
  virtual std::shared_ptr<const std::vector<Candidate>> members() const = 0;
};

/// This node's own methods, for a call whose target turns out to be this node.
class LocalCalls {
 public:
  virtual ~LocalCalls() = default;
  /// Never throws but for cancellation.
  virtual boost::asio::awaitable<Outcome> call_here(CallContext call) = 0;
};

/// Thread-safe: session loops share one, and a mutex guards the routing state between awaits, never across one.
class Forwarder {
 public:
  static constexpr std::size_t kMaxAttempts = 3;
  static constexpr std::size_t kBroadcastConcurrency = 256;
  /// A time that is over counts against a node only when the caller gave it at least this long.
  static constexpr std::chrono::seconds kFairTime{5};
  /// Of what all nodes answer, and of what one does; the excess is an error in its place.
  static constexpr std::size_t kMaxBroadcastBytes = 16 << 20;
  static constexpr std::size_t kMaxBroadcastAnswerBytes = 2 << 20;

  Forwarder(Self self, const ClusterView& view, Transport& transport, const Clock& clock, Random& random, LogSink& log);

  /// Calls one node, or all that the target means: then the result is an array of {node, result | error, ms}, ordered
  /// by node. What may have run already is tried again only if it is idempotent: as this node knows, else (none) as the
  /// node declares that is to run it again.
  boost::asio::awaitable<Outcome> forward(Target target, CallContext call, std::optional<bool> idempotent,
                                          LocalCalls& here);
  /// Some node, dead or alive, announces the service.
  bool anyone_offers(std::string_view service) const;
  /// The service of some node that was meant by this name, for "did you mean".
  std::optional<std::string> nearest_service(std::string_view service) const;

  std::vector<Balancer::OpenBreaker> open_breakers() const;
  /// Calls of this node to that one that have not ended.
  std::size_t under_way(std::string_view node_id) const;
  /// Attempts after the first since the start.
  std::uint64_t retry_count() const;

 private:
  struct Entry;
  struct Attempted;
  struct Broadcast;

  boost::asio::awaitable<Outcome> forward_to_one(Target target, CallContext call, std::optional<bool> idempotent,
                                                 LocalCalls& here);
  boost::asio::awaitable<bool> declares_idempotent(std::string node_id, std::string method, Monotonic deadline);
  boost::asio::awaitable<Outcome> broadcast(Target target, CallContext call, LocalCalls& here);
  boost::asio::awaitable<void> call_member(Entry& entry, Broadcast& all, LocalCalls& here);
  boost::asio::awaitable<Attempted> attempt(std::string node_id, const CallContext& call, LocalCalls& here,
                                            std::size_t max_answer_bytes);
  static std::string list(const std::vector<Entry>& entries);
  const Candidate* choose(const std::vector<const Candidate*>& candidates, std::string_view service);
  bool take_retry();

  Self self_;
  const ClusterView& view_;
  Transport& transport_;
  const Clock& clock_;
  Logger log_;
  mutable std::mutex mutex_;
  Balancer balancer_;
  std::uint64_t retry_count_ = 0;
};

}  // namespace p2p::rpc
