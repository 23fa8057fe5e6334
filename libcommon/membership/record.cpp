#include "membership/record.hpp"

#include <fmt/format.h>

#include "base/json.hpp"
#include "base/text.hpp"
#include "membership/limits.hpp"

namespace p2p::membership {
namespace {

constexpr std::string_view kSignaturePrefix = "p2p-record/1";
constexpr std::string_view kAlive = "alive";
constexpr std::string_view kLeft = "left";

Error bad_record(std::string_view key) { return {Errc::damaged, fmt::format("record with a bad \"{}\"", key)}; }

/// Shown in tables, logs and addresses: no control characters, not long.
bool is_fair_text(std::string_view text) { return text.size() <= kMaxTextLength && escape_controls(text) == text; }

Result<std::vector<std::string>> read_texts(const Json& object, std::string_view key, std::size_t limit) {
  std::vector<std::string> out;
  const Json* list = find_member(object, key);
  if (list == nullptr) return out;
  if (!list->is_array()) return bad_record(key);
  if (list->size() > limit) return Error(Errc::too_large, fmt::format("record with more than {} {}", limit, key));
  for (const Json& item : *list) {
    const auto* text = item.get_ptr<const std::string*>();
    if (text == nullptr || text->empty() || !is_fair_text(*text)) return bad_record(key);
    out.push_back(*text);
  }
  return out;
}

Result<std::vector<ServiceVersion>> read_services(const Json& object) {
  std::vector<ServiceVersion> out;
  const Json* list = find_member(object, "services");
  if (list == nullptr) return out;
  if (!list->is_array()) return bad_record("services");
  if (list->size() > kMaxServices) {
    return Error(Errc::too_large, fmt::format("record with more than {} services", kMaxServices));
  }
  for (const Json& item : *list) {
    const std::string* name = find_string(item, "name");
    const std::string* version = find_string(item, "version");
    if (name == nullptr || version == nullptr || !is_valid_name(*name) || !is_fair_text(*version)) {
      return bad_record("services");
    }
    out.push_back({*name, *version});
  }
  return out;
}

Result<void> read_dates_and_state(const Json& object, Record& out) {
  const auto started_ms = find_unsigned(object, "started_at");
  constexpr std::uint64_t kMaxMilliseconds = 9'000'000'000'000;  // the year 2255, inside the range of WallTime
  if (!started_ms || *started_ms > kMaxMilliseconds) return bad_record("started_at");
  out.started_at = WallTime{std::chrono::milliseconds{*started_ms}};
  const auto instance = find_unsigned(object, "instance");
  if (!instance) return bad_record("instance");
  out.instance = *instance;
  const std::string* status = find_string(object, "status");
  if (status == nullptr || (*status != kAlive && *status != kLeft)) return bad_record("status");
  out.status = *status == kLeft ? RecordStatus::left : RecordStatus::alive;
  if (const Json* dialable = find_member(object, "dialable"); dialable != nullptr) {
    if (!dialable->is_boolean()) return bad_record("dialable");
    out.dialable = dialable->get<bool>();
  }
  return {};
}

}  // namespace

Bytes encode_record(const Record& record) {
  Json services = Json::array();
  for (const auto& service : record.services) {
    services.push_back({{"name", service.name}, {"version", service.version}});
  }
  const auto started = std::chrono::floor<std::chrono::milliseconds>(record.started_at.time_since_epoch()).count();
  Json out = {{"node_id", record.node_id},
              {"incarnation", record.incarnation},
              {"addresses", record.addresses},
              {"services", std::move(services)},
              {"capabilities", record.capabilities},
              {"version", record.version},
              {"started_at", static_cast<std::uint64_t>(started < 0 ? 0 : started)},
              {"instance", record.instance},
              {"status", record.status == RecordStatus::left ? kLeft : kAlive}};
  if (record.dialable) out["dialable"] = *record.dialable;
  if (!record.roots.empty()) out["roots"] = record.roots;
  return dump_cbor(out);
}

Result<Record> decode_record(ByteView bytes) {
  if (bytes.size() > kMaxRecordBytes) {
    return Error(Errc::too_large, fmt::format("record of {} bytes, allowed are {}", bytes.size(), kMaxRecordBytes));
  }
  const auto object = parse_cbor(bytes);
  if (!object) return Error(Errc::damaged, "record: " + object.error().context);
  Record out;
  const std::string* node_id = find_string(*object, "node_id");
  if (node_id == nullptr || !is_valid_name(*node_id)) return bad_record("node_id");
  out.node_id = *node_id;
  const auto incarnation = find_unsigned(*object, "incarnation");
  if (!incarnation || *incarnation == 0 || *incarnation > kMaxIncarnation) return bad_record("incarnation");
  out.incarnation = *incarnation;
  auto addresses = read_texts(*object, "addresses", kMaxAddresses);
  if (!addresses) return addresses.error();
  out.addresses = std::move(*addresses);
  auto services = read_services(*object);
  if (!services) return services.error();
  out.services = std::move(*services);
  auto capabilities = read_texts(*object, "capabilities", kMaxCapabilities);
  if (!capabilities) return capabilities.error();
  out.capabilities = std::move(*capabilities);
  auto roots = read_texts(*object, "roots", kMaxRoots);
  if (!roots) return roots.error();
  out.roots = std::move(*roots);
  const std::string* version = find_string(*object, "version");
  if (version == nullptr || !is_fair_text(*version)) return bad_record("version");
  out.version = *version;
  if (auto rest = read_dates_and_state(*object, out); !rest) return rest.error();
  return out;
}

std::string addresses_text(const std::vector<std::string>& addresses) {
  return addresses.empty() ? std::string("an unknown address") : escape_controls(join(addresses, ", "));
}

Bytes signed_text(std::string_view cluster_name, ByteView record) {
  Bytes out;
  out.reserve(kSignaturePrefix.size() + cluster_name.size() + 2 + record.size());
  out.insert(out.end(), kSignaturePrefix.begin(), kSignaturePrefix.end());
  out.push_back(0);
  out.insert(out.end(), cluster_name.begin(), cluster_name.end());
  out.push_back(0);
  out.insert(out.end(), record.begin(), record.end());
  return out;
}

}  // namespace p2p::membership
