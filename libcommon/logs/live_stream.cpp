#include "logs/live_stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/json.hpp"
#include "logs/api.hpp"
#include "logs/record_json.hpp"
#include "logs/wake.hpp"

namespace p2p::logs {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

constexpr std::chrono::seconds kFirstMessageTimeout{10};
/// How long a stream without matching records leaves the client with an old cursor.
constexpr std::chrono::seconds kCursorInterval{10};
/// How often a full queue is looked at: at first often, so that a client that stopped for a moment is kept waiting an
/// eighth longer at most; that of a client that reads nothing rarely.
constexpr std::chrono::milliseconds kShortestPause{2}, kLongestPause{512};
/// What is read from the store at a time, and held while the client is slow.
constexpr std::size_t kCatchUpRecords = 128;
constexpr unsigned kGoingAway = 1001, kInternalError = 1011;
constexpr std::string_view kMembers[] = {"node_id", "level", "logger_name", "since", "until",
                                         "text",    "regex", "cursor",      "last"};

awaitable<void> sleep(asio::steady_timer& timer, std::chrono::steady_clock::duration duration) {
  timer.expires_after(duration);
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

class LiveStream {
 public:
  LiveStream(LogAccess access, net::ChannelPtr channel)
      : access_(access),
        channel_(std::move(channel)),
        asker_(auth::caller_name(channel_->peer())),
        pace_(channel_->executor()),
        wake_(std::make_shared<Wake>(channel_->executor())) {}

  /// Reads the client's first message; an error is what to tell the client.
  Result<void> subscribe(const std::string& message);
  awaitable<void> write();
  void refuse(const Error& error, unsigned close_code);

 private:
  bool append(const StoredRecord& stored);
  bool is_full() const { return records_ >= kLiveMessageRecords || text_.size() >= kLiveMessageBytes; }
  awaitable<Result<void>> take(const Hub::News& news);
  void collect(const Hub::News& news, const NewsMatches* found);
  awaitable<void> deliver();
  awaitable<Result<void>> send_last();
  awaitable<Result<void>> catch_up();
  awaitable<Result<Page>> query(Order order, std::uint64_t position, std::size_t limit);
  awaitable<Result<void>> stream();

  LogAccess access_;
  net::ChannelPtr channel_;
  const std::string asker_;
  asio::steady_timer pace_;
  std::shared_ptr<Wake> wake_;
  Filter filter_;
  std::size_t last_ = 0;
  bool has_cursor_ = false;
  std::uint64_t position_ = 0;  // everything up to here has been looked at
  std::uint64_t told_ = 0;      // the last cursor that the client got
  std::string text_;            // the message being built, from its first record on
  std::size_t records_ = 0;
  Monotonic last_delivery_{};
};

Result<void> LiveStream::subscribe(const std::string& message) {
  const auto parsed = parse_json(message);
  if (!parsed) return parsed.error();
  if (!parsed->is_object()) return Error(Errc::invalid, "the first message is not a JSON object");
  if (const auto checked = check_members(*parsed, kMembers); !checked) return checked.error();
  auto spec = parse_filter(json_parameters(*parsed), access_.clock.wall());
  if (!spec) return spec.error();
  auto filter = Filter::make(std::move(*spec));
  if (!filter) return filter.error();
  filter_ = std::move(*filter);
  position_ = access_.store.last_number();
  if (find_member(*parsed, "last") != nullptr) {
    const auto last = find_unsigned(*parsed, "last");
    if (!last || *last > kMaxPageRecords)
      return Error(Errc::invalid, fmt::format("last: must be a number from 0 to {}", kMaxPageRecords));
    last_ = *last;
  }
  const std::string* text = find_string(*parsed, "cursor");
  if (text == nullptr && find_member(*parsed, "cursor") != nullptr)
    return Error(Errc::invalid, "cursor: must be a string");
  if (text == nullptr || text->empty()) return {};
  const auto cursor = parse_cursor(*text);
  if (!cursor) return cursor.error();
  const auto position = access_.store.position_of(*cursor);
  if (!position) return position.error();
  position_ = *position;
  has_cursor_ = true;
  return {};
}

void LiveStream::refuse(const Error& error, unsigned close_code) {
  const int status = error.kind() == Errc::invalid ? 400 : error.kind() == Errc::not_found ? 404 : 500;
  channel_->send({false, dump_json(Json{{"type", "error"}, {"status", status}, {"detail", error.context}})});
  channel_->close(close_code, "see the error message");
}

/// Adds a record to the message; false when that is then full.
bool LiveStream::append(const StoredRecord& stored) {
  text_ += records_ == 0 ? "" : ",";
  append_record_json(text_, stored.record, access_.store.cursor(stored.number).to_text());
  ++records_;
  return !is_full();
}

awaitable<Result<void>> LiveStream::take(const Hub::News& news) {
  if (!filter_.is_costly()) {
    collect(news, nullptr);
    co_return Result<void>();
  }
  auto searching = find_live(access_.searches, asker_, nullptr, filter_, news, position_);
  const auto found = co_await std::move(searching);
  if (!found) co_return found.error();
  collect(news, &*found);
  co_return Result<void>();
}

/// Takes what matches (of what was `found`, where that was asked for), up to one message; `position_` moves over
/// everything looked at.
void LiveStream::collect(const Hub::News& news, const NewsMatches* found) {
  position_ = for_each_match(news, position_, filter_, found, [&](const CommittedBatchPtr& batch, std::size_t index) {
    return append(batch->records[index]);
  });
}

awaitable<void> LiveStream::deliver() {
  std::string message = fmt::format("{{\"type\":\"logs\",\"logs\":[{}],\"cursor\":\"{}\"}}", text_,
                                    access_.store.cursor(position_).to_text());
  const bool was_full = is_full();
  const auto interval = std::min(kLiveInterval, kLiveIntervalPerRecord * static_cast<std::int64_t>(records_));
  text_ = std::string();  // while the client is slow, it holds no room
  records_ = 0;
  told_ = position_;
  // A closed channel refuses too; its reader then ends this.
  std::chrono::milliseconds waited{0};
  while (channel_->queued_bytes() > kLiveQueuedBytes || !channel_->send({false, message})) {
    const auto pause = std::clamp(waited / 8, kShortestPause, kLongestPause);
    waited += pause;
    co_await sleep(pace_, pause);
  }
  last_delivery_ = access_.clock.monotonic();
  if (!was_full) co_await sleep(pace_, interval);
}

awaitable<Result<Page>> LiveStream::query(Order order, std::uint64_t position, std::size_t limit) {
  auto asking = find_stored(access_, asker_, nullptr, {filter_, order, position, limit, {}});
  co_return co_await std::move(asking);
}

/// Looks back for where the last ones begin, which may take many pages, and reads on from there: however long they are,
/// one page is held.
awaitable<Result<void>> LiveStream::send_last() {
  std::uint64_t oldest = position_ + 1;
  std::uint64_t before = oldest;
  for (std::size_t left = last_; left > 0;) {
    const auto page = co_await query(Order::backward, before, left);
    if (!page) co_return page.error();
    if (!page->records.empty()) oldest = page->records.back().number;
    left = page->more ? left - page->records.size() : 0;
    before = page->position;
  }
  position_ = oldest - 1;
  auto reading = catch_up();
  const auto read = co_await std::move(reading);
  co_return read;
}

/// Reads the store from the position on, until the hub takes over.
awaitable<Result<void>> LiveStream::catch_up() {
  for (bool more = true; more;) {
    const auto page = co_await query(Order::forward, position_, kCatchUpRecords);
    if (!page) co_return page.error();
    more = page->more;
    for (const auto& stored : page->records) {
      position_ = stored.number;
      if (!append(stored)) co_await deliver();
    }
    position_ = page->position;
    if (records_ > 0) co_await deliver();
  }
  co_return Result<void>();
}

awaitable<Result<void>> LiveStream::stream() {
  auto reading = has_cursor_ ? catch_up() : send_last();
  const auto history = co_await std::move(reading);
  if (!history) co_return history.error();
  if (records_ > 0 || last_delivery_ == Monotonic{}) co_await deliver();
  for (;;) {
    wake_->arm();
    auto news = access_.hub.after(position_, kLiveMessageRecords);
    if (!news.in_memory) {
      const auto read = co_await catch_up();
      if (!read) co_return read.error();
      continue;
    }
    if (news.batches.empty()) {
      co_await wake_->wait(std::chrono::steady_clock::now() + kCursorInterval);
    } else {
      auto taking = take(news);
      const auto taken = co_await std::move(taking);
      if (!taken) co_return taken.error();
      news.batches.clear();  // while the client is slow, nothing is held for it but the message
    }
    const bool stale = told_ != position_ && access_.clock.monotonic() - last_delivery_ >= kCursorInterval;
    if (records_ > 0 || stale) co_await deliver();
  }
}

awaitable<void> LiveStream::write() {
  const auto wake = wake_;
  const Hub::Subscription subscription(access_.hub, [wake] { wake->notify(); });
  const auto ended = co_await stream();
  if (ended) co_return;
  if (ended.error().kind() == Errc::cancelled)
    channel_->close(kGoingAway, "the node is shutting down");
  else
    refuse(ended.error(), kInternalError);
}

/// Only to notice that the client has gone; further messages mean nothing.
awaitable<void> read_until_closed(net::ChannelPtr channel) {
  for (;;) {
    const auto message = co_await channel->receive();
    if (!message) co_return;
  }
}

}  // namespace

awaitable<Result<Page>> find_stored(LogAccess access, std::string asker, Searches::GivenUp given_up, Query query) {
  auto work = [&store = access.store, query = std::move(query)](const IsGivenUp& is_given_up) mutable {
    query.is_given_up = is_given_up;
    return store.query(query);
  };
  auto searching = access.searches.run(std::move(asker), std::move(given_up), std::move(work));
  co_return co_await std::move(searching);
}

awaitable<Result<NewsMatches>> find_live(Searches& searches, std::string asker, Searches::GivenUp given_up,
                                         Filter filter, Hub::News news, std::uint64_t position) {
  auto work = [filter = std::move(filter), news = std::move(news),
               position](const IsGivenUp& is_given_up) -> Result<NewsMatches> {
    const auto until = std::chrono::steady_clock::now() + kLiveSearchBudget;
    return find_matches(filter, news, position,
                        [&] { return std::chrono::steady_clock::now() >= until || is_given_up(); });
  };
  auto searching = searches.run(std::move(asker), std::move(given_up), std::move(work));
  co_return co_await std::move(searching);
}

awaitable<void> serve_live(LogAccess access, net::ChannelPtr channel) {
  const auto executor = channel->executor();
  asio::steady_timer patience(executor, kFirstMessageTimeout);
  patience.async_wait([channel](boost::system::error_code error) {
    if (!error) channel->abort();
  });
  const auto first = co_await channel->receive();
  patience.cancel();
  if (!first) co_return;
  LiveStream stream(access, channel);
  if (const auto subscribed = stream.subscribe(first->data); !subscribed) {
    stream.refuse(subscribed.error(), net::kPolicyViolation);
    co_return;
  }
  auto reader = read_until_closed(channel);
  auto writer = stream.write();
  auto both = asio::experimental::make_parallel_group(asio::co_spawn(executor, std::move(reader), asio::deferred),
                                                      asio::co_spawn(executor, std::move(writer), asio::deferred));
  const auto [order, reading, writing] =
      co_await both.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
  // The one that ended first was not cancelled: what it threw is its own.
  const std::exception_ptr& thrown = order[0] == 0 ? reading : writing;
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace p2p::logs
