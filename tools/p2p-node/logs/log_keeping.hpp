// Where a node keeps log records: its spool and, at a coordinator, the store of the fleet's.
#pragma once

#include <functional>
#include <memory>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "config/node_config.hpp"
#include "config/paths.hpp"
#include "logs/collector.hpp"
#include "logs/hub.hpp"
#include "logs/spool.hpp"
#include "logs/store.hpp"

namespace p2p::node {

/// A coordinator's store of the fleet's logs, and what feeds and reads it.
struct LogStore {
  /// In state_directory; errors are those of Store::open. All must outlive it.
  static Result<std::unique_ptr<LogStore>> open(const config::NodeConfig& config, const config::Paths& paths,
                                                const Clock& clock, Random& random, LogSink& log);
  LogStore(std::unique_ptr<logs::Store> opened, const Clock& clock, LogSink& log);

  std::unique_ptr<logs::Store> store;
  logs::Hub hub;
  logs::Collector collector;
};

/// Of a node's state, whether this folder or file can be saved now; any thread.
using SaySaved = std::function<void(const std::string& path, bool saved)>;

/// On disk, in state_directory; in memory, which is said, where that cannot be. All must outlive it.
std::unique_ptr<logs::Spool> open_log_spool(const config::NodeConfig& config, const config::Paths& paths,
                                            Random& random, LogSink& log, SaySaved say_saved);

}  // namespace p2p::node
