#include "net/dispatch.hpp"

#include <charconv>

namespace p2p::net {
namespace {

Response unauthorized(const std::string& why, std::string challenge) {
  Response out = Response::problem(401, why);
  out.headers.add("WWW-Authenticate", std::move(challenge));
  return out;
}

}  // namespace

const Route* Dispatcher::admit(Request& request, Monotonic now, Response& refusal) const {
  const Route* route = find(request, refusal);
  if (route == nullptr) return nullptr;
  if (!set_deadline(request, now, refusal)) return nullptr;
  return allow(request, *route, refusal) ? route : nullptr;
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
  if (!caller.identity && route.permission != auth::Permission::open && options_.authenticate) {
    auth::Caller claimed = caller;
    authentic = options_.authenticate(request, claimed);
    if (authentic) caller = std::move(claimed);
  }
  // Bad credentials are charged too, to the address: guessing must not be free.
  if (options_.limit && route.limit_class != LimitClass::none) {
    if (const auto seconds = options_.limit(caller, route.limit_class, 1)) {
      refusal = Response::problem(429, "too many requests");
      refusal.headers.add("Retry-After", std::to_string(*seconds));
      return false;
    }
  }
  if (route.open_on_loopback && caller.loopback) return true;
  if (!authentic) {
    refusal = unauthorized(authentic.error().context, R"(Bearer realm="p2p", error="invalid_token")");
    return false;
  }
  const auto allowed = auth::require(caller, route.permission);
  if (allowed) return true;
  refusal = caller.identity ? Response::problem(allowed.error())
                            : unauthorized(allowed.error().context, R"(Bearer realm="p2p")");
  return false;
}

}  // namespace p2p::net
