// p2p-vault import: moves the plain files of a home, or of any folder, into the vault.
#include <fmt/format.h>

#include <algorithm>

#include "cli/home_owner.hpp"
#include "commands.hpp"
#include "home_plan.hpp"
#include "vault/entry_name.hpp"
#include "vault/limits.hpp"
#include "vault/plain_folder.hpp"
#include "vault_command.hpp"

namespace p2p::vault_tool {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxNamesSaid = 5;

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

std::string names_text(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < std::min(names.size(), kMaxNamesSaid); ++i) {
    out += (i == 0 ? "" : ", ") + vault::quoted_name(names[i]);
  }
  if (names.size() > kMaxNamesSaid) out += fmt::format(" and {} more", names.size() - kMaxNamesSaid);
  return out;
}

/// The files that go into the vault.
struct Plain {
  vault::PlainFolder folder;
  std::vector<std::string> names;
  bool is_home;
};

/// Files that a person names outside home are read as that person, those of home as its owner.
class AsReader {
 public:
  explicit AsReader(bool is_home) {
    if (!is_home) caller_.emplace();
  }

 private:
  std::optional<cli::AsCaller> caller_;
};

class Import final : public VaultCommand {
  void declare_own(cli::Options& options) override {
    options.optional_argument("DIR", folder_, "the folder whose files are put (else home: certs, config and state)")
        .flag("--remove", remove_, "remove the plain files once the vault has them; asks otherwise")
        .flag("-f,--force", force_, "replace entries that are there already with other content");
  }

  cli::Attempt<void> run_with(cli::VaultAccess& access, cli::Session& session) override {
    const auto plain = find_files(session);
    if (!plain) return plain.error();
    const std::string place = plain->folder.path().string();
    auto entries = read_all(*plain);
    if (!entries) return entries.error();
    const auto put = access.update([&](vault::Contents& contents) -> Result<void> {
      for (auto& entry : *entries) {
        if (auto done = put_entry(entry, contents); !done) return done;
      }
      return {};
    });
    if (!put) return put;
    const auto secret = check(access, *plain);
    if (!secret) return secret.error();
    session.report.note(
        fmt::format("put {}; the vault has them as they are in {}", entries_text(plain->names.size()), place));
    if (config_stays_)
      session.report.note(fmt::format("{} stays a plain file: it says where the vault is", kConfigName));
    if (secret->size() < plain->names.size()) {
      session.report.note("certificates, which are public, stay plain files as well");
    }
    return secret->empty() ? cli::Attempt<void>() : offer_removal(access, *plain, *secret, session);
  }

  /// Of a home or of a part of it the names are always those from home, by which nodes and tools look.
  cli::Attempt<Plain> find_files(const cli::Session& session) {
    const fs::path home = fs::weakly_canonical(session.home);
    std::optional<cli::AsCaller> as_caller(std::in_place);
    const fs::path folder = folder_.empty() ? home : fs::weakly_canonical(folder_);
    const auto below = folder.lexically_relative(home).generic_string();
    if (below.empty() || below.starts_with("..")) {
      auto opened = vault::PlainFolder::open(folder);
      if (!opened) return opened.error();
      auto names = opened->files("", [](std::string_view) { return true; });
      if (!names) return names.error();
      if (names->empty()) return cli::Failure(cli::kNotFound, folder.string() + ": nothing to import");
      return Plain{std::move(*opened), std::move(*names), false};
    }
    as_caller.reset();
    if (auto done = cli::act_as_owner_of(home); !done) return done.error();
    const auto plan = HomePlan::make(home);
    if (!plan) return plan.error();
    if (auto unused = plan->check_no_node_runs(); !unused) return unused.error();
    auto opened = vault::PlainFolder::open(home);
    if (!opened) return opened.error();
    auto names = plan->files(*opened, below);
    if (!names) return names.error();
    if (names->empty()) {
      return cli::Failure(cli::kNotFound, folder.string() + ": nothing to import",
                          "of a home, a vault takes certs, config and the node's state");
    }
    config_stays_ = plan->config_stays();
    return Plain{std::move(*opened), std::move(*names), true};
  }

