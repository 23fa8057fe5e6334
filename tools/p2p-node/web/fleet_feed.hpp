// What all open pages show, made once a second on a thread of its own: what FleetWatch makes of the fleet, what changed
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
#include "dashboard/fleet_watch.hpp"
#include "dashboard/updates.hpp"
#include "log_tally.hpp"
#include "membership/cluster_view.hpp"
#include "metrics/fleet_history.hpp"
#include "metrics/node_figures.hpp"
#include "net/blocking_pool.hpp"

namespace p2p::node {

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
  /// These are revoked from now on. Any thread.
  void take_revoked(pki::RevocationLists lists);
  /// Makes an update each second, until cancelled. Control loop.
  boost::asio::awaitable<void> run();
  /// Saves the histories as often as metrics::save_interval() says, until cancelled. Control loop.
  boost::asio::awaitable<void> keep_saved();
  /// Once keep_saved() has ended. Control loop.
  boost::asio::awaitable<void> save();

  /// One message to pages.
  struct Update {
    std::uint64_t sequence = 0;
    std::string text;
  };
  using UpdatePtr = std::shared_ptr<const Update>;
  /// What changed in the last second, based on the sequence before; nullptr before the first.
  UpdatePtr latest() const { return latest_.load(); }
  /// Everything, as of latest(); made once a second at most.
  UpdatePtr whole() const;
  /// dashboard::problems_json() of latest(); `null` before the first.
  std::string problems() const;
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
  // The feed's thread.
  void tick();
  void take_inbox(Monotonic now);
  dashboard::Picture look(Monotonic now, WallTime date);
  void publish(dashboard::Picture picture);
  // The disk's thread.
  std::string encode_histories() const;

  const Parts parts_;
  Logger log_;

  std::mutex inbox_mutex_;  // guards what others leave for the feed's thread
  std::map<std::string, std::string, std::less<>> inbox_;
  std::optional<metrics::NodeFigures> own_;
  pki::RevocationLists revoked_;
  std::optional<std::string> unsaved_;  // why the histories could not be written

  dashboard::FleetWatch watch_;  // of the feed's thread alone
  LogTally tally_;               // likewise, once opened

  // Changed by the feed's thread alone, under the mutex: it reads without, others with. The file is made and written by
  // a thread of its own, which holds the mutex no longer than to copy one history: neither that nor a slow disk holds
  // up pages or ticks.
  mutable std::mutex mutex_;
  metrics::FleetHistory history_;
  dashboard::Updates updates_;
  std::int64_t second_ = 0;
  mutable UpdatePtr whole_;  // made by whoever asks first

  std::atomic<UpdatePtr> latest_;
  std::atomic<std::shared_ptr<const dashboard::Snapshot>> seen_;  // what latest_ tells of
  std::size_t saved_bytes_ = 0;                                   // of the file; of the control loop

  std::mutex subscribers_mutex_;
  std::vector<Subscription*> subscribers_;

  std::atomic<bool> counting_{false};
  net::BlockingPool disk_{1}, thread_{1};
  std::optional<logs::Hub::Subscription> stored_;
};

}  // namespace p2p::node
