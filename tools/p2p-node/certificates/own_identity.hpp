// Everything about the node's own certificate and the CA's: opened at the start, kept valid and matching the machine's
// addresses, and taken over when a file changes, whoever changed it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "../health.hpp"
#include "file_watch.hpp"
#include "net/task_group.hpp"
#include "node_identity.hpp"
#include "renewer.hpp"
#include "revocation_lists.hpp"
#include "trusted_roots.hpp"

namespace p2p::node {

/// Control loop, and what the parts say of themselves.
class OwnIdentity {
 public:
  /// References must outlive it; `config` is always the newest.
  struct Parts {
    const config::LoadedConfig& config;
    const config::Paths& paths;
    Random& random;
    const Clock& clock;
    LogSink& log;
  };
  struct Hooks {
    /// Another certificate, or other certificates of the CA, are in use.
    std::function<void()> replaced;
    /// After that and at the beginning: what depends on those in use is to follow.
    std::function<void()> in_use;
    /// The fleet may hear of it.
    std::function<void()> told;
    /// How many nodes renew when the CA's key is replaced.
    std::function<std::size_t()> fleet_size;
  };

  /// Errors as of NodeIdentity::open(). Blocks.
  static Result<std::unique_ptr<OwnIdentity>> open(const Parts& parts);

  /// Follows the CA's list of roots from then on. Once, before begin(); references must outlive it.
  void follow_roots(boost::asio::io_context& control, net::BlockingPool& pool, Health& health);
  /// Once the node serves, and so has a port.
  void begin(Hooks hooks);
  /// What goes on until it is cancelled.
  void start(net::TaskGroup& tasks);
  /// The node announces these `host:port` from now on: where the certificate is not for them, another one is got.
  void take_addresses(const std::vector<std::string>& addresses);
  /// As Renewer::renew_now(). After begin().
  void renew_now(std::shared_ptr<net::Reply<Renewer::Renewed>> asker) { renewer_->renew_now(std::move(asker)); }
  /// Takes over a certificate, key or CA that changed on disk. Blocks.
  void reread();

  NodeIdentity& identity() noexcept { return *identity_; }
  RevocationLists& revocation_lists() noexcept { return *revocation_lists_; }
  TrustedRoots& roots() noexcept { return *roots_; }

 private:
  explicit OwnIdentity(const Parts& parts) : parts_(parts), log_(parts.log, "Node") {}
  /// The renewer does, and then the owner.
  void follow();

  const Parts parts_;
  Logger log_;
  Hooks hooks_;
  std::unique_ptr<NodeIdentity> identity_;
  std::unique_ptr<RevocationLists> revocation_lists_;
  // From follow_roots() on.
  boost::asio::io_context* control_ = nullptr;
  net::BlockingPool* pool_ = nullptr;
  Health* health_ = nullptr;
  std::unique_ptr<TrustedRoots> roots_;
  // From begin() on.
  std::unique_ptr<Renewer> renewer_;
  std::unique_ptr<FileWatch> file_watch_;
};

}  // namespace p2p::node
