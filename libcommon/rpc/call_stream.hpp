// The answer to a call whose client wants its progress: server-sent events as they come, then the response
// (p2p-protocol(7), "Progress").
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "base/progress.hpp"
#include "net/streamed_body.hpp"
#include "rpc/outcome.hpp"

namespace p2p::rpc {

/// After this long without an event, a comment shows that the connection lives.
inline constexpr std::chrono::seconds kStreamHeartbeat{15};

class CallStream final : public net::StreamedBody {
 public:
  /// Runs the call; throws when it is cancelled.
  using Work = std::function<boost::asio::awaitable<Outcome>(ProgressSinkPtr)>;

  /// `id` as JSON text, for the response.
  CallStream(Work work, std::string id) : work_(std::move(work)), id_(std::move(id)) {}

  /// Ends once the response is written, or, with the call cancelled, when the client has gone.
  boost::asio::awaitable<void> write_to(net::BodyWriter& out) override;

 private:
  struct Running;
  boost::asio::awaitable<void> run(Running& running);
  boost::asio::awaitable<void> write(Running& running, net::BodyWriter& out);

  Work work_;
  std::string id_;
};

}  // namespace p2p::rpc
