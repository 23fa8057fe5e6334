#include "config/describe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "config/keys.hpp"
#include "config/value.hpp"

namespace p2p::config {
namespace {

using OrderedJson = nlohmann::ordered_json;

/// Calls `heading` whenever the group changes, then `entry`.
template <class Heading, class Entry>
void walk(Heading heading, Entry entry) {
  std::optional<Group> group;
  for (const Key& key : keys()) {
    if (group != key.group) heading(key.group);
    group = key.group;
    entry(key);
  }
}

double in_unit(std::uint64_t milliseconds, Unit unit) {
  const double scale = unit == Unit::days ? 86'400'000 : unit == Unit::hours ? 3'600'000 : 1000;
  return static_cast<double>(milliseconds) / scale;
}

OrderedJson number_schema(const Key& key) {
  const bool duration = type_of(key) == Type::duration;
  OrderedJson out{{"type", duration ? "number" : "integer"}};
  if (duration) {
    out["minimum"] = in_unit(key.rules.min, key.rules.unit);
    out["maximum"] = in_unit(key.rules.max, key.rules.unit);
  } else {
    out["minimum"] = key.rules.min;
    if (key.rules.max != Rules{}.max) out["maximum"] = key.rules.max;
  }
  return out;
}

OrderedJson type_schema(const Key& key) {
  switch (type_of(key)) {
    case Type::boolean: return {{"type", "boolean"}};
    case Type::integer: return number_schema(key);
    case Type::bytes:
      return {{"anyOf", {number_schema(key), {{"type", "string"}, {"pattern", "^(0|[1-9][0-9]*) *[KMGT]iB$"}}}}};
    case Type::duration:
      return {{"anyOf", {number_schema(key), {{"type", "string"}, {"pattern", "^[0-9]+(ms|s|m|h|d)$"}}}}};
    case Type::text: return {{"type", "string"}};
    case Type::list: return {{"type", "array"}, {"items", {{"type", "string"}}}, {"maxItems", kMaxListEntries}};
    case Type::choice: return {{"type", "string"}, {"enum", choices_of(key)}};
  }
  return {};
}

/// What to_yaml writes, as JSON: a duration or size that says its own unit is a text.
OrderedJson value_json(const std::string& yaml) {
  OrderedJson out = OrderedJson::parse(yaml, nullptr, false);
  return out.is_discarded() ? OrderedJson(yaml) : out;
}

/// The default as JSON. What to_yaml writes is JSON too.
OrderedJson default_json(const Key& key) { return OrderedJson::parse(to_yaml(key, get(NodeConfig{}, key))); }

std::string_view source_text(Origin::Source source) {
  switch (source) {
    case Origin::Source::initial: return "default";
    case Origin::Source::derived: return "derived";
    case Origin::Source::file: return "file";
    case Origin::Source::environment: return "environment";
    case Origin::Source::flag: return "flag";
  }
  return {};
}

/// Characters that scdoc reads as markup.
std::string scdoc_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '_' || c == '*' || c == '\\' || c == '#' || c == '<' || c == '[' || c == '|') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

std::string dump(const LoadedConfig& config) {
  std::string out;
  walk([&](Group group) { out += fmt::format("{}# {}\n", out.empty() ? "" : "\n", title(group)); },
       [&](const Key& key) {
         const Origin& origin = config.origins.find(key.name)->second;
         if (origin.source == Origin::Source::initial && !key.derived_default.empty()) {
           out += fmt::format("# {}: {}\n", key.name, key.derived_default);
           return;
         }
         const std::string line = fmt::format("{}: {}", key.name, to_yaml(key, get(config.values, key)));
         out += fmt::format("{:<44}  # {}\n", line, origin.where);
       });
  return out;
}

std::string effective_values(const NodeConfig& running, const LoadedConfig& config) {
  const auto pending = compare(running, config.values).after_restart;
  OrderedJson out = OrderedJson::array();
  for (const Key& key : keys()) {
    const Origin& origin = config.origins.find(key.name)->second;
    const bool open = origin.source == Origin::Source::initial && !key.derived_default.empty();
    out.push_back({{"key", key.name},
                   {"value", open ? OrderedJson() : value_json(to_yaml(key, get(running, key)))},
                   {"source", source_text(origin.source)},
                   {"where", open ? std::string(key.derived_default) : origin.where},
                   {"live", key.rules.live},
                   {"needs_restart", std::find(pending.begin(), pending.end(), key.name) != pending.end()}});
  }
  return out.dump();
}

std::string json_schema() {
  OrderedJson properties = OrderedJson::object();
  for (const Key& key : keys()) {
    OrderedJson schema = type_schema(key);
    schema["description"] = key.description;
    if (key.derived_default.empty()) schema["default"] = default_json(key);
    properties[std::string(key.name)] = std::move(schema);
  }
  const OrderedJson out{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                        {"title", "Configuration of p2p-node"},
                        {"type", "object"},
                        {"additionalProperties", false},
                        {"properties", std::move(properties)}};
  return out.dump(2) + "\n";
}

std::string manual_sections() {
  std::string out;
  walk([&](Group group) { out += fmt::format("## {}\n\n", title(group)); },
       [&](const Key& key) {
         out += fmt::format("*{}*\n\t{}\n\n\tExpects {}. Default: {}.{}\n\n", key.name, scdoc_escaped(key.description),
                            scdoc_escaped(describe_type(key)), scdoc_escaped(default_text(key)),
                            key.rules.live ? " Reloaded by SIGHUP." : "");
       });
  return out;
}

}  // namespace p2p::config
