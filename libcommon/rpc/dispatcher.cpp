#include "rpc/dispatcher.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <charconv>

#include "base/audit.hpp"
#include "base/text.hpp"
#include "net/event_stream.hpp"
#include "rpc/call_stream.hpp"
#include "rpc/deadline.hpp"
#include "rpc/json_scan.hpp"
#include "rpc/schema.hpp"

namespace p2p::rpc {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// `service/method` is accepted as `service.method`.
std::string canonical(std::string method) {
  if (const auto slash = method.find('/'); slash != std::string::npos) method[slash] = '.';
  return method;
}

/// A longer name is no slip of the finger, and comparing it takes time.
constexpr std::size_t kMaxMeantBytes = 128;

constexpr std::size_t kMaxLoggedFailure = 1'000;

constexpr std::size_t kMaxAuditedName = 128, kMaxAuditedParams = 256;

/// `; did you mean …?` with a method of this node, else the same method of another node's service.
std::string meant_method(const std::string& method, const RegistrySnapshot& here, const Forwarder* forwarder) {
  if (method.size() > kMaxMeantBytes) return {};
  std::vector<std::string> names;
  for (const auto& [name, known] : here.methods) names.push_back(name);
  const std::string_view service = service_of(method);
  if (forwarder != nullptr) {
    if (const auto near = forwarder->nearest_service(service)) names.push_back(*near + method.substr(service.size()));
  }
  std::sort(names.begin(), names.end());  // of equally near ones always the same
  return did_you_mean(method, std::vector<std::string_view>(names.begin(), names.end()));
}

RpcError unknown_method(const std::string& method, const std::string& node, const RegistrySnapshot& here) {
  return standard_error(Code::method_not_found, fmt::format("no method \"{}\" on node \"{}\"{}", method, node,
                                                            meant_method(method, here, nullptr)));
}

boost::system::result<Monotonic, RpcError> read_deadline(const net::Request& request, Monotonic now) {
  if (!request.headers.has("P2P-Timeout-Ms")) {
    return request.deadline > now ? request.deadline : now + kDefaultTimeout;
  }
  const std::string_view text = request.headers.get("P2P-Timeout-Ms");
  milliseconds::rep count = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (failure != std::errc() || end != text.data() + text.size() || count < 1 || count > kMaxTimeout.count()) {
    return standard_error(Code::invalid_request,
                          fmt::format("P2P-Timeout-Ms must be 1 to {} milliseconds", kMaxTimeout.count()));
  }
  return now + milliseconds(count);
}

boost::system::result<std::optional<Target>, RpcError> read_target(const net::Request& request) {
  const std::string header(request.headers.get("P2P-Target"));
  const std::string query = request.query_parameter("target").value_or("");
  if (!header.empty() && !query.empty() && header != query) {
    return standard_error(Code::invalid_request, "P2P-Target and ?target= name different targets");
  }
  const std::string& text = header.empty() ? query : header;
  if (text.empty()) return std::optional<Target>();
  auto target = parse_target(text);
  if (!target) return standard_error(Code::invalid_request, target.error().context);
  return std::optional<Target>(std::move(*target));
}

Result<void> check_params(const Method& method, const std::string& params) {
  if (!method.params) return {};
  const auto value = parse_params(params);
  if (!value) return value.error();
  return method.params->check(*value);
}

void count(std::atomic<std::uint64_t>& calls) { calls.fetch_add(1, std::memory_order_relaxed); }

std::string too_many_requests() {
  std::string out;
  append_error(out, standard_error(Code::overloaded, "too many requests"), {});
  return out;
}

/// Of a call that ran. Whether its failure is one to tell of: of many that follow each other, one is.
bool count_ending(const Method& method, const Outcome& outcome, Monotonic begun) {
  CallCounts& counts = *method.counts;
  if (outcome.has_error() && is_callers_mistake(outcome.error().code)) {
    count(counts.refused);
    return false;
  }
  const Monotonic now = steady_clock::now();
  count(outcome.has_value() ? counts.done : counts.failed);
  counts.latency.add(now - begun);
  return outcome.has_error() && counts.last_failure.note(outcome.error(), now);
}

/// More time from the caller would not have helped.
RpcError ended_by_its_limit(const Method& method) {
  return standard_error(Code::timeout, fmt::format("method \"{}\" may take {} and was ended; the outcome is unknown",
                                                   method.name, format_duration(method.timeout)));
}

/// As they are meant, however they were written, so that none hides what it changes.
std::string audited_params(std::string_view params) {
  const auto parsed = parse_json(params);
  const std::string meant = parsed ? dump_json(*parsed) : std::string(params);
  // Cut first: what is left of a character that is cut in two is escaped.
  return escape_controls(meant.substr(0, kMaxAuditedParams)) + (meant.size() > kMaxAuditedParams ? "…" : "");
}

/// Null for one of a service of the user's, or one that is not known here: what it does nobody knows.
const Method* find_builtin(std::string_view method, const RegistrySnapshot& snapshot) {
  const auto service = snapshot.services.find(service_of(method));
  return service != snapshot.services.end() && service->second->builtin ? snapshot.find(method) : nullptr;
}

/// Only reading is none. That a method of a service may be called twice does not say that it changes nothing.
bool is_change(const Method* builtin) {
  if (builtin == nullptr) return true;
  switch (builtin->permission) {
    case auth::Permission::services_control:
    case auth::Permission::logs_clear:
    case auth::Permission::certs_manage:
    case auth::Permission::admin: return true;
    default: return !builtin->idempotent;
  }
}

/// The id is not known: the limit is looked at before the body.
net::Response say_overloaded(const net::Request&) { return net::Response::json(too_many_requests(), 429); }

bool is_coordinator(const auth::Caller& caller) {
  return caller.over_p2p && caller.identity && caller.identity->role == pki::Role::coordinator;
}

/// The client wants to hear of progress, and the call is one that can have some.
bool wants_stream(const net::Request& request, const Origin& origin) {
  const std::string_view accepted = request.headers.get("Accept");
  if (accepted.empty() || !net::names_event_stream(accepted)) return false;
  return !origin.target || origin.target->kind != Target::Kind::all;
}

}  // namespace

