#include "dashboard/updates.hpp"

#include <fmt/format.h>

#include "base/rfc3339.hpp"

namespace p2p::dashboard {
namespace {

constexpr int kNowDigits = 3;

/// Node names are valid names (base/text.hpp): nothing in them needs an escape.
void append_member(std::string& out, std::string_view name, std::string_view value) {
  if (out.back() != '{') out += ',';
  out.append("\"").append(name).append("\":").append(value);
}

}  // namespace

std::string Updates::next(const Snapshot& now, std::string_view history) {
  std::string metrics = "{";
  append_member(metrics, "now", "\"" + format_rfc3339(now.now, kNowDigits) + "\"");
  FleetEntry fleet = fleet_text_.empty() ? now.fleet : without_noise(fleet_, now.fleet);
  if (fleet_text_.empty() || fleet != fleet_) {
    fleet_ = std::move(fleet);
    fleet_text_ = dump_json(to_json(fleet_));
    append_member(metrics, "fleet", fleet_text_);
  }
  std::string changed = "{";
  for (const auto& [name, entry] : now.nodes) {
    Sent& sent = nodes_[name];
    const bool fresh = sent.text.empty() || now.now - sent.at >= kRefreshInterval || now.now < sent.at;
    if (!fresh && without_noise(sent.entry, entry) == sent.entry) continue;
    sent.entry = entry;
    sent.text = dump_json(to_json(entry));
    sent.at = now.now;
    append_member(changed, name, sent.text);
  }
  if (changed.size() > 1) append_member(metrics, "nodes", changed + "}");
  std::string removed;
  for (auto sent = nodes_.begin(); sent != nodes_.end();) {
    if (now.nodes.contains(sent->first)) {
      ++sent;
      continue;
    }
    removed.append(removed.empty() ? "\"" : ",\"").append(sent->first).append("\"");
    sent = nodes_.erase(sent);
  }
  if (!removed.empty()) append_member(metrics, "removed", "[" + removed + "]");
  now_ = now.now;
  const std::uint64_t base = sequence_++;
  return fmt::format(R"({{"type":"update","sequence":{},"base":{},"data":{{"metrics":{}}},"history":{}}}}})", sequence_,
                     base, metrics, history);
}

std::string Updates::whole(std::string_view history) const {
  std::string metrics = "{";
  append_member(metrics, "now", "\"" + format_rfc3339(now_, kNowDigits) + "\"");
  append_member(metrics, "fleet", fleet_text_.empty() ? dump_json(to_json(fleet_)) : fleet_text_);
  std::string nodes = "{";
  for (const auto& [name, sent] : nodes_) append_member(nodes, name, sent.text);
  append_member(metrics, "nodes", nodes + "}");
  return fmt::format(R"({{"type":"update","sequence":{},"whole":true,"data":{{"metrics":{}}},"history":{}}}}})",
                     sequence_, metrics, history);
}

}  // namespace p2p::dashboard
