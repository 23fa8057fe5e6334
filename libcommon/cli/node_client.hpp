// The client of a coordinator, for tools: blocking calls on a connection that is opened once.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/progress.hpp"
#include "cli/command.hpp"
#include "rpc/target.hpp"

namespace p2p::net {
class TlsContexts;
struct Endpoint;
struct Message;
}  // namespace p2p::net

namespace p2p::cli {

/// How long plain requests may take; calls have --timeout.
inline constexpr std::chrono::milliseconds kRequestTimeout{30'000};

/// One thread. The peer's certificate must be a coordinator's before anything is sent. A request over a rate limit is
/// sent again when the node wants it, if its time allows; else it is kLimited.
class NodeClient {
 public:
  /// Reads the identity's files and connects at the first request. Failures say which file is missing and which command
  /// makes it.
  static Attempt<NodeClient> open(const Session& session);
  NodeClient(NodeClient&&) noexcept;
  NodeClient& operator=(NodeClient&&) noexcept;
  ~NodeClient();

  /// Calls `method` with `params` (JSON text, or empty) on `target`, or on the coordinator itself. The result is JSON
  /// text; of a broadcast an array of {node, result | error, ms}. An error of the method or of the way there is a
  /// Failure with its exit code.
  Attempt<std::string> rpc(const std::string& method, const std::string& params,
                           const std::optional<rpc::Target>& target, std::chrono::milliseconds timeout);
  /// The same for one node, while `progress` hears what the method reports, on this thread. SIGINT and SIGTERM cancel
  /// the call: kInterrupted.
  Attempt<std::string> rpc_with_progress(const std::string& method, const std::string& params,
                                         const std::optional<rpc::Target>& target, std::chrono::milliseconds timeout,
                                         ProgressSinkPtr progress);

  struct Reply {
    unsigned status = 0;
    std::string body;
  };
  /// GET; any status is an answer, also an error's.
  Attempt<Reply> get(const std::string& path);
  /// POST of a JSON text; likewise.
  Attempt<Reply> post(const std::string& path, std::string json);

  /// From now on SIGINT and SIGTERM do not end the process, but the request that is under way or the next one: a
  /// Failure with kInterrupted and no message. For commands that have something to put in order.
  void end_requests_on_signal();

  enum class StreamEnd : unsigned char { closed, stopped, interrupted, unread };
  /// Opens the WebSocket at `path` (with query), sends `first` unless empty, and gives every message to `on_message`
  /// until it returns false, the other side closes, SIGINT or SIGTERM comes (a Failure with kInterrupted is for the
  /// caller to make), or nobody reads standard output any more. A connection that breaks is a Failure.
  Attempt<StreamEnd> stream(const std::string& path, const std::string& first,
                            const std::function<bool(const net::Message&)>& on_message);

  /// In lower-case hexadecimal, of the certificate that is shown; empty with a token.
  std::string own_serial() const;

  /// How long rate limits were waited out until now.
  std::chrono::milliseconds waited() const;

  /// The coordinator's `host:port`.
  std::string address() const;
  /// For a client of its own on another loop; as long as this lives.
  const net::TlsContexts& tls() const;
  const net::Endpoint& coordinator() const;

 private:
  struct Impl;
  explicit NodeClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace p2p::cli
