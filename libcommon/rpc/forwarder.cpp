#include "rpc/forwarder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <optional>
#include <set>
#include <stdexcept>

#include "base/json.hpp"
#include "base/text.hpp"
#include "rpc/deadline.hpp"
#include "rpc/json_scan.hpp"
#include "rpc/jsonrpc.hpp"

namespace p2p::rpc {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

/// Time kept back from a broadcast's deadline, so that the entries of those who answered still reach the caller.
constexpr milliseconds kMostReserve{250};
constexpr int kReserveFraction = 10;

milliseconds remaining(Monotonic deadline, Monotonic now) {
  return std::chrono::duration_cast<milliseconds>(deadline - now);
}

Monotonic collect_by(Monotonic deadline, Monotonic now) {
  return deadline - std::clamp(remaining(deadline, now) / kReserveFraction, milliseconds(0), kMostReserve);
}

/// In a larger fleet every name is near another one, and looking at all of them takes too long.
constexpr std::size_t kMostSuggestions = 1000;

std::vector<std::string_view> node_names(const std::vector<Candidate>& members) {
  std::vector<std::string_view> out;
  if (members.size() > kMostSuggestions) return out;
  for (const Candidate& member : members) out.push_back(member.node_id);
  return out;
}

/// Each once.
std::vector<std::string_view> service_names(const std::vector<Candidate>& members) {
  std::set<std::string_view> names;
  for (const Candidate& member : members) names.insert(member.services.begin(), member.services.end());
  if (names.size() > kMostSuggestions) return {};
  return {names.begin(), names.end()};
}

RpcError no_candidate(const Target& target, const std::vector<Candidate>& members) {
  switch (target.kind) {
    case Target::Kind::node:
      return standard_error(Code::no_such_target,
                            fmt::format("no node \"{}\" in this fleet: it left or never joined{}", target.name,
                                        did_you_mean(target.name, node_names(members))));
    case Target::Kind::service: {
      const auto names = service_names(members);
      // That of a dead node is known, and is meant.
      const bool is_known = std::ranges::find(names, target.name) != names.end();
      return standard_error(Code::no_such_target, fmt::format("no live node has service \"{}\"{}", target.name,
                                                              is_known ? "" : did_you_mean(target.name, names)));
    }
    case Target::Kind::role:
    case Target::Kind::all: break;
  }
  return standard_error(Code::no_such_target, fmt::format("no live node fits \"{}\"", to_text(target)));
}

RpcError dead_node(const std::string& node_id) {
  return standard_error(Code::unreachable, fmt::format("node \"{}\" is dead", node_id));
}

RpcError draining_node(const std::string& node_id) {
  return standard_error(Code::unreachable,
                        fmt::format("node \"{}\" gets no more calls: it is being taken out of the fleet", node_id));
}

RpcError open_breaker(std::string_view where, std::string_view service) {
  return standard_error(
      Code::breaker_open,
      fmt::format("calls of service \"{}\" to {} failed repeatedly; try again in a moment", service, where));
}

RpcError too_much() {
  return standard_error(Code::service_failed, "dropped: the answers to this broadcast are too large together");
}

std::size_t bytes_of(const Outcome& outcome) {
  return outcome ? outcome->size() : outcome.error().message.size() + outcome.error().data.size();
}

RpcError transport_error(const std::string& node_id, const TransportError& failure) {
  const std::string detail = fmt::format("node \"{}\": {}", node_id, failure.error.context);
  const Errc kind = failure.error.kind();
  if (kind == Errc::limited) return standard_error(Code::overloaded, detail);
  if (!failure.sent) return standard_error(Code::unreachable, detail);
  const bool late = kind == Errc::timeout;
  return unknown_outcome(late ? standard_message(Code::timeout) : kConnectionLost, detail);
}

/// `description` is what services.describe says of a service.
bool declares_idempotent_method(const std::string& description, std::string_view method) {
  const auto service = parse_json(description);
  const Json* methods = service ? find_member(*service, "methods") : nullptr;
  if (methods == nullptr || !methods->is_array()) return false;
  for (const Json& declared : *methods) {
    const std::string* name = find_string(declared, "name");
    const Json* idempotent = find_member(declared, "idempotent");
    if (name != nullptr && *name == method) return idempotent != nullptr && *idempotent == Json(true);
  }
  return false;
}

}  // namespace

