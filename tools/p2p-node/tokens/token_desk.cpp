#include "token_desk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/use_awaitable.hpp>
#include <initializer_list>
#include <utility>

#include "base/audit.hpp"
#include "base/json.hpp"
#include "base/rfc3339.hpp"
#include "base/system_random.hpp"
#include "base/text.hpp"
#include "net/run_on.hpp"

namespace p2p::node {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kMaxTokenRequestBytes = 16 << 10;
constexpr std::size_t kTokenIdBytes = 16;

/// Only who holds a key of the fleet: a token makes no other, and takes none back.
Result<void> require_certificate(const auth::Caller& caller) {
  const bool has_one = caller.identity && caller.certificate && caller.token_id.empty();
  if (has_one && caller.identity->role != pki::Role::worker) return {};
  return Error(Errc::not_permitted, "tokens are the affair of operators, who show their certificate");
}

/// The JSON object in `body`, or an empty one for an empty body. `invalid` for anything else, and for a member that is
/// not among `known`.
Result<Json> read_members(std::string_view body, std::initializer_list<std::string_view> known) {
  auto object = parse_json(body.empty() ? "{}" : body);
  if (!object) return object;
  if (!object->is_object()) return Error(Errc::invalid, "the parameters are not a JSON object");
  for (const auto& [key, value] : object->items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    return Error(Errc::invalid,
                 fmt::format("\"{}\" is no parameter of this method", escape_controls(key.substr(0, 64))));
  }
  return object;
}

/// A browser sends no such type to another site without asking it first.
bool is_json(const net::Request& request) {
  const std::string type = lower_ascii(request.headers.get("Content-Type"));
  return type == "application/json" || type.starts_with("application/json;");
}

}  // namespace

TokenDesk::TokenDesk(Options options, Hooks hooks, const auth::TokenGate& gate, RevokedTokens& revoked,
                     const Clock& clock, LogSink& log)
    : options_(std::move(options)),
      hooks_(std::move(hooks)),
      gate_(gate),
      revoked_(revoked),
      clock_(clock),
      log_(log) {}

Result<void> TokenDesk::load(std::string_view text) {
  auto issued = auth::parse_issued_tokens(text, options_.cluster_name);
  if (!issued) return issued.error();
  issued_ = std::move(*issued);
  return {};
}

std::string TokenDesk::encode() const { return auth::format_issued_tokens(issued_, options_.cluster_name); }

void TokenDesk::add_routes(net::Router& router) {
  add(router, net::Method::post, "/auth/token", &TokenDesk::issue);
  add(router, net::Method::post, "/auth/revoke", &TokenDesk::revoke);
  add(router, net::Method::get, "/auth/tokens", &TokenDesk::list);
}

void TokenDesk::add(net::Router& router, net::Method method, const char* path, Handler handler) {
  net::Route route;
  route.method = method;
  route.pattern = path;
  route.permission = auth::Permission::authenticated;
  route.max_body_bytes = kMaxTokenRequestBytes;
  route.handler = [this, handler](net::Request& request) -> asio::awaitable<net::Response> {
    if (const auto allowed = require_certificate(request.caller); !allowed) {
      co_return net::Response::problem(allowed.error());
    }
    if (request.method == net::Method::post && !is_json(request)) {
      co_return net::Response::problem(415, "this path takes Content-Type: application/json");
    }
    auto task = (this->*handler)(request.caller, std::move(request.body));
    auto there = net::await_on(options_.control, std::move(task));
    co_return co_await std::move(there);
  };
  router.add(std::move(route));
}

Result<auth::Token> TokenDesk::make(const auth::Caller& caller, const Json& request) const {
  const std::string* subject = find_string(request, "sub");
  if (subject == nullptr || !is_valid_name(*subject)) {
    return Error(Errc::invalid, "sub: must be a name: letters, digits, \"-\", \"_\" and \".\", at most 63");
  }
  const std::string* scope = find_string(request, "scope");
  if (scope == nullptr) return Error(Errc::invalid, "scope: must be text, such as \"metrics:read cluster:read\"");
  const auto scopes = auth::Scopes::parse(*scope);
  if (!scopes) {
    return Error(Errc::invalid,
                 fmt::format("scope: {}; there are {}", scopes.error().context, auth::Scopes::all().to_text()));
  }
  if (*scopes == auth::Scopes()) return Error(Errc::invalid, "scope: must name what the token may do");
  if (!caller.scopes.contains(*scopes)) {
    return Error(Errc::not_permitted, fmt::format("scope: {} may do less than that itself: {}",
                                                  auth::caller_name(caller), caller.scopes.to_text()));
  }
  auto life = options_.default_life;
  if (const Json* given = find_member(request, "ttl_seconds")) {
    const auto seconds = find_unsigned(request, "ttl_seconds");
    constexpr std::uint64_t kLongest = 100ULL * 365 * 24 * 3600;
    if (!given->is_number_integer() || !seconds || *seconds == 0 || *seconds > kLongest) {
      return Error(Errc::invalid, "ttl_seconds: must be a positive number of seconds");
    }
    life = std::chrono::seconds(*seconds);
  }
  const WallTime now = clock_.wall();
  const WallTime last = std::min(caller.ends_at, hooks_.signer_ends_at());
  auth::Token out;
  out.id = to_base64url(random_bytes(kTokenIdBytes));
  out.subject = *subject;
  out.scopes = *scopes;
  out.issued_at = std::chrono::floor<std::chrono::seconds>(now);
  out.expires_at = std::min(out.issued_at + life, std::chrono::floor<std::chrono::seconds>(last));
  out.issuer = hooks_.signer().author().identity.name;
  out.asker = *caller.certificate;
  return out;
}

