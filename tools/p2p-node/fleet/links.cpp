#include "links.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "try_each.hpp"

namespace p2p::node {

namespace asio = boost::asio;
using std::chrono::milliseconds;

namespace {

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);
constexpr milliseconds kDialTimeout{10'000};
constexpr milliseconds kFirstBackoff{100};
constexpr milliseconds kLongestBackoff{5'000};
/// A link that lasted this long was a good one: the next failure starts the back-off anew.
constexpr std::chrono::seconds kSteadyAfter{10};
constexpr milliseconds kStopGrace{1'000};

net::ChannelLimits link_limits() {
  net::ChannelLimits limits;
  limits.max_message_bytes = membership::kMaxLinkMessageBytes;
  return limits;
}

}  // namespace

Links::Links(asio::io_context& control, Gossip& gossip, rpc::Dispatcher& dispatcher, logs::Collector* collector,
             logs::LogShipper* shipper, Random& random, const Clock& clock, LogSink& log)
    : control_(control),
      gossip_(gossip),
      dispatcher_(dispatcher),
      collector_(collector),
      shipper_(shipper),
      random_(random),
      clock_(clock),
      log_(log, "Link") {}

membership::LinkHandlers Links::handlers(const net::ChannelPtr& channel) {
  const auth::Caller peer = channel->peer();
  membership::LinkHandlers out;
  out.on_records = [this, identity = *peer.identity](std::string_view payload, membership::LinkRoom room) {
    asio::post(control_, [this, identity, room = std::move(room), payload = std::string(payload)]() mutable {
      gossip_.receive_push(identity, std::move(payload));
    });
  };
  out.on_logs = out.on_logs_reply = [](std::string_view) {};
  out.wall_clock = [this] { return clock_.wall(); };
  out.answer = [this, peer](membership::LinkCall call) { return answer(peer, std::move(call)); };
  return out;
}

asio::awaitable<std::string> Links::answer(const auth::Caller& peer, membership::LinkCall call) {
  rpc::Origin origin;
  origin.caller = peer;
  // Only a coordinator speaks for others; a worker that calls over its link is itself.
  if (peer.identity->role == pki::Role::coordinator && !call.stated_caller.empty()) {
    const auto stated = auth::parse_stated_caller(call.stated_caller);
    // Who asks is not known, so it is nobody: the method's own permission refuses.
    origin.caller = stated ? *stated : auth::Caller{};
  }
  origin.final = true;
  origin.progress = std::move(call.progress);
  origin.deadline = clock_.monotonic() + std::min(milliseconds(call.timeout_ms), rpc::kMaxTimeout);
  const std::string request = std::move(call.request);
  co_return co_await dispatcher_.answer(request, origin, &peer);
}

// --- at a coordinator -----------------------------------------------------------------------------------------------

void Links::add_route(net::Router& router) {
  net::Route route;
  route.method = net::Method::get;
  route.pattern = "/internal/link";
  route.permission = auth::Permission::node;
  route.limit_class = net::LimitClass::internal;
  route.channel_limits = link_limits();
  route.channel_handler = [this](net::Request, net::ChannelPtr channel) { return accept(std::move(channel)); };
  router.add(std::move(route));
}

asio::awaitable<void> Links::accept(net::ChannelPtr channel) {
  const std::string node_id = channel->peer().identity->name;
  auto handlers = this->handlers(channel);
  std::unique_ptr<logs::Collector::Intake> intake;
  std::shared_ptr<membership::Link> link;
  if (collector_ != nullptr) {
    // The collector may answer after the link is gone, so it holds the channel, not the link.
    intake = collector_->open(node_id, [channel](Bytes message) {
      channel->send({true, membership::encode_frame(membership::FrameKind::logs_reply, 0, as_text(message))});
    });
    handlers.on_logs = [this, &intake, channel, node_id](std::string_view payload) {
      if (const auto taken = intake->receive(as_bytes(payload)); !taken) {
        log_.warning("the log stream of {} is dropped: {}", node_id, taken.error().context);
        channel->close(1002, "log stream refused");
      }
    };
  }
  if (take_figures_) {
    handlers.on_figures = [this, node_id](std::string_view payload) { take_figures_(node_id, payload); };
  }
  link = std::make_shared<membership::Link>(channel, std::move(handlers), log_.sink());
  asio::post(control_, [this, node_id, link] { gossip_.link_opened(node_id, link); });
  const Error why = co_await link->run();
  log_.debug("the link of {} ended: {}", node_id, why.context);
  asio::post(control_, [this, node_id, link] { gossip_.link_closed(node_id, link.get()); });
}

// --- at a worker ----------------------------------------------------------------------------------------------------

asio::awaitable<void> Links::keep(net::Client& client, std::vector<std::string> addresses) {
  milliseconds backoff = kFirstBackoff;
  bool said = false;
  asio::steady_timer timer(control_);
  while (!stopping_) {
    const auto begun = clock_.monotonic();
    auto channel = co_await dial(client, addresses);
    if (channel && stopping_) (*channel)->abort();
    if (stopping_) co_return;
    if (channel) {
      const std::string name = (*channel)->peer().identity->name;
      said = false;
      const Error why = co_await hold(std::move(*channel));
      if (stopping_) co_return;
      // hold() switched this off for its clean-up.
      co_await asio::this_coro::throw_if_cancelled(true);
      log_.warning("the link to {} broke: {}", name, why.context);
    } else if (!std::exchange(said, true)) {
      // Said once; a coordinator that is away for long must not fill the log.
      log_.warning("no link to a coordinator: {}", channel.error().context);
    }
    if (clock_.monotonic() - begun > kSteadyAfter) backoff = kFirstBackoff;
    // ±20%, so that a fleet does not dial in step after a restart of its coordinator.
    timer.expires_after(std::chrono::duration_cast<milliseconds>(backoff * (0.8 + 0.4 * random_.unit())));
    backoff = std::min(backoff * 2, kLongestBackoff);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

asio::awaitable<Result<net::ChannelPtr>> Links::dial(net::Client& client, std::vector<std::string> addresses) {
  Result<net::ChannelPtr> outcome = Error(Errc::unreachable, "none of its addresses is host:port");
  auto attempt = [&](const net::Endpoint& endpoint, const std::string& address) -> asio::awaitable<bool> {
    const net::ExpectedPeer coordinator{std::nullopt, pki::Role::coordinator};
    outcome = co_await client.open_channel(endpoint, coordinator, "/internal/link", {}, link_limits(), kDialTimeout);
    if (outcome && !stopping_) log_.info("linked to {} at {}", (*outcome)->peer().identity->name, address);
    co_return outcome || stopping_;
  };
  co_await try_each(std::move(addresses), attempt);
  co_return outcome;
}

asio::awaitable<Error> Links::hold(net::ChannelPtr channel) {
  const std::string node_id = channel->peer().identity->name;
  auto handlers = this->handlers(channel);
  const std::weak_ptr<net::Channel> weak = channel;
  handlers.on_logs_reply = [this, weak](std::string_view payload) {
    const auto open = weak.lock();
    if (!open) return;
    auto messages = shipper_->on_message(as_bytes(payload));
    if (!messages) {
      log_.warning("the coordinator's log answer makes no sense: {}", messages.error().context);
      open->close(1002, "log answer refused");
      return;
    }
    for (const auto& message : *messages) {
      if (!open->send({true, membership::encode_frame(membership::FrameKind::logs, 0, as_text(message))}))
        open->abort();
    }
  };
  const auto link = std::make_shared<membership::Link>(channel, std::move(handlers), log_.sink());
  gossip_.link_opened(node_id, link);
  upstream_ = link;
  net::TaskGroup tasks(control_.get_executor(), log_.sink());
  if (shipper_ != nullptr) tasks.start("log shipping", ship(link));
  Error why = co_await link->run();
  // From here on the clean-up must run even when shutdown cancelled this task.
  co_await asio::this_coro::reset_cancellation_state();
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await tasks.stop(kStopGrace);
  if (shipper_ != nullptr) {
    shipper_->set_wake({});
    shipper_->on_disconnected();
  }
  gossip_.link_closed(node_id, link.get());
  co_return why;
}

asio::awaitable<void> Links::ship(std::shared_ptr<membership::Link> link) {
  const auto timer = std::make_shared<asio::steady_timer>(control_);
  shipper_->set_wake([this, timer] { asio::post(control_, [timer] { timer->cancel(); }); });
  send_logs(*link, shipper_->on_connected());
  for (;;) {
    send_logs(*link, shipper_->poll());
    timer->expires_at(shipper_->next_wakeup().value_or(Monotonic::max()));
    // A wake ends the wait early; a cancellation of this task ends the next one with an exception.
    co_await timer->async_wait(kAsTuple);
  }
}

/// Of no use a second later: a link that is full goes without.
void Links::send_figures(std::string_view payload) {
  if (const auto link = upstream_.lock()) link->send(membership::FrameKind::figures, payload);
}

void Links::send_logs(membership::Link& link, const std::vector<Bytes>& messages) {
  for (const auto& message : messages) {
    if (!link.send(membership::FrameKind::logs, as_text(message))) {
      link.close("its queue is full");
      return;
    }
  }
}

}  // namespace p2p::node
