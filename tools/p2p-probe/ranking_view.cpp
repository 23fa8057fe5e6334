#include "ranking_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "addresses/path_probe_text.hpp"
#include "base/text.hpp"

namespace p2p::probe {
namespace {

using cli::Cell;
using cli::Style;

/// Why, for all paths alike.
constexpr char kNoProbe[] = "--no-probe was given";

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

/// The kernel's own choice for this coordinator, where it was asked.
Json route_of(const Answer& answer, const addresses::Coordinator& coordinator) {
  const auto& routes = answer.facts.routes;
  const auto found = std::find_if(routes.begin(), routes.end(), [&](const auto& route) {
    return route.target == coordinator.address && !route.asked_source;
  });
  if (found == routes.end()) return {};
  const addresses::Link* link = answer.inventory.link(found->link);
  return {{"interface", link != nullptr ? Json(link->name) : Json()},
          {"source", found->source ? Json(found->source->to_text()) : Json()},
          {"gateway", found->gateway ? Json(found->gateway->to_text()) : Json()},
          {"table", found->link != 0 ? Json(found->table) : Json()},
          {"failure", text_or_null(found->failure)}};
}

std::string route_sentence(const Json& coordinator) {
  const std::string target = cli::member_text(coordinator, "address");
  const Json* route = find_member(coordinator, "route");
  if (route == nullptr || !route->is_object()) return target;
  if (const std::string failure = cli::member_text(*route, "failure"); !failure.empty()) {
    return fmt::format("{}: {}", target, failure);
  }
  std::string out = fmt::format("{}: the kernel sends by {} from {}", target, cli::member_text(*route, "interface"),
                                cli::member_text(*route, "source"));
  if (const std::string gateway = cli::member_text(*route, "gateway"); !gateway.empty())
    out += " and the gateway " + gateway;
  return out;
}

Cell place_cell(const Json& row) {
  return is_true(row, "decided") ? Cell{"decided", Style::good} : Cell{"-", Style::dim};
}

Cell addresses_cell(const Json& row) {
  const Json* list = find_member(row, "addresses");
  if (list == nullptr || list->empty()) return {"-", Style::dim};
  std::vector<std::string> texts;
  for (const Json& one : *list) texts.push_back(one.get<std::string>());
  return {join(texts, " ")};
}

Cell path_cell(const Json& row) {
  const std::string path = cli::member_text(row, "path");
  if (path == "works") return {path, Style::good};
  return {path, path == "fails" ? Style::bad : path == "untried" ? Style::dim : Style::warn};
}

addresses::PathEnd end_of(const addresses::IpAddress& address) {
  return {address.is_v6(), address.is_loopback(), address.is_v6() && address.is_link_local()};
}

std::string why_untried(const Answer& answer, const addresses::Candidate& candidate,
                        const addresses::Coordinator& target) {
  if (answer.skips_probes) return kNoProbe;
  const auto source = addresses::IpAddress::parse(candidate.address);
  if (!source || candidate.interface.empty()) return "it is no address of this machine";
  const auto why = addresses::no_path_between(end_of(*source), end_of(target.address));
  return why.empty() ? fmt::format("there are more than {} paths", addresses::kMaxProbePairs) : std::string(why);
}

/// From each candidate to each coordinator: {source, target, why}.
Json untried_paths(const Answer& answer) {
  std::set<addresses::PathEnds> tried;
  for (const auto& probe : answer.facts.probes) tried.insert({probe.source, probe.target});
  Json out = Json::array();
  for (const auto& candidate : answer.ranking.candidates) {
    for (const auto& named : answer.coordinators) {
      const std::string target = named.coordinator.target();
      if (tried.contains({candidate.address, target})) continue;
      out.push_back({{"source", candidate.address},
                     {"target", target},
                     {"why", why_untried(answer, candidate, named.coordinator)}});
    }
  }
  return out;
}

void print_table(cli::Output& out, std::string_view title, const Json& rows, std::span<const cli::Column> columns) {
  if (rows.empty()) return;
  out.stream() << '\n' << title << '\n';
  out.list(dump_json(rows), columns, "address");
}

const std::vector<cli::Column> kRuleColumns{cli::member_column("RULE", "rule"),
                                            {"", place_cell},
                                            {"ADDRESSES", addresses_cell},
                                            cli::member_column("MEANING", "meaning")};
const std::vector<cli::Column> kCandidateColumns{cli::member_column("ADDRESS", "address"),
                                                 cli::member_column("INTERFACE", "interface"),
                                                 cli::member_column("CLASS", "class"),
                                                 cli::member_column("RULE", "rule"),
                                                 {"PATH", path_cell},
                                                 {"RTT", round_trip_cell, cli::Align::right},
                                                 cli::member_column("REASON", "reason")};
const std::vector<cli::Column> kExcludedColumns{
    cli::member_column("ADDRESS", "address"), cli::member_column("INTERFACE", "interface"),
    cli::member_column("CLASS", "class"), cli::member_column("WHY", "why"), cli::member_column("REASON", "reason")};

}  // namespace

cli::Cell round_trip_cell(const Json& row) {
  const Json* took = find_member(row, "round_trip_ms");
  if (took == nullptr || !took->is_number()) return {"-", Style::dim};
  return {fmt::format("{:.2f} ms", took->get<double>())};
}

Json to_json(const addresses::Candidate& candidate) {
  Json out{{"address", candidate.address},
           {"interface", text_or_null(candidate.interface)},
           {"class", candidate.interface.empty() ? Json() : Json(addresses::to_text(candidate.link_class))},
           {"rule", addresses::to_text(candidate.rule)},
           {"reason", candidate.reason},
           {"path", addresses::to_text(candidate.path)},
           {"round_trip_ms", Json()},
           {"seen_as", candidate.seen_as ? Json(candidate.seen_as->to_text()) : Json()}};
  if (candidate.round_trip) out["round_trip_ms"] = static_cast<double>(candidate.round_trip->count()) / 1000;
  return out;
}

Json to_json(const Answer& answer) {
  const addresses::Ranking& ranking = answer.ranking;
  Json out{{"address", ranking.best() != nullptr ? Json(ranking.best()->address) : Json()},
           {"decision", ranking.decision},
           {"coordinators", Json::array()},
           {"rules", Json::array()},
           {"candidates", Json::array()},
           {"excluded", Json::array()},
           {"probes", Json::array()}};
  for (const auto& named : answer.coordinators) {
    out["coordinators"].push_back({{"named", named.named},
                                   {"address", named.coordinator.target()},
                                   {"route", route_of(answer, named.coordinator)}});
  }
  for (const auto& note : ranking.notes) {
    out["rules"].push_back({{"rule", addresses::to_text(note.rule)},
                            {"meaning", addresses::describe(note.rule)},
                            {"addresses", note.addresses},
                            {"decided", note.decided}});
  }
  for (const auto& candidate : ranking.candidates) out["candidates"].push_back(to_json(candidate));
  for (const auto& excluded : ranking.excluded) {
    out["excluded"].push_back({{"address", excluded.address},
                               {"interface", excluded.interface},
                               {"class", addresses::to_text(excluded.link_class)},
                               {"why", addresses::to_text(excluded.why)},
                               {"reason", excluded.reason}});
  }
  for (const auto& probe : answer.facts.probes) out["probes"].push_back(addresses::to_json(probe));
  out["untried"] = untried_paths(answer);
  return out;
}

void print_explanation(cli::Output& out, const Json& explanation) {
  for (const Json& coordinator : explanation["coordinators"]) {
    out.stream() << escape_controls(route_sentence(coordinator)) << '\n';
  }
  if (explanation["coordinators"].empty()) out.stream() << "no coordinator is known\n";
  print_table(out, "Rules, in their order:", explanation["rules"], kRuleColumns);
  print_table(out, "Candidates, best first:", explanation["candidates"], kCandidateColumns);
  print_table(out, "Left out:", explanation["excluded"], kExcludedColumns);
  bool is_first = true;
  for (const Json& probe : explanation["probes"]) {
    const std::string failure = cli::member_text(probe, "failure");
    if (failure.empty()) continue;
    if (std::exchange(is_first, false)) out.stream() << '\n';
    out.stream() << escape_controls(fmt::format("{} to {}: {}", cli::member_text(probe, "source"),
                                                cli::member_text(probe, "target"), failure))
                 << '\n';
  }
  for (const Json& path : explanation["untried"]) {
    if (std::exchange(is_first, false)) out.stream() << '\n';
    if (cli::member_text(path, "why") == kNoProbe) {
      out.stream() << "no path was tried: " << kNoProbe << '\n';
      break;
    }
    out.stream() << escape_controls(fmt::format("{} to {}: not tried: {}", cli::member_text(path, "source"),
                                                cli::member_text(path, "target"), cli::member_text(path, "why")))
                 << '\n';
  }
  out.stream() << '\n' << escape_controls(explanation["decision"].get<std::string>()) << '\n';
}

}  // namespace p2p::probe
