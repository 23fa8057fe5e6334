#include <fmt/format.h>

#include <map>

#include "base/text.hpp"
#include "cli/rpc_failure.hpp"
#include "commands.hpp"
#include "fleet.hpp"
#include "fleet_problems.hpp"

namespace p2p::ctl {
namespace {

using cli::Attempt;
using cli::Cell;
using cli::Failure;

/// How many nodes have each status, from rows as those of cluster.nodes.
Json count_by_status(const Json& nodes) {
  Json out = {{"alive", 0}, {"suspected", 0}, {"dead", 0}, {"left", 0}, {"revoked", 0}};
  for (const Json& node : nodes) {
    const std::string* status = find_string(node, "status");
    if (status == nullptr) continue;
    if (!out.contains(*status)) out[*status] = 0;
    out[*status] = out[*status].get<int>() + 1;
  }
  return out;
}

/// `3 alive, 1 dead`, most telling first.
std::string counts_text(const Json& counts) {
  std::string out;
  for (const auto& [name, count] : counts.items()) {
    if (count.is_number_integer() && count.get<std::int64_t>() > 0)
      out += fmt::format("{}{} {}", out.empty() ? "" : ", ", count.get<std::int64_t>(), name);
  }
  return out.empty() ? "none" : out;
}

Cell uptime_cell(const Json& health) {
  for (const char* key : {"uptime_seconds", "uptime"}) {
    const Json* uptime = find_member(health, key);
    if (uptime != nullptr && uptime->is_number() && *uptime >= 0 && *uptime < 1e9)
      return {format_duration(std::chrono::seconds(uptime->get<std::int64_t>()))};
  }
  return {"-", cli::Style::dim};
}

void show_problems(cli::Output& out, const Json& problems) {
  constexpr std::size_t kShown = 20;
  std::vector<std::vector<Cell>> rows;
  for (const Json& problem : problems) {
    if (rows.size() == kShown) break;
    Cell health = cli::member_cell(problem, "health");
    health.style = cli::style_of_state(health.text);
    rows.push_back({cli::member_cell(problem, "node"), health, cli::member_cell(problem, "problem")});
  }
  // Of a sentence that is cut, the end is missing, where it says what to mend.
  const cli::Surface uncut{0, out.surface().colour};
  out.stream() << '\n' << cli::render_table({{"NODE"}, {"HEALTH"}, {"PROBLEM"}}, rows, uncut);
  if (problems.size() > kShown) out.stream() << fmt::format("and {} more\n", problems.size() - kShown);
}

/// `problems` is null where they are not known.
void show(cli::Output& out, const std::string& address, const Json& health, const Json& counts, const Json& problems) {
  if (out.format() != cli::Format::table) {
    return out.value(
        dump_json({{"address", address}, {"coordinator", health}, {"nodes", counts}, {"problems", problems}}));
  }
  Cell status = cli::member_cell(health, "status");
  status.style = cli::style_of_state(status.text);
  std::vector<std::pair<std::string, Cell>> pairs{{"coordinator", cli::member_cell(health, "node_id")},
                                                  {"address", {address}},
                                                  {"status", status},
                                                  {"version", cli::member_cell(health, "version")},
                                                  {"uptime", uptime_cell(health)},
                                                  {"nodes", {counts_text(counts)}}};
  if (const Json* services = find_member(health, "services"); services != nullptr && services->is_object())
    pairs.emplace_back("external services", Cell{counts_text(*services)});
  if (problems.is_array()) {
    pairs.emplace_back("problems",
                       problems.empty() ? Cell{"none", cli::Style::good} : Cell{std::to_string(problems.size())});
  }
  out.stream() << cli::render_pairs(pairs, out.surface());
  if (!problems.empty()) show_problems(out, problems);
}

class Status final : public cli::Command {
 public:
  Attempt<void> run(cli::Session& session) override {
    auto client = cli::NodeClient::open(session);
    if (!client) return client.error();
    const auto reply = client->get("/health");
    if (!reply) return reply.error();
    const auto health = parse_json(reply->body);
    if (!health || !health->is_object()) return cli::failure_of_status(reply->status, reply->body);
    const auto fleet = ask_fleet(*client);
    const Json counts = count_by_status(fleet ? fleet->nodes : Json::array());
    const bool is_known = fleet && !fleet->problems.is_null();
    show(session.out, client->address(), *health, counts,
         is_known ? problem_rows(fleet->problems, cli::member_text(*health, "node_id")) : Json());
    if (!fleet) return fleet.error();
    if (reply->status != 200) {
      const std::string* status = find_string(*health, "status");
      return Failure(cli::kFailed, "the coordinator is " + (status != nullptr ? *status : "not ready"));
    }
    return {};
  }
};

}  // namespace

std::unique_ptr<cli::Command> make_status() { return std::make_unique<Status>(); }

}  // namespace p2p::ctl
