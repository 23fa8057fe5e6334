// The log lines that one page has subscribed to: history, then live, in one stream without gap or repeat. A page that
// does not keep up is told how many lines it was not sent, and goes on with the newest.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string>

#include "base/json.hpp"
#include "dashboard/log_lane.hpp"
#include "logs/live_stream.hpp"
#include "logs/wake.hpp"
#include "net/channel.hpp"
#include "rendered_logs.hpp"

namespace p2p::node {

/// Batches follow each other at least this far apart unless they are full: a few lines are on the page with the next
/// frame that it draws, and many cost a page as much as some.
inline constexpr std::chrono::milliseconds kShortestPageLogInterval{12};
inline constexpr std::chrono::milliseconds kPageLogIntervalPerRecord{1};
inline constexpr std::chrono::milliseconds kLongestPageLogInterval{40};
/// Reading a filter takes time.
inline constexpr std::chrono::milliseconds kPageSubscribeInterval{20};
/// With more than this unsent a page does not keep up.
inline constexpr std::size_t kPageQueuedBytes = 256 << 10;
/// A page that was away for longer is told how many lines it has missed, and begins with the newest of them.
inline constexpr std::uint64_t kMostMissedRecords = 20'000;

/// On the channel's executor.
class PageLogs {
 public:
  /// `asker` is in whose turn it searches.
  PageLogs(logs::LogAccess access, RenderedLogs& rendered, net::ChannelPtr channel, std::string asker);

  /// `{"type":"logs","id":n,"filter":{…},"cursor":…,"last":n}`: replaces what was subscribed to. What is wrong with it
  /// the page is told. Of messages that follow each other closer than kPageSubscribeInterval the last counts.
  void subscribe(Json message);
  void stop();
  /// Sends until cancelled.
  boost::asio::awaitable<void> run();

 private:
  struct Subscription;
  using SubscriptionPtr = std::shared_ptr<Subscription>;

  Result<SubscriptionPtr> read(const Json& message) const;
  void refuse(const Json& id, const Error& why);
  bool is_current(const SubscriptionPtr& of) const { return current_ == of; }
  void end_current();
  boost::asio::awaitable<void> begin_next();
  boost::asio::awaitable<Result<void>> follow(SubscriptionPtr of);
  boost::asio::awaitable<Result<void>> send_last(SubscriptionPtr of);
  boost::asio::awaitable<Result<void>> catch_up(SubscriptionPtr of);
  boost::asio::awaitable<Result<logs::Page>> query(SubscriptionPtr of, logs::Order order, std::size_t limit);
  boost::asio::awaitable<void> pause(std::chrono::milliseconds duration);
  boost::asio::awaitable<Result<void>> take(SubscriptionPtr of, const logs::Hub::News& news);
  void collect(Subscription& of, const logs::Hub::News& news, const logs::NewsMatches* found);
  void add(Subscription& of, const logs::StoredRecord& stored);
  bool flush(Subscription& of);

  logs::LogAccess access_;
  RenderedLogs& rendered_;
  net::ChannelPtr channel_;
  const std::string asker_;
  boost::asio::steady_timer pace_;
  std::shared_ptr<logs::Wake> wake_;
  std::optional<Json> next_;  // what to subscribe to
  Monotonic next_at_{};
  SubscriptionPtr current_;
  std::string refusal_;  // a message that waits for room; empty: none
};

}  // namespace p2p::node
