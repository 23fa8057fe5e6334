#include "dial_backs.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/this_coro.hpp>
#include <optional>

#include "addresses/path_probe_text.hpp"
#include "net/dial.hpp"

namespace p2p::node {

namespace asio = boost::asio;
using addresses::DialBackAnswer;
using std::chrono::milliseconds;

namespace {

/// Kept of the time that who asks has, for the way of the answer.
constexpr milliseconds kWayBack{50};

/// A certificate on this very connection; never a token, never what another node states of somebody.
bool is_node_itself(const auth::Caller& caller) { return caller.is_node() && caller.token_id.empty(); }

/// As the other side knows it: the zone of a link-local address is a name of this machine.
std::string without_zone(const std::string& address) { return address.substr(0, address.find('%')); }

}  // namespace

DialBacks::DialBacks(const net::TlsContexts& tls, Random& random, const Clock& clock, LogSink& log)
    : tls_(tls), clock_(clock), log_(log, "Network"), gate_(SipHash::Key{random.next(), random.next()}) {}

void DialBacks::add_route(net::Router& router) {
  net::Route route;
  route.method = net::Method::post;
  route.pattern = addresses::kDialBackPath;
  route.permission = auth::Permission::authenticated;
  route.max_body_bytes = addresses::kMaxDialBackBytes;
  route.handler = [this](net::Request& request) -> asio::awaitable<net::Response> {
    auto task = answer(request);
    co_return co_await std::move(task);
  };
  router.add(std::move(route));
}

asio::awaitable<net::Response> DialBacks::answer(const net::Request& request) {
  const auto question = addresses::parse_dial_back_request(request.body);
  if (!question) co_return net::Response::problem(400, question.error().context);
  DialBackAnswer out;
  out.seen_as = without_zone(request.caller.address);
  if (question->port) {
    auto task = dial(request, *question->port, out);
    co_await std::move(task);
  }
  co_return net::Response::json(addresses::to_text(out));
}

asio::awaitable<void> DialBacks::dial(const net::Request& request, std::uint16_t port, DialBackAnswer& into) {
  const auth::Caller& caller = request.caller;
  // Not a name, whatever happens: nothing is looked up for a stranger.
  boost::system::error_code not_an_address;
  asio::ip::make_address(caller.address, not_an_address);
  if (!is_node_itself(caller) || not_an_address) {
    into.failure = "only a node with its own certificate is dialled back";
    co_return;
  }
  const Monotonic now = clock_.monotonic();
  {
    const std::lock_guard lock(mutex_);
    into.failure = gate_.begin(caller.identity->name, now);
  }
  if (!into.failure.empty()) co_return;
  struct Ended {
    DialBacks& owner;
    ~Ended() {
      const std::lock_guard lock(owner.mutex_);
      owner.gate_.ended();
    }
  } const ended{*this};

  const auto given = std::chrono::floor<milliseconds>(request.deadline - now) - kWayBack;
  const milliseconds patience = std::clamp(given, milliseconds(1), kDialBackTime);
  const auto executor = co_await asio::this_coro::executor;
  net::CallWatch watch(executor, patience);
  const net::Endpoint endpoint{caller.address, port};
  const net::ExpectedPeer expected{caller.identity->name, caller.identity->role};
  auto dialling = net::dial(executor, tls_.state(), endpoint, expected, watch);
  auto dialled = co_await std::move(dialling);
  into.dials_back = dialled.has_value();
  if (dialled) {
    dialled->stream->shut_down();
    co_return;
  }
  into.failure = dialled.error().context;
  log_.debug("{} cannot be dialled back: {}", caller.identity->name, into.failure);
}

}  // namespace p2p::node