net::Headers OutgoingCall::headers(Monotonic now) const {
  net::Headers out;
  out.set("P2P-Caller", caller);
  out.set("P2P-Timeout-Ms", std::to_string(std::max<milliseconds::rep>(1, remaining(deadline, now).count())));
  out.set("Content-Type", "application/json");
  return out;
}

void throw_exception_from_error(const TransportError& failure, const boost::source_location&) {
  throw std::runtime_error(failure.error.context);
}

/// How one attempt ended, for the answer, the breaker and the retry rule.
struct Forwarder::Attempted {
  Outcome outcome{};
  bool failed = false;  ///< by the transport or a timeout, not by the service
  bool sent = true;     ///< it may have run there
  bool moved = false;   ///< the node is reached by another way now
};

/// One node of a broadcast.
struct Forwarder::Entry {
  Candidate member;
  Outcome outcome{};
  std::chrono::microseconds took{};
};

/// What the calls of one broadcast share; they take turns on one loop.
struct Forwarder::Broadcast {
  CallContext call;
  std::size_t total_bytes = 0;  ///< kept of all answers
};

namespace {

/// Begins an attempt, unless its breaker says no, and ends it in the balancer however the coroutine ends.
class Tracked {
 public:
  Tracked(std::mutex& mutex, Balancer& balancer, const Clock& clock, const std::string& node, std::string_view service)
      : mutex_(mutex), balancer_(balancer), clock_(clock) {
    const std::lock_guard lock(mutex_);
    attempt_ = balancer_.begin(node, service, clock_.monotonic());
  }
  Tracked(const Tracked&) = delete;
  Tracked& operator=(const Tracked&) = delete;
  ~Tracked() {
    if (!attempt_) return;
    const std::lock_guard lock(mutex_);
    balancer_.end(*attempt_, verdict_, clock_.monotonic());
  }
  bool begun() const { return attempt_.has_value(); }
  void ended(Verdict verdict) { verdict_ = verdict; }

 private:
  std::mutex& mutex_;
  Balancer& balancer_;
  const Clock& clock_;
  std::optional<Balancer::Attempt> attempt_;
  Verdict verdict_ = Verdict::abandoned;
};

/// So much of what is no answer says what else speaks there.
constexpr std::size_t kShownBytes = 40;

/// What the transport's answer means. `failed` and `sent` are set when it was no answer of the service.
Outcome read_answer(const std::string& node_id, const TransportAnswer& answer, bool& failed, bool& sent) {
  if (answer.status == 200) {
    if (auto parsed = parse_response(answer.body)) return std::move(*parsed);
    failed = true;
    return unknown_outcome(kUnusableAnswer, fmt::format("node \"{}\" answered something else than JSON-RPC ({})",
                                                        node_id, escape_controls(answer.body.substr(0, kShownBytes))));
  }
  const std::string detail = fmt::format("node \"{}\" answered with HTTP status {}", node_id, answer.status);
  if (answer.status == 401 || answer.status == 403) return standard_error(Code::not_permitted, detail);
  if (answer.status == 429 || answer.status == 503) {
    // Refused before it was looked at, so that another node may have it.
    sent = false;
    return standard_error(Code::overloaded, detail);
  }
  failed = true;
  return standard_error(Code::unreachable, detail);
}

asio::awaitable<Outcome> exchange(Transport& transport, OutgoingCall call, bool& failed, bool& sent, bool& moved) {
  const std::string node_id = call.node_id;
  const TransportResult result = co_await transport.send(std::move(call));
  if (result) co_return read_answer(node_id, *result, failed, sent);
  if (result.error().sent && result.error().error.kind() == Errc::too_large) {
    // It ran, and answered.
    co_return standard_error(Code::service_failed,
                             fmt::format("node \"{}\": {}", node_id, result.error().error.context));
  }
  failed = true;
  sent = result.error().sent;
  moved = result.error().moved;
  co_return transport_error(node_id, result.error());
}

}  // namespace

Forwarder::Forwarder(Self self, const ClusterView& view, Transport& transport, const Clock& clock, Random& random,
                     LogSink& log)
    : self_(std::move(self)), view_(view), transport_(transport), clock_(clock), log_(log, "Rpc"), balancer_(random) {}

asio::awaitable<Outcome> Forwarder::forward(Target target, CallContext call, std::optional<bool> idempotent,
                                            LocalCalls& here) {
  if (target.kind == Target::Kind::all) return broadcast(std::move(target), std::move(call), here);
  return forward_to_one(std::move(target), std::move(call), idempotent, here);
}

