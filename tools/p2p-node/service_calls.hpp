// Calls that programs of services make through their node (services::NodeSocket): to what is here, and to the rest of
// the fleet. A coordinator passes them on as any other call; a worker asks its coordinator, as itself.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "net/client.hpp"
#include "rpc/dispatcher.hpp"
#include "services/node_socket.hpp"

namespace p2p::node {

/// Everything is called on the control loop.
class ServiceCalls {
 public:
  struct Parts {
    rpc::Self self;
    std::string cluster_name;
    const rpc::Registry& registry;
    rpc::Dispatcher& dispatcher;
    net::Client& client;                                     ///< of the control loop
    std::function<std::vector<std::string>()> coordinators;  ///< addresses, best first; at a worker
    const Clock& clock;
  };
  /// References must outlive this.
  explicit ServiceCalls(Parts parts) : parts_(std::move(parts)) {}

  /// The answer to one request, with `target`, `timeout_ms` and `progress` as further members; empty for a
  /// notification. The caller is the service's name in the role of this node. Here it may call what takes rpc:call or
  /// is public; elsewhere what its node may.
  boost::asio::awaitable<std::string> answer(services::SocketRequest request);

 private:
  bool is_here(const rpc::Origin& origin, std::string_view method) const;
  boost::asio::awaitable<std::string> ask_coordinator(const rpc::ParsedCall& call, const rpc::Origin& origin);

  Parts parts_;
};

}  // namespace p2p::node
