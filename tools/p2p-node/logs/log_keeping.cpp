#include "log_keeping.hpp"

#include <algorithm>
#include <utility>

#include "logs/memory_spool.hpp"
#include "logs/spool/disk_spool.hpp"

namespace p2p::node {

LogStore::LogStore(std::unique_ptr<logs::Store> opened, const Clock& clock, LogSink& log)
    : store(std::move(opened)), hub(store->last_number()), collector(*store, hub, clock, log) {}

Result<std::unique_ptr<LogStore>> LogStore::open(const config::NodeConfig& config, const config::Paths& paths,
                                                 const Clock& clock, Random& random, LogSink& log) {
  logs::StoreOptions options;
  options.folder = paths.state_directory(config) / "logs";
  options.retention = config.log_retention_days;
  options.max_entries_per_node = config.max_log_entries;
  options.max_bytes = config.log_store_max_bytes;
  auto store = logs::Store::open(std::move(options), clock, random, log);
  if (!store) return store.error();
  return std::make_unique<LogStore>(std::move(*store), clock, log);
}

std::unique_ptr<logs::Spool> open_log_spool(const config::NodeConfig& config, const config::Paths& paths,
                                            Random& random, LogSink& log, SaySaved say_saved) {
  logs::DiskSpoolOptions options;
  options.folder = paths.state_directory(config) / "spool";
  options.max_bytes = config.log_spool_max_bytes;
  const std::string folder = options.folder.string();
  options.on_trouble = [say_saved, folder](const std::optional<std::string>& trouble) { say_saved(folder, !trouble); };
  auto opened = logs::DiskSpool::open(std::move(options), random, log);
  if (opened) return std::move(*opened);
  Logger(log, "Node")
      .warning("log records wait in memory and are lost when this node ends: {}", opened.error().context);
  say_saved(folder, false);
  return std::make_unique<logs::MemorySpool>(
      random.below(logs::kEpochLimit),
      std::min<std::size_t>(config.log_spool_max_bytes, logs::kDefaultMemorySpoolBytes));
}

}  // namespace p2p::node
