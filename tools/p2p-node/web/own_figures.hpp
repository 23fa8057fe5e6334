// What this node tells its coordinator of itself, read anew each second.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <optional>

#include "../node_metrics.hpp"
#include "metrics/failure_window.hpp"
#include "metrics/node_figures.hpp"
#include "rpc/registry.hpp"
#include "services/service_host.hpp"

namespace p2p::node {

/// Control loop.
class OwnFigures {
 public:
  /// All must outlive it.
  struct Parts {
    FiguresReading& reading;
    const rpc::Registry& registry;
    const services::ServiceHost& services;
  };
  explicit OwnFigures(const Parts& parts) : parts_(parts) {}

  /// Reads and tells each second, until cancelled.
  boost::asio::awaitable<void> tell(std::function<void(metrics::NodeFigures)> take);

 private:
  /// What the system does not tell in time is absent.
  boost::asio::awaitable<metrics::NodeFigures> read();
  void add_system(metrics::NodeFigures& out, const metrics::Figures& now);
  void add_services(metrics::NodeFigures& out) const;
  void add_calls(metrics::NodeFigures& out);

  const Parts parts_;
  std::optional<metrics::HostStat> before_;
  metrics::FailureWindow failures_;
};

}  // namespace p2p::node
