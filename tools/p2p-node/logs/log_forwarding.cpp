#include "log_forwarding.hpp"

#include "base/file.hpp"

namespace p2p::node {
namespace {
constexpr std::size_t kMaxRootsBytes = 1 << 20;
}

Result<std::unique_ptr<logs::LogForwarder>> make_log_forwarder(const config::NodeConfig& config,
                                                               const config::Paths& paths, logs::LogAccess access,
                                                               Random& random, LogSink& log) {
  if (config.log_forward.empty()) return std::unique_ptr<logs::LogForwarder>();
  std::string roots;
  if (!config.log_forward_ca_file.empty()) {
    auto read = read_file(paths.resolve(config.log_forward_ca_file), kMaxRootsBytes);
    // Not `not_found`, which is a certificate of the node.
    if (!read) return Error(Errc::invalid, "log_forward_ca_file: " + read.error().context);
    roots = std::move(*read);
  }
  auto options = logs::forward_options(config.log_forward, roots, paths.state_file(config, "log_forward.cursor"));
  if (!options) return Error(options.error().code, "log_forward: " + options.error().context);
  return std::make_unique<logs::LogForwarder>(std::move(*options), access, random, log);
}

void write_forward_metrics(metrics::MetricsWriter& out, const logs::LogForwarder& forwarder) {
  out.gauge("p2p_log_forward_connected", "1 while the syslog server of log_forward is connected.",
            forwarder.is_connected() ? 1 : 0);
  out.gauge("p2p_log_forward_lag_seconds", "How long ago the oldest log record that it has not taken was stored.",
            std::chrono::duration<double>(forwarder.lag()).count());
  out.counter("p2p_log_forward_records_total", "Log records sent to it, repeated ones too.",
              static_cast<double>(forwarder.sent_count()));
}

}  // namespace p2p::node
