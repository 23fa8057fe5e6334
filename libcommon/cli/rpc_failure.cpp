#include "cli/rpc_failure.hpp"

#include <fmt/format.h>

#include <optional>
#include <vector>

#include "base/json.hpp"
#include "base/text.hpp"
#include "cli/output.hpp"
#include "rpc/jsonrpc.hpp"

namespace p2p::cli {
namespace {

std::string hint_for(rpc::Code code) {
  switch (code) {
    case rpc::Code::no_such_target: return "p2p-ctl nodes";
    case rpc::Code::method_not_found: return "p2p-ctl services";
    case rpc::Code::timeout: return kWaitLonger;
    case rpc::Code::overloaded: return "try again later";
    case rpc::Code::breaker_open: return "recent calls to this service failed; try again later";
    default: return {};
  }
}

/// The detail that comes with these standard messages is a sentence that says the same and more.
bool says_all(std::string_view message) {
  return message == rpc::standard_message(rpc::Code::method_not_found) ||
         message == rpc::standard_message(rpc::Code::no_such_target);
}

/// The last lines that a service printed to stderr, on one line; empty when it printed none. They say why it failed.
std::string last_words(const Json& data) {
  constexpr std::size_t kLines = 3;
  const std::string* printed = find_string(data, "stderr");
  if (printed == nullptr) return {};
  std::vector<std::string> lines;
  for (std::string& line : split(*printed, '\n')) {
    if (!trim(line).empty()) lines.push_back(std::move(line));
  }
  if (lines.size() > kLines) lines.erase(lines.begin(), lines.end() - kLines);
  return join(lines, "; ");
}

/// The code of one entry of a broadcast; none where it has a result.
std::optional<int> code_of_entry(const Json& entry) {
  const Json* error = find_member(entry, "error");
  if (error == nullptr) return std::nullopt;
  const Json* code = find_member(*error, "code");
  if (code == nullptr || !code->is_number_integer()) return kFailed;
  const std::string* message = find_string(*error, "message");
  return exit_code_of(static_cast<rpc::Code>(code->get<int>()), message != nullptr ? *message : std::string_view());
}

}  // namespace

int exit_code_of(rpc::Code code, std::string_view message) noexcept {
  if (code == rpc::Code::timeout && message == rpc::kConnectionLost) return kUnreachable;
  if (code == rpc::Code::timeout && message == rpc::kUnusableAnswer) return kDamaged;
  switch (code) {
    case rpc::Code::no_such_target:
    case rpc::Code::method_not_found: return kNotFound;
    case rpc::Code::invalid_params: return kUsage;
    case rpc::Code::timeout: return kTimeout;
    case rpc::Code::overloaded:
    case rpc::Code::breaker_open: return kLimited;
    case rpc::Code::not_permitted: return kNotPermitted;
    case rpc::Code::unreachable: return kUnreachable;
    case rpc::Code::parse_error:
    case rpc::Code::invalid_request:
    case rpc::Code::internal_error:
    case rpc::Code::service_failed: break;
  }
  return kFailed;
}

std::string message_of(const Json& error) {
  const std::string message = member_text(error, "message");
  const Json* data = find_member(error, "data");
  return message_of(message.empty() ? "failed" : message, data != nullptr ? dump_json(*data) : std::string());
}

std::string message_of(std::string_view message, std::string_view data_json) {
  std::string out(message);
  const auto data = parse_json(data_json);
  if (!data || data->is_null()) return out;
  if (data->is_string()) return says_all(message) ? data->get<std::string>() : out + ": " + data->get<std::string>();
  const std::string words = last_words(*data);
  if (!words.empty()) return out + ": " + words;
  return find_member(*data, "stderr") != nullptr ? out : out.append(": ").append(data_json);
}

Failure failure_of(const rpc::RpcError& error) {
  Failure out(exit_code_of(error.code, error.message), message_of(error.message, error.data), hint_for(error.code));
  if (error.code == rpc::Code::timeout && out.exit_code != kTimeout) out.hint.clear();
  out.rpc_code = static_cast<int>(error.code);
  return out;
}

Failure failure_of_status(unsigned status, std::string_view body) {
  std::string detail;
  if (const auto problem = parse_json(body)) {
    if (const std::string* text = find_string(*problem, "detail")) detail = *text;
    if (const std::string* title = find_string(*problem, "title"); title != nullptr && detail.empty()) detail = *title;
  }
  const std::string message = detail.empty() ? fmt::format("the coordinator answered {}", status) : detail;
  switch (status) {
    case 400:
    case 413: return {kUsage, message};
    case 401: return {kNotPermitted, message, "p2p-ctl context ls shows as whom you call; $P2P_TOKEN overrides it"};
    case 403: return {kNotPermitted, message};
    case 404: return {kNotFound, message};
    case 429: return {kLimited, message, "too many requests; try again later"};
    case 502: return {kUnreachable, message};
    case 504: return {kTimeout, message};
    default: return {kFailed, message};
  }
}

namespace {

struct Tally {
  std::size_t count = 0, failed = 0;
  std::string names{};          ///< of the first that failed, for a message
  std::optional<int> common{};  ///< the exit code that all failures have
};

Attempt<Tally> tally_of(std::string_view json) {
  constexpr std::size_t kNamed = 3;
  const auto entries = parse_json(json);
  if (!entries || !entries->is_array()) return Failure(kDamaged, "the answer is not a list of nodes");
  if (entries->empty()) return Failure(kNotFound, "no node fits", "p2p-ctl nodes");
  Tally tally{entries->size()};
  bool same = true;
  for (const Json& entry : *entries) {
    const auto code = code_of_entry(entry);
    if (!code) continue;
    const std::string* node = find_string(entry, "node");
    if (++tally.failed <= kNamed && node != nullptr) tally.names += (tally.names.empty() ? ": " : ", ") + *node;
    same = same && (!tally.common || *tally.common == *code);
    tally.common = code;
  }
  if (tally.failed > kNamed) tally.names += " and others";
  if (!same) tally.common.reset();
  return tally;
}

/// Some must have failed, or be too few.
int exit_code_of(const Tally& tally) {
  return tally.failed < tally.count ? static_cast<int>(kPartial) : tally.common.value_or(kFailed);
}

}  // namespace

Attempt<void> judge_broadcast(std::string_view json) {
  const auto tally = tally_of(json);
  if (!tally) return tally.error();
  if (tally->failed == 0) return {};
  return Failure(exit_code_of(*tally),
                 fmt::format("{} of {} nodes failed{}", tally->failed, tally->count, tally->names));
}

Attempt<void> judge_broadcast(std::string_view json, std::size_t min_success) {
  const auto tally = tally_of(json);
  if (!tally) return tally.error();
  const std::size_t succeeded = tally->count - tally->failed;
  if (succeeded >= min_success) return {};
  return Failure(exit_code_of(*tally),
                 fmt::format("{} of {} nodes succeeded, not {}; failed{}", succeeded, tally->count, min_success,
                             tally->names.empty() ? ": none" : tally->names));
}

}  // namespace p2p::cli
