#include "net/dispatch.hpp"

#include <fmt/format.h>

#include <charconv>

#include "net/field_text.hpp"

namespace p2p::net {
namespace {

constexpr char kChallenge[] = R"(Bearer realm="p2p")";

Response unauthorized(const std::string& why, std::string challenge) {
  Response out = Response::problem(401, why);
  out.headers.add("WWW-Authenticate", std::move(challenge));
  return out;
}

/// The first coding of the body (RFC 9110 section 8.4) that the route does not undo; empty when it can be read.
std::string_view unknown_coding(const Headers& headers, std::string_view known) {
  for (const auto& [name, value] : headers) {
    if (!equals_ignoring_case(name, "Content-Encoding")) continue;
    for (std::string_view list = value; !list.empty();) {
      const std::string_view coding = next_element(list);
      if (coding.empty() || equals_ignoring_case(coding, "identity")) continue;
      if (known.empty() || !equals_ignoring_case(coding, known)) return coding;
      known = {};  // once: nobody codes twice
    }
  }
  return {};
}

}  // namespace

Response over_limit(const Request& request, const OverLimit& own_words, std::chrono::seconds wait) {
  Response out = own_words ? own_words(request) : Response::problem(429, "too many requests");
  out.headers.set("Retry-After", std::to_string(wait.count()));
  return out;
}

const Route* Dispatcher::admit(Request& request, Monotonic now, LimitClass& limit_class, Response& refusal) const {
  const Route* route = find(request, refusal);
  if (route == nullptr) return nullptr;
  limit_class = route->limit_class;
  if (!set_deadline(request, now, refusal)) return nullptr;
  if (!allow(request, *route, refusal)) return nullptr;
  return can_read(request, *route, refusal) ? route : nullptr;
}

const Route* Dispatcher::find(Request& request, Response& refusal) const {
  Router::Match match = router_.find(request.method, request.path);
  request.captured = std::move(match.captured);
  if (match.route != nullptr) return match.route;
  if (match.allowed.empty()) {
    refusal = Response::problem(404, "there is nothing at " + request.path);
  } else {
    refusal = Response::problem(405, "this path takes " + match.allowed);
    refusal.headers.add("Allow", std::move(match.allowed));
  }
  return nullptr;
}

bool Dispatcher::set_deadline(Request& request, Monotonic now, Response& refusal) const {
  std::chrono::milliseconds timeout = options_.limits.default_request_timeout;
  if (const std::string_view text = request.headers.get("P2P-Timeout-Ms"); !text.empty()) {
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc{} || end != text.data() + text.size() || count <= 0) {
      refusal = Response::problem(400, "P2P-Timeout-Ms is not a positive number of milliseconds");
      return false;
    }
    timeout = std::min(std::chrono::milliseconds(count), options_.limits.max_request_timeout);
  }
  request.deadline = now + timeout;
  return true;
}

bool Dispatcher::allow(Request& request, const Route& route, Response& refusal) const {
  auth::Caller& caller = request.caller;
  Result<void> authentic;
  // A session may do less than the certificate that brings it.
  const bool may_differ = !caller.identity || request.headers.has("Cookie");
  if (may_differ && route.permission != auth::Permission::open && options_.authenticate) {
    auth::Caller claimed = caller;
    authentic = options_.authenticate(request, route.limit_class, claimed);
    if (authentic) caller = std::move(claimed);
  }
  // Bad credentials are charged too, to the address: guessing must not be free.
  if (options_.limit && route.limit_class != LimitClass::none) {
    if (const auto wait = options_.limit(caller, route.limit_class)) {
      refusal = over_limit(request, route.over_limit, *wait);
      return false;
    }
  }
  if (route.open_on_loopback && caller.loopback) return true;
  if (!authentic && authentic.error().kind() == Errc::limited) {
    // There was room again in between.
    refusal = over_limit(request, route.over_limit, std::chrono::seconds(1));
    return false;
  }
  if (!authentic && !request.headers.has("Authorization")) {
    refusal = authentic.error().kind() == Errc::not_found ? unauthorized(authentic.error().context, kChallenge)
                                                          : Response::problem(403, authentic.error().context);
    return false;
  }
  if (!authentic) {
    refusal = unauthorized(authentic.error().context, R"(Bearer realm="p2p", error="invalid_token")");
    return false;
  }
  const auto allowed = auth::require(caller, route.permission);
  if (allowed) return true;
  refusal = caller.identity ? Response::problem(allowed.error()) : unauthorized(allowed.error().context, kChallenge);
  return false;
}

bool Dispatcher::can_read(const Request& request, const Route& route, Response& refusal) const {
  const std::string_view coding = unknown_coding(request.headers, route.content_coding);
  if (coding.empty()) return true;
  refusal = Response::problem(415, fmt::format("this path takes no body with Content-Encoding \"{}\"", coding));
  refusal.headers.add("Accept-Encoding",
                      route.content_coding.empty() ? "identity" : route.content_coding + ", identity");
  return false;
}

}  // namespace p2p::net
