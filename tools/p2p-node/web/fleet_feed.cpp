#include "fleet_feed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cmath>
#include <utility>

#include "base/file.hpp"
#include "dashboard/history_json.hpp"
#include "dashboard/judgement.hpp"

namespace p2p::node {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

/// Rates that are shown, and those of a point of the history.
constexpr auto kShownSpan = 10s, kPointSpan = 2s, kErrorSpan = 60s;
/// What was told longer ago is not known any more.
constexpr auto kStaleFigures = 4s;
/// Names, and what the file is longer by than the histories of nodes.
constexpr std::size_t kMaxHistoryFileBytes = metrics::kMaxHistoriesBytes + (4 << 20);
constexpr std::string_view kStatuses[] = {"alive", "suspected", "dead", "left"};

std::int64_t seconds_of(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

float known(const std::optional<double>& value) { return value ? static_cast<float>(*value) : metrics::kUnknown; }

std::optional<double> share_of(const std::optional<metrics::Share>& share) {
  if (!share || share->total == 0) return std::nullopt;
  return static_cast<double>(share->used) / static_cast<double>(share->total);
}

}  // namespace

/// Of all nodes, in one second.
struct FleetFeed::Sums {
  struct Mean {
    double sum = 0;
    std::size_t count = 0;
    void add(const std::optional<double>& value) {
      if (!value) return;
      sum += *value;
      ++count;
    }
    std::optional<double> value() const { return count == 0 ? std::nullopt : std::optional(sum / double(count)); }
  };
  Mean cpu, memory;
  bool has_calls = false;
  metrics::CounterRates shown, point;
  double log_errors_per_minute = 0;

