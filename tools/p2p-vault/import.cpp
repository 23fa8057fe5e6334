// p2p-vault import: moves the plain files of a home, or of any folder, into the vault.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "commands.hpp"
#include "vault/entry_name.hpp"
#include "vault/limits.hpp"
#include "vault/plain_file.hpp"
#include "vault_command.hpp"

namespace p2p::vault_tool {
namespace {

namespace fs = std::filesystem;

/// What a node and the tools read by name. Databases, locks and services are not for a vault.
constexpr std::array<std::string_view, 2> kHomeFolders{"certs/", "config/"};
/// Below data/, where several nodes of one home have a folder each.
constexpr std::array<std::string_view, 4> kStateFiles{"gossip_state.json", "jwt_blacklist.json", "service_state.json",
                                                      "acme_account.pem"};

bool belongs_into_vault(std::string_view name) {
  if (name.ends_with(".lock")) return false;
  const auto is_above = [&](std::string_view folder) { return name.starts_with(folder); };
  const auto file = name.substr(name.rfind('/') + 1);
  return std::any_of(kHomeFolders.begin(), kHomeFolders.end(), is_above) ||
         (is_above("data/") && std::find(kStateFiles.begin(), kStateFiles.end(), file) != kStateFiles.end());
}

bool same_bytes(const crypto::SecretBuffer& a, const crypto::SecretBuffer& b) {
  return std::ranges::equal(a.view(), b.view());
}

class Import final : public VaultCommand {
  void declare_own(cli::Options& options) override {
    options.optional_argument("DIR", folder_, "the folder whose files are put (else home: certs, config and state)")
        .flag("--remove", remove_, "remove the plain files once the vault has them; asks otherwise")
        .flag("-f,--force", force_, "replace entries that are there already with other content");
  }

  cli::Attempt<void> run_with(cli::VaultAccess& access, cli::Session& session) override {
    const fs::path folder = folder_.empty() ? session.home : fs::path(folder_);
    if (folder_.empty()) {
      if (auto unused = check_no_node_runs(folder); !unused) return unused;
    }
    const auto names = names_below(folder);
    if (!names) return names.error();
    if (names->empty()) return cli::Failure(cli::kNotFound, folder.string() + ": nothing to import");
    const auto put = access.update([&](vault::Contents& contents) -> Result<void> {
      for (const auto& name : *names) {
        if (auto done = put_file(folder, name, contents); !done) return done;
      }
      return {};
    });
    if (!put) return with_force_hint(put.error());
    if (auto checked = check(access, folder, *names); !checked) return checked;
    session.report.note(
        fmt::format("put {}; the vault has them as they are in {}", entries_text(names->size()), folder.string()));
    return offer_removal(folder, *names, session);
  }

  /// One that began without the vault would not find its files any more.
  static cli::Attempt<void> check_no_node_runs(const fs::path& home) {
    const auto files = vault::plain_files_below(home / "data");
    if (!files) return {};  // no state, no node
    for (const auto& name : *files) {
      if (fs::path(name).filename() != "lock") continue;
      const auto held = FileLock::is_held(home / "data" / name);
      if (held && !*held) continue;
      return cli::Failure(cli::kFailed, fmt::format("p2p-node runs in this home ({})", (home / "data" / name).string()),
                          "stop it, import, and start it again with the vault's password");
    }
    return {};
  }

  Result<std::vector<std::string>> names_below(const fs::path& folder) const {
    auto out = vault::plain_files_below(folder);
    if (!out) return out;
    if (folder_.empty()) std::erase_if(*out, [](const auto& name) { return !belongs_into_vault(name); });
    for (const auto& name : *out) {
      if (auto checked = vault::check_entry_name(name); !checked) return checked.error();
    }
    return out;
  }

  Result<void> put_file(const fs::path& folder, const std::string& name, vault::Contents& contents) const {
    auto content = vault::read_plain_file(folder / name, vault::kMaxContentBytes, false);
    if (!content) return content.error();
    if (contents.find(name) != nullptr) {
      const auto before = contents.read(name);
      if (!before) return before.error();
      if (same_bytes(*before, *content)) return {};
    }
    if (auto free = check_free(contents, name, force_); !free) return free;
    return contents.put(name, std::move(*content), now_seconds());
  }

  /// Reads everything back from the file before a plain one may go.
  static cli::Attempt<void> check(cli::VaultAccess& access, const fs::path& folder,
                                  const std::vector<std::string>& names) {
    const auto opened = access.open();
    if (!opened) return opened.error();
    for (const auto& name : names) {
      const auto kept = opened->contents.read(name);
      if (!kept) return access.explain(kept.error());
      const auto plain = vault::read_plain_file(folder / name, vault::kMaxContentBytes, false);
      if (!plain || !same_bytes(*kept, *plain)) {
        return cli::Failure(cli::kFailed, fmt::format("{} changed meanwhile", vault::quoted_name(name)),
                            "stop what writes it, then import again");
      }
    }
    return {};
  }

  cli::Attempt<void> offer_removal(const fs::path& folder, const std::vector<std::string>& names,
                                   cli::Session& session) const {
    const std::string kept = "the plain files are still there; p2p-vault import --remove takes them away";
    if (!remove_) {
      const auto question = fmt::format("Remove the {} plain files from {}?", names.size(), folder.string());
      const auto answer = session.ask ? session.ask(question) : Result<bool>(false);
      if (!answer || !*answer) {
        session.report.note(kept);
        return {};
      }
    }
    for (const auto& name : names) {
      std::error_code failed;
      fs::remove(folder / name, failed);
      if (failed) return system_error(failed.value(), (folder / name).string());
    }
    session.report.note("removed the plain files; what a disk or a backup kept of them is beyond this tool");
    return {};
  }

  std::string folder_;
  bool remove_ = false;
  bool force_ = false;
};

}  // namespace

std::unique_ptr<cli::Command> make_import() { return std::make_unique<Import>(); }

}  // namespace p2p::vault_tool