bool Forwarder::anyone_offers(std::string_view service) const {
  const auto members = view_.members();
  return std::any_of(members->begin(), members->end(), [&](const Candidate& member) {
    return std::find(member.services.begin(), member.services.end(), service) != member.services.end();
  });
}

std::optional<std::string> Forwarder::nearest_service(std::string_view service) const {
  const auto members = view_.members();
  return nearest(service, service_names(*members));
}

const Candidate* Forwarder::choose(const std::vector<const Candidate*>& candidates, std::string_view service) {
  const std::lock_guard lock(mutex_);
  return balancer_.choose(candidates, service, clock_.monotonic());
}

bool Forwarder::take_retry() {
  const std::lock_guard lock(mutex_);
  if (!balancer_.retries().take()) return false;
  ++retry_count_;
  return true;
}

asio::awaitable<Outcome> Forwarder::forward_to_one(Target target, CallContext call, std::optional<bool> idempotent,
                                                   LocalCalls& here) {
  const auto members = view_.members();
  const std::string service(service_of(call.method));
  std::vector<const Candidate*> candidates = matching(*members, target, service);
  if (candidates.empty()) co_return no_candidate(target, *members);
  {
    const std::lock_guard lock(mutex_);
    balancer_.retries().called();
  }
  Outcome last = open_breaker(to_text(target), service);
  bool may_have_run = false;
  for (std::size_t attempts = 1; attempts <= kMaxAttempts; ++attempts) {
    const Candidate* chosen = choose(candidates, service);
    if (chosen == nullptr) break;
    if (!chosen->alive) co_return dead_node(chosen->node_id);
    if (chosen->draining) co_return draining_node(chosen->node_id);
    if (may_have_run && !idempotent) {
      auto asking = declares_idempotent(chosen->node_id, call.method, call.deadline);
      idempotent = co_await std::move(asking);
    }
    if (attempts > 1 && (!may_retry(may_have_run, idempotent.value_or(false)) || !take_retry())) break;
    if (attempts > 1) log_.debug("calling {} again, at node {}", call.method, chosen->node_id);
    Attempted attempted = co_await attempt(chosen->node_id, call, here, kMaxAnswerBytes);
    // That the second node was not even reached does not make the first one's outcome known.
    if (attempted.sent || !may_have_run) last = std::move(attempted.outcome);
    if (!attempted.moved) std::erase(candidates, chosen);
    const bool over = !attempted.failed && attempted.sent;
    if (over || candidates.empty() || clock_.monotonic() >= call.deadline) break;
    may_have_run = may_have_run || attempted.sent;
  }
  co_return std::move(last);
}

/// For a service that this node has not got itself.
asio::awaitable<bool> Forwarder::declares_idempotent(std::string node_id, std::string method, Monotonic deadline) {
  if (node_id == self_.node_id) co_return false;
  auth::Caller self;
  self.identity = pki::Identity{{}, self_.role, self_.node_id};
  self.scopes = auth::Scopes::of_role(self_.role);
  const std::string params = fmt::format(R"({{"name":{}}})", encode_json_string(service_of(method)));
  OutgoingCall asking{std::move(node_id), make_request("services.describe", params), self.to_stated(), deadline};
  bool failed = false, sent = false, moved = false;
  auto exchanging = exchange(transport_, std::move(asking), failed, sent, moved);
  const Outcome described = co_await with_deadline(std::move(exchanging), deadline);
  co_return described&& declares_idempotent_method(*described, bare_method(method));
}

