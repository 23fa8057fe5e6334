// Reads the flat YAML of a configuration file: one document, one map, values that are scalars or lists of scalars.
// What YAML offers beyond that (anchors, tags, several documents) is refused by name. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace p2p::config {

inline constexpr std::size_t kMaxConfigBytes = 1 << 20;
inline constexpr int kMaxYamlDepth = 16;

/// Both count from 1; columns are bytes.
struct Position {
  int line = 1;
  int column = 1;
};

struct YamlScalar {
  enum class Kind : unsigned char { plain, quoted, null };
  Kind kind = Kind::plain;
  std::string text;
  Position at;
};

struct YamlEntry {
  enum class Shape : unsigned char { scalar, list, other /* a map, or nested */ };
  std::string key;
  Position key_at;
  Shape shape = Shape::scalar;
  Position value_at;
  std::vector<YamlScalar> values;  ///< exactly one for a scalar
};

struct YamlProblem {
  Position at;
  std::string text;
};

struct YamlFile {
  std::vector<YamlEntry> entries;  ///< in the order of the file; duplicates are not yet refused
  std::vector<YamlProblem> problems;
};

/// Never throws; a text that does not parse gives one problem and the entries before it.
YamlFile read_yaml(std::string_view text);

}  // namespace p2p::config
