// p2p-ca: the fleet's certificate authority on the command line. The table below is all there is to dispatch and help.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "base/system_clock.hpp"
#include "commands.hpp"
#include "home.hpp"

namespace p2p::ca {
namespace {

struct Subcommand {
  const char* name;
  const char* summary;
  const char* examples;
  void (*add_options)(CLI::App& app, Options& options);
  int (*run)(const Options& options, Tool& tool);
};

void add_format(CLI::App& app, Options& options) {
  app.add_option("-o,--output", options.format, "table, json, yaml or name")->capture_default_str();
}

void add_key_type(CLI::App& app, Options& options) {
  app.add_option("--key-type", options.key_type, "ecdsa-p256, ed25519, rsa-2048, rsa-3072 or rsa-4096")
      ->capture_default_str();
}

void add_days(CLI::App& app, Options& options, std::chrono::days lifetime) {
  app.add_option("--days", options.days, fmt::format("how long it is valid (default {})", lifetime.count()));
}

void add_init(CLI::App& app, Options& options) {
  app.add_option("--name", options.cluster, "name of the cluster")->capture_default_str();
  add_key_type(app, options);
  add_days(app, options, pki::kAuthorityLifetime);
  app.add_flag("--force", options.force, "replace a CA that is there already; asks");
  app.add_flag("--yes", options.yes, "answer the question of --force");
}

void add_sign(CLI::App& app, Options& options) {
  app.add_option("NAME", options.targets, "node_id, or an operator's name")->required();
  options.role = "worker";
  app.add_option("--role", options.role, "worker, coordinator or operator")->capture_default_str();
  app.add_option("--san", options.names, "another DNS name or IP address to be reached by; may be repeated")
      ->allow_extra_args(false)
      ->delimiter(',');
  add_days(app, options, pki::kLeafLifetime);
  add_key_type(app, options);
  app.add_option("--bundle", options.bundle, "also write certificate, key and CA to this one file; - is stdout");
  app.add_flag("--force", options.force, "sign anew what is signed already");
}

void add_show(CLI::App& app, Options& options) {
  app.add_option("NAME", options.targets, "a name that was signed here, or a file in PEM")->required()->expected(1);
  add_format(app, options);
}

void add_verify(CLI::App& app, Options& options) {
  app.add_option("NAME", options.targets, "names that were signed here, or files in PEM")->required();
  add_format(app, options);
}

constexpr Subcommand kSubcommands[] = {
    {"init", "Make the CA of a fleet, and an operator certificate for this machine",
     "Examples:\n  p2p-ca init\n  p2p-ca init --name shop --days 7300", add_init, run_init},
    {"sign", "Make key and certificate of nodes and operators",
     "Examples:\n  p2p-ca sign worker-1 worker-2\n  p2p-ca sign main --role coordinator --san main.example.org\n"
     "  p2p-ca sign alice --role operator --bundle alice.pem",
     add_sign, run_sign},
    {"list", "List the certificates here, with what is left of their time",
     "Examples:\n  p2p-ca list\n  p2p-ca list -o json | jq '.[] | select(.days_left < 30)'", add_format, run_list},
    {"show", "Show what a certificate says", "Examples:\n  p2p-ca show worker-1\n  p2p-ca show ./cert.pem -o json",
     add_show, run_show},
    {"verify", "Check that certificates are good: signed by this CA, valid now, with a role and their own key",
     "Examples:\n  p2p-ca verify worker-1\n  p2p-ca verify ./cert.pem && echo good", add_verify, run_verify},
};

/// CLI11's sentence in this tool's manner: lower case, no full stop, one line.
std::string plain(std::string text) {
  if (text.size() > 1 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'a' && text[1] <= 'z') {
    text[0] = static_cast<char>(text[0] - 'A' + 'a');
  }
  std::replace(text.begin(), text.end(), '\n', ' ');
  while (text.ends_with('.') || text.ends_with(' ')) text.pop_back();
  return text;
}

std::string chosen(const CLI::App& app) {
  const auto subcommands = app.get_subcommands();
  return subcommands.empty() ? std::string() : " " + subcommands.front()->get_name();
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app("The certificate authority of a p2p fleet", "p2p-ca");
  app.set_version_flag("--version", "p2p-ca " P2P_VERSION);
  app.add_option("--home", options.home, "where everything is (default: $P2P_HOME, else ~/.p2p)");
  app.add_flag("-q,--quiet", options.quiet, "no remarks, only data and errors");
  app.fallthrough();
  const Subcommand* wanted = nullptr;
  for (const auto& entry : kSubcommands) {
    CLI::App* sub = app.add_subcommand(entry.name, entry.summary);
    sub->footer(entry.examples);
    entry.add_options(*sub, options);
    sub->callback([&wanted, &entry] { wanted = &entry; });
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    return app.exit(asked);
  } catch (const CLI::ParseError& wrong) {
    return Output(false).fail(Error(Errc::invalid, plain(wrong.what())), fmt::format("p2p-ca{} --help", chosen(app)));
  }
  Output out(options.quiet);
  if (wanted == nullptr) return out.fail(Error(Errc::invalid, "a command is required"), "p2p-ca --help");
  const auto home = find_home(options.home);
  if (!home) return out.fail(home.error());
  Tool tool{*home, pki::CertificateFolder(*home / "certs"), SystemClock().wall(), out};
  const int exit_code = wanted->run(options, tool);
  if (const auto finished = out.finish(); !finished && exit_code == 0) return out.fail(finished.error());
  return exit_code;
}

}  // namespace
}  // namespace p2p::ca

int main(int argc, char** argv) {
  try {
    return p2p::ca::run(argc, argv);
  } catch (const std::exception& unforeseen) {
    return p2p::ca::Output(false).fail(p2p::Error(p2p::Errc::failed, unforeseen.what()));
  }
}