boost::system::result<Origin, RpcError> read_origin(net::Request& request, Monotonic now) {
  Origin origin;
  auto deadline = read_deadline(request, now);
  if (!deadline) return deadline.error();
  origin.deadline = request.deadline = *deadline;
  auto target = read_target(request);
  if (!target) return target.error();
  origin.target = std::move(*target);
  if (!request.headers.has("P2P-Caller")) {
    origin.caller = request.caller;
    return origin;
  }
  if (!is_coordinator(request.caller)) {
    return standard_error(Code::not_permitted, "only a coordinator may state another caller (P2P-Caller)");
  }
  auto stated = auth::parse_stated_caller(request.headers.get("P2P-Caller"));
  if (!stated) return standard_error(Code::invalid_request, stated.error().context);
  origin.caller = std::move(*stated);
  origin.final = true;
  return origin;
}

Dispatcher::Dispatcher(Self self, const Registry& registry, Forwarder* forwarder, LogSink& log, CallLimiter limit)
    : self_(std::move(self)), registry_(registry), forwarder_(forwarder), log_(log, "Rpc"), limit_(std::move(limit)) {}

void Dispatcher::add_routes(net::Router& router) {
  net::Route calls;
  calls.method = net::Method::post;
  calls.pattern = "/rpc";
  calls.permission = auth::Permission::authenticated;
  calls.limit_class = net::LimitClass::rpc;
  calls.over_limit = say_overloaded;
  calls.handler = [this](net::Request& request) { return handle(request); };
  net::Route one = calls;
  one.pattern = "/rpc/{service}/{method}";
  one.handler = [this](net::Request& request) { return handle_method(request); };
  router.add(std::move(calls));
  router.add(std::move(one));
}

