// The `/rpc` endpoint: JSON-RPC text in, JSON-RPC text out. Finds the method here or sends the call where its target
// says, checks what the method needs, and turns every ending into an answer.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/log_sink.hpp"
#include "net/router.hpp"
#include "rpc/forwarder.hpp"
#include "rpc/jsonrpc.hpp"
#include "rpc/registry.hpp"
#include "rpc/timeouts.hpp"

namespace p2p::rpc {

/// Calls of one batch that run at the same time.
inline constexpr std::size_t kBatchConcurrency = 16;
/// Answers of one batch together; calls past it get an error instead of their result.
inline constexpr std::size_t kMaxBatchAnswerBytes = 16 << 20;

/// Where a request comes from and how long it may take.
struct Origin {
  auth::Caller caller;
  Monotonic deadline{};
  bool final = false;  ///< a coordinator passed it on: it runs here or nowhere
  std::optional<Target> target{};
  ProgressSinkPtr progress{};  ///< null: not wanted
};

/// After how long to come back, when so many calls together are over the limit of who brought them. `paid` of them were
/// counted already.
using CallLimiter =
    std::function<std::optional<std::chrono::seconds>(const auth::Caller&, std::size_t calls, std::size_t paid)>;

/// Thread-safe; runs on the loop of each request.
class Dispatcher final : public LocalCalls {
 public:
  /// Without a forwarder (a worker) every call runs here or is refused. All references must outlive the dispatcher.
  /// `limit` may be empty.
  Dispatcher(Self self, const Registry& registry, Forwarder* forwarder, LogSink& log, CallLimiter limit = {});

  /// `POST /rpc` and `POST /rpc/{service}/{method}`, whose body is the parameters. A client that accepts an event
  /// stream gets one, with the progress of its call.
  void add_routes(net::Router& router);
  boost::asio::awaitable<net::Response> handle(net::Request& request);

  /// The answer to a request or batch, empty when nothing is to be answered. For calls that come over a link, `origin`
  /// is what the coordinator stated, and final, and they count against the limit of the node that sends them, which is
  /// `charged`; those of the node's own services count for nobody.
  boost::asio::awaitable<std::string> answer(std::string_view text, const Origin& origin,
                                             const auth::Caller* charged = nullptr);

  boost::asio::awaitable<Outcome> call_here(CallContext call) override;

 private:
  boost::asio::awaitable<net::Response> handle_method(net::Request& request);
  boost::asio::awaitable<std::string> answer_parsed(const ParsedRequest& request, const Origin& origin);
  boost::asio::awaitable<std::string> answer_batch(const ParsedRequest& request, const Origin& origin);
  boost::asio::awaitable<void> answer_element(const ParsedCall& parsed, const Origin& origin, std::string& out,
                                              std::size_t& total_bytes);
  boost::asio::awaitable<Outcome> call(const ParsedCall& parsed, const Origin& origin);
  boost::asio::awaitable<Outcome> call_unaudited(const ParsedCall& parsed, const Origin& origin);
  /// What a person does with the mouse leaves a record.
  boost::asio::awaitable<Outcome> call_audited(const ParsedCall& parsed, const Origin& origin,
                                               std::string_view shown_params);
  boost::asio::awaitable<Outcome> run(const Method& method, CallContext context);
  void end(const Method& method, const Outcome& outcome, Monotonic begun) const;
  /// Runs the call while its answer is written; what `parsed` points into must last as long.
  net::Response stream(ParsedCall parsed, Origin origin);
  bool is_here(const Origin& origin, std::string_view service, const RegistrySnapshot& snapshot) const;
  RpcError refuse_to_forward(const Origin& origin, const std::string& method) const;

  Self self_;
  const Registry& registry_;
  Forwarder* forwarder_;
  Logger log_;
  CallLimiter limit_;
};

/// Reads caller, deadline and target from headers and query; an error is answered with id null.
boost::system::result<Origin, RpcError> read_origin(net::Request& request, Monotonic now);

}  // namespace p2p::rpc
