#include "page_logs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "logs/api.hpp"
#include "logs/record_json.hpp"

namespace p2p::node {

namespace asio = boost::asio;
using dashboard::LogLane;

namespace {

constexpr std::size_t kMostLast = 1'000;
/// Read from the store, or looked at in memory, at a time.
constexpr std::size_t kPageStepRecords = 500;
/// Where nothing of it is sent.
constexpr std::size_t kCountedRecords = 5'000;
constexpr std::chrono::milliseconds kRoomInterval{50};
constexpr std::chrono::seconds kIdleInterval{60};

constexpr std::string_view kFilterMembers[] = {"nodes", "level", "logger", "since", "until", "text", "regex"};

/// The names of the page's filter in those of logs/filter.hpp.
logs::ParameterLookup filter_parameters(const Json& filter) {
  return [named = logs::json_parameters(filter)](std::string_view name) {
    if (name == "node_id") return named("nodes");
    if (name == "logger_name") return named("logger");
    return named(name);
  };
}

/// After a batch of so many records.
std::chrono::milliseconds interval_after(std::size_t records) {
  const auto interval = kShortestPageLogInterval + kPageLogIntervalPerRecord * static_cast<std::int64_t>(records);
  return std::min(interval, kLongestPageLogInterval);
}

}  // namespace

struct PageLogs::Subscription {
  std::uint64_t id = 0;
  logs::Filter filter;
  bool has_cursor = false;
  std::size_t last = 0;
  LogLane lane{0};
  logs::Searches::GivenUp given_up = std::make_shared<std::atomic<bool>>(false);
};

PageLogs::PageLogs(logs::LogAccess access, RenderedLogs& rendered, net::ChannelPtr channel, std::string asker)
    : access_(access),
      rendered_(rendered),
      channel_(std::move(channel)),
      asker_(std::move(asker)),
      pace_(channel_->executor()),
      wake_(std::make_shared<logs::Wake>(channel_->executor())) {}

Result<PageLogs::SubscriptionPtr> PageLogs::read(const Json& message) const {
  const auto out = std::make_shared<Subscription>();
  out->id = find_unsigned(message, "id").value_or(0);
  const Json none = Json::object();
  const Json* found = find_member(message, "filter");
  const Json& given = found == nullptr ? none : *found;
  if (!given.is_object()) return Error(Errc::invalid, "filter: must be an object");
  // What was meant to leave something out must not be passed over.
  if (const auto checked = logs::check_members(given, kFilterMembers); !checked) return checked.error();
  auto spec = logs::parse_filter(filter_parameters(given), access_.clock.wall());
  if (!spec) return spec.error();
  auto filter = logs::Filter::make(std::move(*spec));
  if (!filter) return filter.error();
  out->filter = std::move(*filter);
  out->last = std::min<std::uint64_t>(find_unsigned(message, "last").value_or(0), kMostLast);
  out->lane = LogLane(access_.store.last_number());
  const std::string* text = find_string(message, "cursor");
  if (text == nullptr && find_member(message, "cursor") != nullptr)
    return Error(Errc::invalid, "cursor: must be a string");
  if (text == nullptr || text->empty()) return out;
  const auto cursor = logs::parse_cursor(*text);
  if (!cursor) return cursor.error();
  const auto position = access_.store.position_of(*cursor);
  if (!position) return position.error();
  out->lane = LogLane(*position);
  out->has_cursor = true;
  return out;
}

/// Sent once there is room: whoever asks on and on and reads nothing gets no more memory. Of several the last counts.
void PageLogs::refuse(const Json& id, const Error& why) {
  refusal_ = dump_json(Json{{"type", "logs_failed"}, {"id", id}, {"reason", why.context}});
  end_current();
}

void PageLogs::end_current() {
  if (current_) *current_->given_up = true;
  current_.reset();
}

void PageLogs::subscribe(Json message) {
  stop();
  next_ = std::move(message);
}

void PageLogs::stop() {
  next_.reset();
  refusal_.clear();
  end_current();
  wake_->notify();
}

asio::awaitable<void> PageLogs::begin_next() {
  if (const auto now = std::chrono::steady_clock::now(); now < next_at_) {
    auto pausing = pause(std::chrono::ceil<std::chrono::milliseconds>(next_at_ - now));
    co_await std::move(pausing);
  }
  next_at_ = std::chrono::steady_clock::now() + kPageSubscribeInterval;
  // It may have been stopped meanwhile.
  const auto message = std::exchange(next_, std::nullopt);
  if (!message) co_return;
  auto read_one = read(*message);
  if (read_one)
    current_ = std::move(*read_one);
  else
    refuse(find_unsigned(*message, "id").value_or(0), read_one.error());
}

asio::awaitable<void> PageLogs::pause(std::chrono::milliseconds duration) {
  pace_.expires_after(duration);
  co_await pace_.async_wait(asio::as_tuple(asio::use_awaitable));
}

/// Whether the page keeps up.
bool PageLogs::flush(Subscription& of) {
  if (!of.lane.has_news()) return true;
  if (channel_->queued_bytes() > kPageQueuedBytes) {
    of.lane.wait();
    return false;
  }
  const LogLane::Batch batch = of.lane.take();
  const auto cursor = [&](std::uint64_t number) { return access_.store.cursor(number).to_text(); };
  if (batch.gap) {
    channel_->send({false, fmt::format(R"({{"type":"gap","id":{},"skipped":{},"after":"{}","before":"{}"}})", of.id,
                                       batch.gap->skipped, cursor(batch.gap->after), cursor(batch.gap->before))});
  }
  if (batch.count > 0) {
    channel_->send({false, fmt::format(R"({{"type":"new_logs","id":{},"logs":[{}],"cursor":"{}"}})", of.id,
                                       batch.records, cursor(batch.position))});
  }
  return true;
}

void PageLogs::add(Subscription& of, const logs::StoredRecord& stored) {
  std::string text;
  if (!of.lane.is_counting()) {
    logs::append_record_json(text, stored.record, access_.store.cursor(stored.number).to_text());
  }
  of.lane.add(stored.number, text);
}

asio::awaitable<Result<void>> PageLogs::take(SubscriptionPtr of, const logs::Hub::News& news) {
  if (!of->filter.is_costly()) {
    collect(*of, news, nullptr);
    co_return Result<void>();
  }
  auto searching = logs::find_live(access_.searches, asker_, of->given_up, of->filter, news, of->lane.position());
  const auto found = co_await std::move(searching);
  if (!found) co_return found.error();
  collect(*of, news, &*found);
  co_return Result<void>();
}

/// Takes what the page wants (of what was `found`, where that was asked for), until its lane is full; the rest is
/// looked at again.
void PageLogs::collect(Subscription& of, const logs::Hub::News& news, const logs::NewsMatches* found) {
  logs::CommittedBatchPtr rendered;
  RenderedLogs::Texts texts;
  const auto take_one = [&](const logs::CommittedBatchPtr& batch, std::size_t index) {
    if (batch != rendered && !of.lane.is_counting()) {
      texts = rendered_.of(batch);
      rendered = batch;
    }
    of.lane.add(batch->records[index].number, texts ? std::string_view((*texts)[index]) : std::string_view());
    return !of.lane.is_full();
  };
  of.lane.pass(logs::for_each_match(news, of.lane.position(), of.filter, found, take_one));
}

asio::awaitable<Result<logs::Page>> PageLogs::query(SubscriptionPtr of, logs::Order order, std::size_t limit) {
  logs::Query asked{of->filter, order, of->lane.position(), limit, {}};
  auto asking = logs::find_stored(access_, asker_, of->given_up, std::move(asked));
  co_return co_await std::move(asking);
}

asio::awaitable<Result<void>> PageLogs::send_last(SubscriptionPtr of) {
  if (of->last == 0) co_return Result<void>();
  auto asking = query(of, logs::Order::tail, of->last);
  const auto page = co_await std::move(asking);
  if (!page) co_return page.error();
  // The page has nothing yet: it begins before the first of them.
  of->lane = LogLane(page->records.empty() ? page->position : page->records.front().number - 1);
  for (const auto& stored : page->records) add(*of, stored);
  of->lane.pass(page->position);
  co_return Result<void>();
}

/// Reads the store from the position on, until the hub takes over. What the store has needs no gap while the page
/// takes it; one that was away for too long is not sent all of it.
asio::awaitable<Result<void>> PageLogs::catch_up(SubscriptionPtr of) {
  for (bool more = true; more && is_current(of);) {
    const std::uint64_t behind =
        access_.store.last_number() - std::min(access_.store.last_number(), of->lane.position());
    const bool counts = behind > kMostMissedRecords;
    if (counts) of->lane.count_only();
    auto asking = query(of, logs::Order::forward, counts ? kCountedRecords : kPageStepRecords);
    const auto page = co_await std::move(asking);
    if (!page) co_return page.error();
    if (!is_current(of)) co_return Result<void>();
    more = page->more;
    for (const auto& stored : page->records) add(*of, stored);
    of->lane.pass(page->position);
    if (counts) continue;
    while (is_current(of) && channel_->queued_bytes() > kPageQueuedBytes) co_await pause(kRoomInterval);
    if (is_current(of)) flush(*of);
  }
  co_return Result<void>();
}

asio::awaitable<Result<void>> PageLogs::follow(SubscriptionPtr of) {
  auto reading = of->has_cursor ? catch_up(of) : send_last(of);
  const auto history = co_await std::move(reading);
  if (!history) co_return history.error();
  // A page that waits for its first lines is to know that there are none.
  if (is_current(of) && !of->lane.has_news()) {
    channel_->send({false, fmt::format(R"({{"type":"new_logs","id":{},"logs":[],"cursor":"{}"}})", of->id,
                                       access_.store.cursor(of->lane.position()).to_text())});
  }
  while (is_current(of)) {
    const bool keeps_up = flush(*of);
    wake_->arm();
    if (!is_current(of)) break;
    const auto news = access_.hub.after(of->lane.position(), kPageStepRecords);
    if (!news.in_memory) {
      auto catching_up = catch_up(of);
      const auto read_on = co_await std::move(catching_up);
      if (!read_on) co_return read_on.error();
    } else if (!news.batches.empty()) {
      auto taking = take(of, news);
      const auto taken = co_await std::move(taking);
      if (!taken) co_return taken.error();
      if (!is_current(of)) break;
      // At once where there is more, or the page would fall behind by waiting.
      const bool full = of->lane.is_full();
      const auto interval = interval_after(of->lane.count());
      if (flush(*of) && !full) co_await pause(interval);
    } else if (!keeps_up) {
      co_await pause(kRoomInterval);
    } else {
      co_await wake_->wait(std::chrono::steady_clock::now() + kIdleInterval);
    }
  }
  co_return Result<void>();
}

asio::awaitable<void> PageLogs::run() {
  const auto wake = wake_;
  const logs::Hub::Subscription stored(access_.hub, [wake] { wake->notify(); });
  for (;;) {
    wake_->arm();
    if (next_) {
      auto beginning = begin_next();
      co_await std::move(beginning);
      continue;
    }
    const SubscriptionPtr of = current_;
    if (!refusal_.empty()) {
      if (channel_->queued_bytes() > kPageQueuedBytes)
        co_await pause(kRoomInterval);
      else
        channel_->send({false, std::exchange(refusal_, {})});
      continue;
    }
    if (!of) {
      co_await wake_->wait(std::chrono::steady_clock::now() + kIdleInterval);
      continue;
    }
    auto following = follow(of);
    const auto ended = co_await std::move(following);
    if (ended || !is_current(of)) continue;
    // The node stops, and says so itself.
    if (ended.error().kind() == Errc::cancelled)
      end_current();
    else
      refuse(of->id, ended.error());
  }
}

}  // namespace p2p::node
