#include "log_sources.hpp"

namespace p2p::node {

/// Records go the way of the node's own.
class LogSources::Sink final : public logs::SourceSink {
 public:
  Sink(logs::NodeLog& log, const logs::LogShipper& shipper) : log_(log), shipper_(shipper) {}

  void submit(logs::LogRecord record, logs::SourcePosition position) override {
    log_.submit(std::move(record), std::move(position));
  }
  bool has_room() const override { return shipper_.has_room(); }
  std::optional<std::string> position_of(const std::string& source) const override {
    return shipper_.source_position(source);
  }

 private:
  logs::NodeLog& log_;
  const logs::LogShipper& shipper_;
};

LogSources::LogSources(Parts parts) : parts_(parts), sink_(std::make_unique<Sink>(parts.log, parts.shipper)) {}

LogSources::~LogSources() { stop(); }

bool LogSources::are_wanted(const config::NodeConfig& config) {
  return !config.syslog_listen.empty() || !config.log_files.empty() || config.log_journal;
}

Result<void> LogSources::start() {
  const auto& config = parts_.config;
  if (!config.syslog_listen.empty()) {
    syslog_ = std::make_unique<logs::SyslogServer>(config.syslog_listen, *sink_, parts_.clock, parts_.log);
    const auto started = syslog_->start();
    // Not `exists`, which is the node's own port.
    if (!started) return Error(Errc::failed, "syslog_listen: " + started.error().context);
  }
  if (!config.log_files.empty()) follow_files();
  if (config.log_journal) {
    logs::JournalOptions options;
    options.state_file = parts_.paths.state_file(config, "log_journal.json");
    journal_ = std::make_unique<logs::JournalReader>(std::move(options), *sink_, parts_.clock, parts_.log);
    journal_->start();
  }
  return {};
}

void LogSources::follow_files() {
  logs::FollowOptions options;
  for (const auto& pattern : parts_.config.log_files)
    options.patterns.push_back(parts_.paths.resolve(pattern).string());
  for (const auto& text : parts_.config.log_files_multiline) {
    auto rule = logs::parse_multiline_rule(text);
    if (!rule) continue;  // the configuration was checked
    rule->glob = parts_.paths.resolve(rule->glob).string();
    options.multiline.push_back(std::move(*rule));
  }
  options.state_file = parts_.paths.state_file(parts_.config, "log_files.json");
  files_ = std::make_unique<logs::FileFollower>(std::move(options), *sink_, parts_.clock, parts_.log);
  files_->start();
}

void LogSources::stop() {
  if (syslog_) syslog_->stop();
  if (files_) files_->stop();
  if (journal_) journal_->stop();
}

}  // namespace p2p::node
