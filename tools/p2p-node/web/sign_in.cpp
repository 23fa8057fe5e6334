#include "sign_in.hpp"

#include <fmt/format.h>

#include <boost/asio/awaitable.hpp>
#include <utility>

#include "base/json.hpp"
#include "base/rfc3339.hpp"
#include "base/system_random.hpp"
#include "base/text.hpp"
#include "crypto/digest.hpp"
#include "net/field_text.hpp"
#include "net/head_rules.hpp"
#include "rpc/schema.hpp"

namespace p2p::node {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kSecretBytes = 32;
/// Small beside the time after which an idle session ends: so much of it may be forgotten by a kill.
constexpr std::chrono::minutes kNoteUseAfter{10};
constexpr std::size_t kMaxSecretText = 64;
constexpr std::size_t kMaxSessionRequestBytes = 1024;
/// Of the cookie's hash, in what a session is called.
constexpr std::size_t kSessionIdBytes = 12;

constexpr char kTokenSchema[] =
    R"({"type":"object","properties":{"role":{"type":"string","enum":["viewer","operator"]}},)"
    R"("additionalProperties":false})";

std::string new_secret() { return to_base64url(random_bytes(kSecretBytes)); }

/// Only what could be one of ours is worth hashing.
std::optional<auth::SecretHash> hash_of(std::string_view secret) {
  if (secret.empty() || secret.size() > kMaxSecretText) return std::nullopt;
  return crypto::sha256(as_bytes(secret));
}

net::Response signed_out() { return net::Response::problem(401, "no session: sign in with p2p-ctl dashboard"); }

Json to_json(const auth::WebSession& session) {
  return {{"subject", session.user.subject},
          {"role", auth::to_string(session.user.role)},
          {"expires_at", format_rfc3339(session.ends_at(), 0)}};
}

std::string id_of(const auth::SecretHash& hash) {
  return std::string(auth::kSessionIdPrefix) + to_base64url(ByteView(hash).first(kSessionIdBytes));
}

constexpr std::size_t kMaxRecordedPath = 128;

constexpr unsigned kFirstFailure = 400;

bool only_reads(net::Method method) { return method == net::Method::get || method == net::Method::head; }

/// Calls are recorded by their names, where these are read.
bool is_recorded_here(const net::Request& request) {
  return !only_reads(request.method) && !request.path.starts_with("/rpc");
}

std::string who(const auth::Caller& caller) {
  return fmt::format("{} ({})", auth::caller_name(caller), caller.token_id);
}

std::string change_of(const net::Request& request) {
  return fmt::format("{} {}", net::to_string(request.method),
                     escape_controls(request.path.substr(0, kMaxRecordedPath)));
}

}  // namespace

SignIn::SignIn(Options options, Hooks hooks, const Clock& clock, LogSink& log)
    : options_(std::move(options)), hooks_(std::move(hooks)), clock_(clock), log_(log, "Audit") {}

Result<void> SignIn::load(std::string_view text) {
  const std::lock_guard lock(mutex_);
  return table_.load(text);
}

std::string SignIn::encode() const {
  const std::lock_guard lock(mutex_);
  return table_.encode();
}

void SignIn::trust(pki::RevocationCheck is_revoked) {
  std::size_t ended = 0;
  {
    const std::lock_guard lock(mutex_);
    ended = table_.end_revoked(is_revoked);
  }
  if (ended == 0) return;
  record("sessions that ended with the certificates of their owners: {}", ended);
  hooks_.save();
}

bool SignIn::is_own_page(const net::Request& request) const {
  return request.headers.has("Origin") && net::is_same_origin(request.headers, options_.over_tls);
}

std::optional<SignIn::Found> SignIn::find(const net::Request& request) {
  const WallTime now = clock_.wall();
  for (const std::string_view value : net::cookies_named(request.headers.get("Cookie"), kSessionCookie)) {
    const auto hash = hash_of(value);
    if (!hash) continue;
    const std::lock_guard lock(mutex_);
    const auth::WebSession* session = table_.find(*hash, now);
    if (session == nullptr) continue;
    Found out{*hash, *session};
    use(*hash, now);
    return out;
  }
  return std::nullopt;
}

