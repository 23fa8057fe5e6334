// The one table of configuration keys. Loader, dump, JSON Schema and manual page all read it. Pure.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <variant>

#include "config/node_config.hpp"

namespace p2p::config {

enum class Group : unsigned char {
  node,
  gossip,
  limits,
  tls,
  persistence,
  tokens,
  services,
  addresses,
  logs,
  certificates,
  vault
};
/// A heading for people: `Node`, `Gossip`, …
std::string_view title(Group group) noexcept;

/// What a bare number in a file means.
enum class Unit : unsigned char { none, bytes, seconds, hours, days, per_minute };

/// The member decides the key's type; enumerations are written as their text.
using Member =
    std::variant<bool NodeConfig::*, std::uint16_t NodeConfig::*, std::uint64_t NodeConfig::*,
                 NodeConfig::Duration NodeConfig::*, std::string NodeConfig::*, NodeConfig::Strings NodeConfig::*,
                 LogLevel NodeConfig::*, ClientCertificates NodeConfig::*>;

/// Looks at a text (or each entry of a list): nullptr when it is fine, else what was expected, as in "an IP address".
using TextCheck = const char* (*)(std::string_view text);

struct Rules {
  std::uint64_t min = 0;  ///< of integers, and of durations in milliseconds
  std::uint64_t max = std::numeric_limits<std::uint64_t>::max();
  Unit unit = Unit::none;
  bool live = false;  ///< SIGHUP takes it over without a restart
  TextCheck check = nullptr;
};

struct Key {
  std::string_view name;
  Group group = Group::node;
  Member member;
  Rules rules{};
  std::string_view description;  ///< one or two sentences, for the manual, the schema and the editor
  /// What takes effect where the key is not given and the member's initialiser does not tell; empty: the initialiser.
  std::string_view derived_default{};
};

/// All keys in the order of the manual.
std::span<const Key> keys() noexcept;
/// nullptr for an unknown name.
const Key* find_key(std::string_view name) noexcept;
/// `; did you mean "port"?`, or empty when nothing is near.
std::string did_you_mean(std::string_view name);

}  // namespace p2p::config
