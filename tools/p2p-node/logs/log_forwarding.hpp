// The copy of the fleet's log that a coordinator sends to a syslog server (log_forward).
#pragma once

#include <memory>

#include "base/random.hpp"
#include "config/node_config.hpp"
#include "config/paths.hpp"
#include "logs/forward/log_forwarder.hpp"
#include "metrics/metrics_registry.hpp"

namespace p2p::node {

/// The forwarder as the configuration has it, not yet started; null without log_forward. The error is that of the file
/// of roots. All must outlive it.
Result<std::unique_ptr<logs::LogForwarder>> make_log_forwarder(const config::NodeConfig& config,
                                                               const config::Paths& paths, logs::LogAccess access,
                                                               Random& random, LogSink& log);

/// Any thread.
void write_forward_metrics(metrics::MetricsWriter& out, const logs::LogForwarder& forwarder);

}  // namespace p2p::node
