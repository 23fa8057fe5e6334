// p2p-ctl wait: for scripts that go on only when a node or a service is as it should be.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <thread>

#include "base/text.hpp"
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

constexpr milliseconds kPause{250};
/// A coordinator that does not answer is asked again after this.
constexpr milliseconds kLongestLook{5'000};

/// What one look found.
struct Seen {
  bool done = false;
  std::string state;  ///< `is suspected`, for people
  Json what{};        ///< the node or service, null for none
};
using Look = std::function<Attempt<Seen>(milliseconds timeout)>;

/// Whether another attempt may go better.
bool may_pass(const Failure& failure) {
  return failure.exit_code == cli::kUnreachable || failure.exit_code == cli::kTimeout ||
         failure.exit_code == cli::kLimited;
}

/// Looks until it is done; kTimeout with what was seen last.
Attempt<Json> wait_for(const std::string& subject, const std::string& wanted, milliseconds timeout, const Look& look) {
  const auto until = Steady::now() + timeout;
  std::string last, hint;
  for (;;) {
    const auto left = std::chrono::duration_cast<milliseconds>(until - Steady::now());
    const auto seen = look(std::clamp(left, milliseconds{100}, kLongestLook));
    if (seen && seen->done) return seen->what;
    if (!seen && !may_pass(seen.error())) return seen.error();
    last = seen ? subject + " " + seen->state : seen.error().message;
    hint = seen || seen.error().exit_code != cli::kUnreachable ? cli::kWaitLonger : seen.error().hint;
    if (Steady::now() + kPause >= until) break;
    std::this_thread::sleep_for(kPause);
  }
  return Failure(cli::kTimeout, fmt::format("{} {} within {}: {}", subject, wanted, format_duration(timeout), last),
                 hint);
}

/// Data for programs, a sentence for people.
void tell(cli::Session& session, const Json& what, const std::string& name, const std::string& sentence) {
  if (session.out.format() == cli::Format::table)
    session.report.note(sentence);
  else if (session.out.format() == cli::Format::name)
    session.out.stream() << name << '\n';
  else
    session.out.value(dump_json(what));
}

class WaitNode final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.argument("NODE", node_, "which node");
    options.flag("--alive", alive_, "until it is alive, which is the default");
    options.flag("--dead", dead_, "until it is dead or has left");
    options.flag("--gone", gone_, "until it has left or is not listed any more");
    options.duration("--timeout", "TIME", timeout_, "how long, 30s by default; 0s looks once", milliseconds::zero());
  }

  Attempt<void> run(cli::Session& session) override {
    if (alive_ + dead_ + gone_ > 1) return Failure(cli::kUsage, "--alive, --dead and --gone exclude each other");
    if (auto good = check_name("node", node_); !good) return good;
    auto client = cli::NodeClient::open(session);
    if (!client) return client.error();
    const std::string subject = fmt::format("node \"{}\"", node_);
    const auto found = wait_for(subject,
                                dead_   ? "was not dead"
                                : gone_ ? "was not gone"
                                        : "was not alive",
                                timeout_, [&](milliseconds timeout) { return look(*client, timeout); });
    if (!found) return found.error();
    tell(session, *found, node_, subject + " " + last_state_);
    return {};
  }

 private:
  Attempt<Seen> look(cli::NodeClient& client, milliseconds timeout) {
    const auto nodes = ask_nodes(client, timeout);
    if (!nodes) return nodes.error();
    const Json node = node_of(*nodes, node_);
    const std::string status = node.is_null() ? std::string() : member_text(node, "status");
    Seen out;
    out.done = dead_   ? status == "dead" || status == "left"
               : gone_ ? status.empty() || status == "left"
                       : status == "alive";
    last_state_ = status.empty() ? "is not listed" : status == "left" ? "has left" : "is " + status;
    out.state = last_state_ + (status.empty() ? meant_node(*nodes, node_) : "");
    out.what = node;
    return out;
  }

  std::string node_, last_state_;
  bool alive_ = false, dead_ = false, gone_ = false;
  milliseconds timeout_{30'000};
};

class WaitService final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.argument("SERVICE", service_, "which service");
    options.flag("--running", running_, "until it runs, which is the default");
    options.text("--node", "ID", node_, "on this node; else on any");
    options.duration("--timeout", "TIME", timeout_, "how long, 30s by default; 0s looks once", milliseconds::zero());
  }

  Attempt<void> run(cli::Session& session) override {
    if (auto good = check_name("service", service_); !good) return good;
    if (!node_.empty()) {
      if (auto good = check_name("node", node_); !good) return good;
    }
    auto client = cli::NodeClient::open(session);
    if (!client) return client.error();
    const std::string subject = fmt::format("service \"{}\"", service_);
    const std::string where = node_.empty() ? "" : fmt::format(" on node \"{}\"", node_);
    const auto found = wait_for(subject, "was not running" + where, timeout_,
                                [&](milliseconds timeout) { return look(*client, timeout); });
    if (!found) return found.error();
    tell(session, *found, service_, fmt::format("{} is running on node \"{}\"", subject, member_text(*found, "node")));
    return {};
  }

 private:
  Attempt<Seen> look(cli::NodeClient& client, milliseconds timeout) const {
    const rpc::Target target =
        node_.empty() ? rpc::Target{rpc::Target::Kind::all} : rpc::Target{rpc::Target::Kind::node, node_};
    const auto list = ask_services(client, target, timeout);
    // The node may be on its way: not known yet is what one waits for.
    if (!list && list.error().exit_code == cli::kNotFound) return Seen{false, list.error().message};
    if (!list) return list.error();
    Seen out{false, "is on no node"};
    if (!node_.empty()) out.state = "is not there";
    for (const Json& one : list->services) {
      if (member_text(one, "name") != service_) continue;
      const std::string state = member_text(one, "state"), reason = member_text(one, "error");
      out.state = fmt::format("is {} on node \"{}\"{}", state == "error" ? "in error" : state, member_text(one, "node"),
                              reason.empty() ? "" : ": " + reason);
      out.done = state == "running";
      out.what = one;
      if (out.done) break;
    }
    return out;
  }

  std::string service_, node_;
  bool running_ = false;
  milliseconds timeout_{30'000};
};

}  // namespace

std::unique_ptr<cli::Command> make_wait_node() { return std::make_unique<WaitNode>(); }
std::unique_ptr<cli::Command> make_wait_service() { return std::make_unique<WaitService>(); }

}  // namespace p2p::ctl