  static void add(metrics::CounterRates& to, const metrics::CounterRates& rates) {
    to.calls_per_second += rates.calls_per_second;
    to.errors_per_second += rates.errors_per_second;
    for (std::size_t i = 0; i < metrics::kLatencyBuckets; ++i) to.latency[i] += rates.latency[i];
  }
};

FleetFeed::FleetFeed(Parts parts) : parts_(std::move(parts)), log_(parts_.log, "Dashboard"), tally_(parts_.logs) {}

void FleetFeed::open() {
  const std::lock_guard lock(mutex_);
  if (const auto text = read_file(parts_.history_file, kMaxHistoryFileBytes)) {
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
      const std::lock_guard counting(mutex_);
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

asio::awaitable<void> FleetFeed::run() {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  Monotonic next_save = parts_.clock.monotonic() + kHistorySaveInterval;
  for (;;) {
    // In the middle of each second, so that none is left out or has two when the timer is late.
    const WallTime now = parts_.clock.wall();
    timer.expires_after(std::chrono::floor<std::chrono::seconds>(now) + 1500ms - now);
    co_await timer.async_wait(asio::use_awaitable);
    auto work = [this] { return tick(), true; };
    co_await thread_.run(std::move(work));
    if (parts_.clock.monotonic() < next_save) continue;
    next_save = parts_.clock.monotonic() + kHistorySaveInterval;
    auto saving = save();
    co_await std::move(saving);
  }
}

asio::awaitable<void> FleetFeed::save() {
  auto work = [this] {
    const auto written = write_history();
    const std::lock_guard lock(mutex_);
    unsaved_ = written ? std::string() : written.error().context;
    return written;
  };
  const auto written = co_await thread_.run(std::move(work));
  if (!written) log_.error("the dashboard's charts could not be saved: {}", written.error().context);
}

/// Readable by all within a folder that is not: where there is a vault, it is no place for what is large and no secret.
Result<void> FleetFeed::write_history() {
  std::string text;
  {
    const std::lock_guard lock(mutex_);
    text = history_.encode(second_);
  }
  return write_file(parts_.history_file, text, kPublicMode);
}

void FleetFeed::take_inbox(Monotonic now) {
  std::map<std::string, std::string, std::less<>> inbox;
  std::optional<metrics::NodeFigures> own;
  {
    const std::lock_guard lock(inbox_mutex_);
    inbox.swap(inbox_);
    own.swap(own_);
  }
  if (own) take(parts_.self_id, std::move(*own), now);
  for (const auto& [node_id, payload] : inbox) {
    auto figures = metrics::decode_figures(payload);
    if (figures) {
      take(node_id, std::move(*figures), now);
    } else {
      log_.debug("the figures of {}: {}", node_id, figures.error().context);
    }
  }
}

void FleetFeed::take(const std::string& node_id, metrics::NodeFigures figures, Monotonic now) {
  if (!known_.contains(node_id) && known_.size() >= metrics::kMaxHistories) return;
  Known& node = known_[node_id];
  // The counters of one that is heard anew are no burst of calls.
  if (!node.figures) node.window = {};
  const double seconds = std::chrono::duration<double>(now - node.heard).count();
  std::map<std::string, std::pair<std::uint64_t, double>> calls;
  for (const auto& service : figures.services) {
    const auto before = node.service_calls.find(service.name);
    const bool rose = before != node.service_calls.end() && service.calls >= before->second.first && seconds > 0;
    calls[service.name] = {service.calls,
                           rose ? static_cast<double>(service.calls - before->second.first) / seconds : 0};
  }
  node.service_calls = std::move(calls);
  node.figures = std::move(figures);
  node.heard = now;
}

void FleetFeed::add_figures(dashboard::NodeEntry& entry, const Known& node, WallTime date) const {
  const metrics::NodeFigures& figures = *node.figures;
  entry.cpu = figures.cpu;
  entry.load1 = figures.load1;
  entry.cores = figures.cores;
  if (figures.memory) {
    entry.memory_used = figures.memory->used;
    entry.memory_total = figures.memory->total;
  }
  if (figures.disk) {
    entry.disk_used = figures.disk->used;
    entry.disk_total = figures.disk->total;
  }
  entry.rss = figures.rss;
  if (figures.certificate) {
    const auto& [serial, not_before, not_after] = *figures.certificate;
    entry.certificate = dashboard::CertificateState{
        serial, not_before, not_after, std::string(dashboard::certificate_state(not_before, not_after, date))};
  }
  for (const auto& service : figures.services) {
    dashboard::ServiceEntry& to = entry.services[service.name];
    to.state = service.state == "error" ? "failed" : service.state;
    to.restarts = service.restarts;
    to.error = service.trouble;
    if (!service.version.empty()) to.version = service.version;
    if (const auto calls = node.service_calls.find(service.name); calls != node.service_calls.end()) {
      to.calls_per_second = calls->second.second;
    }
  }
}

dashboard::NodeEntry FleetFeed::entry_of(const membership::NodeView& node, Monotonic now, WallTime date, Sums& sums) {
  const std::string& node_id = node.node_id();
  dashboard::NodeEntry out;
  out.role = pki::to_string(node.role);
  out.status = membership::to_string(node.status);
  out.version = node.record->version;
  out.last_seen = node_id == parts_.self_id ? date : node.last_seen;
  out.started_at = node.record->started_at;
  out.addresses = node.record->addresses;
  if (node.linked) out.linked_to.push_back(parts_.self_id);
  const auto offset = node_id == parts_.self_id ? std::optional(0ms) : parts_.directory.clock_offset(node_id);
  if (offset) out.clock_offset_ms = offset->count();
  // Until the node tells more, and where it is of a version that does not.
  for (const auto& [name, version] : node.record->services) {
    // A manifest without a version counts as "0".
    out.services[name] = {version == "0" ? "" : version, "running", 0, {}, {}};
  }

  Known& state = known_[node_id];
  if (state.figures && now - state.heard > kStaleFigures) state.figures.reset();
  if (state.figures) add_figures(out, state, date);
  metrics::Counters counters;
  if (state.figures) {
    counters.calls = state.figures->calls;
    counters.errors = state.figures->errors;
    counters.latency = state.figures->latency;
  }
  if (const auto logged = tally_.counts().find(node_id); logged != tally_.counts().end()) {
    counters.logs = logged->second.records;
    counters.log_errors = logged->second.errors;
    out.last_error = logged->second.last_error;
  }
  state.window.add(now, counters);
  const auto shown = state.window.over(kShownSpan), point = state.window.over(kPointSpan),
             minute = state.window.over(kErrorSpan);
  const bool tells = state.figures.has_value() && shown && point;
  if (tells) {
    out.calls_per_second = shown->calls_per_second;
    out.errors_per_second = shown->errors_per_second;
    out.call_p99_ms = metrics::latency_quantile_ms(shown->latency, 0.99);
    Sums::add(sums.shown, *shown);
    Sums::add(sums.point, *point);
    sums.has_calls = true;
  }
  if (shown) out.logs_per_second = shown->logs_per_second;
  if (minute) {
    out.log_errors_per_minute = minute->log_errors_per_second * 60;
    sums.log_errors_per_minute += *out.log_errors_per_minute;
  }
  std::optional<double> memory;
  if (state.figures) {
    memory = share_of(state.figures->memory);
    sums.cpu.add(out.cpu);
    sums.memory.add(memory);
  }
  if (state.figures) {
    metrics::SeriesValues values{known(out.cpu),    known(memory),     metrics::kUnknown,
                                 metrics::kUnknown, metrics::kUnknown, metrics::kUnknown};
    if (point) {
      values[2] = static_cast<float>(point->calls_per_second);
      values[3] = static_cast<float>(point->errors_per_second);
      values[4] = known(metrics::latency_quantile_ms(point->latency, 0.99));
      values[5] = static_cast<float>(point->logs_per_second);
    }
    history_.add(node_id, second_, values);
  }
  dashboard::judge(out);
  return out;
}

dashboard::FleetEntry FleetFeed::fleet_entry(const membership::ClusterView& view, const Sums& sums) const {
  dashboard::FleetEntry out;
  out.name = parts_.fleet_name;
  out.coordinator = parts_.self_id;
  out.version = P2P_VERSION;
  for (const std::string_view status : kStatuses) out.nodes[std::string(status)] = 0;
  for (const auto& node : view.nodes) ++out.nodes[std::string(membership::to_string(node.status))];
  if (sums.has_calls) {
    out.calls_per_second = sums.shown.calls_per_second;
    out.errors_per_second = sums.shown.errors_per_second;
    out.call_p50_ms = metrics::latency_quantile_ms(sums.shown.latency, 0.5);
    out.call_p99_ms = metrics::latency_quantile_ms(sums.shown.latency, 0.99);
  }
  if (const auto logs = log_window_.over(kShownSpan)) out.logs_per_second = logs->logs_per_second;
  out.log_errors_per_minute = sums.log_errors_per_minute;
  if (const auto trouble = parts_.log_trouble()) {
    out.logs_stored = false;
    out.problems.push_back("log records are not stored: " + *trouble);
  }
  if (!unsaved_.empty()) out.problems.push_back("the charts are not saved: " + unsaved_);
  return out;
}

void FleetFeed::tick() {
  const Monotonic now = parts_.clock.monotonic();
  const WallTime date = parts_.clock.wall();
  const auto view = parts_.view();
  std::string text;
  {
    const std::lock_guard lock(mutex_);
    second_ = seconds_of(date);
    take_inbox(now);
    tally_.catch_up();
    metrics::Counters logged;
    logged.logs = tally_.records();
    log_window_.add(now, logged);
    dashboard::Snapshot snapshot;
    snapshot.now = date;
    Sums sums;
    for (const auto& node : view->nodes) snapshot.nodes[node.node_id()] = entry_of(node, now, date, sums);
    std::erase_if(known_, [&](const auto& node) { return view->find(node.first) == nullptr; });
    snapshot.fleet = fleet_entry(*view, sums);
    const auto logs = log_window_.over(kPointSpan);
    metrics::SeriesValues values{
        known(sums.cpu.value()), known(sums.memory.value()),
        metrics::kUnknown,       metrics::kUnknown,
        metrics::kUnknown,       logs ? static_cast<float>(logs->logs_per_second) : metrics::kUnknown};
    if (sums.has_calls) {
      values[2] = static_cast<float>(sums.point.calls_per_second);
      values[3] = static_cast<float>(sums.point.errors_per_second);
      values[4] = known(metrics::latency_quantile_ms(sums.point.latency, 0.99));
    }
    history_.add_fleet(second_, values);
    if (second_ % 3600 == 0) history_.forget_old(second_);
    text = updates_.next(snapshot, dashboard::history_point_json(history_, second_));
    latest_ = std::make_shared<const Update>(Update{updates_.sequence(), std::move(text)});
    whole_.reset();
  }
  const std::lock_guard lock(subscribers_mutex_);
  for (const Subscription* subscriber : subscribers_) subscriber->wake_();
}

FleetFeed::UpdatePtr FleetFeed::latest() const {
  const std::lock_guard lock(mutex_);
  return latest_;
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
  auto work = [this, node_id = std::move(node_id), range]() -> Result<std::string> {
    const std::lock_guard lock(mutex_);
    const metrics::History* found = node_id.empty() ? &history_.fleet() : history_.find(node_id);
    if (found == nullptr) return Error(Errc::not_found, "nothing is known of a node of this name");
    return dashboard::range_json(*found, range);
  };
  co_return co_await thread_.run(std::move(work));
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
