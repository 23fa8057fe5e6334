#include "services/stdio_session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "rpc/json_scan.hpp"
#include "rpc/jsonrpc.hpp"

namespace p2p::services {
namespace {

using rpc::Code;
using rpc::Outcome;
using rpc::RpcError;
using std::chrono::milliseconds;

constexpr char kPing[] = "$/ping";
constexpr char kCancel[] = "$/cancel";
constexpr std::string_view kProgress = R"("$/progress")";

std::optional<std::uint64_t> read_id(std::string_view json) {
  std::uint64_t id = 0;
  const auto [end, failure] = std::from_chars(json.data(), json.data() + json.size(), id);
  if (json.empty() || failure != std::errc() || end != json.data() + json.size()) return std::nullopt;
  return id;
}

/// The id of an answer of which only the beginning is there.
std::optional<std::uint64_t> id_in_front(std::string_view head) {
  std::optional<std::uint64_t> id;
  rpc::for_each_member(head, [&](std::string_view key, std::string_view raw) {
    if (key == "id") id = read_id(raw);
  });
  return id;
}

/// The member of an object that is the whole text, as it is there.
std::optional<std::string_view> member_of(std::string_view json, std::string_view name) {
  std::optional<std::string_view> found;
  const std::string flaw = rpc::for_each_member(json, [&](std::string_view key, std::string_view raw) {
    if (key == name) found = raw;
  });
  return flaw.empty() ? found : std::nullopt;
}

/// A service speaks for itself only: the codes with which a node says what became of a call are not its to use.
RpcError as_service_error(RpcError error) {
  constexpr int kReservedFirst = -32768, kReservedLast = -32000;
  const int code = static_cast<int>(error.code);
  if (code >= kReservedFirst && code <= kReservedLast && error.code != Code::invalid_params) {
    error.code = Code::service_failed;
  }
  return error;
}

}  // namespace

StdioSession::StdioSession(Settings settings, Monotonic now)
    : settings_(std::move(settings)), heard_(now), wakeup_(now + settings_.health.timeout) {
  initialize_id_ = request(kInitializeMethod, settings_.greeting);
}

std::uint64_t StdioSession::request(std::string_view method, std::string_view params, std::string_view caller) {
  const std::uint64_t id = ++last_id_;
  fmt::format_to(std::back_inserter(output_), R"({{"jsonrpc":"2.0","id":{},"method":{})", id,
                 rpc::encode_json_string(method));
  if (!params.empty()) {
    output_ += R"(,"params":)";
    // A newline between two tokens is JSON as well, but here it would end the message; inside strings there is none.
    std::transform(params.begin(), params.end(), std::back_inserter(output_),
                   [](char c) { return c == '\n' || c == '\r' ? ' ' : c; });
  }
  if (!caller.empty()) output_.append(R"(,"caller":)").append(rpc::encode_json_string(caller));
  output_ += "}\n";
  return id;
}

std::uint64_t StdioSession::call(const StdioCall& call, OnAnswer on_answer) {
  const std::uint64_t id = request(call.method, call.params, call.caller);
  calls_.emplace(id, Call{call.timeout, std::move(on_answer), call.progress});
  return id;
}

void StdioSession::cancel(std::uint64_t id) {
  if (calls_.erase(id) == 0) return;
  fmt::format_to(std::back_inserter(output_), R"({{"jsonrpc":"2.0","method":"{}","params":{{"id":{}}}}})", kCancel, id);
  output_ += '\n';
}

void StdioSession::fail_calls(const RpcError& error) {
  for (auto& [id, call] : std::exchange(calls_, {})) call.on_answer(error);
}

void StdioSession::set_broken(std::string flaw) {
  if (phase_ == Phase::broken) return;
  phase_ = Phase::broken;
  flaw_ = std::move(flaw);
  wakeup_ = Monotonic::max();
}

void StdioSession::finish(std::uint64_t id, Outcome outcome) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;  // cancelled meanwhile, or an id that the service made up
  const OnAnswer on_answer = std::move(found->second.on_answer);
  calls_.erase(found);
  on_answer(std::move(outcome));
}

bool StdioSession::receive(std::string_view line, Monotonic now) {
  heard_ = now;
  missed_ = 0;
  if (line.size() >= kMaxMessageBytes) return receive_oversized(line);
  auto response = rpc::parse_response_with_id(line);
  const auto id = response ? read_id(response->id) : std::nullopt;
  if (!id) return receive_progress(line);
  if (*id == ping_id_) {
    ping_id_ = 0;
    wakeup_ = now + settings_.health.interval;
  } else if (*id == initialize_id_) {
    take_greeting(response->outcome, now);
  } else if (response->outcome) {
    finish(*id, std::move(*response->outcome));
  } else {
    finish(*id, as_service_error(response->outcome.error()));
  }
  return true;
}

bool StdioSession::receive_progress(std::string_view line) {
  // Most of what comes here is text for the log.
  if (line.find(kProgress) == std::string_view::npos) return false;
  const auto method = member_of(line, "method");
  const auto params = member_of(line, "params");
  if (method != kProgress || !params) return false;
  const auto value = member_of(*params, "value");
  const auto id = read_id(member_of(*params, "id").value_or(std::string_view()));
  if (!id || !value) return false;
  const auto found = calls_.find(*id);
  if (found != calls_.end() && found->second.progress) found->second.progress->report(std::string(*value));
  return true;
}

bool StdioSession::receive_oversized(std::string_view head) {
  const auto id = id_in_front(head);
  if (!id) return false;
  finish(*id, RpcError{Code::service_failed, fmt::format("service \"{}\" answered with more than {}", settings_.service,
                                                         format_bytes(kMaxMessageBytes))});
  return true;
}

void StdioSession::take_greeting(const Outcome& outcome, Monotonic now) {
  if (phase_ != Phase::starting) return;
  if (!outcome) {
    set_broken(fmt::format("refused to start: {}", escape_controls(outcome.error().message)));
    return;
  }
  phase_ = Phase::ready;
  wakeup_ = now + settings_.health.interval;
}

void StdioSession::tick(Monotonic now) {
  if (phase_ == Phase::broken || now < wakeup_) return;
  if (phase_ == Phase::starting) {
    set_broken(fmt::format("did not answer initialize within {} ms", settings_.health.timeout.count()));
  } else if (ping_id_ != 0) {
    miss_ping(now);
  } else {
    ping_id_ = request(kPing, {});
    wakeup_ = now + settings_.health.timeout;
  }
}

/// One that works on a single call at a time may be silent for as long as the call may take.
void StdioSession::miss_ping(Monotonic now) {
  milliseconds patience{0};
  for (const auto& [id, call] : calls_) patience = std::max(patience, call.timeout);
  ping_id_ = 0;
  wakeup_ = now + settings_.health.interval;
  if (now - heard_ < patience || ++missed_ < settings_.health.failures) return;
  set_broken(fmt::format("did not answer {} pings", missed_));
}

}  // namespace p2p::services
