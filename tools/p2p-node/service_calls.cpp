#include "service_calls.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <charconv>
#include <optional>

#include "fleet/try_each.hpp"
#include "net/progress_relay.hpp"
#include "rpc/json_scan.hpp"
#include "rpc/streamed_answer.hpp"

namespace p2p::node {

namespace asio = boost::asio;
using rpc::Code;
using std::chrono::milliseconds;

namespace {

/// One of several addresses may be a black hole; the next gets its turn after this long.
constexpr milliseconds kCoordinatorConnectTimeout{3'000};

/// The members of a request that JSON-RPC does not know.
struct Routing {
  std::string_view target, timeout, progress;
};

/// `request` was parsed before.
Routing routing_of(std::string_view request) {
  Routing found;
  rpc::for_each_member(request, [&](std::string_view key, std::string_view raw) {
    if (key == "target") found.target = raw;
    if (key == "progress") found.progress = raw;
    if (key == "timeout_ms") found.timeout = raw;
  });
  return found;
}

boost::system::result<rpc::Origin, rpc::RpcError> read_routing(const Routing& routing, Monotonic now) {
  rpc::Origin origin;
  milliseconds::rep timeout = rpc::kDefaultTimeout.count();
  if (!routing.timeout.empty()) {
    const char* const end = routing.timeout.data() + routing.timeout.size();
    const auto [stop, failure] = std::from_chars(routing.timeout.data(), end, timeout);
    if (failure != std::errc() || stop != end || timeout < 1 || timeout > rpc::kMaxTimeout.count()) {
      return rpc::standard_error(Code::invalid_request,
                                 fmt::format("timeout_ms must be 1 to {}", rpc::kMaxTimeout.count()));
    }
  }
  origin.deadline = now + milliseconds(timeout);
  if (routing.target.empty()) return origin;
  if (routing.target.front() != '"') return rpc::standard_error(Code::invalid_request, "target must be a string");
  auto target = rpc::parse_target(rpc::decode_json_string(routing.target));
  if (!target) return rpc::standard_error(Code::invalid_request, target.error().context);
  origin.target = std::move(*target);
  return origin;
}

std::string refused_call(const rpc::RpcError& error, std::string_view id) {
  std::string out;
  rpc::append_error(out, error, id);
  return out;
}

rpc::Outcome read_reply(rpc::StreamedAnswer& streamed, net::Answer reply, const std::string& address) {
  const unsigned status = reply.status;
  const auto text = streamed.finish(std::move(reply));
  if (!text) return rpc::unknown_outcome(rpc::kConnectionLost, text.error().context);
  if (auto response = rpc::parse_response(*text)) return std::move(*response);
  // Of another status it was refused; what answered 200 may have done it.
  if (status != 200)
    return rpc::standard_error(Code::unreachable, fmt::format("the coordinator at {} answered {}", address, status));
  return rpc::unknown_outcome(rpc::kUnusableAnswer,
                              fmt::format("the coordinator at {} answered something else than JSON-RPC", address));
}

/// Tells the program of the progress of its call `id`.
net::ProgressRelay::Reader progress_lines(const services::SocketRequest& request, std::string_view id) {
  const auto notify = [&request, id](std::string_view method, std::string_view member, std::string_view value) {
    request.tell(
        fmt::format(R"({{"jsonrpc":"2.0","method":"$/{}","params":{{"id":{},"{}":{}}}}})", method, id, member, value));
  };
  const auto take = [notify](const ProgressQueue::Batch& batch) {
    if (batch.dropped > 0) notify("dropped", "dropped", std::to_string(batch.dropped));
    for (const std::string& value : batch.values) notify("progress", "value", value);
  };
  return {request.has_room, take};
}

}  // namespace

asio::awaitable<std::string> ServiceCalls::answer(services::SocketRequest request) {
  const rpc::ParsedRequest parsed = rpc::parse_request(request.text);
  if (parsed.error) co_return refused_call(*parsed.error, {});
  if (parsed.batch)
    co_return refused_call(rpc::standard_error(Code::invalid_request, "a line is one call, no batch"), {});
  const rpc::ParsedCall& call = parsed.calls.front();
  if (!call.flaw.empty()) co_return refused_call(rpc::standard_error(Code::invalid_request, call.flaw), call.id);
  const Routing routing = routing_of(request.text);
  auto origin = read_routing(routing, parts_.clock.monotonic());
  if (!origin) co_return refused_call(origin.error(), call.id);
  origin->caller.identity = pki::Identity{parts_.cluster_name, parts_.self.role, std::move(request.service)};
  origin->caller.scopes.add(auth::Permission::rpc_call);
  std::optional<net::ProgressRelay> relay;
  if (routing.progress == "true" && !call.id.empty()) {
    const auto loop = co_await asio::this_coro::executor;
    origin->progress = relay.emplace(loop, progress_lines(request, call.id)).sink();
  }
  auto answering =
      is_here(*origin, call.method) ? parts_.dispatcher.answer(request.text, *origin) : ask_coordinator(call, *origin);
  std::string answered = co_await std::move(answering);
  if (relay) relay->finish();
  co_return answered;
}

/// Whether this node's dispatcher knows what to do with it.
bool ServiceCalls::is_here(const rpc::Origin& origin, std::string_view method) const {
  if (parts_.self.role == pki::Role::coordinator) return true;
  if (origin.target) {
    return origin.target->kind == rpc::Target::Kind::node && origin.target->name == parts_.self.node_id;
  }
  const std::string_view service = method.substr(0, method.find_first_of("./"));
  const auto snapshot = parts_.registry.snapshot();
  return snapshot->services.find(service) != snapshot->services.end();
}

asio::awaitable<std::string> ServiceCalls::ask_coordinator(const rpc::ParsedCall& call, const rpc::Origin& origin) {
  rpc::Outcome outcome = rpc::standard_error(Code::unreachable, "this node knows no coordinator to ask");
  bool answered = false;
  const std::string body = rpc::make_request(call.method, call.params);
  auto attempt = [&](const net::Endpoint& endpoint, const std::string& address) -> asio::awaitable<bool> {
    net::Call request;
    request.endpoint = endpoint;
    request.peer.role = pki::Role::coordinator;
    request.method = net::Method::post;
    request.target = "/rpc";
    request.timeout =
        std::max(milliseconds{1}, std::chrono::ceil<milliseconds>(origin.deadline - parts_.clock.monotonic()));
    request.connect_timeout = kCoordinatorConnectTimeout;
    request.headers.set("Content-Type", "application/json");
    request.headers.set("P2P-Timeout-Ms", std::to_string(request.timeout.count()));
    if (origin.target) request.headers.set("P2P-Target", rpc::to_text(*origin.target));
    request.body = body;
    rpc::StreamedAnswer streamed(origin.progress);
    streamed.ask(request);
    auto reply = co_await parts_.client.call(std::move(request));
    answered = reply || reply.error().sent;
    if (!reply) {
      const bool late = reply.error().error.kind() == Errc::timeout;
      outcome = rpc::standard_error(late ? Code::timeout : Code::unreachable, reply.error().error.context);
    } else {
      outcome = read_reply(streamed, std::move(*reply), address);
    }
    co_return answered;
  };
  co_await try_each(parts_.coordinators(), attempt);
  std::string out;
  if (!call.id.empty()) rpc::append_outcome(out, outcome, call.id);
  co_return out;
}

}  // namespace p2p::node
