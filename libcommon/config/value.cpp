#include "config/value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <type_traits>

#include "base/json.hpp"
#include "base/text.hpp"
#include "config/yaml_scalar.hpp"

namespace p2p::config {
namespace {

constexpr std::array kLevels{LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error, LogLevel::critical};
constexpr std::array kClients{ClientCertificates::nodes, ClientCertificates::all};
constexpr std::size_t kShownLength = 60;  // of a wrong value, in a message

std::uint64_t milliseconds_of(Unit unit) {
  switch (unit) {
    case Unit::seconds: return 1000;
    case Unit::hours: return 3'600'000;
    case Unit::days: return 86'400'000;
    case Unit::none:
    case Unit::bytes:
    case Unit::per_minute: break;
  }
  return 1;
}

std::string_view unit_name(Unit unit) {
  switch (unit) {
    case Unit::seconds: return "seconds";
    case Unit::hours: return "hours";
    case Unit::days: return "days";
    case Unit::bytes: return "bytes";
    case Unit::per_minute: return "a minute";
    case Unit::none: break;
  }
  return {};
}

struct Step {
  std::uint64_t size;
  std::string_view name;
};
constexpr std::array<Step, 5> kDurations{{{86'400'000, "d"}, {3'600'000, "h"}, {60'000, "m"}, {1000, "s"}, {1, "ms"}}};
constexpr std::array<Step, 5> kSizes{
    {{1ULL << 40, " TiB"}, {1 << 30, " GiB"}, {1 << 20, " MiB"}, {1 << 10, " KiB"}, {1, ""}}};

/// In the largest step that says it exactly.
std::string exact_text(std::uint64_t value, std::span<const Step> steps) {
  const auto fits = [value](const Step& step) { return value >= step.size && value % step.size == 0; };
  const auto step = std::find_if(steps.begin(), steps.end(), fits);
  return step == steps.end() ? "0" : fmt::format("{}{}", value / step->size, step->name);
}

/// A duration as a bare number of the key's unit where three decimals say it exactly, else as `90m`, `1234ms`.
std::string duration_text(std::uint64_t milliseconds, Unit unit) {
  const std::uint64_t scale = milliseconds_of(unit);
  const std::uint64_t thousandths = milliseconds % scale * 1000;
  if (thousandths % scale != 0) return exact_text(milliseconds, kDurations);
  std::string out = fmt::format("{}.{:03}", milliseconds / scale, thousandths / scale);
  while (out.back() == '0') out.pop_back();
  if (out.back() == '.') out.pop_back();
  return out;
}

std::string range_text(const Key& key) {
  const Type type = type_of(key);
  const auto bound = [&](std::uint64_t value) {
    return type == Type::duration ? duration_text(value, key.rules.unit)
           : type == Type::bytes  ? exact_text(value, kSizes)
                                  : std::to_string(value);
  };
  if (key.rules.max == std::numeric_limits<std::uint64_t>::max())
    return key.rules.min == 0 ? "" : " from " + bound(key.rules.min);
  return fmt::format(" from {} to {}", bound(key.rules.min), bound(key.rules.max));
}

Error expected(const Key& key, std::string_view text, std::string_view remark = {}) {
  return {Errc::invalid, fmt::format("expects {}, not \"{}\"{}", describe_type(key),
                                     escape_controls(text.substr(0, kShownLength)), remark)};
}

Result<Value> in_range(const Key& key, std::uint64_t value, std::string_view text) {
  if (value < key.rules.min || value > key.rules.max) {
    return Error(Errc::invalid, fmt::format("{} is out of range; expects {}",
                                            escape_controls(text.substr(0, kShownLength)), describe_type(key)));
  }
  if (type_of(key) == Type::duration) return Value(std::chrono::milliseconds(value));
  return Value(value);
}

Result<Value> parse_number(const Key& key, std::string_view text, Style style) {
  const Type type = type_of(key);
  std::optional<std::uint64_t> value;
  if (type == Type::integer) {
    if (style == Style::quoted) return expected(key, text, "; remove the quotes");
    value = read_decimal(text);
  } else if (type == Type::bytes) {
    value = read_bytes(text);
  } else {
    value = read_decimal_scaled(text, milliseconds_of(key.rules.unit));
    if (!value) {
      if (auto spelled = parse_duration(text)) value = static_cast<std::uint64_t>(spelled->count());
    }
  }
  if (!value) return expected(key, text, number_trap(text));
  return in_range(key, *value, text);
}

Result<Value> parse_text(const Key& key, std::string_view text, Style style) {
  if (!is_utf8(text) || escape_controls(text) != text)
    return expected(key, text, "; control characters are not allowed");
  if (style == Style::plain) {
    if (const auto other = read_by_yaml_as(text)) {
      return Error(Errc::invalid,
                   fmt::format("expects text, and YAML reads {} as {}; write \"{}\"", text, *other, text));
    }
  }
  if (key.rules.check != nullptr) {
    if (const char* wanted = key.rules.check(text); wanted != nullptr) {
      return Error(Errc::invalid, fmt::format("expects {}, not \"{}\"", wanted, text.substr(0, kShownLength)));
    }
  }
  return Value(std::string(text));
}

Result<Value> parse_choice(const Key& key, std::string_view text) {
  const auto choices = choices_of(key);
  const bool level = std::holds_alternative<LogLevel NodeConfig::*>(key.member);
  if (level) {
    if (const auto parsed = parse_log_level(text)) return Value(std::string(to_string(*parsed)));
  } else if (std::find(choices.begin(), choices.end(), text) != choices.end()) {
    return Value(std::string(text));
  }
  return expected(key, text);
}

std::string quoted(const std::string& text) { return dump_json(Json(text)); }

}  // namespace

Type type_of(const Key& key) noexcept {
  struct Visitor {
    const Key& key;
    Type operator()(bool NodeConfig::*) const { return Type::boolean; }
    Type operator()(std::uint16_t NodeConfig::*) const { return Type::integer; }
    Type operator()(std::uint64_t NodeConfig::*) const {
      return key.rules.unit == Unit::bytes ? Type::bytes : Type::integer;
    }
    Type operator()(NodeConfig::Duration NodeConfig::*) const { return Type::duration; }
    Type operator()(std::string NodeConfig::*) const { return Type::text; }
    Type operator()(NodeConfig::Strings NodeConfig::*) const { return Type::list; }
    Type operator()(LogLevel NodeConfig::*) const { return Type::choice; }
    Type operator()(ClientCertificates NodeConfig::*) const { return Type::choice; }
  };
  return std::visit(Visitor{key}, key.member);
}

std::vector<std::string_view> choices_of(const Key& key) {
  std::vector<std::string_view> out;
  if (std::holds_alternative<LogLevel NodeConfig::*>(key.member)) {
    for (const LogLevel level : kLevels) out.push_back(to_string(level));
  } else if (std::holds_alternative<ClientCertificates NodeConfig::*>(key.member)) {
    for (const ClientCertificates clients : kClients) out.push_back(to_string(clients));
  }
  return out;
}

std::string describe_type(const Key& key) {
  switch (type_of(key)) {
    case Type::boolean: return "true or false";
    case Type::integer: return "an integer" + range_text(key);
    case Type::bytes: return "a number of bytes" + range_text(key) + " (also as 64 KiB, 256 MiB, 10 GiB)";
    case Type::duration: return fmt::format("a duration in {}{}", unit_name(key.rules.unit), range_text(key));
    case Type::text: return "text";
    case Type::list: return "a list of texts";
    case Type::choice: {
      std::string out;
      for (const auto choice : choices_of(key)) out += fmt::format("{}\"{}\"", out.empty() ? "one of " : ", ", choice);
      return out;
    }
  }
  return {};
}

Result<Value> parse_scalar(const Key& key, std::string_view text, Style style) {
  switch (type_of(key)) {
    case Type::boolean: {
      const auto value = read_boolean(text);
      if (value && style != Style::quoted) return Value(*value);
      return expected(key, text, value ? "; remove the quotes" : boolean_trap(text));
    }
    case Type::integer:
    case Type::bytes:
    case Type::duration: return parse_number(key, text, style);
    case Type::text:
    case Type::list: return parse_text(key, text, style);
    case Type::choice: return parse_choice(key, text);
  }
  return expected(key, text);
}

Result<Value> parse_outside(const Key& key, std::string_view text) {
  if (type_of(key) != Type::list) return parse_scalar(key, text, Style::outside);
  std::vector<std::string> entries;
  if (trim(text).empty()) return Value(entries);
  for (const std::string& part : split(text, ',')) {
    auto entry = parse_scalar(key, trim(part), Style::outside);
    if (!entry) return entry.error();
    entries.push_back(std::get<std::string>(*entry));
  }
  if (entries.size() > kMaxListEntries)
    return Error(Errc::invalid, fmt::format("has more than {} entries", kMaxListEntries));
  return Value(std::move(entries));
}

Value get(const NodeConfig& config, const Key& key) {
  return std::visit(
      [&]<class T>(T NodeConfig::*member) -> Value {
        const T& value = config.*member;
        if constexpr (std::is_enum_v<T>) {
          return std::string(to_string(value));
        } else if constexpr (std::is_same_v<T, std::uint16_t>) {
          return std::uint64_t{value};
        } else {
          return value;
        }
      },
      key.member);
}

void set(NodeConfig& config, const Key& key, const Value& value) {
  std::visit(
      [&]<class T>(T NodeConfig::*member) {
        if constexpr (std::is_same_v<T, LogLevel>) {
          config.*member = parse_log_level(std::get<std::string>(value)).value();
        } else if constexpr (std::is_same_v<T, ClientCertificates>) {
          config.*member = std::get<std::string>(value) == to_string(ClientCertificates::all)
                               ? ClientCertificates::all
                               : ClientCertificates::nodes;
        } else if constexpr (std::is_same_v<T, std::uint16_t>) {
          config.*member = static_cast<std::uint16_t>(std::get<std::uint64_t>(value));
        } else {
          config.*member = std::get<T>(value);
        }
      },
      key.member);
}

std::string to_yaml(const Key& key, const Value& value) {
  struct Visitor {
    const Key& key;
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
    std::string operator()(std::uint64_t number) const { return std::to_string(number); }
    std::string operator()(std::chrono::milliseconds duration) const {
      return duration_text(static_cast<std::uint64_t>(duration.count()), key.rules.unit);
    }
    std::string operator()(const std::string& text) const { return quoted(text); }
    std::string operator()(const std::vector<std::string>& entries) const {
      std::string out;
      for (const auto& entry : entries) out += (out.empty() ? "" : ", ") + quoted(entry);
      return "[" + out + "]";
    }
  };
  return std::visit(Visitor{key}, value);
}

std::string default_text(const Key& key) {
  if (!key.derived_default.empty()) return std::string(key.derived_default);
  const Value value = get(NodeConfig{}, key);
  return type_of(key) == Type::bytes ? exact_text(std::get<std::uint64_t>(value), kSizes) : to_yaml(key, value);
}

}  // namespace p2p::config
