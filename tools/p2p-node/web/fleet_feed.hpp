// What all open pages show, made once a second on a thread of its own: the figures of every node, judged, what changed
// since the second before, and the histories, which a file keeps.
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../fleet/directory.hpp"
#include "dashboard/updates.hpp"
#include "log_tally.hpp"
#include "membership/cluster_view.hpp"
#include "metrics/counter_window.hpp"
#include "metrics/fleet_history.hpp"
#include "metrics/node_figures.hpp"
#include "net/blocking_pool.hpp"

namespace p2p::node {

inline constexpr std::chrono::minutes kHistorySaveInterval{10};

/// Thread-safe, but for what is said.
class FleetFeed {
 public:
  struct Parts {
    std::string fleet_name, self_id;
    std::function<membership::ClusterViewPtr()> view;  ///< any thread
    const Directory& directory;
    logs::LogAccess logs;
    std::function<std::optional<std::string>()> log_trouble;  ///< why no log records are stored; any thread
    std::filesystem::path history_file;
    const Clock& clock;
    LogSink& log;
  };
  /// References must outlive it.
  explicit FleetFeed(Parts parts);

  const Parts& parts() const noexcept { return parts_; }
  /// Reads the histories and begins to count log records. Blocks. A damaged file is begun anew, which is said.
  void open();
  /// What a linked node tells of itself; only the newest counts.
  void take_figures(const std::string& node_id, std::string_view payload);
  void take_own(metrics::NodeFigures figures);
  /// Makes an update each second, and saves the histories now and then, until cancelled. Control loop.
  boost::asio::awaitable<void> run();
  /// Once run() has ended. From any loop.
  boost::asio::awaitable<void> save();

  /// One message to pages.
  struct Update {
    std::uint64_t sequence = 0;
    std::string text;
  };
  using UpdatePtr = std::shared_ptr<const Update>;
  /// What changed in the last second, based on the sequence before; nullptr before the first.
  UpdatePtr latest() const;
  /// Everything, as of latest(); made once a second at most.
  UpdatePtr whole() const;
  /// JSON (history_json.hpp) of a node, or (empty) of the fleet; `not_found` for a node of which nothing is known. From
  /// any loop.
  boost::asio::awaitable<Result<std::string>> history(std::string node_id, metrics::Range range);

  /// `wake` is called on the feed's thread after each update, until this is destroyed; it must only post. It must not
  /// outlive the feed.
  class Subscription {
   public:
    Subscription(FleetFeed& feed, std::function<void()> wake);
    ~Subscription();
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;

   private:
    friend class FleetFeed;
    FleetFeed& feed_;
    std::function<void()> wake_;
  };

 private:
  struct Known {
    metrics::CounterWindow window;
    std::optional<metrics::NodeFigures> figures;
    std::map<std::string, std::pair<std::uint64_t, double>> service_calls;  ///< counted, and a second
    Monotonic heard{};
  };
  struct Sums;

  // The feed's thread, with mutex_.
  void tick();
  void take_inbox(Monotonic now);
  void take(const std::string& node_id, metrics::NodeFigures figures, Monotonic now);
  dashboard::NodeEntry entry_of(const membership::NodeView& node, Monotonic now, WallTime date, Sums& sums);
  void add_figures(dashboard::NodeEntry& entry, const Known& known, WallTime date) const;
  dashboard::FleetEntry fleet_entry(const membership::ClusterView& view, const Sums& sums) const;
  Result<void> write_history();

  const Parts parts_;
  Logger log_;

  std::mutex inbox_mutex_;
  std::map<std::string, std::string, std::less<>> inbox_;
  std::optional<metrics::NodeFigures> own_;

  mutable std::mutex mutex_;  // guards what follows, down to unsaved_
  std::map<std::string, Known, std::less<>> known_;
  metrics::CounterWindow log_window_;
  metrics::FleetHistory history_;
  dashboard::Updates updates_;
  std::int64_t second_ = 0;
  UpdatePtr latest_;
  mutable UpdatePtr whole_;
  LogTally tally_;
  std::string unsaved_;  // why the histories could not be written

  std::mutex subscribers_mutex_;
  std::vector<Subscription*> subscribers_;

  std::atomic<bool> counting_{false};
  net::BlockingPool thread_{1};
  std::optional<logs::Hub::Subscription> stored_;
};

}  // namespace p2p::node