asio::awaitable<net::Response> Dispatcher::handle(net::Request& request) {
  auto origin = read_origin(request, steady_clock::now());
  std::string body;
  if (!origin) {
    append_error(body, origin.error(), {});
  } else {
    const ParsedRequest parsed = parse_request(request.body);
    if (limit_ && parsed.calls.size() > 1) {
      const auto wait = limit_(request.caller, parsed.calls.size(), 1);
      if (wait) co_return net::over_limit(request, say_overloaded, *wait);
    }
    const bool one_call = !parsed.error && !parsed.batch && parsed.calls.front().wants_answer();
    if (one_call && wants_stream(request, *origin)) co_return stream(parsed.calls.front(), std::move(*origin));
    body = co_await answer_parsed(parsed, *origin);
  }
  net::Response response = net::Response::json(std::move(body));
  if (response.body.empty()) {
    response.status = 204;
    response.content_type.clear();
  }
  co_return response;
}

asio::awaitable<net::Response> Dispatcher::handle_method(net::Request& request) {
  auto origin = read_origin(request, steady_clock::now());
  ParsedCall parsed;
  parsed.method = request.captured.at(0) + '.' + request.captured.at(1);
  parsed.params = trim(request.body);
  const std::string flaw = parsed.params.empty() ? std::string() : check_json(parsed.params);
  std::string body;
  if (!origin) {
    append_error(body, origin.error(), {});
  } else if (!flaw.empty()) {
    append_error(body, standard_error(Code::parse_error, flaw), {});
  } else if (!parsed.params.empty() && parsed.params.front() != '{' && parsed.params.front() != '[') {
    append_error(body, standard_error(Code::invalid_params, "the body must be an array or an object"), {});
  } else if (wants_stream(request, *origin)) {
    co_return stream(std::move(parsed), std::move(*origin));
  } else {
    const Outcome outcome = co_await call(parsed, *origin);
    append_outcome(body, outcome, {});
  }
  co_return net::Response::json(std::move(body));
}

net::Response Dispatcher::stream(ParsedCall parsed, Origin origin) {
  net::Response response;
  response.content_type = net::kEventStreamType;
  std::string id(parsed.id);
  auto work = [this, parsed = std::move(parsed), origin = std::move(origin)](ProgressSinkPtr progress) mutable {
    origin.progress = std::move(progress);
    return call(parsed, origin);
  };
  response.streamed = std::make_shared<CallStream>(std::move(work), std::move(id));
  return response;
}

asio::awaitable<std::string> Dispatcher::answer(std::string_view text, const Origin& origin,
                                                const auth::Caller* charged) {
  const ParsedRequest request = parse_request(text);
  if (limit_ && charged != nullptr && limit_(*charged, std::max<std::size_t>(1, request.calls.size()), 0)) {
    co_return too_many_requests();
  }
  co_return co_await answer_parsed(request, origin);
}

asio::awaitable<std::string> Dispatcher::answer_parsed(const ParsedRequest& request, const Origin& origin) {
  std::string out;
  if (request.error) {
    append_error(out, *request.error, {});
  } else if (request.batch) {
    out = co_await answer_batch(request, origin);
  } else {
    const ParsedCall& only = request.calls.front();
    const Outcome outcome = co_await call(only, origin);
    if (only.wants_answer()) append_outcome(out, outcome, only.id);
  }
  co_return out;
}

asio::awaitable<void> Dispatcher::answer_element(const ParsedCall& parsed, const Origin& origin, std::string& out,
                                                 std::size_t& total_bytes) {
  Outcome outcome = standard_error(Code::internal_error, "the call was cancelled");
  try {
    outcome = co_await call(parsed, origin);
  } catch (const std::exception&) {
    // Only cancellation gets here, and then nobody reads the answer.
  }
  if (!parsed.wants_answer()) co_return;
  if (outcome && total_bytes + outcome->size() > kMaxBatchAnswerBytes) {
    outcome = standard_error(Code::service_failed, "dropped: the answers to this batch are too large together");
  }
  append_outcome(out, outcome, parsed.id);
  total_bytes += out.size();
}

