// p2p-vault import: moves the plain files of a home, or of any folder, into the vault.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "commands.hpp"
#include "config/home.hpp"
#include "vault/entry_name.hpp"
#include "vault/limits.hpp"
#include "vault/plain_file.hpp"
#include "vault_command.hpp"

namespace p2p::vault_tool {
namespace {

namespace fs = std::filesystem;

/// What a node and the tools read by name. Databases, locks and services are not for a vault.
constexpr std::array<std::string_view, 2> kHomeFolders{"certs/", "config/"};
/// Below data/ and state_directory, where several nodes of one home have a folder each.
constexpr std::array<std::string_view, 4> kStateFiles{"gossip_state.json", "jwt_blacklist.json", "service_state.json",
                                                      "acme_account.pem"};
constexpr std::string_view kConfigName = "config/node.yaml";

/// What of a home goes into its vault, as its configuration has it.
class HomePlan {
 public:
  explicit HomePlan(const fs::path& home) : paths_(fs::weakly_canonical(home)) {
    const auto sources = config::gather_sources(paths_, "", {});
    const auto loaded = sources ? config::load(*sources).config : config::LoadedConfig();
    state_ = fs::weakly_canonical(paths_.state_directory(loaded.values));
    state_names_ = state_.lexically_relative(paths_.home()).generic_string() + "/";
    const auto origin = loaded.origins.find("vault_file");
    names_vault_ = origin != loaded.origins.end() && origin->second.source == config::Origin::Source::file;
  }

  const fs::path& home() const { return paths_.home(); }
  /// A configuration that says where the vault is would not be found in it.
  bool config_stays() const { return names_vault_; }

  bool takes(std::string_view name) const {
    if (name.ends_with(".lock") || (names_vault_ && name == kConfigName)) return false;
    const auto is_in = [&](std::string_view folder) { return name.starts_with(folder); };
    if (std::any_of(kHomeFolders.begin(), kHomeFolders.end(), is_in)) return true;
    const auto file = name.substr(name.rfind('/') + 1);
    return (is_in("data/") || is_in(state_names_)) &&
           std::find(kStateFiles.begin(), kStateFiles.end(), file) != kStateFiles.end();
  }

  /// One that began without the vault would not find its files any more.
  cli::Attempt<void> check_no_node_runs() const {
    for (const auto& folder : {paths_.home() / "data", state_}) {
      const auto files = vault::plain_files_below(folder);
      if (!files) continue;  // no state, no node
      for (const auto& name : *files) {
        if (fs::path(name).filename() != "lock") continue;
        const auto held = FileLock::is_held(folder / name);
        if (held && !*held) continue;
        return cli::Failure(cli::kFailed, fmt::format("p2p-node runs in this home ({})", (folder / name).string()),
                            "stop it, import, and start it again with the vault's password");
      }
    }
    return {};
  }

 private:
  config::Paths paths_;
  fs::path state_;
  std::string state_names_;
  bool names_vault_ = false;
};

/// Certificates and revocation lists, and nothing else: those who know no vault want them too, such as curl.
bool is_public(ByteView content) {
  constexpr std::string_view kBegin = "-----BEGIN ";
  const auto text = as_text(content);
  bool out = false;
  for (auto at = text.find(kBegin); at != std::string_view::npos; at = text.find(kBegin, at + 1)) {
    const auto label = text.substr(at + kBegin.size());
    if (!label.starts_with("CERTIFICATE-----") && !label.starts_with("X509 CRL-----")) return false;
    out = true;
  }
  return out;
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
    const HomePlan plan(session.home);
    const fs::path folder = folder_.empty() ? plan.home() : fs::weakly_canonical(folder_);
    const auto below = folder.lexically_relative(plan.home()).generic_string();
    const bool is_home = below == "." || (!below.empty() && !below.starts_with(".."));
    if (is_home) {
      if (auto unused = plan.check_no_node_runs(); !unused) return unused;
    }
    const auto names = is_home ? names_of_home(plan, below) : names_below(folder);
    if (!names) return names.error();
    const fs::path& from = is_home ? plan.home() : folder;
    if (names->empty()) {
      return cli::Failure(cli::kNotFound, folder.string() + ": nothing to import",
                          is_home ? "of a home, a vault takes certs, config and the node's state" : "");
    }
    const auto put = access.update([&](vault::Contents& contents) -> Result<void> {
      for (const auto& name : *names) {
        if (auto done = put_file(from, name, contents); !done) return done;
      }
      return {};
    });
    if (!put) return put;
    if (auto checked = check(access, from, *names); !checked) return checked;
    session.report.note(
        fmt::format("put {}; the vault has them as they are in {}", entries_text(names->size()), folder.string()));
    if (is_home && plan.config_stays()) {
      session.report.note(fmt::format("{} stays a plain file: it says where the vault is", kConfigName));
    }
    return offer_removal(from, *names, is_home, session);
  }

  static Result<std::vector<std::string>> names_below(const fs::path& folder) {
    auto out = vault::plain_files_below(folder);
    if (!out) return out;
    for (const auto& name : *out) {
      if (auto checked = vault::check_entry_name(name); !checked) return checked.error();
    }
    return out;
  }

  /// Of the whole home or of a part of it: the names are always those from home, by which nodes and tools look.
  static Result<std::vector<std::string>> names_of_home(const HomePlan& plan, const std::string& below) {
    auto out = names_below(plan.home() / below);
    if (!out) return out;
    if (below != ".") {
      for (auto& name : *out) name = below + "/" + name;
    }
    std::erase_if(*out, [&](const auto& name) { return !plan.takes(name); });
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

  cli::Attempt<void> offer_removal(const fs::path& folder, const std::vector<std::string>& names, bool is_home,
                                   cli::Session& session) const {
    std::vector<std::string> secret;
    for (const auto& name : names) {
      const auto content = vault::read_plain_file(folder / name, vault::kMaxContentBytes, false);
      if (!content) return content.error();
      if (!is_home || !is_public(content->view())) secret.push_back(name);
    }
    if (secret.size() < names.size()) session.report.note("certificates, which are public, stay plain files as well");
    if (secret.empty()) return {};
    if (!remove_) {
      const auto question = fmt::format("Remove the {} plain files from {}?", secret.size(), folder.string());
      const auto answer = session.ask ? session.ask(question) : Result<bool>(false);
      if (!answer || !*answer) {
        session.report.note("the plain files are still there; p2p-vault import --remove takes them away");
        return {};
      }
    }
    for (const auto& name : secret) {
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