TokenDesk::Answer TokenDesk::issue(auth::Caller caller, std::string body) {
  const auto request = read_members(body, {"sub", "scope", "ttl_seconds"});
  if (!request) co_return net::Response::problem(request.error());
  const auto token = make(caller, *request);
  if (!token) co_return net::Response::problem(token.error());
  const auto text = auth::sign_token(*token, options_.cluster_name, hooks_.signer());
  if (!text) co_return net::Response::problem(text.error());
  issued_.drop_expired(clock_.wall());
  if (const auto added = issued_.add({*token, caller.identity->name}); !added) {
    co_return net::Response::problem(added.error());
  }
  auto saving = hooks_.save_issued();
  if (const auto saved = co_await std::move(saving); !saved) {
    issued_.remove(token->id);
    co_return net::Response::problem(500, "no token, as it could not be written down: " + saved.error().context);
  }
  const std::string expires_at = format_rfc3339(token->expires_at, 0);
  audit(log_, fmt::format("{} has made the token {} for {}: {}, until {}", auth::caller_name(caller), token->id,
                          token->subject, token->scopes.to_text(), expires_at));
  co_return net::Response::json(dump_json(Json{{"access_token", *text},
                                               {"token_type", "Bearer"},
                                               {"expires_in", (token->expires_at - token->issued_at).count()},
                                               {"expires_at", expires_at},
                                               {"scope", token->scopes.to_text()},
                                               {"sub", token->subject},
                                               {"jti", token->id}}));
}

Result<std::vector<auth::RevokedToken>> TokenDesk::find(const Json& request) const {
  const std::string* text = find_string(request, "token");
  const std::string* target = find_string(request, "target");
  if ((text == nullptr) == (target == nullptr)) {
    return Error(Errc::invalid, "the body must have one of token (its text) and target (an id, or a name)");
  }
  if (text != nullptr) {
    const auto token = gate_.verify(*text, clock_.wall());
    if (!token) return token.error();
    return std::vector<auth::RevokedToken>{{token->id, token->expires_at}};
  }
  auto found = issued_.find(*target);
  if (!found.empty()) return found;
  return Error(Errc::not_found,
               fmt::format("no token with the id or for the name \"{}\"", escape_controls(target->substr(0, 64))));
}

TokenDesk::Answer TokenDesk::revoke(auth::Caller caller, std::string body) {
  const auto request = read_members(body, {"token", "target"});
  if (!request) co_return net::Response::problem(request.error());
  const auto found = find(*request);
  if (!found) co_return net::Response::problem(found.error());
  const auto published = revoked_.revoke(*found);
  if (!published && published.error().kind() == Errc::limited) co_return net::Response::problem(published.error());
  if (!published) {
    co_return net::Response::problem(500, "refused here, but the fleet is not told: " + published.error().context);
  }
  auto saving = hooks_.save_revoked();
  if (const auto saved = co_await std::move(saving); !saved) {
    co_return net::Response::problem(500, "revoked, but not written down yet: " + saved.error().context);
  }
  Json out = Json::array();
  for (const auto& token : *found) {
    audit(log_, fmt::format("{} has revoked the token {}", auth::caller_name(caller), token.id));
    out.push_back({{"jti", token.id}, {"expires_at", format_rfc3339(token.expires_at, 0)}});
  }
  co_return net::Response::json(dump_json(out));
}

TokenDesk::Answer TokenDesk::list(auth::Caller, std::string) {
  issued_.drop_expired(clock_.wall());
  Json out = Json::array();
  for (const auto& [token, asked_by] : issued_.list()) {
    out.push_back({{"jti", token.id},
                   {"sub", token.subject},
                   {"scope", token.scopes.to_text()},
                   {"issued_at", format_rfc3339(token.issued_at, 0)},
                   {"expires_at", format_rfc3339(token.expires_at, 0)},
                   {"asked_by", asked_by},
                   {"revoked", revoked_.is_dead(token)}});
  }
  co_return net::Response::json(dump_json(out));
}

}  // namespace p2p::node