asio::awaitable<std::string> Dispatcher::answer_batch(const ParsedRequest& request, const Origin& origin) {
  std::vector<std::string> answers(request.calls.size());
  std::size_t total_bytes = 0;
  std::vector<asio::awaitable<void>> tasks;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    tasks.push_back(answer_element(request.calls[i], origin, answers[i], total_bytes));
  }
  co_await run_bounded(std::move(tasks), kBatchConcurrency);
  std::string out;
  for (const std::string& answer : answers) {
    if (answer.empty()) continue;
    out += out.empty() ? '[' : ',';
    out += answer;
  }
  if (!out.empty()) out += ']';
  co_return out;
}

asio::awaitable<Outcome> Dispatcher::call(const ParsedCall& parsed, const Origin& origin) {
  if (!origin.caller.is_session() || origin.final) return call_unaudited(parsed, origin);
  const auto snapshot = registry_.snapshot();
  const Method* builtin = find_builtin(canonical(parsed.method), *snapshot);
  if (!is_change(builtin)) return call_unaudited(parsed, origin);
  // The parameters of a service of the user's may hold a secret.
  return call_audited(parsed, origin, builtin != nullptr ? parsed.params : std::string_view());
}

asio::awaitable<Outcome> Dispatcher::call_audited(const ParsedCall& parsed, const Origin& origin,
                                                  std::string_view shown_params) {
  std::string what = escape_controls(parsed.method.substr(0, kMaxAuditedName));
  if (!shown_params.empty()) what += " " + audited_params(shown_params);
  if (origin.target) what += " on " + to_text(*origin.target);
  const std::string who = fmt::format("{} ({})", auth::caller_name(origin.caller), origin.caller.token_id);
  audit(log_.sink(), fmt::format("{} calls {}", who, what));
  const auto record_trouble = [&](std::string_view trouble) {
    audit(log_.sink(), fmt::format("{} called {}: {}", who, what, trouble));
  };
  try {
    auto calling = call_unaudited(parsed, origin);
    Outcome outcome = co_await std::move(calling);
    if (!outcome) record_trouble(escape_controls(outcome.error().message));
    co_return outcome;
  } catch (const boost::system::system_error&) {
    record_trouble("the page hung up; the outcome is unknown");
    throw;
  }
}

asio::awaitable<Outcome> Dispatcher::call_unaudited(const ParsedCall& parsed, const Origin& origin) {
  if (!parsed.flaw.empty()) co_return standard_error(Code::invalid_request, parsed.flaw);
  CallContext context{origin.caller, canonical(parsed.method), std::string(parsed.params), origin.deadline,
                      origin.progress};
  const auto snapshot = registry_.snapshot();
  const Method* known = snapshot->find(context.method);
  const std::string_view service = service_of(context.method);
  if (is_here(origin, service, *snapshot)) {
    if (known == nullptr) co_return unknown_method(context.method, self_.node_id, *snapshot);
    co_return co_await run(*known, std::move(context));
  }
  if (forwarder_ == nullptr || origin.final) co_return refuse_to_forward(origin, context.method);
  if (!origin.target && !forwarder_->anyone_offers(service)) {
    co_return standard_error(Code::method_not_found, fmt::format("no method \"{}\" in this fleet{}", context.method,
                                                                 meant_method(context.method, *snapshot, forwarder_)));
  }
  Target target = origin.target ? *origin.target : Target{Target::Kind::service, std::string(service)};
  const auto idempotent = known != nullptr ? std::optional(known->idempotent) : std::nullopt;
  co_return co_await forwarder_->forward(std::move(target), std::move(context), idempotent, *this);
}

RpcError Dispatcher::refuse_to_forward(const Origin& origin, const std::string& method) const {
  if (!origin.target) return unknown_method(method, self_.node_id, *registry_.snapshot());
  const std::string why = origin.final ? fmt::format(
                                             "a call passed on to node \"{}\" names target \"{}\"; calls are passed "
                                             "on only once",
                                             self_.node_id, to_text(*origin.target))
                                       : fmt::format(
                                             "node \"{}\" is a worker and passes nothing on; ask a coordinator for "
                                             "\"{}\"",
                                             self_.node_id, to_text(*origin.target));
  return standard_error(Code::no_such_target, why);
}

