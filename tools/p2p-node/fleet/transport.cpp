#include "transport.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "rpc/streamed_answer.hpp"

namespace p2p::node {

namespace asio = boost::asio;
using std::chrono::milliseconds;

namespace {

/// One of several addresses may be a black hole; the next gets its turn after this long.
constexpr milliseconds kCallConnectTimeout{3'000};

milliseconds remaining(const rpc::OutgoingCall& call, const Clock& clock) {
  return std::max(milliseconds{1}, std::chrono::ceil<milliseconds>(call.deadline - clock.monotonic()));
}

rpc::TransportResult result_of(rpc::StreamedAnswer& streamed, net::Answer answer) {
  const unsigned status = answer.status;
  auto body = streamed.finish(std::move(answer));
  if (!body) return rpc::TransportError{body.error(), true};
  return rpc::TransportAnswer{status, std::move(*body)};
}

/// Whether there is another way now than those that were tried.
bool has_moved(const Place& tried, const Place& now) {
  if (now.link && now.link != tried.link) return true;
  return !now.endpoints.empty() && (tried.endpoints.empty() || now.endpoints.front() != tried.endpoints.front());
}

}  // namespace

asio::awaitable<rpc::TransportResult> Transport::send(rpc::OutgoingCall call) {
  const auto place = directory_.find(call.node_id);
  if (!place) {
    co_return rpc::TransportError{Error(Errc::not_found, "no node \"" + call.node_id + "\" in the fleet"), false};
  }
  auto sending = send_to(call, *place);
  auto result = co_await std::move(sending);
  if (result) co_return result;
  auto failed = result.error();
  const auto now = directory_.find(call.node_id);
  failed.moved = now && has_moved(*place, *now);
  co_return failed;
}

asio::awaitable<rpc::TransportResult> Transport::send_to(const rpc::OutgoingCall& call, const Place& place) {
  // An untried address may hang, so the link goes first until one of the addresses has answered.
  if (place.link && place.dialable != true) {
    auto answer = co_await over_link(call, *place.link);
    if (answer || answer.error().error.kind() != Errc::not_found) co_return answer;
    co_return co_await dial(call, place);
  }
  auto answer = co_await dial(call, place);
  if (answer || answer.error().sent || !place.link) co_return answer;
  co_return co_await over_link(call, *place.link);
}

asio::awaitable<rpc::TransportResult> Transport::dial(const rpc::OutgoingCall& call, const Place& place) {
  rpc::TransportError failed{Error(Errc::unreachable, "node \"" + call.node_id + "\" has announced no address"), false};
  for (const auto& endpoint : place.endpoints) {
    net::Call request;
    request.endpoint = endpoint;
    request.peer.node_id = call.node_id;
    request.method = net::Method::post;
    request.target = "/rpc";
    request.headers = call.headers(clock_.monotonic());
    request.body = call.request;
    request.timeout = remaining(call, clock_);
    request.connect_timeout = kCallConnectTimeout;
    request.max_response_bytes = call.max_answer_bytes;
    rpc::StreamedAnswer streamed(call.progress);
    streamed.ask(request);
    auto answer = co_await client_().call(std::move(request));
    if (answer && endpoint != place.endpoints.front()) answered_(call.node_id, endpoint.to_text());
    if (answer) co_return result_of(streamed, std::move(*answer));
    failed = {answer.error().error, answer.error().sent};
    if (failed.sent || clock_.monotonic() >= call.deadline) break;
  }
  co_return failed;
}

asio::awaitable<rpc::TransportResult> Transport::over_link(const rpc::OutgoingCall& call, membership::Link& link) {
  membership::LinkCall message;
  message.stated_caller = call.caller;
  message.request = call.request;
  if (call.progress) message.progress = std::make_shared<rpc::CheckedProgress>(call.progress);
  message.timeout_ms = static_cast<std::uint32_t>(remaining(call, clock_).count());
  auto answer = co_await link.call(std::move(message));
  if (answer && answer->size() > call.max_answer_bytes) {
    const std::string why = fmt::format("the answer is larger than {} bytes", call.max_answer_bytes);
    co_return rpc::TransportError{Error(Errc::too_large, why), true};
  }
  if (answer) co_return rpc::TransportAnswer{200, std::move(*answer)};
  const Errc kind = answer.error().kind();
  co_return rpc::TransportError{answer.error(), kind != Errc::limited && kind != Errc::not_found};
}

}  // namespace p2p::node
