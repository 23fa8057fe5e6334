#include "changes.hpp"

#include <fmt/format.h>

namespace p2p::ctl {
namespace {

std::string main_fact(const Subject& subject) { return subject.name.empty() ? "status" : "state"; }

std::optional<std::string> fact_of(const Facts& facts, const std::string& name) {
  const auto found = facts.find(name);
  return found == facts.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

std::vector<Change> changes_between(const Subjects& before, const Subjects& now) {
  std::vector<Change> out;
  for (const auto& [subject, facts] : before) {
    if (!now.contains(subject)) out.push_back({subject, main_fact(subject), fact_of(facts, main_fact(subject)), {}});
  }
  for (const auto& [subject, facts] : now) {
    const auto known = before.find(subject);
    if (known == before.end()) {
      out.push_back({subject, main_fact(subject), {}, fact_of(facts, main_fact(subject))});
      continue;
    }
    for (const auto& [name, value] : facts) {
      const auto old = fact_of(known->second, name);
      if (old && *old != value) out.push_back({subject, name, old, value});
    }
  }
  return out;
}

std::string sentence_of(const Change& change) {
  const std::string subject = change.subject.node + (change.subject.name.empty() ? "" : "  " + change.subject.name);
  if (!change.from) return fmt::format("{}  new, {}", subject, *change.to);
  if (!change.to) return fmt::format("{}  gone, was {}", subject, *change.from);
  if (change.fact == "started_at") return fmt::format("{}  restarted", subject);
  const auto shown = [](const std::string& text) { return text.empty() ? std::string("none") : text; };
  return fmt::format("{}  {}: {} -> {}", subject, change.fact, shown(*change.from), shown(*change.to));
}

Json to_json(const Change& change) {
  const auto or_null = [](const std::optional<std::string>& text) { return text ? Json(*text) : Json(); };
  Json out = {{"node", change.subject.node},
              {"change", change.fact},
              {"from", or_null(change.from)},
              {"to", or_null(change.to)}};
  if (!change.subject.name.empty()) out["service"] = change.subject.name;
  return out;
}

}  // namespace p2p::ctl
