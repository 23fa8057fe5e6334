// The fleets that this user can talk to from this machine. `config/contexts.json` in home lists them and says which is
// current; the identity of each is in `certs/contexts/NAME/`. The name `local` stands for home's own operator
// certificate and is always there.
//
//   {"current": "shop", "contexts": {"shop": {"coordinator": "shop.example:8001", "cluster": "p2p", "operator":
//   "alice"}}}
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace p2p::pki {
struct Bundle;
}

namespace p2p::cli {

inline constexpr char kLocalContext[] = "local";
inline constexpr std::size_t kMaxContexts = 1000;

struct Context {
  std::string name;
  std::string coordinator;      ///< `host:port`; empty: not said
  std::string cluster_name{};   ///< of the bundle; empty for local
  std::string operator_name{};  ///< likewise
};

/// Where an identity's files are.
struct IdentityFiles {
  std::filesystem::path certificate;
  std::filesystem::path key;
  std::filesystem::path ca;
};

class ContextStore {
 public:
  explicit ContextStore(std::filesystem::path home) : home_(std::move(home)) {}

  struct List {
    std::string current = kLocalContext;
    std::vector<Context> contexts;  ///< sorted by name, without local
  };
  /// No file means no contexts; `damaged` when the file is not what this class writes.
  Result<List> list() const;
  /// `not_found` names the contexts that exist.
  Result<Context> find(const std::string& name) const;
  /// The current one.
  Result<Context> current() const;

  /// Stores the bundle's identity under `context.name` and makes it the current one. `exists` unless `replace`;
  /// `invalid` for a bad name.
  Result<void> add(const Context& context, const pki::Bundle& bundle, bool replace);
  Result<void> use(const std::string& name);
  /// Removes the context and its identity; if it is the current one, local is from then on. `invalid` for local,
  /// `not_found` as find().
  Result<void> remove(const std::string& name);

  IdentityFiles files_of(const std::string& name) const;

 private:
  std::filesystem::path list_file() const { return home_ / "config" / "contexts.json"; }
  Result<void> save(const List& list) const;

  std::filesystem::path home_;
};

}  // namespace p2p::cli
