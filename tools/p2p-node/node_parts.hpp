// The parts of a node and what holds them together. For opening.cpp, which makes them, and node.cpp, which runs them.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "addresses/address_keeper.hpp"
#include "base/file.hpp"
#include "base/system_clock.hpp"
#include "base/system_random.hpp"
#include "certificates/fleet_authority.hpp"
#include "certificates/own_identity.hpp"
#include "certificates/revocation.hpp"
#include "fleet/dial_backs.hpp"
#include "fleet/directory.hpp"
#include "fleet/gossip.hpp"
#include "fleet/links.hpp"
#include "fleet/transport.hpp"
#include "health.hpp"
#include "logs/api.hpp"
#include "logs/log_forwarding.hpp"
#include "logs/log_keeping.hpp"
#include "logs/log_shipper.hpp"
#include "logs/log_sources.hpp"
#include "logs/node_log.hpp"
#include "metrics/metrics_registry.hpp"
#include "net/blocking_pool.hpp"
#include "net/loops.hpp"
#include "net/server.hpp"
#include "node.hpp"
#include "node_metrics.hpp"
#include "request_limits.hpp"
#include "rpc/dispatcher.hpp"
#include "service_calls.hpp"
#include "services/orphan_guard.hpp"
#include "services/service_host.hpp"
#include "state_writer.hpp"
#include "tokens/tokens.hpp"
#include "web/dashboard.hpp"
#include "web/own_figures.hpp"

namespace p2p::node {

namespace asio = boost::asio;
using std::chrono::milliseconds;

inline constexpr std::size_t kPoolThreads = 2;
/// For figures of process and host: well below what Prometheus allows for a scrape.
inline constexpr milliseconds kFiguresPatience{2'000};

class Node {
 public:
  Node(NodeOptions options, const services::OrphanGuard& guard)
      : options_(std::move(options)),
        guard_(guard),
        config_(options_.config.values),
        log_sink_(clock_, config_.log_level, logs::stderr_style()),
        log_(log_sink_, "Node") {}

  ~Node();

  cli::Attempt<void> run();

 private:
  Result<void> prepare();
  Result<void> open_logs();
  Result<void> open_membership();
  Result<void> open_tokens();
  Result<void> open_authority();
  void open_calls();
  void open_addresses();
  Result<void> open_dashboard();
  logs::LogAccess log_access() { return {*log_store_->store, log_store_->hub, pool_, *searches_, clock_}; }
  net::Router make_router();
  asio::awaitable<void> main();
  Result<void> begin_serving();
  asio::awaitable<void> wait_for_signals();
  asio::awaitable<void> shut_down();
  asio::awaitable<void> flush_logs(milliseconds limit);
  void reload();
  OwnIdentity::Hooks identity_hooks();
  void announce_services(const std::vector<services::Announcement>& running, const services::StateCounts& counts);
  std::unique_ptr<StateWriter> make_state_writer(std::string what, std::filesystem::path file,
                                                 std::function<std::string()> encode);
  void set_facts(const std::function<void(membership::SelfFacts&)>& change);
  void fail(cli::Failure failure);
  NodeIdentity& identity() const { return own_->identity(); }
  pki::Role role() const { return identity().role(); }
  bool is_coordinator() const { return role() == pki::Role::coordinator; }
  membership::Instant now() const { return {clock_.monotonic(), clock_.wall()}; }

  NodeOptions options_;
  const services::OrphanGuard& guard_;
  config::NodeConfig config_;
  SystemClock clock_;
  SystemRandom random_;
  logs::NodeLog log_sink_;
  Logger log_;
  std::optional<FileLock> state_lock_;
  std::optional<cli::Failure> failure_;
  std::uint16_t port_ = 0;

  std::unique_ptr<Health> health_;             // told by the spool until that has ended
  std::unique_ptr<LogStore> log_store_;        // at a coordinator
  std::unique_ptr<logs::LogShipper> shipper_;  // everywhere: the coordinator ships to itself
  std::unique_ptr<LogSources> log_sources_;

  std::unique_ptr<net::Loops> loops_;
  net::BlockingPool pool_{kPoolThreads};    // after the loops: what runs in it completes on one
  std::optional<logs::Searches> searches_;  // at a coordinator; likewise
  std::unique_ptr<OwnIdentity> own_;
  std::unique_ptr<membership::Membership> membership_;
  FiguresReading figures_{pool_, "reading the figures of process and host", kFiguresPatience,
                          [home = options_.paths.home()] { return metrics::read_figures(home); }};
  std::unique_ptr<net::LoopLocal<net::Client>> clients_;
  std::unique_ptr<net::TaskGroup> tasks_;
  std::unique_ptr<Tokens> tokens_;
  Directory directory_;
  RequestLimits limits_{config_, random_, clock_};
  rpc::Registry registry_;
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<rpc::Forwarder> forwarder_;
  std::unique_ptr<rpc::Dispatcher> dispatcher_;
  std::unique_ptr<ServiceCalls> service_calls_;
  std::unique_ptr<StateWriter> gossip_state_;
  std::unique_ptr<StateWriter> service_state_;
  std::unique_ptr<services::ServiceHost> services_;
  metrics::MetricsRegistry metrics_;
  std::unique_ptr<logs::LogForwarder> log_forwarder_;  // at a coordinator, after the pool and what it reads
  std::unique_ptr<Gossip> gossip_;
  std::unique_ptr<Links> links_;
  std::unique_ptr<AddressKeeper> addresses_;
  std::unique_ptr<FleetAuthority> authority_;  // at a coordinator
  std::unique_ptr<DialBacks> dial_backs_;      // likewise
  std::unique_ptr<OwnFigures> own_figures_;
  std::unique_ptr<Dashboard> dashboard_;  // at a coordinator
  std::unique_ptr<net::Server> server_;
  std::unique_ptr<Revocation> revocation_;
  std::unique_ptr<asio::signal_set> signals_;
  std::unique_ptr<asio::steady_timer> stop_requested_;
  bool serving_ = false;
};

}  // namespace p2p::node
