// Makes the parts of a node, in the order in which they need each other.
#include <algorithm>
#include <boost/asio/post.hpp>
#include <thread>
#include <utility>

#include "certificates/pki_routes.hpp"
#include "certificates/renewal_method.hpp"
#include "config/describe.hpp"
#include "fleet/client_drops.hpp"
#include "fleet/cluster_control.hpp"
#include "fleet/cluster_routes.hpp"
#include "membership/state_file.hpp"
#include "node_parts.hpp"
#include "rpc/builtin.hpp"
#include "services/service_methods.hpp"
#include "settings.hpp"

namespace p2p::node {
namespace {

constexpr std::size_t kMaxStateBytes = 256 << 20;

/// Of a node that was just killed, a child that has not yet become its program holds the lock for a moment.
Result<FileLock> lock_state(const std::filesystem::path& file) {
  constexpr milliseconds kPatience{1'000}, kAgain{20};
  for (milliseconds waited{0};; waited += kAgain) {
    auto lock = FileLock::try_acquire(file);
    if (lock || lock.error().kind() != Errc::exists || waited >= kPatience) return lock;
    std::this_thread::sleep_for(kAgain);
  }
}

}  // namespace

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
  open_addresses();
  if (auto opened = open_authority(); !opened) return opened;
  if (auto opened = open_dashboard(); !opened) return opened;
  auto options = server_options(config_);
  options.authenticate = [this](const net::Request& request, net::LimitClass limit_class, auth::Caller& caller) {
    const bool by_session = caller.identity || !request.headers.has("Authorization");
    if (by_session) return dashboard_ ? dashboard_->authenticate(request, caller) : Result<void>();
    const auto has_room = [&] { return limits_.has_room(request.caller, limit_class); };
    return tokens_->authenticate(request.headers.get("Authorization"), has_room, caller);
  };
  if (dashboard_) {
    options.answered = [this](const net::Request& request, unsigned status) {
      dashboard_->note_answer(request, status);
    };
  }
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
  return hooks;
}

Result<void> Node::open_logs() {
  if (is_coordinator()) {
    auto store = LogStore::open(config_, options_.paths, clock_, random_, log_sink_);
    if (!store) return store.error();
    log_store_ = std::move(*store);
    searches_.emplace();
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
    log_sink_.attach(config_.node_id, 1, {});
    return {};
  }
  auto spool = open_log_spool(config_, options_.paths, random_, log_sink_,
                              [this](const std::string& folder, bool saved) { health_->set_saved(folder, saved); });
  shipper_ = std::make_unique<logs::LogShipper>(config_.node_id, std::move(spool), clock_);
  log_sink_.attach(config_.node_id, shipper_->next_seq(),
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
    // Before the nodes concerned are listed no more.
    if (dashboard_) dashboard_->feed().take_revoked(own_->revocation_lists().lists());
    revocation_->apply(own_->revocation_lists().revoked());
    tokens_->trust(own_->revocation_lists().revoked());
    if (dashboard_) dashboard_->trust(own_->revocation_lists().revoked());
    gossip_->pump();
  };
  hooks.joined = [this] {
    if (!is_coordinator()) {
      tasks_->start("links", links_->keep(clients_->of_control(), *tasks_, config_.coordinator_addresses));
    }
  };
  hooks.unreachable = [this](const Reach::Left& left) {
    if (const auto at = net::parse_endpoint(left.address, 0))
      drop_connections_to(*loops_, *clients_, left.node_id, at->host);
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
  registry_.publish(renewal_service(
      {config_.node_id, loops_->control().get_executor(),
       [this](std::shared_ptr<net::Reply<Renewer::Renewed>> asker) { own_->renew_now(std::move(asker)); }, log_sink_}));
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
  own_figures_ = std::make_unique<OwnFigures>(OwnFigures::Parts{figures_, registry_, *services_});
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
        directory_, [this]() -> net::Client& { return clients_->here(); },
        [this](const std::string& node_id, const std::string& address) {
          asio::post(loops_->control(), [this, node_id, address] { gossip_->answered_at(node_id, address); });
        },
        clock_);
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
    add_cluster_problems(cluster, [this] { return dashboard_->feed().problems(); });
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

  service_calls_ = std::make_unique<ServiceCalls>(
      ServiceCalls::Parts{self, config_.cluster_name, registry_, *dispatcher_, clients_->of_control(),
                          [this] { return gossip_->coordinators(config_.coordinator_addresses); }, clock_});
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

void Node::open_addresses() {
  AddressKeeper::Hooks hooks;
  hooks.announce = [this](const std::vector<std::string>& found) {
    set_facts([&](membership::SelfFacts& facts) { facts.addresses = found; });
    gossip_->pump();
    own_->take_addresses(found);
  };
  hooks.lost = [this](std::vector<addresses::IpAddress> lost) {
    drop_connections_from(*loops_, *clients_, std::move(lost));
  };
  hooks.ways_changed = [this] { links_->redial(); };
  hooks.replace = [this](const addresses::AddressPolicy::Replacement& replaced) {
    if (!replaced.is_dead) return links_->move(replaced.to, replaced.coordinators);
    // What waits there for an answer is told that none comes, and may be tried again.
    if (const auto from = addresses::IpAddress::parse(replaced.from)) {
      drop_connections_from(*loops_, *clients_, {*from});
    }
    links_->leave(replaced.from, replaced.coordinators);
  };
  addresses_ = std::make_unique<AddressKeeper>(
      AddressKeeper::Parts{config_, role(), loops_->control(), identity().tls(), random_, clock_, log_sink_},
      std::move(hooks));
  links_->set_linked([this] { addresses_->coordinator_reached(); });
  links_->set_silent([this](const std::string& from, const std::string& to) { addresses_->link_silent(from, to); });
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
    write_address_metrics(out, addresses_->chosen());
    write_certificate_metrics(out, *health_, clock_.wall());
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

}  // namespace p2p::node
