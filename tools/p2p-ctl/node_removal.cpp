// p2p-ctl nodes forget, and nodes remove: drain, revoke, forget.
#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/text.hpp"
#include "cli/output.hpp"
#include "cli/rpc_failure.hpp"
#include "commands.hpp"
#include "fleet.hpp"

namespace p2p::ctl {
namespace {

using cli::Attempt;
using cli::Failure;
using cli::member_text;
using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

constexpr milliseconds kForgetPause{250};
/// How long a revocation may take to reach the coordinator's own list.
constexpr milliseconds kForgetTimeout{15'000};

class Forget final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.argument("NODE", node_, "which node; it is dead or has left");
  }

  Attempt<void> run(cli::Session& session) override {
    if (auto good = check_name("node", node_); !good) return good;
    auto client = cli::NodeClient::open(session);
    if (!client) return client.error();
    const auto done = ask(*client, "cluster.forget", {{"node", node_}}, std::nullopt, cli::kRequestTimeout);
    if (!done) {
      Failure failure = done.error();
      if (failure.exit_code == cli::kNotFound) failure.hint = "p2p-ctl nodes";
      if (failure.exit_code == cli::kFailed) failure.hint = instead(*client);
      return failure;
    }
    session.report.note("node " + node_ + " is forgotten; it is listed again if it comes back");
    return {};
  }

 private:
  /// What does what was wanted of one that cannot be forgotten.
  std::string instead(cli::NodeClient& client) const {
    const auto node = find_node(client, node_, cli::kRequestTimeout);
    if (node && !node->is_null() && member_text(*node, "status") == "suspected") {
      return fmt::format(
          "\"p2p-ctl wait node {0} --dead\" ends when it can be; \"p2p-ctl nodes remove {0}\" does not wait", node_);
    }
    return fmt::format("\"p2p-ctl nodes remove {}\" takes a node out of the fleet that still runs", node_);
  }

  std::string node_;
};

/// One removal; takes its draining back unless everything went well.
class Removal {
 public:
  /// `is_drained`: by somebody else, who may take it back.
  Removal(cli::NodeClient& client, std::string node, bool is_drained)
      : client_(client), node_(std::move(node)), is_drained_(is_drained) {}
  Removal(const Removal&) = delete;
  Removal& operator=(const Removal&) = delete;
  ~Removal() {
    if (takes_back_)
      ask(client_, "cluster.drain", {{"node", node_}, {"undo", true}}, std::nullopt, cli::kRequestTimeout);
  }

  Attempt<void> drain(milliseconds timeout) {
    takes_back_ = !is_drained_;  // also if the answer is lost
    const auto done = ask(client_, "cluster.drain", {{"node", node_}}, std::nullopt, timeout);
    if (!done) return done.error();
    if (const Json* lasts = find_member(*done, "draining"); lasts != nullptr && *lasts == Json(false)) {
      return Failure(cli::kFailed,
                     fmt::format("someone has let node \"{}\" have calls again; nothing was revoked", node_));
    }
    const auto left = find_unsigned(*done, "calls_under_way").value_or(0);
    if (left == 0) return {};
    return Failure(cli::kTimeout,
                   fmt::format("{} to node \"{}\" {} still under way after {}; nothing was revoked",
                               left == 1 ? "1 call" : fmt::format("{} calls", left), node_, left == 1 ? "is" : "are",
                               format_duration(timeout)),
                   cli::kWaitLonger);
  }

  Attempt<void> revoke(const std::string& reason) {
    const auto done =
        ask(client_, "certs.revoke", {{"target", node_}, {"reason", reason}}, std::nullopt, cli::kRequestTimeout);
    if (done) return {};
    Failure failure = done.error();
    if (failure.exit_code == cli::kNotFound && failure.message.find("certs.revoke") != std::string::npos) {
      return {cli::kFailed,
              "the coordinator has not the CA's key, so it cannot revoke; the node is in the fleet as before",
              fmt::format("run \"p2p-ca revoke {0}\" where the key is; then \"p2p-ctl nodes forget {0}\" here", node_)};
    }
    return failure;
  }

