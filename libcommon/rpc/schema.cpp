#include "rpc/schema.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <vector>

#include "base/text.hpp"

namespace p2p::rpc {

using NodePtr = std::shared_ptr<const Schema::Node>;

struct Schema::Node {
  std::vector<std::string> types;
  std::map<std::string, NodePtr> properties;
  std::vector<std::string> required;
  bool additional_allowed = true;
  NodePtr additional;
  std::optional<std::vector<Json>> allowed;
  std::optional<double> minimum, maximum;
  std::optional<std::uint64_t> min_length, max_length;
  std::shared_ptr<const re2::RE2> pattern;
  NodePtr items;
};

namespace {

constexpr std::size_t kMaxPatternBytes = 1024;
constexpr std::int64_t kMaxPatternMemoryBytes = 1 << 20;
constexpr std::string_view kTypes[] = {"null", "boolean", "object", "array", "number", "integer", "string"};
constexpr std::string_view kNotes[] = {"title", "description", "default", "examples", "$schema", "$comment"};

template <class Range>
bool contains(const Range& range, std::string_view value) {
  return std::find(std::begin(range), std::end(range), value) != std::end(range);
}

Error flaw(const std::string& where, std::string_view why) {
  return {Errc::invalid, fmt::format("schema {}: {}", where.empty() ? "root" : where, why)};
}

Result<NodePtr> compile_node(const Json& document, const std::string& where);

Result<std::vector<std::string>> names(const Json& value, const std::string& where, std::string_view keyword) {
  std::vector<std::string> out;
  if (!value.is_array()) return flaw(where, fmt::format("\"{}\" must be a list of names", keyword));
  for (const Json& element : value) {
    if (!element.is_string()) return flaw(where, fmt::format("\"{}\" must be a list of names", keyword));
    out.push_back(element.get<std::string>());
  }
  return out;
}

Result<void> read_type(Schema::Node& node, const Json& value, const std::string& where) {
  auto types = names(value.is_string() ? Json::array({value}) : value, where, "type");
  if (!types) return types.error();
  for (const std::string& type : *types) {
    if (!contains(kTypes, type)) return flaw(where, fmt::format("unknown type \"{}\"", escape_controls(type)));
  }
  node.types = std::move(*types);
  return {};
}

Result<void> read_properties(Schema::Node& node, const Json& value, const std::string& where) {
  if (!value.is_object()) return flaw(where, "\"properties\" must be an object");
  for (const auto& [name, part] : value.items()) {
    auto compiled = compile_node(part, where + "/properties/" + name);
    if (!compiled) return compiled.error();
    node.properties.emplace(name, std::move(*compiled));
  }
  return {};
}

Result<void> read_pattern(Schema::Node& node, const Json& value, const std::string& where) {
  if (!value.is_string()) return flaw(where, "\"pattern\" must be a string");
  const auto& text = value.get_ref<const std::string&>();
  if (text.size() > kMaxPatternBytes) return flaw(where, "\"pattern\" is too long");
  re2::RE2::Options options(re2::RE2::Quiet);
  options.set_max_mem(kMaxPatternMemoryBytes);
  auto compiled = std::make_shared<re2::RE2>(text, options);
  if (!compiled->ok()) return flaw(where, fmt::format("\"pattern\": {}", compiled->error()));
  node.pattern = std::move(compiled);
  return {};
}

Result<void> read_number(std::optional<double>& out, const Json& value, const std::string& where) {
  if (!value.is_number()) return flaw(where, "\"minimum\" and \"maximum\" must be numbers");
  out = value.get<double>();
  return {};
}

Result<void> read_length(std::optional<std::uint64_t>& out, const Json& value, const std::string& where) {
  if (!value.is_number_unsigned()) return flaw(where, "\"minLength\" and \"maxLength\" must be whole numbers");
  out = value.get<std::uint64_t>();
  return {};
}

Result<void> read_part(NodePtr& out, const Json& value, const std::string& where) {
  auto compiled = compile_node(value, where);
  if (!compiled) return compiled.error();
  out = std::move(*compiled);
  return {};
}

Result<void> read_keyword(Schema::Node& node, const std::string& keyword, const Json& value, const std::string& where) {
  if (contains(kNotes, keyword)) return {};
  if (keyword == "type") return read_type(node, value, where);
  if (keyword == "properties") return read_properties(node, value, where);
  if (keyword == "pattern") return read_pattern(node, value, where);
  if (keyword == "minimum") return read_number(node.minimum, value, where);
  if (keyword == "maximum") return read_number(node.maximum, value, where);
  if (keyword == "minLength") return read_length(node.min_length, value, where);
  if (keyword == "maxLength") return read_length(node.max_length, value, where);
  if (keyword == "items") return read_part(node.items, value, where + "/items");
  if (keyword == "additionalProperties") {
    node.additional_allowed = !value.is_boolean() || value.get<bool>();
    return value.is_boolean() ? Result<void>() : read_part(node.additional, value, where + "/additionalProperties");
  }
  if (keyword == "required") {
    auto required = names(value, where, "required");
    if (!required) return required.error();
    node.required = std::move(*required);
    return {};
  }
  if (keyword == "enum") {
    if (!value.is_array() || value.empty()) return flaw(where, "\"enum\" must be a list of values");
    node.allowed = value.get<std::vector<Json>>();
    return {};
  }
  return flaw(where, fmt::format("keyword \"{}\" is not supported", escape_controls(keyword)));
}

Result<NodePtr> compile_node(const Json& document, const std::string& where) {
  if (!document.is_object()) return flaw(where, "must be an object");
  auto node = std::make_shared<Schema::Node>();
  for (const auto& [keyword, value] : document.items()) {
    if (auto read = read_keyword(*node, keyword, value, where); !read) return read.error();
  }
  return NodePtr(std::move(node));
}

bool is_whole(const Json& value) {
  return value.is_number_integer() ||
         (value.is_number_float() && std::trunc(value.get<double>()) == value.get<double>());
}

bool has_type(const Json& value, const std::string& type) {
  if (type == "null") return value.is_null();
  if (type == "boolean") return value.is_boolean();
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "number") return value.is_number();
  if (type == "integer") return is_whole(value);
  return value.is_string();
}

/// JSON Schema counts characters, not bytes.
std::size_t character_count(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

Error misfit(const std::string& place, std::string_view why) {
  return {Errc::invalid, fmt::format("{} {}", place, why)};
}

Result<void> check_node(const Schema::Node& node, const Json& value, const std::string& place);

Result<void> check_number(const Schema::Node& node, const Json& value, const std::string& place) {
  const double number = value.get<double>();
  if (node.minimum && number < *node.minimum) return misfit(place, fmt::format("must be at least {}", *node.minimum));
  if (node.maximum && number > *node.maximum) return misfit(place, fmt::format("must be at most {}", *node.maximum));
  return {};
}

Result<void> check_string(const Schema::Node& node, const std::string& text, const std::string& place) {
  const std::size_t length = character_count(text);
  if (node.min_length && length < *node.min_length) {
    return misfit(place, fmt::format("must have at least {} characters", *node.min_length));
  }
  if (node.max_length && length > *node.max_length) {
    return misfit(place, fmt::format("must have at most {} characters", *node.max_length));
  }
  if (node.pattern && !re2::RE2::PartialMatch(text, *node.pattern)) {
    return misfit(place, fmt::format("must match {}", node.pattern->pattern()));
  }
  return {};
}

/// So many unknown members are compared with a name that is missing.
constexpr int kMostCompared = 32;
/// Of a member's name, in messages and comparisons.
constexpr std::size_t kNameBytes = 64;

/// `; did you mean it by "pth"?` with the unknown member that is near a required one.
std::string misspelt(const Schema::Node& node, const Json& value, const std::string& required) {
  int compared = 0;
  const std::string_view wanted[] = {required};
  for (const auto& [name, member] : value.items()) {
    if (node.properties.contains(name) || name.size() > kNameBytes) continue;
    if (nearest(name, wanted)) return fmt::format("; did you mean it by \"{}\"?", escape_controls(name));
    if (++compared == kMostCompared) break;
  }
  return {};
}

std::string known_name(const Schema::Node& node, const std::string& name) {
  std::vector<std::string_view> names;
  for (const auto& [known, part] : node.properties) names.push_back(known);
  return did_you_mean(name.substr(0, kNameBytes), names);
}

Result<void> check_object(const Schema::Node& node, const Json& value, const std::string& place) {
  for (const std::string& name : node.required) {
    if (!value.contains(name)) return misfit(place + "." + name, "is missing" + misspelt(node, value, name));
  }
  for (const auto& [name, member] : value.items()) {
    const std::string inner = place + "." + escape_controls(name.substr(0, kNameBytes));
    const auto known = node.properties.find(name);
    if (known != node.properties.end()) {
      if (auto checked = check_node(*known->second, member, inner); !checked) return checked;
    } else if (!node.additional_allowed) {
      return misfit(inner, "is not known" + known_name(node, name));
    } else if (node.additional) {
      if (auto checked = check_node(*node.additional, member, inner); !checked) return checked;
    }
  }
  return {};
}

Result<void> check_node(const Schema::Node& node, const Json& value, const std::string& place) {
  const auto fits = [&](const std::string& type) { return has_type(value, type); };
  if (!node.types.empty() && std::none_of(node.types.begin(), node.types.end(), fits)) {
    return misfit(place, fmt::format("must be of type {}", join(node.types, " or ")));
  }
  if (node.allowed && std::find(node.allowed->begin(), node.allowed->end(), value) == node.allowed->end()) {
    return misfit(place, fmt::format("must be one of {}", dump_json(Json(*node.allowed))));
  }
  if (value.is_number()) return check_number(node, value, place);
  if (value.is_string()) return check_string(node, value.get_ref<const std::string&>(), place);
  if (value.is_object()) return check_object(node, value, place);
  if (!value.is_array() || !node.items) return {};
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (auto checked = check_node(*node.items, value[i], fmt::format("{}[{}]", place, i)); !checked) return checked;
  }
  return {};
}

}  // namespace

Result<Schema> Schema::compile(const Json& document) {
  auto root = compile_node(document, "");
  if (!root) return root.error();
  return Schema(std::move(*root));
}

Result<Schema> Schema::parse(std::string_view text) {
  auto document = parse_json(text);
  if (!document) return document.error();
  return compile(*document);
}

Result<void> Schema::check(const Json& value) const { return check_node(*root_, value, "params"); }

Result<Json> parse_params(std::string_view text) { return parse_json(text.empty() ? "{}" : text); }

}  // namespace p2p::rpc