asio::awaitable<Forwarder::Attempted> Forwarder::attempt(std::string node_id, const CallContext& call, LocalCalls& here,
                                                         std::size_t max_answer_bytes) {
  const std::string service(service_of(call.method));
  Tracked tracked(mutex_, balancer_, clock_, node_id, service);
  Attempted result;
  if (!tracked.begun()) {
    result = {open_breaker(fmt::format("node \"{}\"", node_id), service), true, false};
    co_return result;
  }
  if (node_id == self_.node_id) {
    result.outcome = co_await here.call_here(call);
    tracked.ended(Verdict::answered);
    co_return result;
  }
  OutgoingCall outgoing{node_id, make_request(call.method, call.params), call.caller.to_stated(), call.deadline,
                        call.progress};
  outgoing.max_answer_bytes = max_answer_bytes;
  const Monotonic began = clock_.monotonic();
  auto exchanging = exchange(transport_, std::move(outgoing), result.failed, result.sent, result.moved);
  result.outcome = co_await with_deadline(std::move(exchanging), call.deadline);
  if (result.outcome.has_error() && result.outcome.error().code == Code::timeout && !result.failed) {
    // Either the deadline cut the exchange off, or the node itself said so.
    result.failed = true;
  }
  const auto state = co_await asio::this_coro::cancellation_state;
  // A caller that gives up, or gave no fair time, says nothing about the node: else it could close it to others.
  const bool given_up = state.cancelled() != asio::cancellation_type::none;
  const bool hurried = clock_.monotonic() >= call.deadline && call.deadline - began < kFairTime;
  if (!result.failed)
    tracked.ended(Verdict::answered);
  else if (!given_up && !hurried && !result.moved)
    tracked.ended(Verdict::failed);
  co_return result;
}

asio::awaitable<void> Forwarder::call_member(Entry& entry, Broadcast& all, LocalCalls& here) {
  const CallContext& call = all.call;
  const Monotonic began = clock_.monotonic();
  const std::string service(service_of(call.method));
  try {
    if (!entry.member.alive && entry.member.node_id != self_.node_id) {
      entry.outcome = dead_node(entry.member.node_id);
    } else if (choose({&entry.member}, service) == nullptr) {
      entry.outcome = open_breaker(fmt::format("node \"{}\"", entry.member.node_id), service);
    } else if (began >= call.deadline) {
      entry.outcome = standard_error(Code::timeout, "the deadline passed before the call was sent");
    } else {
      Attempted attempted = co_await attempt(entry.member.node_id, call, here, kMaxBroadcastAnswerBytes);
      entry.outcome = std::move(attempted.outcome);
    }
  } catch (const std::exception& failure) {
    entry.outcome = standard_error(Code::internal_error, failure.what());
  }
  // As it comes, so that never more is held than is passed on.
  if (all.total_bytes + bytes_of(entry.outcome) > kMaxBroadcastBytes) entry.outcome = too_much();
  all.total_bytes += bytes_of(entry.outcome);
  entry.took = std::chrono::duration_cast<std::chrono::microseconds>(clock_.monotonic() - began);
}

asio::awaitable<Outcome> Forwarder::broadcast(Target target, CallContext call, LocalCalls& here) {
  const auto members = view_.members();
  std::vector<Entry> entries;
  for (const Candidate* member : matching(*members, target, service_of(call.method))) entries.push_back({*member});
  const bool self_known = std::ranges::any_of(*members, [&](const auto& one) { return one.node_id == self_.node_id; });
  if (!self_known && (!target.role || *target.role == self_.role)) {
    entries.push_back({Candidate{self_.node_id, self_.role}});
  }
  if (entries.empty()) co_return no_candidate(target, *members);
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.member.node_id < b.member.node_id; });
  call.progress = nullptr;  // of many at once it would tell nobody anything
  call.deadline = collect_by(call.deadline, clock_.monotonic());
  Broadcast all{std::move(call)};
  std::vector<asio::awaitable<void>> tasks;
  for (Entry& entry : entries) tasks.push_back(call_member(entry, all, here));
  co_await run_bounded(std::move(tasks), kBroadcastConcurrency);

  co_return list(entries);
}

std::string Forwarder::list(const std::vector<Entry>& entries) {
  std::string out = "[";
  for (const Entry& entry : entries) {
    if (out.size() > 1) out += ',';
    out += fmt::format(R"({{"node":{},)", encode_json_string(entry.member.node_id));
    out += entry.outcome ? "\"result\":" + *entry.outcome : "\"error\":" + error_object(entry.outcome.error());
    out += fmt::format(R"(,"ms":{:.3f}}})", static_cast<double>(entry.took.count()) / 1000);
  }
  return out + ']';
}

std::vector<Balancer::OpenBreaker> Forwarder::open_breakers() const {
  const std::lock_guard lock(mutex_);
  return balancer_.open_breakers(clock_.monotonic());
}

std::size_t Forwarder::under_way(std::string_view node_id) const {
  const std::lock_guard lock(mutex_);
  return balancer_.outstanding(node_id);
}

std::uint64_t Forwarder::retry_count() const {
  const std::lock_guard lock(mutex_);
  return retry_count_;
}

}  // namespace p2p::rpc
