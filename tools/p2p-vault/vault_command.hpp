// What the subcommands have in common: the options of a vault, and small things that several of them say or do.
#pragma once

#include <nlohmann/json.hpp>

#include "cli/vault_access.hpp"
#include "vault/storage.hpp"

namespace p2p::vault_tool {

/// Members keep the order in which they are documented.
using Document = nlohmann::ordered_json;

/// JSON text.
std::string json_text(const Document& document);

/// A subcommand that works on a vault; as the owner of home where root has it work on the one of home, but for an
/// AsCaller around files that a person names. Declares --vault, --password-file and --password-fd after its own
/// options.
class VaultCommand : public cli::Command {
 public:
  void declare(cli::Options& options) final;
  cli::Attempt<void> run(cli::Session& session) final;

 protected:
  virtual void declare_own(cli::Options& options) = 0;
  virtual cli::Attempt<void> run_with(cli::VaultAccess& access, cli::Session& session) = 0;

 private:
  cli::VaultFlags flags_;
};

/// Where a second password comes from, that of a vault which is to be made.
class NewPassword {
 public:
  /// Names the options --PREFIX-password-file and --PREFIX-password-fd.
  void declare(cli::Options& options, const std::string& prefix, const char* variable);
  cli::Attempt<crypto::Secret> read(const std::string& prompt, cli::Reporter& report) const;

 private:
  const char* variable_ = "";
  std::string file_;
  std::uint64_t descriptor_ = cli::VaultFlags::kNoDescriptor;
};

/// 1 entry, 3 entries.
std::string entries_text(std::size_t count);

using vault::now_seconds;

/// Read, and not yet in the vault.
struct NewEntry {
  std::string name;
  crypto::SecretBuffer content;
};

/// Both are the user's own, so that how long it takes tells nobody anything.
bool same_bytes(const crypto::SecretBuffer& a, const crypto::SecretBuffer& b);

/// Iterations of the key derivation as an option; `to` has its default.
void declare_iterations(cli::Options& options, std::uint64_t& to);

/// Fails for a name that is taken, unless `force`. Within VaultFile::update.
Result<void> check_free(const vault::Contents& contents, const std::string& name, bool force);

}  // namespace p2p::vault_tool
