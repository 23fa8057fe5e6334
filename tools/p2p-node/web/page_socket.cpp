#include "page_socket.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "base/json.hpp"

namespace p2p::node {

namespace asio = boost::asio;
using asio::awaitable;

namespace {

constexpr std::chrono::seconds kHelloTimeout{10};
constexpr unsigned kTryAgainLater = 1013;  // RFC 6455 section 7.4.2, registered
constexpr unsigned kSignedOut = 4401, kForbidden = 4403;
constexpr char kPong[] = R"({"type":"pong"})";
/// The feed wakes its pages each second.
constexpr std::chrono::seconds kUpdatePatience{5};

/// Closes the channel when nothing was heard for too long.
class SilenceWatch {
 public:
  explicit SilenceWatch(net::ChannelPtr channel) : channel_(std::move(channel)), timer_(channel_->executor()) {}
  void heard(std::chrono::seconds patience) {
    timer_.expires_after(patience);
    timer_.async_wait([channel = channel_](boost::system::error_code error) {
      if (!error) channel->close(net::kPolicyViolation, "nothing was heard of the page");
    });
  }

 private:
  net::ChannelPtr channel_;
  asio::steady_timer timer_;
};

class Page {
 public:
  Page(PageAccess access, net::ChannelPtr channel, SignIn::Found found)
      : access_(access),
        channel_(std::move(channel)),
        found_(std::move(found)),
        silence_(channel_),
        logs_(access.logs, access.rendered, channel_, auth::caller_name(channel_->peer())),
        wake_(std::make_shared<logs::Wake>(channel_->executor())) {}

  /// Whether the first message is that of the session's own page.
  awaitable<bool> greet();
  awaitable<void> read();
  awaitable<void> update();
  awaitable<void> follow_logs() { return logs_.run(); }

 private:
  void take(const std::string& text);
  void send_update();

  PageAccess access_;
  net::ChannelPtr channel_;
  const SignIn::Found found_;
  SilenceWatch silence_;
  PageLogs logs_;
  std::shared_ptr<logs::Wake> wake_;
  std::uint64_t sequence_ = 0;
  bool wants_whole_ = true;
};

awaitable<bool> Page::greet() {
  silence_.heard(kHelloTimeout);
  const auto first = co_await channel_->receive();
  if (!first) co_return false;
  const auto hello = parse_json(first->data);
  const std::string* type = hello ? find_string(*hello, "type") : nullptr;
  const std::string* secret = hello ? find_string(*hello, "secret") : nullptr;
  co_return type != nullptr&&* type == "hello" && secret != nullptr&& SignIn::has_secret(found_.session, *secret);
}

void Page::take(const std::string& text) {
  if (text == "ping") {
    // One that reads nothing gets no pongs to keep for it.
    if (channel_->queued_bytes() <= kPageQueuedBytes) channel_->send({false, kPong});
    return;
  }
  auto message = parse_json(text);
  const std::string* type = message ? find_string(*message, "type") : nullptr;
  if (type == nullptr) return;
  if (*type == "logs_stop") logs_.stop();
  if (*type == "whole") {
    wants_whole_ = true;
    wake_->notify();
  }
  if (*type == "logs") logs_.subscribe(std::move(*message));
}

awaitable<void> Page::read() {
  for (;;) {
    silence_.heard(kPageSilence);
    const auto message = co_await channel_->receive();
    if (!message) co_return;
    take(message->data);
  }
}

/// A page that does not keep up gets nothing now, and everything later.
void Page::send_update() {
  if (channel_->queued_bytes() > kPageQueuedBytes) {
    wants_whole_ = true;
    return;
  }
  const auto newest = access_.feed.latest();
  if (!newest || (newest->sequence == sequence_ && !wants_whole_)) return;
  const bool whole = wants_whole_ || newest->sequence != sequence_ + 1;
  const auto update = whole ? access_.feed.whole() : newest;
  if (!channel_->send({false, update->text})) return;
  sequence_ = update->sequence;
  wants_whole_ = false;
}

awaitable<void> Page::update() {
  const auto wake = wake_;
  const FleetFeed::Subscription subscription(access_.feed, [wake] { wake->notify(); });
  for (;;) {
    wake_->arm();
    if (!access_.sign_in.is_open(found_.id)) {
      channel_->close(kSignedOut, "the session has ended");
      co_return;
    }
    send_update();
    co_await wake_->wait(std::chrono::steady_clock::now() + kUpdatePatience);
  }
}

awaitable<void> serve(PageAccess access, net::ChannelPtr channel, SignIn::Found found) {
  const auto executor = channel->executor();
  Page page(access, channel, std::move(found));
  auto greeting = page.greet();
  const bool is_own = co_await std::move(greeting);
  if (!is_own) {
    channel->close(kForbidden, "the first message must have the session's secret");
    co_return;
  }
  auto reader = page.read();
  auto updater = page.update();
  auto follower = page.follow_logs();
  auto all = asio::experimental::make_parallel_group(asio::co_spawn(executor, std::move(reader), asio::deferred),
                                                     asio::co_spawn(executor, std::move(updater), asio::deferred),
                                                     asio::co_spawn(executor, std::move(follower), asio::deferred));
  const auto [order, reading, updating, following] =
      co_await all.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
  // The one that ended first was not cancelled: what it threw is its own.
  const std::exception_ptr& thrown = order[0] == 0 ? reading : order[0] == 1 ? updating : following;
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace

awaitable<void> serve_page(PageAccess access, net::Request request, net::ChannelPtr channel) {
  // A page of another origin never gets here; one without any is none of a browser.
  if (!request.headers.has("Origin")) {
    channel->close(kForbidden, "Origin is missing");
    co_return;
  }
  auto found = access.sign_in.find(request);
  if (!found) {
    channel->close(kSignedOut, "there is no session");
    co_return;
  }
  const OpenPages::Place place(access.open_pages, found->id);
  if (!place.has_room()) {
    channel->close(kTryAgainLater, "too many pages are open");
    co_return;
  }
  auto serving = serve(access, std::move(channel), std::move(*found));
  co_await std::move(serving);
}

}  // namespace p2p::node