bool SignIn::is_open(const auth::SecretHash& id) {
  const WallTime now = clock_.wall();
  const std::lock_guard lock(mutex_);
  const auth::WebSession* session = table_.find(id, now);
  if (session == nullptr) return false;
  use(id, now);
  return true;
}

/// With mutex_. The file need not know each click.
void SignIn::use(const auth::SecretHash& id, WallTime now) {
  table_.use(id, now);
  if (now - noted_at_ < kNoteUseAfter && now >= noted_at_) return;
  noted_at_ = now;
  hooks_.changed();
}

bool SignIn::has_secret(const auth::WebSession& session, std::string_view secret) {
  const auto hash = hash_of(secret);
  return hash && auth::same_secret(*hash, session.secret);
}

/// As of one with a token: limited, and never good for a token of its own.
auth::Caller SignIn::caller_of(const Found& found, auth::Caller caller) const {
  const auth::WebUser& user = found.session.user;
  caller.identity = pki::Identity{options_.cluster_name, pki::Role::operator_, user.subject};
  caller.scopes = auth::scopes_of(user.role);
  caller.certificate = user.certificate;
  caller.ends_at = found.session.ends_at();
  caller.token_id = id_of(found.id);
  return caller;
}

Result<void> SignIn::authenticate(const net::Request& request, auth::Caller& caller) {
  const auto found = find(request);
  // Who has a certificate and asks for the rights of a session does not get those of the certificate instead.
  const bool asks = caller.identity && !net::cookies_named(request.headers.get("Cookie"), kSessionCookie).empty();
  if (!found && asks) return Error(Errc::not_found, "the session has ended: sign in again with p2p-ctl dashboard");
  if (!found) return {};
  const auto refuse = [&](const char* why) {
    record("{} was refused {}: {}", who(caller_of(*found, caller)), change_of(request), why);
    return Error(Errc::not_permitted, why);
  };
  if (!only_reads(request.method)) {
    if (!is_own_page(request)) return refuse("a page of another origin may not change anything with this session");
    if (!has_secret(found->session, request.headers.get(kSessionSecretField))) {
      return refuse("the session's secret is missing: sign in again with p2p-ctl dashboard");
    }
  }
  caller = caller_of(*found, std::move(caller));
  if (is_recorded_here(request)) record("{} asks for {}", who(caller), change_of(request));
  return {};
}

void SignIn::note_answer(const net::Request& request, unsigned status) const {
  if (status < kFirstFailure || !request.caller.is_session() || !is_recorded_here(request)) return;
  record("{} asked for {}: refused or failed with status {}", who(request.caller), change_of(request), status);
}

std::string SignIn::cookie(std::string_view value, std::chrono::seconds life) const {
  return fmt::format("{}={}; Max-Age={}; Path=/; Secure; HttpOnly; SameSite=Strict", kSessionCookie, value,
                     life.count());
}

net::Response SignIn::open(const net::Request& request) {
  if (!is_own_page(request)) {
    return net::Response::problem(403, "a page of another origin may not sign in here");
  }
  const auto body = parse_json(request.body);
  const std::string* token = body ? find_string(*body, "token") : nullptr;
  const auto hash = token == nullptr ? std::nullopt : hash_of(*token);
  if (!hash) return net::Response::problem(400, R"(the body must be {"token":"…"})");
  const std::string session = new_secret(), secret = new_secret();
  const WallTime now = clock_.wall();
  const auto traded = [&] {
    const std::lock_guard lock(mutex_);
    return table_.trade(*hash, *hash_of(session), *hash_of(secret), now);
  }();
  if (!traded) {
    log_.warning("a sign-in to the dashboard from {} was refused", request.caller.address);
    return net::Response::problem(401, traded.error().context);
  }
  hooks_.save();
  record("{} has signed in to the dashboard from {} as {}, {}", traded->user.subject, request.caller.address,
         auth::to_string(traded->user.role), id_of(*hash_of(session)));
  Json out = to_json(*traded);
  out["secret"] = secret;
  auto response = net::Response::json(dump_json(out));
  response.headers.add("Set-Cookie",
                       cookie(session, std::chrono::duration_cast<std::chrono::seconds>(traded->ends_at() - now)));
  return response;
}

