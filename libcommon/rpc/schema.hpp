// Checks parameters against the subset of JSON Schema that manifests may use: type, properties, required,
// additionalProperties, enum, minimum, maximum, minLength, maxLength, pattern (RE2), items. title, description,
// default, examples, $schema and $comment are notes. Another keyword is refused when the schema is read, so that nobody
// believes in a check that is not made. Pure.
#pragma once

#include <memory>
#include <string_view>

#include "base/json.hpp"

namespace p2p::rpc {

/// A schema ready for checking; a value type that shares its immutable content.
class Schema {
 public:
  /// `invalid` names the keyword and where it stands.
  static Result<Schema> compile(const Json& document);
  static Result<Schema> parse(std::string_view text);

  /// `invalid` names the place (`params.paths[2]`) and what is wanted there.
  Result<void> check(const Json& value) const;

  struct Node;

 private:
  explicit Schema(std::shared_ptr<const Node> root) : root_(std::move(root)) {}
  std::shared_ptr<const Node> root_;
};

/// The parameters of a call as a value; without any, an empty object.
Result<Json> parse_params(std::string_view text);

}  // namespace p2p::rpc