  /// A revoked node goes off the list by itself; one that was dead is taken off. It is not asked for too early: a call
  /// that is refused would stand on the dashboard as the coordinator's failure.
  Attempt<void> forget() {
    const auto until = Steady::now() + kForgetTimeout;
    for (;;) {
      const auto node = find_node(client_, node_, cli::kRequestTimeout);
      if (!node) return node.error();
      if (node->is_null()) break;
      const std::string status = member_text(*node, "status");
      const bool is_late = Steady::now() >= until;
      if (status == "dead" || status == "left" || is_late) {
        const auto done = ask(client_, "cluster.forget", {{"node", node_}}, std::nullopt, cli::kRequestTimeout);
        if (done || done.error().exit_code == cli::kNotFound) break;
        if (is_late || done.error().exit_code != cli::kFailed) return done.error();
      }
      std::this_thread::sleep_for(kForgetPause);
    }
    takes_back_ = false;
    return {};
  }

 private:
  cli::NodeClient& client_;
  std::string node_;
  const bool is_drained_;
  bool takes_back_ = false;
};

class Remove final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.argument("NODE", node_, "which node");
    options.choice("--reason", "REASON", reason_,
                   {"cessation-of-operation", "key-compromise", "superseded", "unspecified"},
                   "why its certificate is revoked; by default the first of");
    options.duration("--timeout", "TIME", timeout_, "how long calls under way may take to end, 30s by default");
    options.flag("--yes", yes_, "do not ask");
  }

  Attempt<void> run(cli::Session& session) override {
    if (auto good = check_name("node", node_); !good) return good;
    auto client = cli::NodeClient::open(session);
    if (!client) return client.error();
    const auto node = find_node(*client, node_, cli::kRequestTimeout);
    if (!node) return node.error();
    if (node->is_null()) {
      return Failure(cli::kNotFound, fmt::format("no node \"{}\" is listed", node_),
                     fmt::format("p2p-ctl nodes; \"p2p-ctl certs revoke {}\" revokes what it has all the same", node_));
    }
    if (member_text(*node, "role") == "coordinator")
      return Failure(cli::kUsage, fmt::format("\"{}\" is the coordinator: the fleet hangs on it", node_));
    if (!yes_) {
      auto asked = session.confirm(fmt::format(
          "Take {} out of the fleet for good? It gets no more calls, and its certificate is revoked.", node_));
      if (!asked) return asked;
    }
    return remove(*client, session, *node);
  }

 private:
  /// `listed`: the node's entry.
  Attempt<void> remove(cli::NodeClient& client, cli::Session& session, const Json& listed) {
    Removal removal(client, node_, is_true(listed, "draining"));
    if (member_text(listed, "status") == "alive") {
      session.report.note("draining " + node_);
      if (auto drained = removal.drain(timeout_); !drained) return drained;
    }
    if (auto revoked = removal.revoke(reason_); !revoked) return revoked;
    session.report.note("revoked what " + node_ + " had");
    if (auto forgotten = removal.forget(); !forgotten) return forgotten;
    session.report.note("node " + node_ + " is removed");
    session.report.note(
        fmt::format("next, on {}: stop p2p-node (\"systemctl disable --now p2p-node\") and delete its home; "
                    "until then it tries to come back and is refused",
                    node_));
    return {};
  }

  std::string node_, reason_ = "cessation-of-operation";
  milliseconds timeout_{30'000};
  bool yes_ = false;
};

}  // namespace

std::unique_ptr<cli::Command> make_nodes_forget() { return std::make_unique<Forget>(); }
std::unique_ptr<cli::Command> make_nodes_remove() { return std::make_unique<Remove>(); }

}  // namespace p2p::ctl