bool Dispatcher::is_here(const Origin& origin, std::string_view service, const RegistrySnapshot& snapshot) const {
  const bool alone = forwarder_ == nullptr || origin.final;
  const auto has = [&](std::string_view name) { return snapshot.services.find(name) != snapshot.services.end(); };
  if (!origin.target) return alone || has(service);
  switch (origin.target->kind) {
    case Target::Kind::node: return origin.target->name == self_.node_id;
    case Target::Kind::service: return alone && has(origin.target->name);
    case Target::Kind::role: return alone && origin.target->role == self_.role;
    case Target::Kind::all: return false;
  }
  return false;
}

asio::awaitable<Outcome> Dispatcher::call_here(CallContext context) {
  const auto snapshot = registry_.snapshot();
  const Method* known = snapshot->find(context.method);
  if (known == nullptr) co_return unknown_method(context.method, self_.node_id, *snapshot);
  co_return co_await run(*known, std::move(context));
}

/// The log has it where the lines of the service are, also long after the counters have forgotten it.
void Dispatcher::end(const Method& method, const Outcome& outcome, Monotonic begun) const {
  if (!count_ending(method, outcome, begun) || !log_.sink().enabled(LogLevel::warning)) return;
  const RpcError& error = outcome.error();
  const std::string more = error.data.empty() ? "" : ": " + error.data;
  log_.sink().write(LogLevel::warning, fmt::format("Service.{}", service_of(method.name)),
                    fmt::format("method {} failed: {}", bare_method(method.name),
                                escape_controls((error.message + more).substr(0, kMaxLoggedFailure))));
}

asio::awaitable<Outcome> Dispatcher::run(const Method& method, CallContext context) {
  if (auto allowed = auth::require(context.caller, method.permission); !allowed) {
    count(method.counts->refused);
    co_return standard_error(Code::not_permitted, allowed.error().context);
  }
  if (auto fits = check_params(method, context.params); !fits) {
    count(method.counts->refused);
    co_return standard_error(Code::invalid_params, fits.error().context);
  }
  std::string failure;
  const Monotonic begun = steady_clock::now();
  try {
    if (method.immediate) {
      Outcome outcome = co_await method.handler(std::move(context));
      end(method, outcome, begun);
      co_return outcome;
    }
    if (context.deadline <= begun) {
      count(method.counts->cancelled);
      co_return standard_error(Code::timeout, "the deadline passed before the call began");
    }
    const bool own_limit = begun + method.timeout < context.deadline;
    if (own_limit) context.deadline = begun + method.timeout;
    const Monotonic deadline = context.deadline;
    auto running = method.handler(std::move(context));
    Outcome outcome = co_await with_deadline(std::move(running), deadline);
    // A handler may answer that it was given up; nobody waits for that.
    const asio::cancellation_state cancelled = co_await asio::this_coro::cancellation_state;
    if (cancelled.cancelled() != asio::cancellation_type::none) {
      count(method.counts->cancelled);
      co_return outcome;
    }
    if (own_limit && outcome.has_error() && outcome.error().code == Code::timeout && steady_clock::now() >= deadline)
      outcome = ended_by_its_limit(method);
    end(method, outcome, begun);
    co_return outcome;
  } catch (const boost::system::system_error& error) {
    if (error.code() == asio::error::operation_aborted) {
      count(method.counts->cancelled);
      throw;
    }
    failure = error.what();
  } catch (const std::exception& error) {
    failure = error.what();
  }
  log_.error("method {} ended with an exception: {}", method.name, failure);
  end(method, standard_error(Code::internal_error, "the node's log says more"), begun);
  co_return standard_error(Code::internal_error);
}

}  // namespace p2p::rpc