  static Result<std::vector<NewEntry>> read_all(const Plain& plain) {
    const AsReader as_reader(plain.is_home);
    std::vector<NewEntry> out;
    std::size_t room = vault::kMaxContentBytes;
    for (const auto& name : plain.names) {
      auto content = plain.folder.read(name, room);
      if (!content) return content.error();
      room -= content->size();
      out.push_back({name, std::move(*content)});
    }
    return out;
  }

  Result<void> put_entry(NewEntry& entry, vault::Contents& contents) const {
    if (contents.find(entry.name) != nullptr) {
      const auto before = contents.read(entry.name);
      if (!before) return before.error();
      if (same_bytes(*before, entry.content)) return {};
    }
    if (auto free = check_free(contents, entry.name, force_); !free) return free;
    return contents.put(entry.name, std::move(entry.content), now_seconds());
  }

  /// Reads everything back from the vault before a plain one may go. Returns the names of those that should.
  static cli::Attempt<std::vector<std::string>> check(cli::VaultAccess& access, const Plain& plain) {
    const auto opened = access.open();
    if (!opened) return opened.error();
    const AsReader as_reader(plain.is_home);
    std::vector<std::string> out;
    for (const auto& name : plain.names) {
      const auto kept = opened->contents.read(name);
      if (!kept) return access.explain(kept.error());
      const auto present = plain.folder.read(name, vault::kMaxContentBytes);
      if (!present || !same_bytes(*kept, *present)) {
        return cli::Failure(cli::kFailed, fmt::format("{} changed meanwhile", vault::quoted_name(name)),
                            "stop what writes it, then import again");
      }
      if (!plain.is_home || !is_public(kept->view())) out.push_back(name);
    }
    return out;
  }

  cli::Attempt<void> offer_removal(cli::VaultAccess& access, const Plain& plain, const std::vector<std::string>& secret,
                                   cli::Session& session) const {
    if (!remove_) {
      const auto question =
          fmt::format("Remove the {} plain files from {}?", secret.size(), plain.folder.path().string());
      const auto answer = session.ask ? session.ask(question) : Result<bool>(false);
      if (!answer || !*answer) {
        session.report.note("the plain files are still there; p2p-vault import --remove takes them away");
        return {};
      }
    }
    const auto changed = remove_same(access, plain, secret);
    if (!changed) return changed.error();
    if (changed->size() < secret.size()) {
      session.report.note("removed the plain files; what a disk or a backup kept of them is beyond this tool");
    }
    if (changed->empty()) return {};
    return cli::Failure(cli::kPartial,
                        fmt::format("what was written meanwhile is still there: {}", names_text(*changed)),
                        "p2p-vault import --force --remove takes the new content in");
  }

  /// Much can have been written while a person thought. Returns what the vault has otherwise, and what is left.
  static cli::Attempt<std::vector<std::string>> remove_same(cli::VaultAccess& access, const Plain& plain,
                                                            const std::vector<std::string>& names) {
    const auto opened = access.open();
    if (!opened) return opened.error();
    const AsReader as_reader(plain.is_home);
    std::vector<std::string> out;
    for (const auto& name : names) {
      const auto kept = opened->contents.read(name);
      const auto removed = kept ? plain.folder.remove(name, kept->view()) : Result<bool>(false);
      if (!removed && removed.error().code != std::errc::no_such_file_or_directory) return removed.error();
      if (removed && !*removed) out.push_back(name);
    }
    return out;
  }

  std::string folder_;
  bool remove_ = false;
  bool force_ = false;
  bool config_stays_ = false;
};

}  // namespace

std::unique_ptr<cli::Command> make_import() { return std::make_unique<Import>(); }

}  // namespace p2p::vault_tool
