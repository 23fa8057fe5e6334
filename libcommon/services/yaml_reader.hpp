// Reads a small YAML document strictly: every key known, every value of its type and in its range, and each complaint
// with file:line:column. Pure. Inside a reading function a complaint is thrown; read_yaml turns it into an Error.
#pragma once

#include <yaml-cpp/yaml.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"

namespace p2p::services {

/// What stops the reading: where (from 0) and why.
struct YamlFlaw {
  int line = 0, column = 0;
  std::string what;
};

/// A value and the key that leads to it.
class YamlField {
 public:
  /// `place` is where complaints point: the key of a mapping's member, else the value itself.
  YamlField(std::string key, YAML::Node value, YAML::Mark place)
      : key_(std::move(key)), value_(std::move(value)), place_(place) {}

  const std::string& key() const { return key_; }
  [[noreturn]] void fail(std::string_view why) const;

  /// A scalar of at most `max_bytes`, UTF-8 without control characters but newline and tab.
  std::string text(std::size_t max_bytes) const;
  bool boolean() const;
  std::uint64_t count(std::uint64_t least, std::uint64_t most) const;
  /// `500ms`, `10s`; at least a millisecond.
  std::chrono::milliseconds duration(std::chrono::milliseconds most) const;
  std::vector<YamlField> list(std::size_t max_count) const;
  /// The members in order; a repeated key is a flaw.
  std::vector<YamlField> mapping(std::size_t max_count) const;
  /// As JSON by the rules of YAML's core schema; bounded in depth and count, so that aliases cannot swell it.
  Json json() const;

 private:
  std::string key_;
  YAML::Node value_;
  YAML::Mark place_;
};

/// Each known key and what it does to `Out`.
template <class Out>
using YamlKeys = std::vector<std::pair<std::string_view, std::function<void(Out&, const YamlField&)>>>;

/// The flaw of a key that is not among `known`, with the nearest one.
[[noreturn]] void fail_unknown_key(const YamlField& field, const std::vector<std::string_view>& known);

template <class Out>
void read_keys(const YamlField& mapping, const YamlKeys<Out>& keys, Out& out) {
  for (const YamlField& field : mapping.mapping(keys.size() + 64)) {
    bool known = false;
    for (const auto& [name, read] : keys) {
      if (name != field.key()) continue;
      read(out, field);
      known = true;
    }
    if (known) continue;
    std::vector<std::string_view> names;
    for (const auto& [name, read] : keys) names.push_back(name);
    fail_unknown_key(field, names);
  }
}

/// `invalid` when the text is not one YAML document.
Result<YamlField> open_yaml(std::string_view text, std::string_view file);
Error to_error(const YamlFlaw& flaw, std::string_view file);

template <class Out, class Read>
Result<Out> read_yaml(std::string_view text, std::string_view file, Read read) {
  auto root = open_yaml(text, file);
  if (!root) return root.error();
  try {
    return read(*root);
  } catch (const YamlFlaw& flaw) {
    return to_error(flaw, file);
  }
}

}  // namespace p2p::services
