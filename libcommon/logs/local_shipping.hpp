// The coordinator's own records go the way of everyone's: through a spool and the collector, so that nothing is lost
// while the store cannot write.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <string>

#include "logs/collector.hpp"
#include "logs/log_shipper.hpp"

namespace p2p::logs {

inline constexpr std::chrono::seconds kLastShipping{2};

/// Joins the shipper to the collector until the task is cancelled and what was written until then is stored (for at
/// most kLastShipping). All must outlive the task. Takes over the shipper's wake.
boost::asio::awaitable<void> ship_locally(LogShipper& shipper, Collector& collector, std::string node_id, LogSink& log);

}  // namespace p2p::logs
