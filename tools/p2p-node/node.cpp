#include "node.hpp"

#include <systemd/sd-daemon.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <optional>
#include <thread>
#include <utility>

#include "base/code_pages.hpp"
#include "base/file.hpp"
#include "base/system_clock.hpp"
#include "base/system_random.hpp"
#include "base/text.hpp"
#include "certificates/fleet_authority.hpp"
#include "certificates/own_identity.hpp"
#include "certificates/pki_routes.hpp"
#include "certificates/revocation.hpp"
#include "config/describe.hpp"
#include "fleet/cluster_control.hpp"
#include "fleet/cluster_routes.hpp"
#include "fleet/dial_backs.hpp"
#include "fleet/directory.hpp"
#include "fleet/gossip.hpp"
#include "fleet/links.hpp"
#include "fleet/transport.hpp"
#include "health.hpp"
#include "local_addresses.hpp"
#include "logs/api.hpp"
#include "logs/local_shipping.hpp"
#include "logs/log_forwarding.hpp"
#include "logs/log_keeping.hpp"
#include "logs/log_shipper.hpp"
#include "logs/log_sources.hpp"
#include "logs/node_log.hpp"
#include "membership/state_file.hpp"
#include "metrics/metrics_registry.hpp"
#include "net/blocking_pool.hpp"
#include "net/loops.hpp"
#include "net/server.hpp"
#include "node_metrics.hpp"
#include "request_limits.hpp"
#include "rpc/builtin.hpp"
#include "rpc/dispatcher.hpp"
#include "service_calls.hpp"
#include "services/orphan_guard.hpp"
#include "services/service_host.hpp"
#include "services/service_methods.hpp"
#include "settings.hpp"
#include "state_writer.hpp"
#include "tokens/tokens.hpp"
#include "web/dashboard.hpp"
#include "web/own_figures.hpp"

