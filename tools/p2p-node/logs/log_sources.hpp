// What a node collects besides its own lines: syslog, files, the journal, as its configuration says.
#pragma once

#include <memory>

#include "base/clock.hpp"
#include "config/node_config.hpp"
#include "config/paths.hpp"
#include "logs/log_shipper.hpp"
#include "logs/node_log.hpp"
#include "logs/sources/file_follower.hpp"
#include "logs/sources/journal_reader.hpp"
#include "logs/sources/source_sink.hpp"
#include "logs/sources/syslog_server.hpp"

namespace p2p::node {

/// start() and stop() belong to one thread; the sources have threads of their own.
class LogSources {
 public:
  /// All must outlive it.
  struct Parts {
    const config::NodeConfig& config;
    const config::Paths& paths;
    logs::NodeLog& log;
    logs::LogShipper& shipper;
    const Clock& clock;
  };
  explicit LogSources(Parts parts);
  ~LogSources();  ///< stop()

  static bool are_wanted(const config::NodeConfig& config);
  /// Opens what is configured; the first that cannot be opened is the error. May block for a moment.
  Result<void> start();
  /// Hands over what was received, and ends all sources. Waits for their threads: run it in a pool.
  void stop();

 private:
  class Sink;
  void follow_files();
  Parts parts_;
  std::unique_ptr<Sink> sink_;
  std::unique_ptr<logs::SyslogServer> syslog_;
  std::unique_ptr<logs::FileFollower> files_;
  std::unique_ptr<logs::JournalReader> journal_;
};

}  // namespace p2p::node
