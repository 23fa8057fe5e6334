#include "addresses/path_attempt.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "addresses/dial_back_message.hpp"
#include "addresses/path_probe_text.hpp"
#include "net/connect.hpp"
#include "net/dial.hpp"
#include "net/exchange.hpp"
#include "net/http_text.hpp"
#include "net/outside_dial.hpp"

namespace p2p::addresses {
namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::milliseconds;

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kMaxHealthBytes = 64 << 10;
/// Without a fleet most ports speak first or not at all: a TLS server answers in the time of a few round trips.
constexpr milliseconds kLeastTlsPatience{250};
constexpr int kTlsRoundTrips = 10;
/// Of the time that is left, what the answer of a dial back needs for its way.
constexpr int kAnswerFraction = 8;

std::chrono::microseconds since(Monotonic begin) {
  return std::chrono::duration_cast<std::chrono::microseconds>(SteadyClock::now() - begin);
}

milliseconds left_until(Monotonic end) {
  return std::max(milliseconds(1), std::chrono::ceil<milliseconds>(end - SteadyClock::now()));
}

/// One request on the connection that was made; `unreachable` and the like as Exchange.
asio::awaitable<Result<net::Answer>> ask(net::Exchange& connection, net::Method method, const char* path,
                                         const net::Headers& headers, std::string body, const std::string& authority,
                                         net::CallWatch& watch) {
  std::string text;
  auto written = net::append_request(text, method, path, authority, headers, body);
  if (!written) co_return written.error();
  const net::Awaited awaited{false, kMaxHealthBytes};
  auto running = connection.run(text, awaited, path, watch);
  auto outcome = co_await std::move(running);
  if (!outcome) co_return outcome.error().error;
  co_return std::move(*outcome);
}

class PathAttempt {
 public:
  PathAttempt(asio::any_io_executor executor, const ProbeRequest& request, const net::Endpoint& dialled,
              Monotonic until, PathProbe& into)
      : executor_(std::move(executor)),
        request_(request),
        host_(dialled.host),
        authority_(dialled.to_text()),
        until_(until),
        watch_(executor_, left_until(until)),
        into_(into) {}

  asio::awaitable<void> run(asio::ip::address source, tcp::endpoint target) {
    const Monotonic begin = SteadyClock::now();
    auto connecting = net::connect_from(executor_, std::move(source), target, watch_);
    auto socket = co_await std::move(connecting);
    if (!socket) {
      into_.failure = connect_failure(socket.error(), request_.timeout);
      co_return;
    }
    into_.reached = Reached::connected;
    auto following = request_.tls ? in_fleet(std::move(*socket)) : outside(std::move(*socket), since(begin));
    co_await std::move(following);
  }

 private:
  asio::awaitable<void> in_fleet(tcp::socket socket) {
    std::optional<pki::Identity> other;
    auto securing = net::secure(std::move(socket), request_.tls, host_, request_.expected, watch_, &traffic_, &other);
    auto dialled = co_await std::move(securing);
    if (other) {
      into_.reached = Reached::tls;
      into_.peer = Peer::foreign;
      into_.peer_name = other->name;
      into_.failure = "another member of the fleet answers there: " + dialled.error().context;
      co_return;
    }
    if (!dialled) co_return judge_tls(dialled.error());
    into_.reached = Reached::tls;
    into_.peer = Peer::expected;
    if (dialled->peer.identity) into_.peer_name = dialled->peer.identity->name;
    net::Exchange connection(std::move(dialled->stream), std::move(dialled->peer));
    auto asking = ask_health(connection);
    const bool is_healthy = co_await std::move(asking);
    if (!is_healthy) co_return;
    auto dialling_back = ask_dial_back(connection);
    co_await std::move(dialling_back);
  }

  void judge_tls(const Error& error) {
    if (error.kind() == Errc::timeout) {
      into_.failure = "connected, but the TLS handshake did not come to an end in time";
    } else if (traffic_.received.get() == 0) {
      into_.failure = "connected, but the connection was closed before anything came";
    } else {
      into_.peer = Peer::foreign;
      into_.failure = "something else answers there: " + error.context;
    }
  }

  asio::awaitable<bool> ask_health(net::Exchange& connection) {
    const Monotonic begin = SteadyClock::now();
    const net::Headers none;
    auto asking = ask(connection, net::Method::get, "/health", none, {}, authority_, watch_);
    const auto answer = co_await std::move(asking);
    if (!answer) {
      into_.failure = answer.error().kind() == Errc::timeout ? "connected, but /health was not answered in time"
                                                             : answer.error().context;
      co_return false;
    }
    into_.round_trip = since(begin);
    if (answer->status == 200) {
      into_.reached = Reached::healthy;
      co_return true;
    }
    into_.failure = answer->status == 503
                        ? "the node is starting or stopping (/health: 503)"
                        : fmt::format("/health: {} {}", answer->status, net::reason_phrase(answer->status));
    co_return false;
  }

  /// A node that does not know this, or does not let us ask, leaves the path as good as it is.
  asio::awaitable<void> ask_dial_back(net::Exchange& connection) {
    if (!connection.reusable()) co_return;
    net::Headers headers;
    headers.set("Content-Type", "application/json");
    const milliseconds left = left_until(until_);
    headers.set("P2P-Timeout-Ms", std::to_string(std::max<long>(1, (left - left / kAnswerFraction).count())));
    if (!request_.token.empty()) headers.set("Authorization", "Bearer " + request_.token);
    DialBackRequest question;
    question.port = request_.dial_back_port;
    into_.asked_back = question.port.has_value();
    auto asking = ask(connection, net::Method::post, kDialBackPath, headers, to_text(question), authority_, watch_);
    const auto answer = co_await std::move(asking);
    if (!answer || answer->status != 200) co_return;
    const auto told = parse_dial_back_answer(answer->body);
    if (!told) co_return;
    into_.seen_as = told->seen_as;
    into_.dials_back = told->dials_back;
    if (told->dials_back == true || told->failure.empty()) co_return;
    into_.failure = (told->dials_back ? "it cannot dial back: " : "it did not dial back: ") + told->failure;
  }

  asio::awaitable<void> outside(tcp::socket socket, std::chrono::microseconds connected_within) {
    into_.round_trip = connected_within;
    const auto trust = net::WebTrust::of_anyone();
    if (!trust) co_return;
    const auto patience =
        std::max(kLeastTlsPatience, std::chrono::ceil<milliseconds>(connected_within) * kTlsRoundTrips);
    net::CallWatch watch(executor_, std::min(patience, left_until(until_)));
    auto securing = net::secure_outside(std::move(socket), *trust, host_, traffic_, watch);
    const auto stream = co_await std::move(securing);
    if (stream) into_.reached = Reached::tls;
  }

  const asio::any_io_executor executor_;
  const ProbeRequest& request_;
  const std::string host_;
  const std::string authority_;
  const Monotonic until_;
  net::Traffic traffic_;
  net::CallWatch watch_;
  PathProbe& into_;
};

}  // namespace

asio::awaitable<void> try_path(asio::any_io_executor executor, const ProbeRequest& request, asio::ip::address source,
                               tcp::endpoint target, std::string host, Monotonic until, PathProbe& into) {
  const net::Endpoint dialled{std::move(host), target.port()};
  PathAttempt attempt(std::move(executor), request, dialled, until, into);
  auto running = attempt.run(std::move(source), std::move(target));
  co_await std::move(running);
}

}  // namespace p2p::addresses
