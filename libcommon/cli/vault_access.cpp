#include "cli/vault_access.hpp"

#include <mutex>

#include "cli/password.hpp"
#include "config/home.hpp"
#include "vault/home_mount.hpp"
#include "vault/keyring.hpp"
#include "vault/password_strength.hpp"

namespace p2p::cli {
namespace {

/// One that was kept for this vault and fits.
std::optional<crypto::Secret> kept_master(const vault::Header& header) {
  auto kept = vault::find_in_keyring(header);
  if (!kept) return std::nullopt;
  const auto keys = vault::expand_master(*kept);
  if (!keys || !vault::fits(*keys, header)) return std::nullopt;
  return kept;
}

}  // namespace

void VaultFlags::declare(Options& options) {
  options.text("--vault", "FILE", file, "the vault (else vault_file of the configuration, .p2p_secure_storage in home)")
      .text("--password-file", "FILE", password_file, "its password (else $P2P_VAULT_PASSWORD, a prompt)")
      .number("--password-fd", "N", password_descriptor, 0, kMaxDescriptor,
              "its password, from this open file descriptor");
}

std::optional<int> given_descriptor(std::uint64_t option) {
  if (option == VaultFlags::kNoDescriptor) return std::nullopt;
  return static_cast<int>(option);
}

Attempt<VaultAccess> VaultAccess::find(const VaultFlags& flags, const std::filesystem::path& home) {
  if (!flags.file.empty()) return VaultAccess(flags, vault::VaultFile(flags.file));
  const config::Paths paths(home);
  const auto sources = config::gather_sources(paths, "", {});
  if (!sources) return sources.error();
  // Other faults of the configuration are of no concern here.
  return VaultAccess(flags, vault::VaultFile(paths.resolve(config::load(*sources).config.values.vault_file)));
}

Attempt<crypto::Secret> VaultAccess::ask(bool is_new) const {
  return read_password(
      {.variable = "P2P_VAULT_PASSWORD",
       .file = flags_.password_file,
       .descriptor = given_descriptor(flags_.password_descriptor),
       .credential = "p2p_vault_password",
       .prompt = !may_ask_ ? "" : (is_new ? "New password for " : "Password for ") + file_.path().string(),
       .repeat = is_new});
}

vault::Unlock VaultAccess::unlock() {
  return [this](const vault::Header& header) -> Result<crypto::Secret> {
    if (!master_.empty() && salt_ == header.salt) return crypto::Secret(master_.view());
    if (auto kept = kept_master(header)) return std::move(*kept);
    const auto password = ask(false);
    if (!password) {
      unanswered_ = password.error();
      return Error(Errc::failed, unanswered_->message);
    }
    auto master = vault::derive_master(*password, header);
    // One that does not fit is not kept: after a rekey the password's source may have the new one later.
    const auto keys = vault::expand_master(master);
    if (keys && vault::fits(*keys, header)) {
      master_ = crypto::Secret(master.view());
      salt_ = header.salt;
    }
    return master;
  };
}

Failure VaultAccess::explain(const Error& error) const {
  if (unanswered_) return *unanswered_;
  if (error.code == vault::VaultErrc::wrong_password) {
    return {error, "there is no way in without the password; an old copy has the password of its time"};
  }
  if (error.kind() == Errc::not_found && !file_.exists()) {
    return {Error(Errc::not_found, "no vault at " + file_.path().string()),
            "p2p-vault init makes one; another is named with --vault or --home"};
  }
  if (error.context.starts_with("no entry ")) return {error, "p2p-vault ls shows what there is"};
  if (error.kind() == Errc::damaged) return {error, "bring back a backup: it is a vault file like any other"};
  return error;
}

Attempt<vault::Header> VaultAccess::read_header() const {
  auto header = file_.read_header();
  if (!header) return explain(header.error());
  return *header;
}

Attempt<vault::Opened> VaultAccess::open() {
  auto opened = file_.open(unlock());
  if (!opened) return explain(opened.error());
  return std::move(*opened);
}

Attempt<void> VaultAccess::update(const vault::VaultFile::Change& change) {
  // Before the lock, whose file would be made in a folder without a vault, and which nobody is to hold while a person
  // thinks of a password.
  const auto header = read_header();
  if (!header) return header.error();
  if (const auto known = unlock()(*header); !known) return explain(known.error());
  const auto done = file_.update(unlock(), change);
  return done ? Attempt<void>() : explain(done.error());
}

Attempt<crypto::Secret> VaultAccess::new_password(Reporter& report) const {
  return checked_password(ask(true), report);
}

Attempt<void> mount_vault(const std::filesystem::path& home) {
  auto found = VaultAccess::find({}, home);
  // What is wrong with the configuration is said by whoever needs it.
  if (!found) return {};
  if (!found->file().exists()) {
    const auto usual = std::filesystem::absolute(home) / config::NodeConfig().vault_file;
    if (found->file().path().filename() == usual.filename()) return {};
    return Failure(kNotFound, "vault_file is set, but there is no " + found->file().path().string(),
                   "p2p-vault init makes it; nothing is written in the clear instead");
  }
  crypto::set_up_secure_heap();
  const auto access = std::make_shared<VaultAccess>(std::move(*found));
  if (const auto opened = access->open(); !opened) return opened.error();
  access->stop_asking();
  vault::VaultFile file = access->file();
  auto unlock = [access, mutex = std::make_shared<std::mutex>()](const vault::Header& header) {
    const std::scoped_lock one_at_a_time(*mutex);
    return access->unlock()(header);
  };
  mount_files(std::make_shared<vault::HomeMount>(std::filesystem::absolute(home), std::move(file), std::move(unlock)));
  return {};
}

Attempt<crypto::Secret> checked_password(Attempt<crypto::Secret> password, Reporter& report) {
  if (!password) return password;
  const auto fault = vault::password_fault(password->view());
  if (!fault.empty()) return Failure(kUsage, fault, "a few words that nobody says together are good, and can be typed");
  const auto weakness = vault::password_weakness(password->view());
  if (!weakness.empty()) report.warning("the new password is weak: " + weakness);
  return password;
}

}  // namespace p2p::cli
