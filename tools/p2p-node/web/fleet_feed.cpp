#include "fleet_feed.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "base/file.hpp"
#include "dashboard/history_json.hpp"
#include "dashboard/problems.hpp"

namespace p2p::node {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

/// Names, and what the file is longer by than the histories of nodes.
constexpr std::size_t kMaxHistoryFileBytes = metrics::kMaxHistoriesBytes + (4 << 20);

}  // namespace

FleetFeed::FleetFeed(Parts parts)
    : parts_(std::move(parts)),
      log_(parts_.log, "Dashboard"),
      watch_(parts_.fleet_name, parts_.self_id),
      tally_(parts_.logs) {}

void FleetFeed::open() {
  if (const auto text = read_file(parts_.history_file, kMaxHistoryFileBytes)) {
    saved_bytes_ = text->size();
    if (const auto loaded = history_.load(*text); !loaded) {
      log_.warning("{}: {}; the dashboard's charts begin anew", parts_.history_file.string(), loaded.error().context);
    }
  } else if (text.error().kind() != Errc::not_found) {
    log_.warning("{}; the dashboard's charts begin anew", text.error().context);
  }
  tally_.begin();
  stored_.emplace(parts_.logs.hub, [this] {
    if (counting_.exchange(true)) return;
    thread_.post([this] {
      counting_ = false;
      tally_.catch_up();
    });
  });
}

void FleetFeed::take_figures(const std::string& node_id, std::string_view payload) {
  if (payload.size() > metrics::kMaxFiguresBytes) return;
  const std::lock_guard lock(inbox_mutex_);
  inbox_[node_id] = payload;
}

void FleetFeed::take_own(metrics::NodeFigures figures) {
  const std::lock_guard lock(inbox_mutex_);
  own_ = std::move(figures);
}

void FleetFeed::take_revoked(pki::RevocationLists lists) {
  const std::lock_guard lock(inbox_mutex_);
  revoked_ = std::move(lists);
}

asio::awaitable<void> FleetFeed::run() {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (;;) {
    // In the middle of each second, so that none is left out or has two when the timer is late.
    const WallTime now = parts_.clock.wall();
    timer.expires_after(std::chrono::floor<std::chrono::seconds>(now) + 1500ms - now);
    co_await timer.async_wait(asio::use_awaitable);
    auto work = [this] { return tick(), true; };
    co_await thread_.run(std::move(work));
  }
}

asio::awaitable<void> FleetFeed::keep_saved() {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (;;) {
    timer.expires_after(metrics::save_interval(saved_bytes_));
    co_await timer.async_wait(asio::use_awaitable);
    auto saving = save();
    co_await std::move(saving);
  }
}

/// On the disk's thread: encoding takes a second where the histories have 256 MiB.
std::string FleetFeed::encode_histories() const {
  metrics::HistoryEncoder encoder;
  const auto take = [&] {
    const std::lock_guard lock(mutex_);
    return encoder.take(history_);
  };
  while (take()) encoder.write();
  return encoder.finish(std::chrono::floor<std::chrono::seconds>(parts_.clock.wall().time_since_epoch()).count());
}

/// Readable by all within a folder that is not: where there is a vault, it is no place for what is large and no secret.
asio::awaitable<void> FleetFeed::save() {
  auto saving = [this] {
    const std::string text = encode_histories();
    return std::pair(text.size(), write_file(parts_.history_file, text, kPublicMode));
  };
  const auto [bytes, written] = co_await disk_.run(std::move(saving));
  saved_bytes_ = bytes;
  auto trouble = written ? std::nullopt : std::optional(written.error().context);
  const std::lock_guard lock(inbox_mutex_);
  // A disk that stays full is no news each time.
  if (trouble && trouble != unsaved_) log_.error("the dashboard's charts could not be saved: {}", *trouble);
  unsaved_ = std::move(trouble);
}

void FleetFeed::take_inbox(Monotonic now) {
  std::map<std::string, std::string, std::less<>> inbox;
  std::optional<metrics::NodeFigures> own;
  {
    const std::lock_guard lock(inbox_mutex_);
    inbox.swap(inbox_);
    own.swap(own_);
  }
  if (own) watch_.take(parts_.self_id, std::move(*own), now);
  for (const auto& [node_id, payload] : inbox) {
    auto figures = metrics::decode_figures(payload);
    if (figures) {
      watch_.take(node_id, std::move(*figures), now);
    } else {
      log_.debug("the figures of {}: {}", node_id, figures.error().context);
    }
  }
}

void FleetFeed::tick() {
  const Monotonic now = parts_.clock.monotonic();
  take_inbox(now);
  tally_.catch_up();
  publish(look(now, parts_.clock.wall()));
  const std::lock_guard lock(subscribers_mutex_);
  for (const Subscription* subscriber : subscribers_) subscriber->wake_();
}

dashboard::Picture FleetFeed::look(Monotonic now, WallTime date) {
  const auto view = parts_.view();
  dashboard::Sight sight{now, date, *view, tally_.counts(), tally_.records(), {}, {}, parts_.log_trouble(), {}};
  sight.clock_offset = [this](const std::string& node_id) { return parts_.directory.clock_offset(node_id); };
  {
    const std::lock_guard lock(inbox_mutex_);
    sight.revoked = revoked_;
    sight.history_trouble = unsaved_;
  }
  return watch_.look(sight);
}

void FleetFeed::publish(dashboard::Picture picture) {
  const std::lock_guard lock(mutex_);
  second_ = std::chrono::floor<std::chrono::seconds>(picture.snapshot.now.time_since_epoch()).count();
  for (const auto& [node_id, point] : picture.nodes) history_.add(node_id, second_, point);
  history_.add_fleet(second_, picture.fleet);
  if (second_ % 3600 == 0) history_.forget_old(second_);
  std::string text = updates_.next(picture.snapshot, dashboard::history_point_json(history_, second_));
  latest_ = std::make_shared<const Update>(Update{updates_.sequence(), std::move(text)});
  whole_.reset();
  seen_ = std::make_shared<const dashboard::Snapshot>(std::move(picture.snapshot));
}

std::string FleetFeed::problems() const {
  const auto seen = seen_.load();
  return seen ? dashboard::problems_json(*seen) : "null";
}

FleetFeed::UpdatePtr FleetFeed::whole() const {
  const std::lock_guard lock(mutex_);
  if (!whole_) {
    whole_ = std::make_shared<const Update>(
        Update{updates_.sequence(), updates_.whole(dashboard::history_json(history_, second_))});
  }
  return whole_;
}

asio::awaitable<Result<std::string>> FleetFeed::history(std::string node_id, metrics::Range range) {
  std::shared_ptr<const metrics::History> copy;
  {
    const std::lock_guard lock(mutex_);
    const metrics::History* found = node_id.empty() ? &history_.fleet() : history_.find(node_id);
    if (found == nullptr) co_return Error(Errc::not_found, "nothing is known of a node of this name");
    copy = std::make_shared<const metrics::History>(*found);
  }
  auto work = [copy, range] { return Result<std::string>(dashboard::range_json(*copy, range)); };
  co_return co_await parts_.logs.pool.run(std::move(work));
}

FleetFeed::Subscription::Subscription(FleetFeed& feed, std::function<void()> wake)
    : feed_(feed), wake_(std::move(wake)) {
  const std::lock_guard lock(feed_.subscribers_mutex_);
  feed_.subscribers_.push_back(this);
}

FleetFeed::Subscription::~Subscription() {
  const std::lock_guard lock(feed_.subscribers_mutex_);
  std::erase(feed_.subscribers_, this);
}

}  // namespace p2p::node
