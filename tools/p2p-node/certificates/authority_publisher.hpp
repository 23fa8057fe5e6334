// What the CA in a coordinator's home has to say to the fleet: whom it has revoked, in lists that are signed anew in
// good time, and which roots are to be trusted.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/log_sink.hpp"
#include "net/blocking_pool.hpp"
#include "pki/issuing_authority.hpp"

namespace p2p::node {

/// Control loop; the files are looked at in the pool.
class AuthorityPublisher {
 public:
  struct Options {
    pki::AuthorityPaths authority;
    std::string node_id;  ///< who acts, for the inventory
    /// The trusted roots, in PEM, whenever they are asked for.
    std::function<std::shared_ptr<const std::string>()> roots_pem;
    /// Gossip::publish_bulletin.
    std::function<Result<bool>(std::string kind, Bytes content)> publish;
  };

  /// References must outlive it.
  AuthorityPublisher(Options options, net::BlockingPool& pool, const Clock& clock, LogSink& log);

  /// Looks at the files every kPoll and publishes what is news, until cancelled. Errors are logged, each once in a row.
  boost::asio::awaitable<void> run();

 private:
  static constexpr std::chrono::milliseconds kPoll{500};
  static constexpr std::chrono::minutes kResign{1};
  class Files;
  void publish_lists(const std::string& pem);
  void publish(std::string kind, std::string_view content);

  const Options options_;
  net::BlockingPool& pool_;
  const Clock& clock_;
  Logger log_;
};

}  // namespace p2p::node