namespace p2p::node {

namespace asio = boost::asio;
using std::chrono::milliseconds;

namespace {

constexpr auto kUse = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kPoolThreads = 2;
/// For figures of process and host: well below what Prometheus allows for a scrape.
constexpr milliseconds kFiguresPatience{2'000};
constexpr std::size_t kMaxStateBytes = 256 << 20;
/// A goodbye that takes longer is not waited for.
constexpr milliseconds kFarewell{2'000};
/// How long the last log lines have to reach the coordinator.
constexpr milliseconds kLastLines{1'000};

/// Of a node that was just killed, a child that has not yet become its program holds the lock for a moment.
Result<FileLock> lock_state(const std::filesystem::path& file) {
  constexpr milliseconds kPatience{1'000}, kAgain{20};
  for (milliseconds waited{0};; waited += kAgain) {
    auto lock = FileLock::try_acquire(file);
    if (lock || lock.error().kind() != Errc::exists || waited >= kPatience) return lock;
    std::this_thread::sleep_for(kAgain);
  }
}

/// What to do about a node that cannot even open its files.
std::string hint_for(const Error& error, const std::string& node_id) {
  if (error.kind() == Errc::exists) {
    return fmt::format("to run a second node on this machine: --set state_directory=data/{} --set port=N", node_id);
  }
  if (error.context.find("coordinator_mode is true") != std::string::npos) {
    return fmt::format("where the CA is, p2p-ca sign {} --role coordinator --force makes it a coordinator's", node_id);
  }
  if (error.kind() != Errc::not_found) return {};
  return fmt::format("run \"p2p-ca invite {0}\" where the CA is and \"p2p-node join\" here; p2p-node doctor tells more",
                     node_id);
}

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
  Result<void> open_dashboard();
  logs::LogAccess log_access() { return {*log_store_->store, log_store_->hub, pool_, clock_}; }
  net::Router make_router();
  asio::awaitable<void> main();
  Result<void> begin_serving();
  asio::awaitable<void> wait_for_signals();
  asio::awaitable<void> shut_down();
  asio::awaitable<void> flush_logs(milliseconds limit);
  void reload();
  OwnIdentity::Hooks identity_hooks();
  std::vector<std::string> addresses() const {
    return local_addresses(config_.advertise_address, config_.bind_address, port_);
  }
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
  net::BlockingPool pool_{kPoolThreads};  // after the loops: what runs in it completes on one
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

/// However run() ended, no thread may outlive what it uses.
Node::~Node() {
  if (loops_) {
    loops_->stop();
    loops_->join();
  }
  if (log_sources_) log_sources_->stop();
  if (log_forwarder_) log_forwarder_->stop();
  if (log_store_) log_store_->collector.stop();
  log_sink_.detach();
}

// --- opening --------------------------------------------------------------------------------------------------------

Result<void> Node::prepare() {
  auto lock = lock_state(options_.paths.state_directory(config_) / "lock");
  if (!lock) {
    return lock.error().kind() == Errc::exists
               ? Error(Errc::exists, "another process runs with this state_directory: " + lock.error().context)
               : lock.error();
  }
  state_lock_ = std::move(*lock);
  auto own = OwnIdentity::open({options_.config, options_.paths, random_, clock_, log_sink_});
  if (!own) return own.error();
  own_ = std::move(*own);
  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  loops_ = std::make_unique<net::Loops>(config::session_threads(config_, cores));
  clients_ = std::make_unique<net::LoopLocal<net::Client>>(*loops_, [this](asio::io_context& loop) {
    return std::make_unique<net::Client>(loop.get_executor(), identity().tls(), log_sink_);
  });
  tasks_ = std::make_unique<net::TaskGroup>(loops_->control().get_executor(), log_sink_);
  stop_requested_ = std::make_unique<asio::steady_timer>(loops_->control(), Monotonic::max());
  signals_ = std::make_unique<asio::signal_set>(loops_->control(), SIGTERM, SIGINT, SIGHUP);
  health_ = std::make_unique<Health>(config_.node_id, role(), clock_);
  own_->follow_roots(loops_->control(), pool_, *health_);
  if (auto opened = open_logs(); !opened) return opened;
  if (auto opened = open_tokens(); !opened) return opened;
  if (auto opened = open_membership(); !opened) return opened;
  open_calls();
  if (auto opened = open_authority(); !opened) return opened;
  if (auto opened = open_dashboard(); !opened) return opened;
  auto options = server_options(config_);
  options.authenticate = [this](const net::Request& request, net::LimitClass limit_class, auth::Caller& caller) {
    const bool by_session = caller.identity || !request.headers.has("Authorization");
    if (by_session) return dashboard_ ? dashboard_->authenticate(request, caller) : Result<void>();
    const auto has_room = [&] { return limits_.has_room(request.caller, limit_class); };
    return tokens_->authenticate(request.headers.get("Authorization"), has_room, caller);
  };
  options.limit = limits_.of_requests();
  server_ =
      std::make_unique<net::Server>(loops_->sessions(), make_router(),
                                    config_.https_enabled ? &identity().tls() : nullptr, std::move(options), log_sink_);
  const Revocation::Parts parts{*loops_,      identity().tls(), *server_, *clients_, identity().verifier(),
                                *membership_, *health_};
  revocation_ = std::make_unique<Revocation>(parts, identity().certificate_id(), clock_, log_sink_);
  return {};
}

/// What follows when the node's certificate, or those of the CA, are others.
OwnIdentity::Hooks Node::identity_hooks() {
  OwnIdentity::Hooks hooks;
  hooks.replaced = [this] {
    membership_->certificate_changed(now());
    membership_->recheck(now());
    revocation_->set_own(identity().certificate_id());
  };
  hooks.in_use = [this] {
    set_facts([this](membership::SelfFacts& facts) { facts.roots = identity().root_ids(); });
    tokens_->trust(own_->revocation_lists().revoked());
  };
  hooks.told = [this] { gossip_->pump(); };
  hooks.fleet_size = [this] { return gossip_->view()->nodes.size(); };
  hooks.addresses = [this] { return addresses(); };
  hooks.addresses_changed = [this](const std::vector<std::string>& found) {
    set_facts([&](membership::SelfFacts& facts) { facts.addresses = found; });
    gossip_->pump();
  };
  return hooks;
}

Result<void> Node::open_logs() {
  if (is_coordinator()) {
    auto store = LogStore::open(config_, options_.paths, clock_, random_, log_sink_);
    if (!store) return store.error();
    log_store_ = std::move(*store);
    auto forwarder = make_log_forwarder(config_, options_.paths, log_access(), random_, log_sink_);
    if (!forwarder) return forwarder.error();
    log_forwarder_ = std::move(*forwarder);
    health_->set_storing([this] { return !log_store_->collector.trouble(); });
    if (log_forwarder_) health_->set_forwarding([this] { return !log_forwarder_->is_in_trouble(); });
  } else if (!config_.log_forward.empty()) {
    log_.warning("log_forward: nothing is forwarded from here, as only a coordinator does it");
  }
  if (!config_.log_collection_enabled) {
    if (LogSources::are_wanted(config_))
      log_.warning("log_collection_enabled is false: syslog_listen, log_files and log_journal are not read");
    log_sink_.attach(config_.node_id, 0, 1, {});
    return {};
  }
  auto spool = open_log_spool(config_, options_.paths, random_, log_sink_,
                              [this](const std::string& folder, bool saved) { health_->set_saved(folder, saved); });
  shipper_ = std::make_unique<logs::LogShipper>(config_.node_id, std::move(spool), clock_);
  log_sink_.attach(config_.node_id, shipper_->epoch(), shipper_->next_seq(),
                   [this](const logs::LogRecord& record, const logs::SourcePosition& position) {
                     shipper_->append(record, position);
                   });
  log_sources_ = std::make_unique<LogSources>(LogSources::Parts{config_, options_.paths, log_sink_, *shipper_, clock_});
  return {};
}

Result<void> Node::open_membership() {
  membership::SavedState saved;
  const auto file = options_.paths.state_file(config_, config_.gossip_state_file);
  if (auto text = read_secret_file(file, kMaxStateBytes)) {
    auto loaded = membership::decode_state(*text, config_.node_id);
    for (const auto& complaint : loaded.complaints) log_.warning("{}: {}", file.string(), complaint);
    saved = std::move(loaded.state);
  } else if (text.error().kind() != Errc::not_found) {
    return text.error();
  }
  membership_ = std::make_unique<membership::Membership>(
      membership_settings(config_), self_facts(config_, random_, clock_.wall()), role(), identity().signer(),
      identity().checker(), random_, saved, now(), [this](std::string_view kind, ByteView content) {
        if (kind == kRootsKind) return own_->roots().check(content);
        if (kind == kTokensKind) return tokens_->revoked().check(content);
        return own_->revocation_lists().check(kind, content);
      });
  auto encode = [this] { return membership::encode_state(membership_->saved_state(), config_.node_id); };
  gossip_state_ = make_state_writer("the gossip state", file, std::move(encode));
  GossipHooks hooks;
  hooks.bulletin = [this](const membership::Bulletin& bulletin) {
    if (bulletin.kind == kRootsKind) return own_->roots().take(bulletin);
    if (bulletin.kind == kTokensKind) return tokens_->revoked().take(bulletin);
    if (!own_->revocation_lists().accept(bulletin, clock_.wall())) return;
    revocation_->apply(own_->revocation_lists().revoked());
    tokens_->trust(own_->revocation_lists().revoked());
    if (dashboard_) dashboard_->trust(own_->revocation_lists().revoked());
    gossip_->pump();
  };
  hooks.joined = [this] {
    if (!is_coordinator()) {
      tasks_->start("link", links_->keep(clients_->of_control(), config_.coordinator_addresses));
    }
  };
  hooks.foreign_authority = [this] { own_->roots().ask(); };
  hooks.refused = [this](Error why) {
    fail({cli::kFailed, why.context, "stop the other one, or give this node a node_id and certificate of its own"});
  };
  gossip_ =
      std::make_unique<Gossip>(loops_->control(), *membership_, *tasks_, clients_->of_control(), directory_,
                               compression_settings(config_), *gossip_state_, std::move(hooks), clock_, log_sink_);
  return {};
}

Result<void> Node::open_tokens() {
  Tokens::Hooks hooks;
  hooks.make_writer = [this](std::string what, std::filesystem::path file, std::function<std::string()> encode) {
    return make_state_writer(std::move(what), std::move(file), std::move(encode));
  };
  hooks.drop = [this](std::function<bool(const auth::Caller&)> is_dropped) {
    if (server_) server_->drop_connections(std::move(is_dropped));
  };
  hooks.publish = [this](std::string kind, Bytes content) {
    return gossip_->publish_bulletin(std::move(kind), std::move(content));
  };
  auto opened =
      Tokens::open({config_, options_.paths, loops_->control(), identity(), clock_, log_sink_}, std::move(hooks));
  if (!opened) return opened.error();
  tokens_ = std::move(*opened);
  return {};
}

Result<void> Node::open_authority() {
  if (!is_coordinator()) return {};
  auto opened = FleetAuthority::open({options_.config, options_.paths, loops_->control(), pool_, identity(),
                                      *membership_, registry_, clock_, log_sink_},
                                     [this](std::string kind, Bytes content) {
                                       return gossip_->publish_bulletin(std::move(kind), std::move(content));
                                     });
  if (!opened) return opened.error();
  authority_ = std::move(*opened);
  return {};
}

Result<void> Node::open_dashboard() {
  own_figures_ = std::make_unique<OwnFigures>(OwnFigures::Parts{figures_, registry_, *services_, identity()});
  if (!is_coordinator()) return {};
  FleetFeed::Parts feed{config_.cluster_name,
                        config_.node_id,
                        [this] { return gossip_->view(); },
                        directory_,
                        log_access(),
                        [this] { return log_store_->collector.trouble(); },
                        {},
                        clock_,
                        log_sink_};
  Dashboard::Hooks hooks;
  hooks.make_writer = [this](std::string what, std::filesystem::path file, std::function<std::string()> encode) {
    return make_state_writer(std::move(what), std::move(file), std::move(encode));
  };
  hooks.drop = [this](std::function<bool(const auth::Caller&)> is_dropped) {
    server_->drop_connections(std::move(is_dropped));
  };
  auto opened = Dashboard::open(config_, options_.paths, loops_->control(), std::move(feed), std::move(hooks));
  if (!opened) return opened.error();
  dashboard_ = std::move(*opened);
  registry_.publish(dashboard_->service());
  links_->set_figures([this](const std::string& node_id, std::string_view payload) {
    dashboard_->feed().take_figures(node_id, payload);
  });
  return {};
}

void Node::open_calls() {
  const rpc::Self self{config_.node_id, role()};
  if (is_coordinator()) {
    transport_ = std::make_unique<Transport>(
        directory_, [this]() -> net::Client& { return clients_->here(); }, clock_);
    forwarder_ = std::make_unique<rpc::Forwarder>(self, directory_, *transport_, clock_, random_, log_sink_);
  }
  dispatcher_ = std::make_unique<rpc::Dispatcher>(self, registry_, forwarder_.get(), log_sink_, limits_.of_calls());
  links_ =
      std::make_unique<Links>(loops_->control(), *gossip_, *dispatcher_, log_store_ ? &log_store_->collector : nullptr,
                              is_coordinator() ? nullptr : shipper_.get(), random_, clock_, log_sink_);
  const auto view = [this] { return gossip_->view(); };
  rpc::Service cluster = cluster_service(view, directory_, clock_);
  if (is_coordinator()) {
    add_cluster_control(cluster, {config_.node_id, loops_->control().get_executor(), *membership_, *gossip_, directory_,
                                  *forwarder_, clock_, log_sink_});
  }
  registry_.publish(std::move(cluster));
  rpc::SystemFacts facts{self, clock_, clock_.monotonic(), [this] { return figures_.read(); }};
  facts.server = [this] {
    const auto counters = server_->counters();
    return rpc::ServerFigures{counters.open_connections, counters.requests};
  };
  facts.configuration = [this] {
    auto read = [this] { return config::effective_values(config_, options_.config); };
    return net::run_on(loops_->control().get_executor(), std::move(read));
  };
  registry_.publish(rpc::system_service(std::move(facts)));
  if (log_store_) registry_.publish(logs::log_collector_service(log_access(), log_store_->collector));

  service_calls_ = std::make_unique<ServiceCalls>(ServiceCalls::Parts{self, config_.cluster_name, registry_,
                                                                      *dispatcher_, clients_->of_control(),
                                                                      config_.coordinator_addresses, clock_});
  services::ServiceHost::Options options;
  options.socket_folder = std::filesystem::absolute(options_.paths.state_directory(config_) / "sockets");
  options.answer_service = [this](services::SocketRequest request) {
    return service_calls_->answer(std::move(request));
  };
  options.directory = options_.paths.resolve(config_.services_directory);
  options.scan_interval = config_.scan_interval;
  options.node = {config_.node_id, options_.paths.home().string(), guard_.mark(), {}, [this](std::string_view id) {
                    guard_.sweep(id);
                  }};
  services::ServiceHost::StateStore store;
  const auto file = options_.paths.state_file(config_, config_.service_state_file);
  store.load = [file] { return read_secret_file(file, kMaxStateBytes); };
  store.save = [this] { return service_state_->save_now(); };
  service_state_ = make_state_writer("the state of services", file, [this] { return services_->wanted_state(); });
  services_ = std::make_unique<services::ServiceHost>(
      loops_->control().get_executor(), std::move(options), registry_, std::move(store),
      [this](const std::vector<services::Announcement>& running, const services::StateCounts& counts) {
        announce_services(running, counts);
      },
      random_, log_sink_);
  registry_.publish(services::services_service(*services_));
}

net::Router Node::make_router() {
  net::Router router;
  add_health_route(router, *health_);
  metrics_.add([this](metrics::MetricsWriter& out) {
    write_server_metrics(out, server_->counters(), limits_.limiter());
    write_fleet_metrics(out, gossip_->traffic(), *gossip_->view(), directory_);
    write_call_metrics(out, *registry_.snapshot());
    if (forwarder_) write_forwarding_metrics(out, *forwarder_, *directory_.members());
    write_service_metrics(out, *services_->view());
    if (shipper_) write_log_metrics(out, *shipper_);
    if (log_forwarder_) write_forward_metrics(out, *log_forwarder_);
    write_certificate_metrics(out, health_->certificate(), clock_.wall());
  });
  add_metrics_route(router, metrics_, figures_);
  add_pki_routes(
      router, [this] { return identity().ca_pem(); }, [this] { return own_->revocation_lists().pem(); },
      [this] { return own_->roots().text(); });
  add_cluster_routes(
      router, [this] { return gossip_->view(); }, directory_, clock_);
  gossip_->add_routes(router);
  dispatcher_->add_routes(router);
  services::add_service_routes(router, *services_);
  if (log_store_) logs::add_routes(router, log_access(), log_store_->collector);
  if (is_coordinator()) {
    links_->add_route(router);
    dial_backs_ = std::make_unique<DialBacks>(identity().tls(), random_, clock_, log_sink_);
    dial_backs_->add_route(router);
  }
  if (authority_) authority_->add_routes(router);
  if (dashboard_) dashboard_->add_routes(router);
  tokens_->add_routes(router);
  return router;
}

// --- running --------------------------------------------------------------------------------------------------------

cli::Attempt<void> Node::run() {
  ::signal(SIGPIPE, SIG_IGN);
  if (auto prepared = prepare(); !prepared)
    return cli::Failure(prepared.error(), hint_for(prepared.error(), config_.node_id));
  loops_->start();
  auto task = main();
  asio::co_spawn(loops_->control(), std::move(task), [this](std::exception_ptr failed) {
    if (failed) std::rethrow_exception(failed);
    loops_->stop();
  });
  loops_->run();
  loops_->join();
  if (failure_) return *failure_;
  return {};
}

Result<void> Node::begin_serving() {
  const auto port = server_->start();
  if (!port) return port.error();
  port_ = *port;
  log_.info("{} {} listening on {}", pki::to_string(role()), config_.node_id,
            net::Endpoint{config_.bind_address, port_}.to_text());
  if (!is_coordinator() && config_.coordinator_addresses.empty()) {
    log_.warning("coordinator_addresses is empty: this worker joins nobody until it is set");
  }
  if (log_sources_) {
    if (auto started = log_sources_->start(); !started) return started;
  }
  if (log_forwarder_) log_forwarder_->start();
  if (auto started = membership_->start(now()); !started) return started;
  serving_ = true;
  set_facts([this](membership::SelfFacts& facts) { facts.addresses = addresses(); });
  own_->begin(identity_hooks());
  services_->open();
  gossip_->pump();
  return {};
}

asio::awaitable<void> Node::main() {
  if (const auto begun = begin_serving(); !begun) {
    fail(begun.error().kind() == Errc::exists
             ? cli::Failure(begun.error(), "choose another with --set port=N, or stop what listens there")
             : cli::Failure(begun.error()));
  } else {
    tasks_->start("gossip", gossip_->run());
    for (StateWriter* state : {gossip_state_.get(), service_state_.get(), &tokens_->blacklist_state()}) {
      tasks_->start("autosave", state->autosave(config_.autosave_interval));
    }
    tasks_->start("services", services_->run());
    tasks_->start("tokens", tokens_->revoked().run());
    tasks_->start("signals", wait_for_signals());
    own_->start(*tasks_);
    if (authority_) authority_->start(*tasks_);
    if (dashboard_) dashboard_->start(*tasks_, config_.autosave_interval);
    tasks_->start("figures", own_figures_->tell([this](metrics::NodeFigures figures) {
      if (dashboard_) return dashboard_->feed().take_own(std::move(figures));
      links_->send_figures(metrics::encode_figures(figures));
    }));
    if (log_store_ && shipper_) {
      tasks_->start("own logs", logs::ship_locally(*shipper_, log_store_->collector, config_.node_id, log_sink_));
    }
    health_->set_phase(Health::Phase::running);
    ::sd_notify(0, "READY=1");
    release_code_pages();
  }
  if (!failure_) co_await stop_requested_->async_wait(kUse);
  co_await shut_down();
}

asio::awaitable<void> Node::wait_for_signals() {
  bool stopping = false;
  for (;;) {
    const auto [failed, signal] = co_await signals_->async_wait(kUse);
    if (failed) co_return;
    if (signal == SIGHUP) {
      reload();
    } else if (std::exchange(stopping, true)) {
      ::_exit(128 + signal);
    } else {
      stop_requested_->cancel();
    }
  }
}

asio::awaitable<void> Node::shut_down() {
  health_->set_phase(Health::Phase::stopping);
  ::sd_notify(0, "STOPPING=1");
  const auto end = clock_.monotonic() + config_.shutdown_grace_seconds;
  const auto left = [&] {
    return std::max(milliseconds{100}, std::chrono::duration_cast<milliseconds>(end - clock_.monotonic()));
  };
  if (log_sources_) {
    auto work = [sources = log_sources_.get()] { return sources->stop(), true; };
    co_await pool_.run(std::move(work));
  }
  if (serving_) {
    log_.info("stopping");
    co_await gossip_->leave(std::min(kFarewell, left()));
    co_await flush_logs(std::min(kLastLines, left()));
  }
  links_->stop();
  co_await server_->stop(left());
  if (authority_) {
    auto stopping = authority_->stop(left());
    co_await std::move(stopping);
  }
  co_await tasks_->stop(left());
  if (serving_) co_await services_->stop(left());
  if (log_store_) {
    auto work = [collector = &log_store_->collector, forwarder = log_forwarder_.get()] {
      collector->stop();
      if (forwarder != nullptr) forwarder->stop();
      return true;
    };
    // A thread of its own: what is read just now may hold those of the pool, and this waits for the collector's.
    net::BlockingPool stopping(1);
    co_await stopping.run(std::move(work));
  }
  log_sink_.detach();
  if (serving_) {
    auto saving = gossip_state_->save_now();
    co_await std::move(saving);
    auto saving_blacklist = tokens_->blacklist_state().save_now();
    co_await std::move(saving_blacklist);
    if (dashboard_) {
      auto saving_dashboard = dashboard_->save();
      co_await std::move(saving_dashboard);
    }
  }
  for (const auto& client : *clients_) client->close();
}

/// Waits until the last lines have reached the coordinator.
asio::awaitable<void> Node::flush_logs(milliseconds limit) {
  asio::steady_timer timer(loops_->control());
  const auto until = clock_.monotonic() + limit;
  while (shipper_ && shipper_->spool_bytes() > 0 && clock_.monotonic() < until) {
    timer.expires_after(milliseconds{10});
    co_await timer.async_wait(kUse);
  }
}

// --- changes while running ------------------------------------------------------------------------------------------

void Node::fail(cli::Failure failure) {
  if (!failure_) failure_ = std::move(failure);
  stop_requested_->cancel();
}

std::unique_ptr<StateWriter> Node::make_state_writer(std::string what, std::filesystem::path file,
                                                     std::function<std::string()> encode) {
  auto write = [this, file = std::move(file)](const std::string& text) {
    auto written = write_file(file, text, kSecretMode);
    health_->set_saved(file.string(), written.has_value());
    return written;
  };
  StateWriter::Options options{std::move(what), std::move(encode), std::move(write)};
  return std::make_unique<StateWriter>(loops_->control(), *tasks_, pool_, std::move(options), log_sink_);
}

void Node::set_facts(const std::function<void(membership::SelfFacts&)>& change) {
  auto facts = membership_->self();
  change(facts);
  membership_->set_self(std::move(facts), now());
}

void Node::announce_services(const std::vector<services::Announcement>& running, const services::StateCounts& counts) {
  health_->set_services(counts);
  set_facts([&](membership::SelfFacts& facts) {
    facts.services.clear();
    for (const auto& service : running) facts.services.push_back({service.name, service.version});
  });
  gossip_->pump();
}

void Node::reload() {
  ::sd_notify(0, "RELOADING=1");
  const auto loaded = options_.reload();
  if (!loaded) {
    log_.error("reload refused, everything stays as it is: {}", loaded.error().context);
  } else {
    auto changes = config::compare(config_, loaded->values);
    for (const auto& key : changes.after_restart) log_.warning("{} changed and takes effect after a restart", key);
    if (!changes.live.empty()) log_.info("reloaded: {}", join(changes.live, ", "));
    options_.config = *loaded;
    config::take_live(config_, loaded->values);
    log_sink_.set_level(config_.log_level);
    limits_.reload(config_);
    own_->reread();
    own_->roots().retry();
    services_->scan();
  }
  ::sd_notify(0, "READY=1");
}

}  // namespace

cli::Attempt<void> run_node(NodeOptions options) {
  const auto guard = services::OrphanGuard::start();
  if (!guard) return cli::Failure(guard.error());
  return Node(std::move(options), *guard).run();
}

}  // namespace p2p::node
