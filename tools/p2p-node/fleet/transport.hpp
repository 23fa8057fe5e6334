// How a call reaches another node: its address where that answers, else the link that it keeps open to here.
#pragma once

#include <functional>

#include "directory.hpp"
#include "net/client.hpp"
#include "rpc/forwarder.hpp"

namespace p2p::node {

class Transport final : public rpc::Transport {
 public:
  /// Told of a `host:port` that answered where one before it did not; on any loop.
  using Answered = std::function<void(const std::string& node_id, const std::string& address)>;

  /// `client` gives the client of the loop that the caller runs on. References must outlive the transport.
  Transport(const Directory& directory, std::function<net::Client&()> client, Answered answered, const Clock& clock)
      : directory_(directory), client_(std::move(client)), answered_(std::move(answered)), clock_(clock) {}

  boost::asio::awaitable<rpc::TransportResult> send(rpc::OutgoingCall call) override;

 private:
  boost::asio::awaitable<rpc::TransportResult> send_to(const rpc::OutgoingCall& call, const Place& place);
  boost::asio::awaitable<rpc::TransportResult> dial(const rpc::OutgoingCall& call, const Place& place);
  boost::asio::awaitable<rpc::TransportResult> over_link(const rpc::OutgoingCall& call, membership::Link& link);

  const Directory& directory_;
  std::function<net::Client&()> client_;
  Answered answered_;
  const Clock& clock_;
};

}  // namespace p2p::node
