#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>

#include "addresses/exclusion.hpp"
#include "addresses/path_probe_text.hpp"
#include "addresses/prober.hpp"
#include "addresses/rtnetlink_reader.hpp"
#include "base/text.hpp"
#include "cli/connection.hpp"
#include "commands.hpp"
#include "net/run_alone.hpp"
#include "question.hpp"
#include "ranking_view.hpp"
#include "standpoint.hpp"

namespace p2p::probe {
namespace {

using addresses::PathProbe;
using cli::Attempt;
using cli::Cell;
using cli::Failure;
using cli::Style;

constexpr std::size_t kMaxTargets = 64;

Cell yes_or_no(const Json& value) {
  if (!value.is_boolean()) return {"-", Style::dim};
  return value.get<bool>() ? Cell{"yes", Style::good} : Cell{"no", Style::bad};
}

Cell who_cell(const Json& row) {
  const std::string peer = cli::member_text(row, "peer");
  const std::string name = cli::member_text(row, "peer_name");
  if (peer == "foreign") return {name.empty() ? "foreign" : name, Style::bad};
  if (peer == "expected") return {name, Style::good};
  return {"-", Style::dim};
}

class CheckCommand final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.arguments("HOST:PORT", targets_, 0, "whom to try; else the coordinators of this machine's configuration");
    options.texts("--source,--interface", "NAME", sources_, "only this own address, or those of this interface");
    options.text("--node", "ID", node_, "the node that must answer; else any coordinator of the fleet");
    options.flag("--any", any_, "whoever answers will do, as where no fleet is known");
    options.duration("--timeout", "TIME", timeout_,
                     "how long a path may take, such as 500ms; else probe_timeout_seconds");
    options.text("--config", "FILE", config_file_, "the node's configuration; else config/node.yaml in home");
  }

  cli::ConfigFlags config_flags() const override { return {config_file_, {}}; }

  Attempt<void> run(cli::Session& session) override {
    if (!node_.empty() && !is_valid_name(node_)) return Failure(cli::kUsage, "--node: \"" + node_ + "\" is no node id");
    if (!node_.empty() && any_) return Failure(cli::kUsage, "--node ID and --any exclude each other");
    auto standpoint = find_standpoint(session, config_file_);
    if (!standpoint) return standpoint.error();
    auto request = make_request(*standpoint);
    if (!request) return request.error();
    const bool in_fleet = request->tls != nullptr;
    if (!in_fleet && !node_.empty())
      return Failure(cli::kUsage, "--node needs the certificate authority of the fleet, which is not known here",
                     "certs/ca_cert.pem in home has it");
    if (!in_fleet && !any_) session.report.note("no fleet is known here: who answers is not checked");

    boost::asio::io_context loop;
    DetailSink sink(session.report);
    const auto found = net::run_alone(loop, addresses::probe(loop.get_executor(), std::move(*request), sink));
    show(session.out, found);
    return judge(found);
  }

 private:
  Attempt<addresses::ProbeRequest> make_request(const Standpoint& standpoint) {
    addresses::ProbeRequest out;
    if (targets_.size() > kMaxTargets) return Failure(cli::kUsage, fmt::format("more than {} targets", kMaxTargets));
    for (const auto& text : targets_) {
      const auto endpoint = read_target(text);
      if (!endpoint) return endpoint.error();
      if (std::find(out.targets.begin(), out.targets.end(), *endpoint) == out.targets.end())
        out.targets.push_back(*endpoint);
    }
    if (out.targets.empty()) out.targets = standpoint.coordinators;
    auto sources = choose_sources();
    if (!sources) return sources.error();
    out.sources = std::move(*sources);
    if (standpoint.tls && !any_) out.tls = standpoint.tls->state();
    if (!node_.empty()) out.expected.node_id = node_;
    out.token = standpoint.token;
    out.dial_back_port = standpoint.dial_back_port;
    out.timeout = timeout_.count() > 0 ? timeout_ : standpoint.timeout;
    return out;
  }

