#include "gossip.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "base/json.hpp"
#include "membership/message_codec.hpp"
#include "membership/state_file.hpp"
#include "net/run_on.hpp"

namespace p2p::node {

namespace asio = boost::asio;
using membership::Message;
using std::chrono::milliseconds;

namespace {

constexpr auto kUse = asio::as_tuple(asio::use_awaitable);
/// A gossip request that takes longer helps nobody; the next round comes soon.
constexpr milliseconds kGossipTimeout{5'000};
constexpr milliseconds kConnectTimeout{2'000};
/// How long the holder of a name has to answer when another process wants to join under it.
constexpr milliseconds kProbeTimeout{500};
/// A peer that sends nonsense is mentioned this often.
constexpr std::chrono::seconds kComplaintInterval{30};
constexpr std::size_t kMaxHealthBytes = 64 * 1024;
constexpr char kCborType[] = "application/cbor";
constexpr char kLz4[] = "lz4";
/// The first bytes of an LZ4 frame; no CBOR map begins so.
constexpr std::string_view kLz4Magic{"\x04\x22\x4d\x18", 4};

bool is_lz4(const net::Headers& headers) { return headers.get("Content-Encoding") == kLz4; }

/// What is wrong with a peer's message is the peer's mistake, not ours.
net::Response refusal(const Error& error) {
  switch (error.kind()) {
    case Errc::damaged: return net::Response::problem(400, error.context);
    case Errc::exists: return net::Response::problem(409, error.context);
    default: return net::Response::problem(error);
  }
}

/// Puts `first` in front of the list, where it is in it.
void prefer(std::vector<std::string>& addresses, const std::string& first) {
  const auto at = std::find(addresses.begin(), addresses.end(), first);
  if (at != addresses.end()) std::rotate(addresses.begin(), at, at + 1);
}

}  // namespace

Gossip::Gossip(asio::io_context& control, membership::Membership& membership, net::TaskGroup& tasks,
               net::Client& client, Directory& directory, membership::CompressionSettings compression,
               GossipHooks hooks, const Clock& clock, LogSink& log)
    : control_(control),
      membership_(membership),
      tasks_(tasks),
      client_(client),
      directory_(directory),
      compression_(compression),
      hooks_(std::move(hooks)),
      clock_(clock),
      log_(log, "Gossip"),
      wakeup_(control, Monotonic::max()) {
  publish();
}

asio::awaitable<void> Gossip::run() {
  if (membership_.role() == pki::Role::coordinator) {
    joined_ = true;
    hooks_.joined();
  }
  for (;;) {
    membership_.tick(now());
    pump();
    wakeup_.expires_at(membership_.next_wakeup());
    // pump() ends the wait early; a cancellation of this task ends the next one with an exception.
    co_await wakeup_.async_wait(kUse);
  }
}

void Gossip::pump() {
  auto actions = membership_.take_actions();
  for (const auto& event : actions.events) log_.log(event.level, "{}", event.text);
  for (const auto& action : actions.pushes) push(action);
  if (actions.join && !std::exchange(joining_, true)) tasks_.start("join", join(std::move(*actions.join)));
  for (auto& target : actions.exchanges) {
    // Before the answer to the first join nobody may hear of us: another process may have our name.
    if (joining_ && !joined_) {
      held_.push_back(std::move(target));
    } else {
      tasks_.start("gossip exchange", exchange(std::move(target)));
    }
  }
  for (auto& action : actions.dial_backs) tasks_.start("dial back", dial_back(std::move(action)));
  if (actions.save_state) save_soon();
  publish();
  if (membership_.next_wakeup() < wakeup_.expiry()) wakeup_.cancel();
}

void Gossip::publish() {
  const auto view = membership_.view();
  if (view == published_ && !links_changed_) return;
  links_changed_ = false;
  dirty_ = true;
  {
    const std::lock_guard lock(view_mutex_);
    published_ = view;
  }
  std::vector<rpc::Candidate> members;
  Directory::Places places;
  for (const auto& node : view->nodes) {
    using membership::NodeStatus;
    rpc::Candidate member;
    member.node_id = node.node_id();
    member.role = node.role;
    member.alive = node.status == NodeStatus::alive || node.status == NodeStatus::suspected;
    for (const auto& service : node.record->services) member.services.push_back(service.name);
    if (node.status != NodeStatus::left) members.push_back(std::move(member));

    Place place;
    auto addresses = node.record->addresses;
    if (const auto found = answered_at_.find(node.node_id()); found != answered_at_.end()) {
      prefer(addresses, found->second);
    }
    for (const auto& address : addresses) {
      if (auto endpoint = net::parse_endpoint(address, 0)) place.endpoints.push_back(std::move(*endpoint));
    }
    place.dialable = node.dialable;
    if (const auto found = links_.find(node.node_id()); found != links_.end()) place.link = found->second;
    places.emplace(node.node_id(), std::move(place));
  }
  directory_.publish(std::move(members), std::move(places));
}

membership::ClusterViewPtr Gossip::view() const {
  const std::lock_guard lock(view_mutex_);
  return published_;
}

// --- messages -------------------------------------------------------------------------------------------------------

membership::Packed Gossip::pack(const Message& message) {
  Bytes content = membership::encode_message(message);
  traffic_.raw_bytes += content.size();
  auto packed = membership::pack(std::move(content), compression_);
  traffic_.wire_bytes += packed.body.size();
  ++traffic_.messages;
  return packed;
}

Result<Message> Gossip::unpack(std::string_view body, bool lz4) {
  traffic_.wire_bytes += body.size();
  ++traffic_.messages;
  if (!lz4) {
    traffic_.raw_bytes += body.size();
    return membership::decode_message(as_bytes(body));
  }
  const auto content = membership::decompress_lz4(as_bytes(body), membership::kMaxMessageBytes);
  if (!content) return content.error();
  traffic_.raw_bytes += content->size();
  return membership::decode_message(*content);
}

asio::awaitable<Result<Message>> Gossip::post(std::vector<std::string> addresses, net::ExpectedPeer peer,
                                              std::string target, Message message, std::string& answered_by) {
  const auto packed = pack(message);
  Error failed(Errc::unreachable, "no address to reach it at");
  for (const auto& address : addresses) {
    const auto endpoint = net::parse_endpoint(address, 0);
    if (!endpoint) continue;
    net::Call call;
    call.endpoint = *endpoint;
    call.peer = peer;
    call.method = net::Method::post;
    call.target = target;
    call.headers.set("Content-Type", kCborType);
    if (packed.is_lz4) call.headers.set("Content-Encoding", kLz4);
    call.body = to_text(packed.body);
    call.timeout = kGossipTimeout;
    call.connect_timeout = kConnectTimeout;
    call.max_response_bytes = membership::kMaxMessageBytes;
    auto answer = co_await client_.call(std::move(call));
    if (!answer) {
      failed = answer.error().error;
      continue;
    }
    answered_by = address;
    if (answer->status == 200) co_return unpack(answer->body, is_lz4(answer->headers));
    const auto problem = parse_json(answer->body);
    const std::string* detail = problem ? find_string(*problem, "detail") : nullptr;
    if (answer->status >= 500) {
      failed = Error(Errc::unreachable, fmt::format("{} answered with status {}", address, answer->status));
      continue;
    }
    const Errc kind = answer->status == 409 ? Errc::exists : answer->status == 403 ? Errc::not_permitted : Errc::failed;
    co_return Error(kind,
                    detail != nullptr ? *detail : fmt::format("{} answered with status {}", address, answer->status));
  }
  co_return failed;
}

net::Response Gossip::respond(const Message& message) {
  const auto packed = pack(message);
  net::Response response;
  response.content_type = kCborType;
  response.body = to_text(packed.body);
  if (packed.is_lz4) response.headers.set("Content-Encoding", kLz4);
  return response;
}

// --- the asking side ------------------------------------------------------------------------------------------------

asio::awaitable<void> Gossip::exchange(membership::ExchangeTarget target) {
  net::ExpectedPeer expected;
  if (target.node_id.empty())
    expected.role = pki::Role::coordinator;
  else
    expected.node_id = target.node_id;
  if (const auto found = answered_at_.find(target.node_id); found != answered_at_.end()) {
    prefer(target.addresses, found->second);
  }
  auto exchange = membership_.begin_exchange(target.node_id, now());
  std::optional<Message> request = exchange.request();
  while (request) {
    std::string answered_by;
    auto answer =
        co_await post(target.addresses, expected, "/internal/gossip/exchange", std::move(*request), answered_by);
    if (!answer) {
      log_.debug("no exchange with {}: {}", target.node_id.empty() ? "a coordinator" : target.node_id,
                 answer.error().context);
      membership_.exchange_failed(target.node_id, now());
      pump();
      co_return;
    }
    target.addresses = {answered_by};
    if (!target.node_id.empty()) answered_at_[target.node_id] = answered_by;
    auto next = exchange.take_answer(*answer, now());
    pump();
    if (!next) {
      log_.warning("exchange with {}: {}", answered_by, next.error().context);
      co_return;
    }
    request = std::move(*next);
  }
  membership_.exchange_done(target.node_id);
  pump();
}

asio::awaitable<void> Gossip::join(std::vector<std::string> addresses) {
  const net::ExpectedPeer coordinator{std::nullopt, pki::Role::coordinator};
  std::string answered_by;
  auto answer =
      co_await post(addresses, coordinator, "/internal/gossip/join", membership_.join_request(now()), answered_by);
  joining_ = false;
  auto held = std::exchange(held_, {});
  if (!answer) {
    if (answer.error().kind() == Errc::exists) {
      held.clear();
      membership_.join_refused(answer.error());
      if (!joined_) hooks_.refused(answer.error());
    } else {
      log_.warning("no coordinator took the join: {}", answer.error().context);
    }
    for (auto& target : held) tasks_.start("gossip exchange", exchange(std::move(target)));
    pump();
    co_return;
  }
  const auto* joined = std::get_if<membership::JoinedMessage>(&*answer);
  const auto taken = joined != nullptr
                         ? membership_.join_answered(*joined, answered_by, now())
                         : Result<void>(Error(Errc::damaged, answered_by + " answered a join with something else"));
  if (!taken) {
    log_.warning("join: {}", taken.error().context);
  } else if (!joined_) {
    joined_ = true;
    hooks_.joined();
  }
  for (auto& target : held) tasks_.start("gossip exchange", exchange(std::move(target)));
  pump();
}

asio::awaitable<void> Gossip::dial_back(membership::DialBack action) {
  bool answered = false;
  for (const auto& address : action.addresses) {
    const auto endpoint = net::parse_endpoint(address, 0);
    if (!endpoint) continue;
    net::Call call;
    call.endpoint = *endpoint;
    call.peer.node_id = action.node_id;
    call.target = "/health";
    call.timeout = kConnectTimeout;
    call.max_response_bytes = kMaxHealthBytes;
    call.fresh_connection = true;
    const auto answer = co_await client_.call(std::move(call));
    if (answer) {
      answered = true;
      answered_at_[action.node_id] = address;
      break;
    }
  }
  membership_.dial_back_ended(action.node_id, answered, now());
  links_changed_ = true;
  pump();
}

void Gossip::push(const membership::PushTo& action) {
  const auto packed = pack(*action.message);
  const auto payload = as_text(packed.body);
  for (const auto& node_id : action.links) {
    const auto found = links_.find(node_id);
    if (found != links_.end()) found->second->send(membership::FrameKind::records, payload);
  }
}

// --- the answering side ---------------------------------------------------------------------------------------------

void Gossip::add_routes(net::Router& router) {
  const auto add = [&](net::Method method, std::string path, net::Handler handler) {
    net::Route route;
    route.method = method;
    route.pattern = std::move(path);
    route.permission = auth::Permission::node;
    route.limit_class = net::LimitClass::none;
    route.handler = std::move(handler);
    route.max_body_bytes = membership::kMaxMessageBytes;
    router.add(std::move(route));
  };
  add(net::Method::post, "/internal/gossip/exchange", [this](net::Request& request) -> asio::awaitable<net::Response> {
    auto task = answer_exchange(*request.caller.identity, std::move(request.body), is_lz4(request.headers));
    co_return co_await asio::co_spawn(control_, std::move(task), asio::use_awaitable);
  });
  add(net::Method::post, "/internal/gossip/join", [this](net::Request& request) -> asio::awaitable<net::Response> {
    auto task = answer_join(*request.caller.identity, std::move(request.body), is_lz4(request.headers));
    co_return co_await asio::co_spawn(control_, std::move(task), asio::use_awaitable);
  });
  // Which process this is: tells a restarted node from a second one with the same name.
  const std::string instance = std::to_string(membership_.self().instance);
  add(net::Method::get, "/internal/instance",
      [instance](net::Request&) -> asio::awaitable<net::Response> { co_return net::Response::text(instance); });
}

asio::awaitable<net::Response> Gossip::answer_exchange(Identity peer, std::string body, bool lz4) {
  const auto message = unpack(body, lz4);
  if (!message) {
    complain(peer.name, message.error());
    co_return refusal(message.error());
  }
  const auto answer = membership_.receive(peer, *message, now());
  pump();
  co_return answer ? respond(*answer) : refusal(answer.error());
}

void Gossip::complain(const std::string& peer, const Error& error) {
  auto& quiet_until = complained_[peer];
  if (clock_.monotonic() < quiet_until) return;
  quiet_until = clock_.monotonic() + kComplaintInterval;
  log_.warning("an unusable gossip message from {}: {}", peer, error.context);
}

asio::awaitable<net::Response> Gossip::answer_join(Identity peer, std::string body, bool lz4) {
  const auto message = unpack(body, lz4);
  if (!message) {
    complain(peer.name, message.error());
    co_return refusal(message.error());
  }
  const auto* join = std::get_if<membership::JoinMessage>(&*message);
  if (join == nullptr) co_return net::Response::problem(400, "not a join message");
  auto decision = membership_.receive_join(peer, *join, now());
  pump();
  if (!decision) {
    log_.warning("join of {} refused: {}", peer.name, decision.error().context);
    co_return refusal(decision.error());
  }
  if (const auto* joined = std::get_if<membership::JoinedMessage>(&*decision)) co_return respond(*joined);
  const bool old_one_answers = co_await answers_as(std::get<membership::JoinProbe>(*decision));
  const auto joined = membership_.finish_join(peer, *join, old_one_answers, now());
  pump();
  if (joined) co_return respond(*joined);
  log_.warning("join of {} refused: {}", peer.name, joined.error().context);
  co_return refusal(joined.error());
}

asio::awaitable<bool> Gossip::answers_as(membership::JoinProbe probe) {
  if (const auto found = links_.find(probe.node_id); probe.linked && found != links_.end()) {
    membership::LinkCall ping;
    ping.request = R"({"jsonrpc":"2.0","id":1,"method":"system.ping"})";
    ping.timeout_ms = static_cast<std::uint32_t>(kProbeTimeout.count());
    const auto link = found->second;
    if (co_await link->call(std::move(ping))) co_return true;
  }
  const auto until = clock_.monotonic() + kProbeTimeout;
  for (const auto& address : probe.old_addresses) {
    const auto endpoint = net::parse_endpoint(address, 0);
    const auto left = std::chrono::duration_cast<milliseconds>(until - clock_.monotonic());
    if (!endpoint || left <= milliseconds{0}) continue;
    net::Call call;
    call.endpoint = *endpoint;
    call.peer.node_id = probe.node_id;
    call.target = "/internal/instance";
    call.timeout = left;
    call.max_response_bytes = kMaxHealthBytes;
    call.fresh_connection = true;
    const auto answer = co_await client_.call(std::move(call));
    if (answer && answer->body == std::to_string(probe.instance)) co_return true;
  }
  co_return false;
}

void Gossip::receive_push(const Identity& peer, std::string payload) {
  const auto message = unpack(payload, payload.starts_with(kLz4Magic));
  const auto* push = message ? std::get_if<membership::PushMessage>(&*message) : nullptr;
  if (push == nullptr) {
    complain(peer.name, message ? Error(Errc::invalid, "a push that is another message") : message.error());
    return;
  }
  if (const auto taken = membership_.receive_push(peer, *push, now()); !taken) {
    log_.warning("push from {}: {}", peer.name, taken.error().context);
  }
  pump();
}

// --- links ----------------------------------------------------------------------------------------------------------

void Gossip::link_opened(const std::string& node_id, std::shared_ptr<membership::Link> link) {
  auto& place = links_[node_id];
  if (place) place->close("a newer link has taken its place");
  place = std::move(link);
  links_changed_ = true;
  membership_.link_up(node_id, now());
  pump();
}

void Gossip::link_closed(const std::string& node_id, const membership::Link* link) {
  const auto found = links_.find(node_id);
  if (found == links_.end() || found->second.get() != link) return;
  links_.erase(found);
  links_changed_ = true;
  membership_.link_down(node_id, now());
  pump();
}

// --- state and farewell ---------------------------------------------------------------------------------------------

void Gossip::save_soon() {
  save_wanted_ = true;
  if (!saving_) tasks_.start("save gossip state", save_loop());
}

asio::awaitable<void> Gossip::save_loop() {
  if (saving_) co_return;
  saving_ = true;
  const auto done = std::shared_ptr<void>(nullptr, [this](void*) { saving_ = false; });
  while (std::exchange(save_wanted_, false)) co_await save_now();
}

asio::awaitable<void> Gossip::save_now() {
  dirty_ = false;
  auto text = membership::encode_state(membership_.saved_state(), membership_.self().node_id);
  const auto saved = co_await hooks_.save(std::move(text));
  if (saved) co_return;
  dirty_ = true;
  log_.error("the gossip state could not be saved: {}", saved.error().context);
}

asio::awaitable<void> Gossip::autosave(milliseconds interval) {
  asio::steady_timer timer(control_);
  for (;;) {
    timer.expires_after(interval);
    const auto [failed] = co_await timer.async_wait(kUse);
    if (failed) co_return;
    if (dirty_) save_soon();
  }
}

asio::awaitable<void> Gossip::leave(milliseconds grace) {
  membership_.leave(now());
  auto actions = membership_.take_actions();
  for (const auto& event : actions.events) log_.log(event.level, "{}", event.text);
  for (const auto& action : actions.pushes) push(action);
  net::TaskGroup farewells(control_.get_executor(), log_.sink());
  for (auto& target : actions.exchanges) farewells.start("goodbye", exchange(std::move(target)));
  co_await farewells.wait(grace);
  co_await farewells.stop(milliseconds{100});
}

}  // namespace p2p::node
