#include "dashboard_proxy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <utility>

#include "base/json.hpp"
#include "base/system_random.hpp"
#include "crypto/digest.hpp"
#include "net/close_code.hpp"
#include "net/field_text.hpp"
#include "net/head_rules.hpp"
#include "net/tls_words.hpp"
#include "rpc/timeouts.hpp"

namespace p2p::ctl {

namespace asio = boost::asio;
using asio::awaitable;

namespace {

constexpr char kCookie[] = "__Host-p2p_session", kSecretField[] = "P2P-Session-Secret";
constexpr std::string_view kSessionPath = "/api/session";
/// After one that failed.
constexpr std::chrono::seconds kSignInPause{3};
constexpr unsigned kNoContent = 204, kUnauthorized = 401, kForbidden = 403;
constexpr unsigned kGoingAway = 1001;  // of a WebSocket
constexpr std::size_t kSecretBytes = 32;
constexpr std::chrono::milliseconds kDialTimeout{10'000};
constexpr std::chrono::milliseconds kStopGrace{1'000};
constexpr std::size_t kChannelBytes = 16 << 20;
constexpr std::size_t kQueuedBytes = 256 << 10;
constexpr std::chrono::milliseconds kQueuePause{20};
constexpr std::chrono::milliseconds kAnswerSlack{2'000};
constexpr std::size_t kMaxPageMessageBytes = 64 << 10;

/// What of a request and of an answer goes through.
constexpr std::string_view kAskedFields[] = {"Accept",        "Accept-Encoding", "Content-Type",
                                             "If-None-Match", "P2P-Target",      "P2P-Timeout-Ms"};
constexpr std::string_view kAnsweredFields[] = {"Cache-Control",
                                                "Content-Encoding",
                                                "Content-Security-Policy",
                                                "Cross-Origin-Opener-Policy",
                                                "Cross-Origin-Resource-Policy",
                                                "ETag",
                                                "Location",
                                                "Referrer-Policy",
                                                "Retry-After",
                                                "Vary",
                                                "X-Content-Type-Options"};
/// Where the page's own addresses begin.
constexpr std::string_view kServed[] = {"dashboard", "api/", "rpc"};

net::ExpectedPeer coordinator_peer() {
  net::ExpectedPeer out;
  out.role = pki::Role::coordinator;
  return out;
}

std::string origin_of(const net::Endpoint& coordinator) { return "https://" + coordinator.to_text(); }

/// The value of the session's cookie in an answer.
std::optional<std::string> session_cookie(const net::Headers& headers) {
  const std::string_view field = headers.get("Set-Cookie");
  const auto values = net::cookies_named(field.substr(0, field.find(';')), kCookie);
  return values.empty() || values[0].empty() ? std::nullopt : std::optional(std::string(values[0]));
}

std::string cookie_field(const std::string& value) { return fmt::format("{}={}", kCookie, value); }

bool is_secret(std::string_view given, std::string_view secret) {
  return crypto::equal_constant_time(as_bytes(given), as_bytes(secret));
}

/// Whether `Host` is this machine's own. Browsers leave HTTP's own port out.
bool is_own_host(std::string_view host, std::uint16_t port) {
  constexpr std::uint16_t kHttpPort = 80;
  const std::string_view names[] = {"127.0.0.1", "localhost"};
  return std::any_of(std::begin(names), std::end(names), [&](std::string_view name) {
    return host == fmt::format("{}:{}", name, port) || (port == kHttpPort && host == name);
  });
}

/// What the page is to be told where the coordinator does not take the certificate; none where something else failed.
std::optional<std::string> refusal_of(std::string_view error_text) {
  const auto alert = net::refusal_in(error_text);
  if (!alert) return std::nullopt;
  const std::string why = alert->starts_with("certificate revoked")   ? "was revoked"
                          : alert->starts_with("certificate expired") ? "has expired"
                                                                      : fmt::format("is not taken ({})", *alert);
  return fmt::format(
      "the certificate of p2p-ctl dashboard {}. Get a new one first: p2p-ca sign NAME --role operator "
      "--force, where the CA is",
      why);
}

net::Response nothing_here() { return net::Response::problem(404, "there is nothing here"); }

/// Messages from one side go to the other, as fast as that takes them: what it does not take stays where it comes from,
/// which knows what a slow page is to be told. At the end the other is closed as the one was. `over` is of both ways:
/// each ends the other by that and by its close; a receive that is cancelled would break its channel before the close.
awaitable<void> copy_messages(net::ChannelPtr from, net::ChannelPtr to, bool& over) {
  asio::steady_timer pause(to->executor());
  unsigned code = kGoingAway;
  while (!over) {
    auto message = co_await from->receive();
    if (!message) code = net::close_code_of(message.error()).value_or(kGoingAway);
    if (!message || !to->send(std::move(*message))) break;
    while (!over && to->queued_bytes() > kQueuedBytes) {
      pause.expires_after(kQueuePause);
      co_await pause.async_wait(asio::use_awaitable);
    }
  }
  over = true;
  to->close(code, "the other side has closed");
}

/// A little longer than the coordinator takes for it at most, so that its answer is the one that comes.
std::chrono::milliseconds timeout_of(const net::Request& request) {
  const std::string_view text = request.headers.get("P2P-Timeout-Ms");
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const bool is_number = error == std::errc{} && end == text.data() + text.size() && count > 0;
  return std::clamp(is_number ? std::chrono::milliseconds(count) : rpc::kDefaultTimeout, std::chrono::milliseconds(1),
                    rpc::kMaxTimeout) +
         kAnswerSlack;
}

}  // namespace

DashboardProxy::DashboardProxy(asio::io_context& loop, net::Client& client, net::Endpoint coordinator,
                               std::uint16_t port, TokenSource tokens, LogSink& log)
    : loop_(loop),
      client_(client),
      coordinator_(std::move(coordinator)),
      tokens_(std::move(tokens)),
      signed_in_(loop, Monotonic::max()),
      path_secret_(to_base64url(random_bytes(kSecretBytes))),
      page_secret_(to_base64url(random_bytes(kSecretBytes))),
      port_(port) {
  net::ServerOptions options;
  options.bind_address = "127.0.0.1";
  options.port = port_;
  server_ = std::make_unique<net::Server>(std::vector<asio::io_context*>{&loop_}, make_router(), nullptr,
                                          std::move(options), log);
}

DashboardProxy::~DashboardProxy() = default;

Result<void> DashboardProxy::start() {
  const auto port = server_->start();
  if (!port) return port.error();
  port_ = *port;
  return {};
}

std::string DashboardProxy::address() const {
  return fmt::format("http://127.0.0.1:{}/{}/dashboard", port_, path_secret_);
}

net::Router DashboardProxy::make_router() {
  net::Router router;
  net::Route live;
  live.pattern = "/{secret}/ws/dashboard";
  live.permission = auth::Permission::open;
  live.channel_limits = {kMaxPageMessageBytes, kChannelBytes};
  live.channel_handler = [this](net::Request request, net::ChannelPtr page) {
    return pass_on_channel(std::move(request), std::move(page));
  };
  router.add(std::move(live));
  for (const net::Method method : {net::Method::get, net::Method::post, net::Method::delete_}) {
    net::Route route;
    route.method = method;
    route.pattern = "/{secret}/{*}";
    route.permission = auth::Permission::open;
    route.handler = [this](net::Request& request) { return pass_on(request); };
    router.add(std::move(route));
  }
  return router;
}

/// Whether it is this program's page that asks.
bool DashboardProxy::is_guarded(const net::Request& request, bool changes) const {
  if (!is_own_host(request.headers.get("Host"), port_) || !net::is_same_origin(request.headers, false)) return false;
  if (changes && !request.headers.has("Origin")) return false;
  return !request.captured.empty() && is_secret(request.captured[0], path_secret_);
}

net::Call DashboardProxy::session_call(net::Method method) const {
  net::Call out;
  out.endpoint = coordinator_;
  out.peer = coordinator_peer();
  out.method = method;
  out.target = kSessionPath;
  out.headers.set("Origin", origin_of(coordinator_));
  return out;
}

awaitable<cli::Attempt<void>> DashboardProxy::sign_in() {
  auto getting = tokens_();
  auto token = co_await std::move(getting);
  if (!token) co_return token.error();
  net::Call call = session_call(net::Method::post);
  call.headers.set("Content-Type", "application/json");
  call.body = dump_json(Json{{"token", std::move(*token)}});
  auto calling = client_.call(std::move(call));
  const auto answer = co_await std::move(calling);
  if (!answer) co_return cli::Failure(answer.error().error);
  const auto body = parse_json(answer->body);
  const std::string* secret = body ? find_string(*body, "secret") : nullptr;
  auto cookie = session_cookie(answer->headers);
  if (answer->status != 200 || secret == nullptr || !cookie) {
    co_return cli::Failure(cli::kNotPermitted,
                           fmt::format("the coordinator gave no session (status {})", answer->status));
  }
  session_ = {std::move(*cookie), *secret};
  co_return cli::Attempt<void>();
}

/// On its own, so that no request that is given up takes it along.
void DashboardProxy::begin_sign_in() {
  is_signing_in_ = true;
  auto signing_in = sign_in();
  asio::co_spawn(loop_, std::move(signing_in), [this](std::exception_ptr thrown, const cli::Attempt<void>& done) {
    is_signing_in_ = false;
    if (thrown || !done) next_sign_in_ = std::chrono::steady_clock::now() + kSignInPause;
    refusal_ = thrown || done ? std::nullopt : refusal_of(done.error().message);
    signed_in_.cancel();
  });
}

/// Of several that were refused at once the first begins it, and all wait for its end.
awaitable<bool> DashboardProxy::sign_in_again(std::string refused_cookie) {
  const bool may_begin = !has_signed_out_ && std::chrono::steady_clock::now() >= next_sign_in_;
  if (session_.cookie == refused_cookie && !is_signing_in_ && may_begin) begin_sign_in();
  while (is_signing_in_) co_await signed_in_.async_wait(asio::as_tuple(asio::use_awaitable));
  co_return session_.cookie != refused_cookie;
}

/// A request that was refused for want of a session was not carried out, so that it may be sent again.
awaitable<net::CallResult> DashboardProxy::ask(net::Call call) {
  const bool shows_secret = call.headers.has(kSecretField);
  for (bool again = true;; again = false) {
    call.headers.set("Cookie", cookie_field(session_.cookie));
    if (shows_secret) call.headers.set(kSecretField, session_.secret);
    const std::string used = session_.cookie;
    net::Call sent = again ? call : std::move(call);
    auto calling = client_.call(std::move(sent));
    auto answer = co_await std::move(calling);
    if (!again || !answer || answer->status != kUnauthorized) co_return answer;
    auto signing_in = sign_in_again(used);
    const bool signed_in = co_await std::move(signing_in);
    if (!signed_in) co_return answer;
  }
}

net::Call DashboardProxy::call_of(net::Request& request) const {
  net::Call out;
  out.endpoint = coordinator_;
  out.peer = coordinator_peer();
  out.method = request.method == net::Method::head ? net::Method::get : request.method;
  const std::string& path = request.captured[1];
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    out.target += '/' + net::percent_encode(path.substr(at, end - at));
    at = end + 1;
  }
  if (!request.query.empty()) out.target += '?' + request.query;
  for (const std::string_view name : kAskedFields) {
    if (request.headers.has(name)) out.headers.set(std::string(name), std::string(request.headers.get(name)));
  }
  if (request.headers.has("Origin")) out.headers.set("Origin", origin_of(coordinator_));
  if (is_secret(request.headers.get(kSecretField), page_secret_)) out.headers.set(kSecretField, "");
  out.timeout = timeout_of(request);
  out.body = std::move(request.body);
  return out;
}

awaitable<net::Response> DashboardProxy::pass_on(net::Request& request) {
  const bool changes = request.method != net::Method::get && request.method != net::Method::head;
  if (!is_guarded(request, changes) || request.captured.size() != 2) co_return nothing_here();
  const std::string_view path = request.captured[1];
  const bool served = std::any_of(std::begin(kServed), std::end(kServed),
                                  [&](std::string_view beginning) { return path.starts_with(beginning); });
  if (!served) co_return nothing_here();
  // Whatever query there is.
  const bool of_session = path == kSessionPath.substr(1);
  net::Call call = call_of(request);
  // Signing in is for this program.
  if (of_session && request.method == net::Method::post) co_return nothing_here();
  const bool signs_out = of_session && request.method == net::Method::delete_;
  // Before it is: nothing that is asked for meanwhile may open another session.
  if (signs_out) has_signed_out_ = true;
  auto asking = ask(std::move(call));
  auto answer = co_await std::move(asking);
  if (signs_out && answer && answer->status != kNoContent && answer->status != kUnauthorized) has_signed_out_ = false;
  // One that trying again does not mend is said as that.
  const bool has_no_session = answer && answer->status == kUnauthorized;
  const auto refusal = !answer ? refusal_of(answer.error().error.context) : has_no_session ? refusal_ : std::nullopt;
  if (refusal) co_return net::Response::problem(kForbidden, *refusal);
  if (!answer) co_return net::Response::problem(502, "the coordinator: " + answer.error().error.context);
  net::Response out;
  out.status = answer->status;
  out.content_type = answer->headers.get("Content-Type");
  for (const std::string_view name : kAnsweredFields) {
    if (answer->headers.has(name)) out.headers.add(std::string(name), std::string(answer->headers.get(name)));
  }
  out.body = std::move(answer->body);
  // The page has not signed in itself, so this is where it learns its secret.
  if (of_session && !changes && out.status == 200) {
    auto body = parse_json(out.body);
    if (body && body->is_object()) {
      (*body)["secret"] = page_secret_;
      out.body = dump_json(*body);
    }
  }
  co_return out;
}

/// The first message has the page's secret, in place of which goes that of the session.
awaitable<void> DashboardProxy::copy_from_page(net::ChannelPtr page, net::ChannelPtr upstream, bool& over) const {
  auto receiving = page->receive();
  const auto first = co_await std::move(receiving);
  auto hello = first ? parse_json(first->data) : Result<Json>(first.error());
  const std::string* secret = hello ? find_string(*hello, "secret") : nullptr;
  if (secret != nullptr && is_secret(*secret, page_secret_)) {
    (*hello)["secret"] = session_.secret;
    upstream->send({false, dump_json(*hello)});
  } else {
    page->close(net::kPolicyViolation, "the first message must have the page's secret");
    over = true;
  }
  // Where it is over this closes the other side alone.
  auto copying = copy_messages(page, upstream, over);
  co_await std::move(copying);
}

awaitable<void> DashboardProxy::pass_on_channel(net::Request request, net::ChannelPtr page) {
  if (!is_guarded(request, true)) {
    page->close(net::kPolicyViolation, "another page or program may not listen here");
    co_return;
  }
  // What is wrong with a session is said in a close, which is too late for another one.
  auto asking = ask(session_call(net::Method::get));
  co_await std::move(asking);
  net::Headers headers;
  headers.set("Cookie", cookie_field(session_.cookie));
  headers.set("Origin", origin_of(coordinator_));
  net::ChannelLimits limits;
  limits.max_message_bytes = kChannelBytes;
  auto dialling =
      client_.open_channel(coordinator_, coordinator_peer(), "/ws/dashboard", std::move(headers), limits, kDialTimeout);
  const auto upstream = co_await std::move(dialling);
  if (!upstream) {
    page->close(kGoingAway, "the coordinator does not answer");
    co_return;
  }
  bool over = false;
  auto down = copy_messages(*upstream, page, over);
  auto up = copy_from_page(page, *upstream, over);
  auto both = asio::experimental::make_parallel_group(asio::co_spawn(loop_, std::move(down), asio::deferred),
                                                      asio::co_spawn(loop_, std::move(up), asio::deferred));
  co_await both.async_wait(asio::experimental::wait_for_one_error(), asio::use_awaitable);
}

awaitable<void> DashboardProxy::stop() {
  has_signed_out_ = true;
  while (is_signing_in_) co_await signed_in_.async_wait(asio::as_tuple(asio::use_awaitable));
  net::Call call = session_call(net::Method::delete_);
  call.headers.set("Cookie", cookie_field(session_.cookie));
  call.headers.set(kSecretField, session_.secret);
  call.timeout = kStopGrace;
  auto calling = client_.call(std::move(call));
  co_await std::move(calling);
  auto stopping = server_->stop(kStopGrace);
  co_await std::move(stopping);
  client_.close();
}

}  // namespace p2p::ctl
