// p2p-node doctor: why a node does not join, and what to do. It looks and changes nothing.
#include <fmt/format.h>

#include <algorithm>

#include "base/system_clock.hpp"
#include "base/text.hpp"
#include "certificates/own_certificate.hpp"
#include "cli/home_owner.hpp"
#include "cli/table.hpp"
#include "cli/vault_access.hpp"
#include "commands.hpp"
#include "doctor_checks.hpp"
#include "load_configuration.hpp"
#include "settings.hpp"

namespace p2p::node {
namespace {

using cli::Attempt;
using cli::Failure;
using cli::Style;
using Verdict = Finding::Verdict;

class Doctor final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.text("-c,--config", "FILE", config_file_, "check this configuration instead of config/node.yaml in home")
        .texts("--set", "KEY=VALUE", settings_, "override one configuration key");
  }

  Attempt<void> run(cli::Session& session) override {
    // What is readable and writable is asked as the node would find it.
    if (auto done = cli::become_owner_of(session.home); !done) return done;
    const config::Paths paths(session.home);
    const auto loaded = load_configuration(paths, config_file_, settings_, &session.report);
    if (!loaded) {
      return Failure(loaded.error().exit_code, loaded.error().message,
                     loaded.error().hint.empty() ? "p2p-node join writes a configuration" : loaded.error().hint);
    }
    if (auto fits = cli::check_vault(paths, *loaded); !fits) return fits;
    const Findings findings = examine(*loaded, paths);
    for (const auto& finding : findings) print(finding, session);
    const auto wrong =
        std::count_if(findings.begin(), findings.end(), [](const auto& one) { return one.verdict == Verdict::wrong; });
    if (wrong == 0) {
      session.report.note("nothing keeps this node from joining");
      return {};
    }
    return Failure(cli::kFailed, wrong == 1 ? std::string("one thing keeps this node from joining")
                                            : fmt::format("{} things keep this node from joining", wrong));
  }

  cli::ConfigFlags config_flags() const override { return {config_file_, settings_}; }

 private:
  static Findings examine(const config::LoadedConfig& loaded, const config::Paths& paths) {
    const auto& config = loaded.values;
    Findings out;
    out.push_back(
        {Verdict::good, "configuration", fmt::format("node_id {}, home {}", config.node_id, paths.home().string())});
    const auto own = check_files(material_request(loaded, paths), SystemClock().wall(), out);
    check_place(config, paths, out);
    const bool is_coordinator = own.identity && own.identity->role == pki::Role::coordinator;
    const auto coordinators = enrollment_settings(config).coordinators;
    for (const auto& coordinator : coordinators) check_coordinator(coordinator, own, config.cluster_name, out);
    if (is_coordinator && !coordinators.empty()) {
      out.push_back({Verdict::warning, "coordinator", "this node is a coordinator, which joins nobody",
                     "a fleet has one at a time: the one that answers above is to be stopped before this one starts"});
    }
    if (coordinators.empty() && !is_coordinator) {
      out.push_back({Verdict::wrong, "coordinator", "coordinator_addresses is empty: the node joins nobody",
                     "set coordinator_addresses: [\"HOST:8001\"]"});
    }
    return out;
  }

  static void print(const Finding& finding, cli::Session& session) {
    const bool is_good = finding.verdict == Verdict::good;
    const bool is_wrong = finding.verdict == Verdict::wrong;
    const std::string_view mark = is_good ? "ok" : is_wrong ? "wrong" : "look";
    const Style style = is_good ? Style::good : is_wrong ? Style::bad : Style::warn;
    const bool colour = session.out.surface().colour;
    session.out.stream() << fmt::format("{}{:<5}{}  {:<13}  {}\n", colour ? cli::style_code(style) : "", mark,
                                        colour ? cli::kResetStyle : "", finding.subject, escape_controls(finding.text));
    if (!finding.hint.empty()) session.out.stream() << fmt::format("{:<22}{}\n", "", finding.hint);
  }

  std::string config_file_;
  std::vector<std::string> settings_;
};

}  // namespace

std::unique_ptr<cli::Command> make_doctor() { return std::make_unique<Doctor>(); }

}  // namespace p2p::node
