#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <thread>

#include "base/text.hpp"
#include "cli/node_client.hpp"
#include "cli/rpc_failure.hpp"
#include "commands.hpp"
#include "fleet.hpp"

namespace p2p::ctl {
namespace {

using cli::Attempt;
using cli::Failure;
using Steady = std::chrono::steady_clock;

class Ping final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.optional_argument("NODE", node_, "which node");
    options.flag("--all", all_, "every node");
    options.number("-c,--count", "N", count_, 1, 1'000'000, "how often");
    options.duration("--interval", "TIME", interval_, "how long to wait between two, 1s by default",
                     std::chrono::milliseconds::zero());
    options.duration("--timeout", "TIME", timeout_, "how long to wait for an answer, 5s by default");
  }

  Attempt<void> run(cli::Session& session) override {
    if (node_.empty() == !all_) return Failure(cli::kUsage, "expects either NODE or --all", "p2p-ctl ping --help");
    if (!node_.empty()) {
      if (auto good = check_name("node", node_); !good) return good;
    }
    auto client = cli::NodeClient::open(session);
    if (!client) return client.error();
    // The handshake with the coordinator is not part of what is measured.
    if (auto greeted = client->get("/health"); !greeted) return greeted.error();
    for (std::uint64_t round = 1; round <= count_; ++round) {
      if (round > 1) std::this_thread::sleep_for(interval_);
      const auto done = all_ ? ping_all(*client, session.out, round) : ping_one(*client, session.out, round);
      if (!done) return done.error();
    }
    if (session.out.format() != cli::Format::table) session.out.list(dump_json(rows_), {}, "node");
    return judge();
  }

 private:
  Attempt<void> ping_one(cli::NodeClient& client, cli::Output& out, std::uint64_t round) {
    const auto begin = Steady::now();
    const auto answer = client.rpc("system.ping", {}, rpc::Target{rpc::Target::Kind::node, node_}, timeout_);
    const std::chrono::duration<double, std::milli> took = Steady::now() - begin;
    if (!answer && answer.error().exit_code == cli::kNotFound) return answer.error();  // no use in asking again
    if (!answer) last_ = answer.error();
    add(out, {{"node", node_}, {"seq", round}}, took.count(), answer ? std::string() : answer.error().message);
    return {};
  }

  Attempt<void> ping_all(cli::NodeClient& client, cli::Output& out, std::uint64_t round) {
    const auto answer = client.rpc("system.ping", {}, rpc::Target{rpc::Target::Kind::all}, timeout_);
    if (!answer) return answer.error();
    const auto entries = parse_json(*answer);
    if (!entries || !entries->is_array()) return Failure(cli::kDamaged, "the answer is not a list of nodes");
    if (const auto judged = cli::judge_broadcast(*answer); !judged) last_ = judged.error();
    for (const Json& entry : *entries)
      name_width_ = std::max(name_width_, escape_controls(cli::member_text(entry, "node")).size());
    for (const Json& entry : *entries) {
      const std::string* name = find_string(entry, "node");
      const Json* took = find_member(entry, "ms");
      const Json* error = find_member(entry, "error");
      add(out, {{"node", name != nullptr ? *name : ""}, {"seq", round}},
          took != nullptr && took->is_number() ? took->get<double>() : 0,
          error != nullptr ? cli::message_of(*error) : "");
    }
    return {};
  }

  /// Keeps the row, and in a table shows it at once.
  void add(cli::Output& out, Json row, double elapsed_ms, const std::string& error) {
    ++(error.empty() ? answered_ : failed_);
    if (error.empty())
      row["ms"] = std::round(elapsed_ms * 1000) / 1000;
    else
      row["error"] = error;
    if (out.format() == cli::Format::table) {
      std::string name = escape_controls(row["node"].get<std::string>());
      name.resize(std::max(name.size(), name_width_), ' ');
      out.stream() << name << "  " << (error.empty() ? fmt::format("{:>9.2f} ms", elapsed_ms) : escape_controls(error))
                   << std::endl;
    }
    rows_.push_back(std::move(row));
  }

  Attempt<void> judge() const {
    if (failed_ == 0) return {};
    const int code = answered_ > 0 ? static_cast<int>(cli::kPartial) : last_.exit_code;
    return Failure(code, fmt::format("{} of {} pings failed", failed_, failed_ + answered_), last_.hint);
  }

  std::string node_;
  bool all_ = false;
  std::uint64_t count_ = 1;
  std::chrono::milliseconds interval_{1000};
  std::chrono::milliseconds timeout_{5000};
  Json rows_ = Json::array();
  std::size_t name_width_ = 0;  // of what is shown below each other
  std::uint64_t answered_ = 0, failed_ = 0;
  Failure last_;
};

}  // namespace

std::unique_ptr<cli::Command> make_ping() { return std::make_unique<Ping>(); }

}  // namespace p2p::ctl
