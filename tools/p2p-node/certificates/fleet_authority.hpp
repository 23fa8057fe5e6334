// What a coordinator does as its fleet's authority: it publishes what the CA says, and where the CA's key is in its
// home it signs too, by ACME and on the operator's word, and writes down how far a rotation is.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>

#include "acme_service.hpp"
#include "authority_publisher.hpp"
#include "config/loader.hpp"
#include "config/paths.hpp"
#include "fleet_trust_report.hpp"
#include "membership/membership.hpp"
#include "net/task_group.hpp"
#include "rpc/registry.hpp"

namespace p2p::node {

/// Control loop.
class FleetAuthority {
 public:
  /// References must outlive it.
  struct Parts {
    const config::LoadedConfig& config;
    const config::Paths& paths;
    boost::asio::io_context& control;
    net::BlockingPool& pool;
    const NodeIdentity& identity;
    const membership::Membership& membership;
    rpc::Registry& registry;
    const Clock& clock;
    LogSink& log;
  };
  /// Gossip::publish_bulletin.
  using Publish = std::function<Result<bool>(std::string kind, Bytes content)>;

  /// Opens the CA where its key is, and publishes the methods `certs.*`. Blocks.
  static Result<std::unique_ptr<FleetAuthority>> open(const Parts& parts, Publish publish);

  void add_routes(net::Router& router);
  void start(net::TaskGroup& tasks);
  boost::asio::awaitable<void> stop(std::chrono::milliseconds grace);

 private:
  FleetAuthority(const Parts& parts, Publish publish);
  Result<void> open_methods();
  Result<void> open_acme();

  const Parts parts_;
  AuthorityPublisher publisher_;
  std::unique_ptr<FleetTrustReport> report_;  // where the CA's key is, as the next
  std::unique_ptr<AcmeService> acme_;
};

}  // namespace p2p::node
