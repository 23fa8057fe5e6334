// The asking side of gossip: exchanges, and whether a node can be dialled.
#include <utility>

#include "gossip.hpp"
#include "try_each.hpp"

namespace p2p::node {

namespace asio = boost::asio;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds kDialBackTimeout{2'000};
/// At an address that a node has left, though it may still have it.
constexpr milliseconds kLeftTimeout{1'000};
constexpr std::size_t kMaxHealthBytes = 64 * 1024;

}  // namespace

asio::awaitable<void> Gossip::exchange(membership::ExchangeTarget target) {
  net::ExpectedPeer expected;
  if (target.node_id.empty())
    expected.role = pki::Role::coordinator;
  else
    expected.node_id = target.node_id;
  reach_.prefer_answered(target.node_id, target.addresses);
  auto exchange = membership_.begin_exchange(target.node_id, now());
  std::optional<membership::Message> request = exchange.request();
  while (request) {
    auto answer = co_await wire_.post(target.addresses, expected, "/internal/gossip/exchange", std::move(*request));
    if (!answer) {
      log_.debug("no exchange with {}: {}", target.node_id.empty() ? "a coordinator" : target.node_id,
                 answer.error().context);
      membership_.exchange_failed(target.node_id, now());
      pump();
      co_return;
    }
    target.addresses = {answer->address};
    reach_.note_answer(target.node_id, answer->address);
    auto next = exchange.take_answer(answer->message, now());
    pump();
    if (!next) {
      log_.warning("exchange with {}: {}", answer->address, next.error().context);
      co_return;
    }
    request = std::move(*next);
  }
  membership_.exchange_done(target.node_id);
  pump();
}

asio::awaitable<void> Gossip::dial_back(membership::DialBack action) {
  net::Call call;
  call.peer.node_id = action.node_id;
  call.target = "/health";
  call.timeout = kDialBackTimeout;
  call.max_response_bytes = kMaxHealthBytes;
  call.fresh_connection = true;
  auto attempt = [&](const net::Endpoint& endpoint, const std::string& address) -> asio::awaitable<bool> {
    net::Call once = call;
    once.endpoint = endpoint;
    const auto answer = co_await client_.call(std::move(once));
    if (answer) reach_.note_answer(action.node_id, address);
    co_return answer.has_value();
  };
  const bool answered = co_await try_each(action.addresses, attempt);
  membership_.dial_back_ended(action.node_id, answered, now());
  pump();
}

/// Calls under way there would wait for their time to be over.
asio::awaitable<void> Gossip::ask_at(Reach::Left left) {
  const auto endpoint = net::parse_endpoint(left.address, 0);
  if (!endpoint || !hooks_.unreachable) co_return;
  net::Call call;
  call.endpoint = *endpoint;
  call.peer.node_id = left.node_id;
  call.target = "/health";
  call.timeout = kLeftTimeout;
  call.max_response_bytes = kMaxHealthBytes;
  call.fresh_connection = true;
  const auto answer = co_await client_.call(std::move(call));
  if (answer) co_return;
  log_.debug("{} does not answer at {} any more: {}", left.node_id, left.address, answer.error().error.context);
  hooks_.unreachable(left);
}

}  // namespace p2p::node
