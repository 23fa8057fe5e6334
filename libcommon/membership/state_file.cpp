#include "membership/state_file.hpp"

#include <fmt/format.h>

#include "base/json.hpp"
#include "base/rfc3339.hpp"
#include "base/text.hpp"

namespace p2p::membership {
namespace {

constexpr std::uint64_t kVersion = 1;

std::optional<Bytes> find_bytes(const Json& object, std::string_view key) {
  const std::string* text = find_string(object, key);
  if (text == nullptr) return std::nullopt;
  auto bytes = from_base64url(*text);
  if (!bytes) return std::nullopt;
  return std::move(*bytes);
}

std::optional<WallTime> find_date(const Json& object, std::string_view key) {
  const std::string* text = find_string(object, key);
  if (text == nullptr) return std::nullopt;
  const auto date = parse_rfc3339(*text);
  if (!date) return std::nullopt;
  return *date;
}

std::optional<SavedNode> read_node(const Json& object) {
  auto record = find_bytes(object, "record");
  auto signature = find_bytes(object, "signature");
  auto certificate = find_bytes(object, "certificate");
  const std::string* status_text = find_string(object, "status");
  if (!record || !signature || !certificate || status_text == nullptr) return std::nullopt;
  const auto status = parse_node_status(*status_text);
  if (!status) return std::nullopt;
  return SavedNode{{std::move(*record), std::move(*signature), std::move(*certificate)},
                   *status,
                   find_date(object, "last_seen").value_or(WallTime{})};
}

std::optional<std::pair<std::string, Tombstone>> read_tombstone(const Json& object) {
  const std::string* node_id = find_string(object, "node_id");
  const auto incarnation = find_unsigned(object, "incarnation");
  const auto hash = find_unsigned(object, "hash");
  const auto heartbeat = find_unsigned(object, "heartbeat");
  const auto until = find_date(object, "until");
  if (node_id == nullptr || !is_valid_name(*node_id) || !incarnation || !hash || !heartbeat || !until) {
    return std::nullopt;
  }
  return std::pair{*node_id, Tombstone{{*incarnation, *hash}, *heartbeat, *until, false}};
}

std::optional<CarriedBulletin> read_bulletin(const Json& object) {
  const std::string* kind = find_string(object, "kind");
  auto content = find_bytes(object, "content");
  if (kind == nullptr || !is_valid_kind(*kind) || !content) return std::nullopt;
  return CarriedBulletin{*kind, std::make_shared<const Bytes>(std::move(*content))};
}

/// Reads each element of the array `key`; what cannot be read is counted and named.
template <class Read, class Out>
void read_list(const Json& object, std::string_view key, std::size_t limit, Read read, Out& out,
               std::vector<std::string>& complaints) {
  const Json* list = find_member(object, key);
  if (list == nullptr || !list->is_array()) {
    complaints.push_back(fmt::format("gossip state: no list of {}", key));
    return;
  }
  std::size_t damaged = 0;
  for (const Json& item : *list) {
    auto value = out.size() < limit ? read(item) : std::nullopt;
    value ? out.push_back(std::move(*value)) : void(++damaged);
  }
  if (damaged > 0) complaints.push_back(fmt::format("gossip state: {} damaged {} left out", damaged, key));
}

}  // namespace

SavedState state_of(const Registry& registry) {
  SavedState out;
  for (const auto& [node_id, node] : registry.nodes()) {
    if (node_id == registry.self_id()) {
      out.incarnation = node.checked->record.incarnation;
    } else {
      out.nodes.push_back({node.checked->signed_record, node.status, node.last_seen});
    }
  }
  out.tombstones.assign(registry.tombstones().begin(), registry.tombstones().end());
  return out;
}

std::string encode_state(const SavedState& state, std::string_view node_id) {
  Json nodes = Json::array();
  for (const SavedNode& node : state.nodes) {
    Json entry = {{"record", to_base64url(node.signed_record.record)},
                  {"signature", to_base64url(node.signed_record.signature)},
                  {"certificate", to_base64url(node.signed_record.certificate)},
                  {"status", to_string(node.status)},
                  {"last_seen", nullptr}};
    if (node.last_seen != WallTime{}) entry["last_seen"] = format_rfc3339(node.last_seen);
    nodes.push_back(std::move(entry));
  }
  Json tombstones = Json::array();
  for (const auto& [name, tombstone] : state.tombstones) {
    tombstones.push_back({{"node_id", name},
                          {"incarnation", tombstone.version.incarnation},
                          {"hash", tombstone.version.short_hash},
                          {"heartbeat", tombstone.heartbeat},
                          {"until", format_rfc3339(tombstone.until)}});
  }
  Json bulletins = Json::array();
  for (const CarriedBulletin& bulletin : state.bulletins) {
    bulletins.push_back({{"kind", bulletin.kind}, {"content", to_base64url(*bulletin.content)}});
  }
  return dump_json({{"version", kVersion},
                    {"node_id", node_id},
                    {"incarnation", state.incarnation},
                    {"nodes", std::move(nodes)},
                    {"tombstones", std::move(tombstones)},
                    {"bulletins", std::move(bulletins)}});
}

LoadedState decode_state(std::string_view text, std::string_view node_id) {
  LoadedState out;
  const auto object = parse_json(text);
  if (!object) {
    out.complaints.push_back("gossip state: " + object.error().context);
    return out;
  }
  const auto version = find_unsigned(*object, "version");
  if (!version || *version != kVersion) {
    out.complaints.push_back("gossip state: of a version that this program does not know");
    return out;
  }
  const std::string* owner = find_string(*object, "node_id");
  if (owner == nullptr || *owner != node_id) {
    out.complaints.push_back(fmt::format("gossip state: it is not that of {}", node_id));
    return out;
  }
  const auto incarnation = find_unsigned(*object, "incarnation");
  if (incarnation && *incarnation < kMaxIncarnation) {
    out.state.incarnation = *incarnation;
  } else {
    out.complaints.push_back("gossip state: no incarnation of this node");
  }
  read_list(*object, "nodes", kMaxNodes, read_node, out.state.nodes, out.complaints);
  read_list(*object, "tombstones", kMaxTombstones, read_tombstone, out.state.tombstones, out.complaints);
  if (find_member(*object, "bulletins") != nullptr) {
    read_list(*object, "bulletins", kMaxBulletinKinds, read_bulletin, out.state.bulletins, out.complaints);
  }
  return out;
}

}  // namespace p2p::membership
