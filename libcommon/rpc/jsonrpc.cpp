#include "rpc/jsonrpc.hpp"

#include <fmt/format.h>

#include <charconv>

#include "rpc/json_scan.hpp"

namespace p2p::rpc {
namespace {

constexpr std::string_view kNotAnObject = "a call must be an object";
constexpr std::string_view kOwnId = "1";  // of make_request()

/// The members of a call as they were sent; a view without data is an absent member.
struct Envelope {
  std::string_view jsonrpc, method, id, params;
  bool repeated = false;
  bool id_repeated = false;

  void note(std::string_view key, std::string_view raw) {
    std::string_view* slot = key == "jsonrpc"  ? &jsonrpc
                             : key == "method" ? &method
                             : key == "id"     ? &id
                             : key == "params" ? &params
                                               : nullptr;
    if (slot == nullptr) return;
    if (!slot->empty()) repeated = true;
    if (!slot->empty() && slot == &id) id_repeated = true;
    *slot = raw;
  }
};

bool is_string(std::string_view raw) { return !raw.empty() && raw.front() == '"'; }
bool is_id(std::string_view raw) {
  return is_string(raw) || raw == "null" || raw.front() == '-' || (raw.front() >= '0' && raw.front() <= '9');
}
bool is_structured(std::string_view raw) { return raw.front() == '{' || raw.front() == '['; }

std::string text_of(std::string_view quoted) {
  if (quoted.find('\\') != std::string_view::npos) return decode_json_string(quoted);
  return std::string(quoted.substr(1, quoted.size() - 2));
}

std::string_view flaw_of(const Envelope& envelope) {
  if (envelope.repeated) return "a member of the call is repeated";
  if (!is_string(envelope.jsonrpc) || text_of(envelope.jsonrpc) != "2.0") return "\"jsonrpc\" must be \"2.0\"";
  if (!is_string(envelope.method)) return "\"method\" must be a string";
  if (!envelope.id.empty() && !is_id(envelope.id)) return "\"id\" must be a string, a number or null";
  if (!envelope.params.empty() && !is_structured(envelope.params)) return "\"params\" must be an array or an object";
  return {};
}

/// Skips one value, which should be a call; false on a syntax error.
bool scan_call(JsonScanner& scanner, ParsedCall& call) {
  if (scanner.peek() != '{') {
    call.flaw = kNotAnObject;
    return scanner.value();
  }
  Envelope envelope;
  const auto note = [&](std::string_view key, std::string_view raw) {
    envelope.note(key, raw);
    return true;
  };
  if (!scanner.sliced_members(note)) return false;
  call.flaw = flaw_of(envelope);
  if (!envelope.id.empty() && is_id(envelope.id) && !envelope.id_repeated) call.id = envelope.id;
  if (!call.flaw.empty()) return true;
  call.method = text_of(envelope.method);
  call.params = envelope.params;
  return true;
}

/// Skips a batch; calls past the limit are checked as JSON and counted, not kept.
bool scan_batch(JsonScanner& scanner, ParsedRequest& request, std::size_t& count) {
  return scanner.elements([&] {
    if (++count > kMaxBatchCalls) return scanner.value();
    return scan_call(scanner, request.calls.emplace_back());
  });
}

bool scan_request(JsonScanner& scanner, ParsedRequest& request, std::size_t& count) {
  scanner.skip_space();
  request.batch = scanner.peek() == '[';
  const bool fine =
      request.batch ? scan_batch(scanner, request, count) : scan_call(scanner, request.calls.emplace_back());
  if (!fine) return false;
  scanner.skip_space();
  return scanner.at_end();
}

ParsedRequest refused(RpcError error) {
  ParsedRequest request;
  request.error = std::move(error);
  return request;
}

}  // namespace

ParsedRequest parse_request(std::string_view text) {
  ParsedRequest request;
  JsonScanner scanner(text);
  std::size_t count = 0;
  if (!scan_request(scanner, request, count)) {
    return refused(standard_error(Code::parse_error, scanner.problem()));
  }
  if (request.calls.empty()) return refused(standard_error(Code::invalid_request, "the batch is empty"));
  if (count > kMaxBatchCalls) {
    return refused(standard_error(Code::invalid_request,
                                  fmt::format("a batch of {} calls; at most {} are allowed", count, kMaxBatchCalls)));
  }
  return request;
}

std::string_view standard_message(Code code) noexcept {
  switch (code) {
    case Code::parse_error: return "Parse error";
    case Code::invalid_request: return "Invalid Request";
    case Code::method_not_found: return "Method not found";
    case Code::invalid_params: return "Invalid params";
    case Code::internal_error: return "Internal error";
    case Code::service_failed: return "Service failed";
    case Code::no_such_target: return "No such target";
    case Code::timeout: return "Timeout";
    case Code::overloaded: return "Overloaded";
    case Code::not_permitted: return "Not permitted";
    case Code::breaker_open: return "Breaker open";
    case Code::unreachable: return "Unreachable";
  }
  return "Error";
}

RpcError standard_error(Code code, std::string_view detail) {
  return {code, std::string(standard_message(code)), detail.empty() ? std::string() : encode_json_string(detail)};
}

RpcError unknown_outcome(std::string_view message, std::string_view detail) {
  return {Code::timeout, std::string(message), encode_json_string(std::string(detail) + "; the outcome is unknown")};
}

void append_result(std::string& out, std::string_view result, std::string_view id) {
  out += R"({"jsonrpc":"2.0","result":)";
  out += result;
  out += R"(,"id":)";
  out += id.empty() ? std::string_view("null") : id;
  out += '}';
}

std::string error_object(const RpcError& error) {
  std::string out =
      fmt::format(R"({{"code":{},"message":{})", static_cast<int>(error.code), encode_json_string(error.message));
  if (!error.data.empty()) out += ",\"data\":" + error.data;
  return out + '}';
}

void append_error(std::string& out, const RpcError& error, std::string_view id) {
  out += R"({"jsonrpc":"2.0","error":)";
  out += error_object(error);
  out += R"(,"id":)";
  out += id.empty() ? std::string_view("null") : id;
  out += '}';
}

void append_outcome(std::string& out, const Outcome& outcome, std::string_view id) {
  if (outcome) {
    append_result(out, *outcome, id);
  } else {
    append_error(out, outcome.error(), id);
  }
}

std::string make_request(std::string_view method, std::string_view params) {
  std::string out = fmt::format(R"({{"jsonrpc":"2.0","id":{},"method":{})", kOwnId, encode_json_string(method));
  if (!params.empty()) out.append(R"(,"params":)").append(params);
  return out + '}';
}

namespace {

/// The members of a response, or of its error, by name.
struct ResponseMembers {
  std::string_view id, result, error, code, message, data;
};

bool scan_error(std::string_view text, ResponseMembers& out) {
  const std::string flaw = for_each_member(text, [&](std::string_view key, std::string_view raw) {
    if (key == "code") out.code = raw;
    if (key == "message") out.message = raw;
    if (key == "data") out.data = raw;
  });
  return flaw.empty();
}

}  // namespace

Result<ParsedResponse> parse_response_with_id(std::string_view text) {
  const auto flawed = [](std::string_view why) {
    return Error(Errc::invalid, fmt::format("the answer is not JSON-RPC 2.0: {}", why));
  };
  ResponseMembers found;
  const std::string flaw = for_each_member(text, [&](std::string_view key, std::string_view raw) {
    if (key == "id") found.id = raw;
    if (key == "result") found.result = raw;
    if (key == "error") found.error = raw;
  });
  if (!flaw.empty()) return flawed(flaw);
  if (found.result.empty() == found.error.empty()) return flawed("it needs either a result or an error");
  if (!found.result.empty()) return ParsedResponse{found.id, std::string(found.result)};
  if (!scan_error(found.error, found)) return flawed("its error is not an object");
  int code = 0;
  const auto [end, failure] = std::from_chars(found.code.data(), found.code.data() + found.code.size(), code);
  if (failure != std::errc() || end != found.code.data() + found.code.size() || !is_string(found.message)) {
    return flawed("its error needs a code and a message");
  }
  return ParsedResponse{found.id, RpcError{static_cast<Code>(code), text_of(found.message), std::string(found.data)}};
}

Result<Outcome> parse_response(std::string_view text) {
  auto parsed = parse_response_with_id(text);
  if (!parsed) return parsed.error();
  // Who could not read the request does not know its id (section 5).
  const bool is_unread = parsed->id == "null" && parsed->outcome.has_error();
  if (parsed->id != kOwnId && !is_unread) return Error(Errc::invalid, "the answer is to another call");
  return std::move(parsed->outcome);
}

}  // namespace p2p::rpc