  Attempt<std::vector<addresses::ProbeSource>> choose_sources() {
    auto reader = addresses::RtnetlinkReader::open();
    if (!reader) return reader.error();
    const auto inventory = reader->read();
    if (!inventory) return inventory.error();
    if (auto known = check_names(sources_, *inventory); !known) return known.error();
    std::vector<addresses::ProbeSource> out;
    addresses::RankingFacts asked;
    asked.only = sources_;
    for (const auto& address : inventory->addresses) {
      const addresses::Link* link = inventory->link(address.link);
      if (link == nullptr) continue;
      const addresses::OwnAddress own{&address, link};
      if (excluded_by_state(own, asked) || excluded_by_question(own, asked)) continue;
      out.push_back({address.address.to_text(), link->name});
    }
    if (out.empty()) return no_usable_address();
    return out;
  }

  static Json row_of(const addresses::TargetPaths& target, const PathProbe& probe) {
    Json row = to_json(probe);
    row["asked"] = target.target.to_text();
    row["good"] = probe.is_good;
    return row;
  }

  static void show(cli::Output& out, const std::vector<addresses::TargetPaths>& found) {
    Json rows = Json::array();
    for (const auto& target : found) {
      for (const auto& probe : target.paths) rows.push_back(row_of(target, probe));
    }
    out.list(dump_json(rows), kColumns, "target");
    if (out.format() != cli::Format::table) return;
    for (const auto& target : found) {
      for (const auto& probe : target.paths) {
        if (probe.failure.empty()) continue;
        const std::string path = probe.source.empty() ? probe.target : probe.source + " to " + probe.target;
        out.stream() << escape_controls(path + ": " + probe.failure) << '\n';
      }
    }
  }

  static Attempt<void> judge(const std::vector<addresses::TargetPaths>& found) {
    std::vector<std::string> unreachable;
    for (const auto& target : found) {
      const auto good = [](const PathProbe& probe) { return probe.is_good; };
      if (std::any_of(target.paths.begin(), target.paths.end(), good)) continue;
      unreachable.push_back(target.target.to_text());
      // Where there was nothing to try, as after a lookup that failed.
      for (const auto& path : target.paths) {
        if (path.source.empty()) unreachable.back() += fmt::format(" ({})", path.failure);
      }
    }
    if (unreachable.empty()) return {};
    return Failure(cli::kUnreachable, "no path leads to " + join(unreachable, ", "));
  }

  static Cell reachable_cell(const Json& row) { return yes_or_no(cli::member_text(row, "reached") != "nothing"); }
  static Cell tls_cell(const Json& row) {
    const std::string reached = cli::member_text(row, "reached");
    if (reached == "nothing") return {"-", Style::dim};
    return yes_or_no(reached != "connected");
  }
  static Cell dial_back_cell(const Json& row) {
    const Json* dialled = find_member(row, "dials_back");
    return yes_or_no(dialled != nullptr ? *dialled : Json());
  }

  inline static const std::vector<cli::Column> kColumns{cli::member_column("SOURCE", "source"),
                                                        cli::member_column("INTERFACE", "interface"),
                                                        cli::member_column("TARGET", "target"),
                                                        {"REACHABLE", reachable_cell},
                                                        {"TLS", tls_cell},
                                                        {"WHO", who_cell},
                                                        {"RTT", round_trip_cell, cli::Align::right},
                                                        cli::member_column("SEEN AS", "seen_as"),
                                                        {"DIAL-BACK", dial_back_cell}};

  std::vector<std::string> targets_, sources_;
  std::string node_, config_file_;
  bool any_ = false;
  std::chrono::milliseconds timeout_{};  // not given: as configured
};

}  // namespace

std::unique_ptr<cli::Command> make_check_command() { return std::make_unique<CheckCommand>(); }

}  // namespace p2p::probe