net::Response SignIn::show(const net::Request& request) {
  const auto found = find(request);
  if (!found) return signed_out();
  return net::Response::json(dump_json(to_json(found->session)));
}

net::Response SignIn::close(const net::Request& request) {
  const auto found = find(request);
  if (!found) return signed_out();
  if (!is_own_page(request) || !has_secret(found->session, request.headers.get(kSessionSecretField))) {
    record("{} was refused to sign out: it was not the session's own page", who(caller_of(*found, request.caller)));
    return net::Response::problem(403, "only the session's own page may end it");
  }
  {
    const std::lock_guard lock(mutex_);
    table_.end(found->id);
  }
  hooks_.save();
  const std::string id = id_of(found->id);
  hooks_.drop([id](const auth::Caller& caller) { return caller.token_id == id; });
  record("{} has signed out, {}", found->session.user.subject, id);
  auto response = net::Response::text("", 204);
  response.headers.add("Set-Cookie", cookie("", std::chrono::seconds(0)));
  return response;
}

void SignIn::add_routes(net::Router& router) {
  using Answer = net::Response (SignIn::*)(const net::Request&);
  constexpr std::pair<net::Method, Answer> kAnswers[] = {
      {net::Method::get, &SignIn::show}, {net::Method::post, &SignIn::open}, {net::Method::delete_, &SignIn::close}};
  for (const auto& [method, answer] : kAnswers) {
    net::Route route;
    route.method = method;
    route.pattern = "/api/session";
    route.permission = auth::Permission::open;  // each answer looks itself
    route.max_body_bytes = kMaxSessionRequestBytes;
    route.handler = [this, answer = answer](net::Request& request) -> asio::awaitable<net::Response> {
      co_return (this->*answer)(request);
    };
    router.add(std::move(route));
  }
}

rpc::Outcome SignIn::issue(const rpc::CallContext& call) {
  const auth::Caller& caller = call.caller;
  const bool is_operator = caller.identity && caller.identity->role == pki::Role::operator_;
  if (!is_operator || !caller.certificate || !caller.token_id.empty()) {
    return rpc::to_rpc_error(
        Error(Errc::not_permitted, "signing in is for operators, who show their certificate to this coordinator"));
  }
  const Json params = rpc::parse_params(call.params).value();
  const std::string* word = find_string(params, "role");
  const auth::WebRole role = word == nullptr ? auth::WebRole::operator_ : *auth::parse_web_role(*word);
  const std::string token = new_secret();
  const WallTime now = clock_.wall();
  const auth::WebUser user{caller.identity->name, role, *caller.certificate, caller.ends_at};
  {
    const std::lock_guard lock(mutex_);
    if (const auto added = table_.add_token(*hash_of(token), user, now); !added)
      return rpc::to_rpc_error(added.error());
  }
  return dump_json(Json{{"token", token},
                        {"role", auth::to_string(role)},
                        {"expires_at", format_rfc3339(now + auth::kSignInTokenLife, 0)}});
}

rpc::Service SignIn::service() {
  rpc::Service out;
  out.name = "dashboard";
  out.version = P2P_VERSION;
  out.description = "The coordinator's web page.";
  auto token = rpc::make_method(
      "dashboard.token", "A token that signs in to the dashboard, once, within a minute",
      auth::Permission::authenticated,  // the handler looks further
      [this](const rpc::CallContext& call) -> asio::awaitable<rpc::Outcome> { co_return issue(call); }, kTokenSchema);
  token.immediate = true;
  token.result_schema = R"({"type":"object","required":["token","role","expires_at"]})";
  out.methods.push_back(std::move(token));
  return out;
}

}  // namespace p2p::node
