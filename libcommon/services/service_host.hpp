// The external services of this node: reads their folders, publishes them in the registry, follows changes, and keeps
// which of them are wanted running.
#pragma once

#include <sys/types.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
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

#include "base/log_sink.hpp"
#include "base/random.hpp"
#include "net/task_group.hpp"
#include "rpc/registry.hpp"
#include "services/folder_watch.hpp"
#include "services/node_socket.hpp"
#include "services/stdio_service.hpp"
#include "services/wanted_state.hpp"

namespace p2p::services {

enum class ServiceState : unsigned char {
  starting,  ///< its program is not ready yet; calls wait
  running,   ///< its methods can be called
  degraded,  ///< its program keeps dying and is tried now and then; see `error`
  stopped,   ///< somebody stopped it
  error,     ///< it cannot run; see `error`
};
std::string_view to_string(ServiceState state) noexcept;

/// A service as it is listed.
struct ServiceView {
  std::string name;
  ServiceState state = ServiceState::running;
  std::string error{};                 ///< why, in states error and degraded
  std::string folder{};                ///< of an external one
  std::optional<Manifest> manifest{};  ///< of an external one that parses
  std::uint64_t restart_count = 0;     ///< of its processes since it is in use
  std::vector<pid_t> pids{};           ///< of its processes, where they are long-lived
};

/// A running service as membership announces it: others send their calls here.
struct Announcement {
  std::string name, version;
  bool operator==(const Announcement&) const = default;
};

/// How many services are in each state; those in none are left out.
using StateCounts = std::map<std::string, std::size_t>;

class ServiceHost {
 public:
  struct Options {
    std::filesystem::path directory;
    std::chrono::milliseconds scan_interval{60'000};
    NodeFacts node;                         ///< without the socket
    std::filesystem::path socket_folder{};  ///< where services call others; empty for nowhere
    NodeSocket::Answer answer_service{};    ///< what they call
  };
  /// How the wanted state is kept; `load` answers `not_found` when there is none yet, `save` writes wanted_state() as
  /// it is when the writing begins. Called on the control loop.
  struct StateStore {
    std::function<Result<std::string>()> load;
    std::function<boost::asio::awaitable<Result<void>>()> save;
  };
  /// Called on the control loop with all running external services, and how many are in each state, after each change
  /// of these.
  using OnChange = std::function<void(const std::vector<Announcement>&, const StateCounts&)>;
  enum class Action : unsigned char { start, stop, restart };

  /// `control` is the loop that owns the host: one thread. Built-in services are published before the first scan, so
  /// that no folder takes the name of one.
  ServiceHost(boost::asio::any_io_executor control, Options options, rpc::Registry& registry, StateStore store,
              OnChange on_change, Random& random, LogSink& log);

  /// Restores the wanted state and reads the folders once. Control loop.
  void open();
  /// Follows changes until cancelled. Control loop.
  boost::asio::awaitable<void> run();
  /// Reads the folders now (SIGHUP). Control loop.
  void scan();
  /// Ends the programs in order, at once those that are not done after `limit`. Nothing runs any more afterwards.
  /// Control loop; run() must have ended, and calls should have.
  boost::asio::awaitable<void> stop(std::chrono::milliseconds limit);

  /// Any loop; the work is done on the control loop. `not_found` for an unknown name; a service in state error says why
  /// it cannot be started. Stopping lets calls under way finish. `by` is who wants it, for the log.
  boost::asio::awaitable<Result<ServiceState>> control(Action action, std::string name, std::string by);

  /// Which services are to stay stopped, as `load` reads it. Control loop.
  std::string wanted_state() const { return format_wanted_state(stopped_); }
  /// External services, sorted by name. Any thread.
  std::shared_ptr<const std::vector<ServiceView>> view() const;
  const rpc::Registry& registry() const { return registry_; }

 private:
  /// What a folder held when it was read last.
  struct Entry {
    /// As the files were when they were read; empty for "read again".
    std::string manifest_version, program_version;
    std::vector<std::string> command;  ///< of the manifest; empty where that does not parse
    std::string name;                  ///< likewise, or the folder's
    std::optional<ServiceFolder> loaded;
    std::string error;
  };

  boost::asio::awaitable<Result<ServiceState>> apply(Action action, std::string name, std::string by);
  /// True when some service may have changed.
  bool read_folders();
  bool read_folder(const std::filesystem::path& folder);
  /// Brings registry, programs, view and announcement in line with the entries and the wanted state.
  void publish();
  void put_in_use(const Entry& entry);
  NodeFacts facts_for(const std::string& service);
  void take_out_of_use(const std::string& name);
  /// What the program of a service that is in use says of itself.
  void add_program_state(ServiceView& view) const;
  void announce(const std::vector<ServiceView>& views);
  /// Publishes from the loop: a program's state changed in the middle of something.
  void publish_soon();
  boost::asio::awaitable<void> publish_later();
  /// The entries as views, sorted by name; new errors are logged.
  std::vector<ServiceView> judge_all();
  ServiceView judge(const std::filesystem::path& folder, const Entry& entry, bool name_taken) const;

  boost::asio::any_io_executor control_;
  Options options_;
  rpc::Registry& registry_;
  StateStore store_;
  OnChange on_change_;
  Random& random_;
  Logger log_;
  net::TaskGroup tasks_;                 // the programs of protocol stdio
  std::unique_ptr<NodeSocket> sockets_;  // none without a folder
  FolderWatch watch_;
  StoppedServices stopped_;
  std::map<std::filesystem::path, Entry> entries_;
  std::map<std::string, std::string> published_;                   ///< name to version
  std::map<std::string, std::shared_ptr<StdioService>> programs_;  ///< the last of each name, also while it ends
  std::vector<Announcement> announced_;
  StateCounts state_counts_;
  bool publish_pending_ = false;
  std::string last_scan_error_;
  mutable std::mutex mutex_;  // guards only the pointer
  std::shared_ptr<const std::vector<ServiceView>> view_;
};

}  // namespace p2p::services
