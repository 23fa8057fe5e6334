// What of a home goes into its vault, as its configuration has it.
#pragma once

#include "cli/failure.hpp"
#include "config/paths.hpp"
#include "vault/plain_folder.hpp"

namespace p2p::vault_tool {

inline constexpr std::string_view kConfigName = "config/node.yaml";

class HomePlan {
 public:
  /// `home` as it is without links in it. Reads the configuration; one that cannot be read is an error.
  static Result<HomePlan> make(const std::filesystem::path& home);

  /// A configuration that says where the vault is would not be found in it.
  bool config_stays() const noexcept { return names_vault_; }

  /// The names of the files, in order; `below` is a folder of home, or "." for all of it.
  Result<std::vector<std::string>> files(const vault::PlainFolder& home, const std::string& below) const;

  /// A node that began without the vault would not find its files any more. Where it cannot be seen whether one runs,
  /// that is a failure too.
  cli::Attempt<void> check_no_node_runs() const;

 private:
  explicit HomePlan(const std::filesystem::path& home) : paths_(home) {}
  bool takes(std::string_view name) const;

  config::Paths paths_;
  std::filesystem::path state_;
  std::string state_name_;  ///< of that in home; starts with .. where it is elsewhere
  bool names_vault_ = false;
};

}  // namespace p2p::vault_tool
