// What select, explain and watch ask alike: which address of this machine, towards whom, under which conditions.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "addresses/coordinators.hpp"
#include "addresses/prober.hpp"
#include "addresses/ranking.hpp"
#include "cli/command.hpp"
#include "standpoint.hpp"

namespace p2p::probe {

/// kUsage where this machine has no interface and no address of one of these names.
cli::Attempt<void> check_names(const std::vector<std::string>& names, const addresses::Inventory& inventory);

cli::Failure no_usable_address();

/// The facts and what follows from them.
struct Answer {
  addresses::Inventory inventory{};
  addresses::RankingFacts facts{};
  std::vector<addresses::NamedCoordinator> coordinators{};
  addresses::Ranking ranking{};
  bool has_probed = false;
  bool skips_probes = false;
};

class Question {
 public:
  /// --interface (or --source), --advertise, --prefer-vpn, --config
  void declare_conditions(cli::Options& options);
  /// --no-probe, --timeout
  void declare_probing(cli::Options& options);
  const std::string& config_file() const { return config_file_; }

  /// Reads home and resolves names: `targets`, else the coordinators of the configuration, else none. Once.
  cli::Attempt<void> prepare(cli::Session& session, const std::vector<std::string>& targets);
  /// As the function below, of what --source says. answer() does it.
  cli::Attempt<void> check_names(const addresses::Inventory& inventory) const;
  /// Facts without probes, and their ranking, of this inventory.
  template <class Router>
  cli::Attempt<Answer> rank(addresses::Inventory inventory, Router& router) const;
  /// Reads the network, asks the kernel, and tries the paths unless told not to.
  cli::Attempt<Answer> answer(cli::Session& session, addresses::ProbeAim aim);

 private:
  cli::Attempt<void> read_advertised();
  void probe(cli::Session& session, addresses::ProbeAim aim, Answer& answer) const;

  std::vector<std::string> sources_;
  std::string advertise_, config_file_;
  bool prefers_vpn_ = false;
  bool skips_probes_ = false;
  std::chrono::milliseconds timeout_{};  // not given: as configured
  Standpoint standpoint_{};
  std::vector<addresses::NamedCoordinator> coordinators_{};
  std::optional<addresses::Advertised> advertised_{};
};

/// Asks `router` (a reader or a watch) for the way to each coordinator.
template <class Router>
cli::Attempt<Answer> Question::rank(addresses::Inventory inventory, Router& router) const {
  Answer out;
  out.inventory = std::move(inventory);
  out.coordinators = coordinators_;
  out.skips_probes = skips_probes_;
  out.facts.only = sources_;
  out.facts.advertised = advertised_;
  out.facts.bind_address = addresses::IpAddress::parse(standpoint_.bind_address);
  out.facts.policy.prefers_vpn = prefers_vpn_ || standpoint_.prefers_vpn;
  for (const auto& named : coordinators_) out.facts.coordinators.push_back(named.coordinator);
  auto routes = addresses::ask_routes(out.inventory, out.facts.coordinators, router);
  if (!routes) return routes.error();
  out.facts.routes = std::move(*routes);
  out.ranking = addresses::rank(out.inventory, out.facts);
  return out;
}

/// Fails where nothing is left, or where nobody was reached though it was tried.
cli::Attempt<void> judge(const Answer& answer);
/// As judge(), without a hint where to read what was just told.
cli::Attempt<void> judge_explained(const Answer& answer);

/// The library's log lines are for --verbose.
class DetailSink final : public LogSink {
 public:
  explicit DetailSink(cli::Reporter& report) : report_(report) {}
  bool enabled(LogLevel) const noexcept override { return true; }
  void write(LogLevel, std::string_view logger_name, std::string message) override;

 private:
  cli::Reporter& report_;
};

}  // namespace p2p::probe
