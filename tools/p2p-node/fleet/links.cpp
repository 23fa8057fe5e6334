#include "links.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "address_race.hpp"

namespace p2p::node {

namespace asio = boost::asio;
using std::chrono::milliseconds;

namespace {

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);
constexpr milliseconds kDialTimeout{10'000};
/// For the link itself, where a moment ago there was an answer.
constexpr milliseconds kOpenTimeout{5'000};
/// Of the request for a link, by one that has another link and leaves it for this one.
constexpr char kLinkHeader[] = "P2P-Link";
constexpr std::string_view kLinkMoved = "moved";
constexpr milliseconds kStopGrace{1'000};
/// RFC 6455 section 7.4.1.
constexpr unsigned kNormalClosure = 1000;

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
      log_(log, "Link"),
      wake_(control, Monotonic::max()),
      anew_(control, Monotonic::max()),
      shipping_(nullptr) {}

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
  route.channel_handler = [this](net::Request request, net::ChannelPtr channel) {
    return accept(std::move(request), std::move(channel));
  };
  router.add(std::move(route));
}

asio::awaitable<void> Links::accept(net::Request request, net::ChannelPtr channel) {
  const auto older = request.headers.get(kLinkHeader) == kLinkMoved ? OlderLink::retires : OlderLink::closes;
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
  asio::post(control_, [this, node_id, link, older] { gossip_.link_opened(node_id, link, older); });
  auto running = link->run();
  const Error why = co_await std::move(running);
  log_.debug("the link of {} ended: {}", node_id, why.context);
  asio::post(control_, [this, node_id, link] { gossip_.link_closed(node_id, link.get()); });
  auto settling = link->settle();
  co_await std::move(settling);
}

// --- at a worker ----------------------------------------------------------------------------------------------------

asio::awaitable<void> Links::keep(net::Client& client, net::TaskGroup& tasks, std::vector<std::string> addresses) {
  for (bool said = false; !stopping_;) {
    if (clock_.monotonic() < plan_.next_dial()) {
      // What happens ends the wait; a cancellation of this task ends the next one with an exception.
      wake_.expires_at(plan_.next_dial());
      co_await wake_.async_wait(kAsTuple);
      continue;
    }
    auto plan = plan_.begin(gossip_.coordinators(addresses));
    const bool moves = plan.moves;
    auto dialling = dial_unless_changed(client, tasks, std::move(plan));
    auto channel = co_await std::move(dialling);
    if (channel && stopping_) (*channel)->abort();
    if (stopping_) co_return;
    if (channel) {
      said = false;
      take(tasks, std::move(*channel), moves);
      continue;
    }
    // One that was ended for a change of the ways begins anew at once.
    const bool is_ended = std::exchange(begins_anew_, false);
    if (!is_ended) plan_.dial_failed(clock_.monotonic(), random_.unit());
    // Said once; a coordinator that is away for long must not fill the log.
    if (moves)
      log_.debug("the link stays where it is: {}", channel.error().context);
    else if (!is_ended && !std::exchange(said, true))
      log_.warning("no link to a coordinator: {}", channel.error().context);
  }
}

void Links::stop() {
  stopping_ = true;
  anew_.cancel();
}

void Links::redial() {
  if (!plan_.ways_changed(clock_.monotonic())) return;
  begins_anew_ = true;
  wake_.cancel();
  anew_.cancel();
}

void Links::move(const std::string& own_address, std::vector<std::string> coordinators) {
  plan_.move(own_address, std::move(coordinators), clock_.monotonic());
  wake_.cancel();
}

void Links::leave(const std::string& own_address, std::vector<std::string> coordinators) {
  plan_.prefer(std::move(coordinators));
  redial();
  if (!current_ || current_->peer().own_address != own_address) return;
  current_->abort();
  ended(current_, Error(Errc::unreachable, "its way is dead"));
}

/// A change of the ways ends it with `cancelled`, however far it has come.
asio::awaitable<Result<net::ChannelPtr>> Links::dial_unless_changed(net::Client& client, net::TaskGroup& tasks,
                                                                    membership::LinkPlan::Dial plan) {
  begins_anew_ = false;
  anew_.expires_at(Monotonic::max());
  auto dialling = dial(client, tasks, std::move(plan));
  auto group = asio::experimental::make_parallel_group(asio::co_spawn(control_, std::move(dialling), asio::deferred),
                                                       anew_.async_wait(asio::deferred));
  auto [order, thrown, channel, waited] =
      co_await std::move(group).async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
  if (thrown) co_return Error(Errc::cancelled, "the dial was given up");
  co_return std::move(channel);
}

asio::awaitable<Result<net::ChannelPtr>> Links::dial(net::Client& client, net::TaskGroup& tasks,
                                                     membership::LinkPlan::Dial plan) {
  const net::ExpectedPeer coordinator{std::nullopt, pki::Role::coordinator};
  const auto race = std::make_shared<AddressRace>(control_.get_executor(), client, tasks, std::move(plan.addresses),
                                                  coordinator, kDialTimeout, clock_);
  auto racing = race->run();
  const auto first = co_await std::move(racing);
  if (!first) co_return first.error();
  net::Headers headers;
  if (plan.moves) headers.set(kLinkHeader, std::string(kLinkMoved));
  auto opening = client.open_channel(*net::parse_endpoint(*first, 0), coordinator, "/internal/link", std::move(headers),
                                     link_limits(), kOpenTimeout);
  auto channel = co_await std::move(opening);
  if (!channel || stopping_) co_return channel;
  log_.info("linked to {} at {}", (*channel)->peer().identity->name, *first);
  gossip_.answered_at("", *first);
  co_return channel;
}

void Links::take(net::TaskGroup& tasks, net::ChannelPtr channel, bool moves) {
  plan_.dialled(channel->peer().own_address, clock_.monotonic());
  if (moves && current_ && current_->peer().identity->name != channel->peer().identity->name) {
    current_->close(kNormalClosure, "another coordinator's link has taken over");
  }
  current_ = channel;
  tasks.start("link", hold(std::move(channel)));
  if (linked_) linked_();
}

asio::awaitable<void> Links::hold(net::ChannelPtr channel) {
  const std::string node_id = channel->peer().identity->name;
  auto handlers = this->handlers(channel);
  const std::weak_ptr<net::Channel> weak = channel;
  handlers.on_logs_reply = [this, weak](std::string_view payload) {
    const auto open = weak.lock();
    if (open && open == current_) take_logs_reply(*open, payload);
  };
  handlers.on_silence = [this, weak] {
    const auto open = weak.lock();
    if (silent_ && open && open == current_) silent_(open->peer().own_address, open->peer().address);
  };
  const auto link = std::make_shared<membership::Link>(channel, std::move(handlers), log_.sink());
  gossip_.link_opened(node_id, link, OlderLink::stays);
  upstream_ = link;
  net::TaskGroup tasks(control_.get_executor(), log_.sink());
  if (shipper_ != nullptr) {
    // Over the link that was there before, which may live on for its calls.
    stop_shipping(shipping_);
    shipping_ = link.get();
    tasks.start("log shipping", ship(link));
  }
  auto running = link->run();
  const Error why = co_await std::move(running);
  // At once: another link is dialled while the answers that this one cannot carry any more come to their end.
  stop_shipping(link.get());
  gossip_.link_closed(node_id, link.get());
  ended(channel, why);
  co_await tasks.stop(kStopGrace);
  auto settling = link->settle();
  co_await std::move(settling);
}

void Links::ended(const net::ChannelPtr& channel, const Error& why) {
  const std::string& node_id = channel->peer().identity->name;
  if (channel != current_) return log_.debug("the former link to {} ended: {}", node_id, why.context);
  if (!stopping_) log_.warning("the link to {} broke: {}", node_id, why.context);
  current_ = nullptr;
  plan_.link_ended(clock_.monotonic(), random_.unit());
  wake_.cancel();
}

void Links::take_logs_reply(net::Channel& channel, std::string_view payload) {
  auto messages = shipper_->on_message(as_bytes(payload));
  if (!messages) {
    log_.warning("the coordinator's log answer makes no sense: {}", messages.error().context);
    channel.close(1002, "log answer refused");
    return;
  }
  for (const auto& message : *messages) {
    if (!channel.send({true, membership::encode_frame(membership::FrameKind::logs, 0, as_text(message))}))
      channel.abort();
  }
}

/// Ignored where the log goes over another link than this one.
void Links::stop_shipping(const membership::Link* link) {
  if (shipping_ == nullptr || shipping_ != link) return;
  shipping_ = nullptr;
  shipper_->set_wake({});
  shipper_->on_disconnected();
}

asio::awaitable<void> Links::ship(std::shared_ptr<membership::Link> link) {
  const auto timer = std::make_shared<asio::steady_timer>(control_);
  if (shipping_ != link.get()) co_return;
  shipper_->set_wake([this, timer] { asio::post(control_, [timer] { timer->cancel(); }); });
  send_logs(*link, shipper_->on_connected());
  while (shipping_ == link.get()) {
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
