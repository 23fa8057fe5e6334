#include "home_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "config/home.hpp"
#include "vault/entry_name.hpp"
#include "vault/limits.hpp"

namespace p2p::vault_tool {
namespace {

namespace fs = std::filesystem;

/// What a node and the tools read by name. Databases, locks and services are not for a vault.
constexpr std::array<std::string_view, 2> kHomeFolders{"certs", "config"};
/// Has a folder for each of several nodes of one home, as a rule.
constexpr std::string_view kDataFolder = "data";
/// Below data/ and state_directory.
constexpr std::array<std::string_view, 4> kStateFiles{"gossip_state.json", "jwt_blacklist.json", "service_state.json",
                                                      "acme_account.pem"};
constexpr std::string_view kLockName = "lock";

bool is_in(std::string_view name, std::string_view folder) {
  return name.size() > folder.size() && name.starts_with(folder) && name[folder.size()] == '/';
}

}  // namespace

Result<HomePlan> HomePlan::make(const fs::path& home) {
  HomePlan out(home);
  const auto sources = config::gather_sources(out.paths_, "", {});
  if (!sources) return sources.error();
  const auto loaded = config::load(*sources).config;
  std::error_code failed;
  out.state_ = fs::weakly_canonical(out.paths_.state_directory(loaded.values), failed);
  if (failed) return system_error(failed.value(), out.paths_.state_directory(loaded.values).string());
  out.state_name_ = out.state_.lexically_relative(home).generic_string();
  const auto origin = loaded.origins.find("vault_file");
  out.names_vault_ = origin != loaded.origins.end() && origin->second.source == config::Origin::Source::file;
  return out;
}

bool HomePlan::takes(std::string_view name) const {
  if (name.ends_with(".lock") || (names_vault_ && name == kConfigName)) return false;
  if (std::ranges::any_of(kHomeFolders, [&](std::string_view folder) { return is_in(name, folder); })) return true;
  const auto file = name.substr(name.rfind('/') + 1);
  return (is_in(name, kDataFolder) || is_in(name, state_name_)) &&
         std::ranges::find(kStateFiles, file) != kStateFiles.end();
}

Result<std::vector<std::string>> HomePlan::files(const vault::PlainFolder& home, const std::string& below) const {
  std::set<std::string, std::less<>> folders{std::string(kDataFolder)};
  folders.insert(kHomeFolders.begin(), kHomeFolders.end());
  if (vault::check_entry_name(state_name_)) folders.insert(state_name_);
  std::set<std::string> out;
  for (const auto& folder : folders) {
    const auto names =
        home.files(folder, [&](std::string_view name) { return takes(name) && (below == "." || is_in(name, below)); });
    if (!names) return names.error();
    out.insert(names->begin(), names->end());
  }
  return std::vector<std::string>(out.begin(), out.end());
}

cli::Attempt<void> HomePlan::check_no_node_runs() const {
  const fs::path data = paths_.home() / kDataFolder;
  std::set<fs::path> locks{state_ / kLockName, data / kLockName};
  std::error_code failed;
  for (fs::directory_iterator each(data, failed), end; !failed && each != end; each.increment(failed)) {
    if (each->symlink_status().type() == fs::file_type::directory) locks.insert(each->path() / kLockName);
  }
  if (failed && failed != std::errc::no_such_file_or_directory) {
    return cli::Failure(system_error(failed.value(), data.string()),
                        "whether p2p-node runs in this home cannot be seen without it");
  }
  for (const auto& lock : locks) {
    const auto held = FileLock::is_held(lock);
    if (!held) return cli::Failure(held.error(), "whether p2p-node runs in this home cannot be seen without it");
    if (!*held) continue;
    return cli::Failure(cli::kFailed, fmt::format("p2p-node runs in this home ({})", lock.string()),
                        "stop it, import, and start it again with the vault's password");
  }
  return {};
}

}  // namespace p2p::vault_tool
