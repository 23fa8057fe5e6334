#include <fmt/format.h>

#include <algorithm>

#include "base/rfc3339.hpp"
#include "base/system_clock.hpp"
#include "base/text.hpp"
#include "commands.hpp"
#include "fleet.hpp"
#include "fleet_problems.hpp"
#include "natural_order.hpp"

namespace p2p::ctl {
namespace {

using cli::Attempt;
using cli::Cell;
using cli::Style;
using std::chrono::milliseconds;

/// A clock that is further off is shown as that far.
constexpr std::int64_t kMostMs = std::int64_t{1'000'000} * 24 * 3600 * 1000;

Cell address_cell(const Json& node) {
  const Json* addresses = find_member(node, "addresses");
  if (addresses == nullptr || !addresses->is_array() || addresses->empty() || !addresses->front().is_string())
    return {"-", Style::dim};
  return {addresses->front().get<std::string>()};
}

/// How long the node runs; of one that does not answer nobody knows.
Cell uptime_cell(const Json& node, WallTime now) {
  const auto started = parse_rfc3339(cli::member_text(node, "started_at"));
  if (!started || cli::member_text(node, "status") != "alive") return {"-", Style::dim};
  const auto uptime = std::chrono::duration_cast<milliseconds>(now - *started);
  return {format_duration(std::max(uptime, milliseconds{0}))};
}

Cell seen_cell(const Json& node) {
  constexpr std::uint64_t kNow = 1000;  // milliseconds; gossip is not finer than that
  const auto seen = find_unsigned(node, "last_seen_ms");
  if (!seen) return {"-", Style::dim};
  if (*seen < kNow) return {"now"};
  return {format_duration(milliseconds(*seen)) + " ago"};
}

/// A node that is on its way out says so before anything else.
Cell status_cell(const Json& node) {
  const std::string status = cli::member_text(node, "status");
  const bool leaves = is_true(node, "draining") && status == "alive";
  return {leaves ? "draining" : status, cli::style_of_state(leaves ? "draining" : status)};
}

/// How far the node's clock is off, from where it matters.
Cell clock_cell(const Json& node) {
  constexpr milliseconds kTolerated{2'000};  // DESIGN.md section 3
  const Json* offset = find_member(node, "clock_offset_ms");
  if (offset == nullptr || !offset->is_number_integer()) return {"-", Style::dim};
  const milliseconds off(std::clamp<std::int64_t>(offset->get<std::int64_t>(), -kMostMs, kMostMs));
  if (abs(off) < kTolerated) return {"ok", Style::good};
  return {format_duration(abs(off)) + (off.count() > 0 ? " ahead" : " behind"), Style::bad};
}

/// Coordinators first, then by name.
void put_in_order(Json& nodes) {
  std::stable_sort(nodes.begin(), nodes.end(), [](const Json& a, const Json& b) {
    const bool first = cli::member_text(a, "role") == "coordinator",
               second = cli::member_text(b, "role") == "coordinator";
    return first != second ? first : natural_less(cli::member_text(a, "node_id"), cli::member_text(b, "node_id"));
  });
}

/// How those come back whose certificates were revoked.
void tell_way_back(const Json& nodes, cli::Reporter& report) {
  std::vector<std::string> names;
  std::string role;
  for (const Json& node : nodes) {
    if (cli::member_text(node, "status") != "revoked") continue;
    names.push_back(cli::member_text(node, "node_id"));
    role = cli::member_text(node, "role");
  }
  if (names.empty()) return;
  const bool is_one = names.size() == 1;
  report.note(
      fmt::format("revoked: {}; to have {} back: p2p-ca invite {}{} where the CA is, then p2p-node join --force "
                  "there, with the node stopped; what is gone for good is listed for ten minutes",
                  few_of(names), is_one ? "it" : "one", is_one ? names.front() : "NAME",
                  is_one && role != "worker" ? " --role " + role : ""));
}

class Nodes final : public cli::Command {
 public:
  Attempt<void> run(cli::Session& session) override {
    auto client = cli::NodeClient::open(session);
    if (!client) return client.error();
    auto fleet = ask_fleet(*client);
    if (!fleet) return fleet.error();
    Json& nodes = fleet->nodes;
    const WallTime now = SystemClock().wall();
    const std::vector<cli::Column> columns{
        cli::member_column("NODE", "node_id"),
        cli::member_column("ROLE", "role"),
        {"STATUS", status_cell},
        cli::member_column("VERSION", "version"),
        {"ADDRESS", address_cell},
        {"UPTIME", [now](const Json& node) { return uptime_cell(node, now); }},
        {"SEEN", seen_cell},
        {"CLOCK", clock_cell},
    };
    const bool structured = session.out.format() == cli::Format::json || session.out.format() == cli::Format::yaml;
    if (!structured) put_in_order(nodes);
    session.out.list(dump_json(nodes), columns, "node_id");
    if (session.out.format() == cli::Format::table) tell_way_back(nodes, session.report);
    return {};
  }
};

}  // namespace

std::unique_ptr<cli::Command> make_nodes() { return std::make_unique<Nodes>(); }

}  // namespace p2p::ctl
