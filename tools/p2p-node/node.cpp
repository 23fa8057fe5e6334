#include "node.hpp"

#include <systemd/sd-daemon.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <utility>

#include "base/code_pages.hpp"
#include "base/text.hpp"
#include "config/describe.hpp"
#include "logs/local_shipping.hpp"
#include "node_parts.hpp"

namespace p2p::node {
namespace {

constexpr auto kUse = asio::as_tuple(asio::use_awaitable);
/// A goodbye that takes longer is not waited for.
constexpr milliseconds kFarewell{2'000};
/// How long the last log lines have to reach the coordinator.
constexpr milliseconds kLastLines{1'000};

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

}  // namespace

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
  if (is_coordinator() && !config_.coordinator_addresses.empty()) {
    log_.info("a coordinator joins nobody: coordinator_addresses is only where its certificate is renewed");
  }
  if (log_sources_) {
    if (auto started = log_sources_->start(); !started) return started;
  }
  if (log_forwarder_) log_forwarder_->start();
  if (auto started = membership_->start(now()); !started) return started;
  serving_ = true;
  auto found = addresses_->open(port_);
  set_facts([&](membership::SelfFacts& facts) { facts.addresses = std::move(found); });
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
    addresses_->start(*tasks_);
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
  // Before the server waits for its requests: those that search are not to take the time of all that follows.
  if (searches_) searches_->stop();
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

cli::Attempt<void> run_node(NodeOptions options) {
  const auto guard = services::OrphanGuard::start();
  if (!guard) return cli::Failure(guard.error());
  return Node(std::move(options), *guard).run();
}

}  // namespace p2p::node
