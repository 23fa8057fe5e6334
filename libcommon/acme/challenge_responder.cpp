#include "acme/challenge_responder.hpp"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <unordered_map>

#include "net/router.hpp"

namespace p2p::acme {
namespace asio = boost::asio;
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMaxTokens = 100;
constexpr std::chrono::milliseconds kStopGrace = 1s;

// The validator asks once, or from a few places at once; everyone else who finds the port gets little of it.
net::ServerLimits limits() {
  net::ServerLimits out;
  out.head = 5s;
  out.idle = 5s;
  out.body = 5s;
  out.write = 5s;
  out.linger = 1s;
  out.default_request_timeout = out.max_request_timeout = 5s;
  out.max_connections = 64;
  out.max_connections_per_address = 16;
  out.max_connections_from_loopback = 64;
  return out;
}

}  // namespace

struct ChallengeResponder::Tokens {
  std::unordered_map<std::string, std::string> answers;
};

ChallengeResponder::ChallengeResponder(asio::io_context& loop, std::string bind_address, std::uint16_t port,
                                       LogSink& log)
    : loop_(loop),
      bind_address_(std::move(bind_address)),
      port_(port),
      log_(log),
      tokens_(std::make_shared<Tokens>()) {}

ChallengeResponder::~ChallengeResponder() = default;

Result<void> ChallengeResponder::serve(std::string token, std::string key_authorization) {
  if (tokens_->answers.size() >= kMaxTokens) return Error(Errc::too_large, "there are too many http-01 tokens at once");
  if (!server_) {
    if (auto started = start(); !started) return started;
  }
  tokens_->answers.insert_or_assign(std::move(token), std::move(key_authorization));
  return {};
}

Result<void> ChallengeResponder::start() {
  net::Route route;
  route.pattern = "/.well-known/acme-challenge/{token}";
  route.permission = auth::Permission::open;
  route.limit_class = net::LimitClass::none;
  route.max_body_bytes = 0;
  route.handler = [tokens = tokens_](net::Request& request) -> asio::awaitable<net::Response> {
    const auto found = tokens->answers.find(request.captured.at(0));
    if (found == tokens->answers.end()) co_return net::Response::problem(404, "there is no such challenge");
    co_return net::Response::text(found->second);
  };
  net::Router router;
  router.add(std::move(route));
  net::ServerOptions options;
  options.bind_address = bind_address_;
  options.port = port_;
  options.limits = limits();
  auto server = std::make_unique<net::Server>(std::vector<asio::io_context*>{&loop_}, std::move(router), nullptr,
                                              std::move(options), log_);
  const auto port = server->start();
  if (!port) {
    return Error(port.error().code, fmt::format("http-01 cannot be answered on {} port {}: {}", bind_address_, port_,
                                                port.error().context));
  }
  server_ = std::move(server);
  port_in_use_ = *port;
  return {};
}

asio::awaitable<void> ChallengeResponder::stop() {
  tokens_->answers.clear();
  port_in_use_ = 0;
  if (!server_) co_return;
  // A server must come to its end even when whoever waits for that is cancelled: the work of stopping owns it.
  struct Stopping {
    std::unique_ptr<net::Server> server;
    asio::steady_timer finished;
    bool done = false;
  };
  const auto stopping =
      std::make_shared<Stopping>(Stopping{std::move(server_), asio::steady_timer(loop_, Monotonic::max())});
  auto stopped = [stopping](const std::exception_ptr&, bool) {
    stopping->done = true;
    stopping->finished.cancel();
  };
  asio::co_spawn(loop_, stopping->server->stop(kStopGrace), std::move(stopped));
  if (!stopping->done) co_await stopping->finished.async_wait(asio::as_tuple(asio::use_awaitable));
}

}  // namespace p2p::acme
