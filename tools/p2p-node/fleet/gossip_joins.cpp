// Joins: at a worker that asks for one, and at a coordinator that first finds out whether the name is taken.
#include <utility>

#include "gossip.hpp"
#include "net/tls_words.hpp"
#include "try_each.hpp"

namespace p2p::node {

namespace asio = boost::asio;
using std::chrono::milliseconds;

namespace {

/// How long the holder of a name has to answer when another process wants to join under it.
constexpr milliseconds kProbeTimeout{500};
/// How many holders are asked before a join is put off.
constexpr int kMaxProbes = 4;
constexpr std::size_t kMaxInstanceBytes = 1024;

asio::awaitable<bool> answers_over(std::shared_ptr<membership::Link> link) {
  membership::LinkCall ping;
  ping.request = R"({"jsonrpc":"2.0","id":1,"method":"system.ping"})";
  ping.timeout_ms = static_cast<std::uint32_t>(kProbeTimeout.count());
  const auto answer = co_await link->call(std::move(ping));
  co_return answer.has_value();
}

}  // namespace

// --- at a worker ----------------------------------------------------------------------------------------------------

asio::awaitable<void> Gossip::join(std::vector<std::string> addresses) {
  const net::ExpectedPeer coordinator{std::nullopt, pki::Role::coordinator};
  auto request = membership_.join_request(now());
  reach_.prefer_answered("", addresses);
  const auto answer =
      co_await wire_.post(std::move(addresses), coordinator, "/internal/gossip/join", std::move(request));
  if (answer) reach_.note_answer("", answer->address);
  joining_ = false;
  auto held = std::exchange(held_, {});
  if (!answer && answer.error().kind() == Errc::exists) held.clear();
  take_join_answer(answer);
  for (auto& target : held) tasks_.start("gossip exchange", exchange(std::move(target)));
  pump();
}

void Gossip::take_join_answer(const Result<GossipWire::Answer>& answer) {
  if (!answer && answer.error().kind() == Errc::exists) {
    membership_.join_refused(answer.error());
    if (!joined_) hooks_.refused(answer.error());
    return;
  }
  if (!answer) {
    if (hooks_.foreign_authority && net::is_foreign_ca(answer.error())) hooks_.foreign_authority();
    return log_.warning("no coordinator took the join: {}", answer.error().context);
  }
  const auto* joined = std::get_if<membership::JoinedMessage>(&answer->message);
  if (joined == nullptr) return log_.warning("join: {} answered a join with something else", answer->address);
  const auto taken = membership_.join_answered(*joined, answer->address, now());
  if (!taken) return log_.warning("join: {}", taken.error().context);
  if (!std::exchange(joined_, true)) hooks_.joined();
}

// --- at a coordinator -----------------------------------------------------------------------------------------------

asio::awaitable<net::Response> Gossip::answer_join(Identity peer, std::string body, bool lz4) {
  const auto message = wire_.unpack(body, lz4);
  if (!message) {
    complain(peer.name, message.error());
    co_return refusal(message.error());
  }
  const auto* join = std::get_if<membership::JoinMessage>(&*message);
  if (join == nullptr) co_return net::Response::problem(400, "not a join message");
  auto decision = membership_.receive_join(peer, *join, now());
  for (int probes = 0; decision && probes < kMaxProbes; ++probes) {
    const auto* taken = std::get_if<membership::JoinProbe>(&*decision);
    if (taken == nullptr) break;
    const auto probe = *taken;
    const bool answers = co_await still_answers(probe);
    decision = membership_.finish_join(peer, *join, probe, answers, now());
  }
  pump();
  if (decision) {
    if (const auto* joined = std::get_if<membership::JoinedMessage>(&*decision)) co_return wire_.respond(*joined);
    decision = Error(Errc::limited, "other processes ask for the name " + peer.name + " all the time");
  }
  log_.warning("join of {} refused: {}", peer.name, decision.error().context);
  co_return refusal(decision.error());
}

asio::awaitable<bool> Gossip::still_answers(membership::JoinProbe probe) {
  const auto link = reach_.link_to(probe.node_id);
  if (link && co_await answers_over(link)) co_return true;
  const auto until = clock_.monotonic() + kProbeTimeout;
  auto attempt = [&](const net::Endpoint& endpoint, const std::string&) -> asio::awaitable<bool> {
    net::Call call;
    call.endpoint = endpoint;
    call.peer.node_id = probe.node_id;
    call.target = "/internal/instance";
    call.timeout = std::chrono::duration_cast<milliseconds>(until - clock_.monotonic());
    call.max_response_bytes = kMaxInstanceBytes;
    call.fresh_connection = true;
    if (call.timeout <= milliseconds{0}) co_return false;
    const auto answer = co_await client_.call(std::move(call));
    co_return answer && answer->body == std::to_string(probe.holder.instance);
  };
  if (co_await try_each(probe.holder.addresses, attempt)) co_return true;
  // One that was let in just now and cannot be dialled has opened its link meanwhile.
  const auto later = reach_.link_to(probe.node_id);
  if (later == nullptr || later == link) co_return false;
  co_return co_await answers_over(later);
}

}  // namespace p2p::node
