// p2p-ctl completion, and the live names that the scripts ask for.
#include <unistd.h>

#include <csignal>
#include <set>

#include "auth/permission.hpp"
#include "base/text.hpp"
#include "cli/contexts.hpp"
#include "commands.hpp"
#include "completion_scripts.hpp"
#include "fleet.hpp"

namespace p2p::ctl {
namespace {

using cli::Attempt;
using cli::member_text;

/// Whoever presses Tab does not wait longer.
constexpr unsigned kPatienceSeconds = 2;
constexpr std::chrono::milliseconds kAskTimeout{1'500};

class Completion final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.choice_argument("SHELL", shell_, {"bash", "zsh", "fish"}, "for which shell");
  }
  bool needs_home() const override { return false; }
  Attempt<void> run(cli::Session& session) override {
    session.out.stream() << (shell_ == "bash" ? kBashCompletion : shell_ == "zsh" ? kZshCompletion : kFishCompletion);
    return {};
  }

 private:
  std::string shell_;
};

void add_nodes(const Json& nodes, std::set<std::string>& out) {
  for (const Json& node : nodes) out.insert(member_text(node, "node_id"));
}

void add_methods(const Json& service, std::set<std::string>& out) {
  const Json* methods = find_member(service, "methods");
  if (methods == nullptr || !methods->is_array()) return;
  for (const Json& method : *methods) {
    if (method.is_string()) out.insert(member_text(service, "name") + "." + method.get<std::string>());
  }
}

void add_loggers(const std::string& sources, std::set<std::string>& out) {
  const auto parsed = parse_json(sources);
  const Json* loggers = parsed ? find_member(*parsed, "loggers") : nullptr;
  if (loggers == nullptr || !loggers->is_array()) return;
  for (const Json& logger : *loggers) {
    if (logger.is_string()) out.insert(logger.get<std::string>());
  }
}

/// Ids, and for whom they are.
void add_tokens(const std::string& tokens, std::set<std::string>& out) {
  const auto parsed = parse_json(tokens);
  if (!parsed || !parsed->is_array()) return;
  for (const Json& token : *parsed) {
    if (is_true(token, "revoked")) continue;
    out.insert(member_text(token, "jti"));
    out.insert(member_text(token, "sub"));
  }
}

/// What a completion offers; says nothing when it cannot be known quickly.
class Names final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.choice_argument(
        "KIND", kind_,
        {"nodes", "services", "programs", "methods", "contexts", "loggers", "scopes", "tokens", "certificates"},
        "of what");
  }
  /// A vault would ask for its password.
  bool needs_home() const override { return false; }

  Attempt<void> run(cli::Session& session) override {
    if (kind_ == "contexts") {
      session.out.stream() << cli::kLocalContext << '\n';
      const auto list = cli::ContextStore(session.home).list();
      if (!list) return {};
      for (const cli::Context& context : list->contexts) session.out.stream() << context.name << '\n';
      return {};
    }
    if (kind_ == "scopes") {
      for (const auto& scope : split(auth::Scopes::all().to_text(), ',')) session.out.stream() << scope << '\n';
      return {};
    }
    std::signal(SIGALRM, [](int) { ::_exit(0); });
    ::alarm(kPatienceSeconds);
    auto client = cli::NodeClient::open(session);
    if (!client) return {};
    for (const std::string& name : collect(*client)) {
      if (!name.empty()) session.out.stream() << escape_controls(name) << '\n';
    }
    return {};
  }

 private:
  std::set<std::string> collect(cli::NodeClient& client) const {
    std::set<std::string> out;
    if (kind_ == "nodes") {
      if (const auto nodes = ask_nodes(client, kAskTimeout)) add_nodes(*nodes, out);
      return out;
    }
    if (kind_ == "loggers") {
      if (const auto sources = client.rpc("log_collector.get_log_sources", "", std::nullopt, kAskTimeout))
        add_loggers(*sources, out);
      return out;
    }
    if (kind_ == "tokens") {
      const auto tokens = client.get("/auth/tokens");
      if (tokens && tokens->status == 200) add_tokens(tokens->body, out);
      return out;
    }
    if (kind_ == "certificates") {
      const auto listed = ask(client, "certs.list", {}, {}, kAskTimeout);
      if (!listed) return out;
      for (const Json& one : *listed) out.insert(member_text(one, "name"));
      return out;
    }
    const auto list = ask_services(client, {rpc::Target::Kind::all}, kAskTimeout);
    if (!list) return out;
    for (const Json& service : list->services) {
      if (kind_ == "methods") {
        add_methods(service, out);
      } else if (kind_ == "services" || !is_true(service, "builtin")) {
        out.insert(member_text(service, "name"));
      }
    }
    return out;
  }

  std::string kind_;
};

}  // namespace

std::unique_ptr<cli::Command> make_completion() { return std::make_unique<Completion>(); }
std::unique_ptr<cli::Command> make_names() { return std::make_unique<Names>(); }

}  // namespace p2p::ctl
