// p2p-node: the daemon. Without flags it runs the node of this home.
#include <fmt/format.h>

#include "cli/app.hpp"
#include "cli/vault_access.hpp"
#include "commands.hpp"
#include "config/describe.hpp"
#include "load_configuration.hpp"
#include "node.hpp"

namespace p2p::node {
namespace {

class RunNode final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.text("-c,--config", "FILE", config_file_, "read this configuration instead of config/node.yaml in home")
        .texts("--set", "KEY=VALUE", settings_, "override one configuration key")
        .flag("--check-config", check_only_, "check the configuration and exit")
        .flag("--dump-config", dump_, "print the effective configuration, with where each value came from")
        .flag("--config-schema", schema_, "print the JSON Schema of the configuration, for editors")
        .flag("--config-manual", manual_, "print the manual's section on configuration keys (scdoc)");
  }

  cli::Attempt<void> run(cli::Session& session) override {
    if (schema_) return print(session, config::json_schema());
    if (manual_) return print(session, config::manual_sections());
    const config::Paths paths(session.home);
    auto loaded = load(paths, &session.report);
    if (!loaded) return loaded.error();
    if (dump_) return print(session, config::dump(*loaded));
    if (auto fits = cli::check_vault(paths, *loaded); !fits) return fits;
    if (check_only_) {
      session.report.note("the configuration is good");
      return {};
    }
    return run_node({std::move(*loaded), paths, [this, paths]() -> Result<config::LoadedConfig> {
                       auto again = load(paths, nullptr);
                       if (!again) return Error(Errc::invalid, again.error().message);
                       return std::move(*again);
                     }});
  }

  bool needs_home() const override { return !schema_ && !manual_; }
  cli::ConfigFlags config_flags() const override { return {config_file_, settings_}; }

 private:
  static cli::Attempt<void> print(cli::Session& session, const std::string& text) {
    session.out.stream() << text;
    return {};
  }

  cli::Attempt<config::LoadedConfig> load(const config::Paths& paths, cli::Reporter* report) const {
    return load_configuration(paths, config_file_, settings_, report);
  }

  std::string config_file_;
  std::vector<std::string> settings_;
  bool check_only_ = false;
  bool dump_ = false;
  bool schema_ = false;
  bool manual_ = false;
};

constexpr cli::CommandEntry kCommands[] = {
    {"", "Run a node of the fleet.",
     "p2p-node --config config/worker.yaml\np2p-node --set node_id=worker-1 --set "
     "coordinator_addresses=10.0.0.1:8001\np2p-node --check-config",
     cli::make_command<RunNode>},
    {"join", "Make this machine a member of a fleet, with an invitation.",
     "p2p-node join\np2p-node join --invitation-file worker-2.invitation --run\nssh coordinator-1 p2p-ca invite "
     "worker-2 | "
     "p2p-node join -",
     make_join},
    {"doctor", "Say why this node does not join, and what to do.", "p2p-node doctor", make_doctor}};

constexpr cli::Tool kTool{"p2p-node", "The daemon that makes a machine a member of the fleet.", kCommands, false,
                          false};

}  // namespace
}  // namespace p2p::node

int main(int argc, char** argv) { return p2p::cli::main_of(p2p::node::kTool, argc, argv); }
