#include "cli/vault_access.hpp"

#include <fmt/format.h>

#include <array>
#include <mutex>

#include "cli/password.hpp"
#include "config/home.hpp"
#include "vault/home_mount.hpp"
#include "vault/keyring.hpp"
#include "vault/password_strength.hpp"

namespace p2p::cli {
namespace {

/// The vault's own, that of rekey, that of backup.
constexpr std::array<const char*, 3> kPasswordVariables{"P2P_VAULT_PASSWORD", "P2P_VAULT_NEW_PASSWORD",
                                                        "P2P_BACKUP_PASSWORD"};

/// One that was kept for this vault and fits.
std::optional<crypto::Secret> kept_master(const vault::Header& header) {
  auto kept = vault::find_in_keyring(header);
  if (!kept) return std::nullopt;
  const auto keys = vault::expand_master(*kept);
  if (!keys || !vault::fits(*keys, header)) return std::nullopt;
  return kept;
}

Error rekeyed() { return {Errc::not_permitted, "the vault was rekeyed, so that its password is another now"}; }

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

Attempt<VaultAccess> VaultAccess::find(const VaultFlags& given, const std::filesystem::path& home,
                                       const ConfigFlags& config) {
  VaultFlags flags = given;
  if (const auto descriptor = given_descriptor(flags.password_descriptor)) {
    flags.password_descriptor = static_cast<std::uint64_t>(keep_from_children(*descriptor));
  }
  if (!flags.file.empty()) return VaultAccess(flags, vault::VaultFile(flags.file));
  const config::Paths paths(home);
  auto sources = config::gather_sources(paths, config.file, config.settings);
  // One that is in the vault cannot say which.
  if (!sources && !config.file.empty()) sources = config::gather_sources(paths, "", config.settings);
  if (!sources) return sources.error();
  const auto loaded = config::load(*sources);
  VaultAccess out(flags, vault::VaultFile(paths.resolve(loaded.config.values.vault_file)));
  out.is_configured_ = loaded.config.given("vault_file");
  // Other faults of the configuration are of no concern here.
  if (!out.is_configured_ && !loaded.problems.empty() && sources->file_text.find("vault_file") != std::string::npos) {
    return Failure(kUsage, loaded.problems.front(), "until this is mended, it is not known which vault is meant");
  }
  return out;
}

void VaultAccess::take_variable() { variable_ = cli::take_variable(kPasswordVariables.front()); }

Attempt<crypto::Secret> VaultAccess::ask(bool is_new) {
  return read_password(
      {.variable = kPasswordVariables.front(),
       .taken = &variable_,
       .file = flags_.password_file,
       .descriptor = given_descriptor(flags_.password_descriptor),
       .credential = "p2p_vault_password",
       .prompt = !may_ask_ ? "" : (is_new ? "New password for " : "Password for ") + file_.path().string(),
       .repeat = is_new});
}

vault::Unlock VaultAccess::unlock() {
  return [this](const vault::Header& header) -> Result<crypto::Secret> {
    if (!master_.empty() && salt_ == header.salt) return crypto::Secret(master_.view());
    if (auto kept = kept_master(header)) {
      variable_.reset();
      return std::move(*kept);
    }
    unanswered_.reset();
    const auto password = ask(false);
    // It was open before, and a running program has nobody to ask.
    if (!password && !may_ask_ && !master_.empty()) return rekeyed();
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
  if (file_.leads_nowhere()) {
    return {kNotFound, file_.path().string() + " is a link to nothing",
            "is what it leads to not mounted? nothing is written in the clear instead"};
  }
  if (error.code == vault::VaultErrc::wrong_password) {
    return {error, "there is no way in without the password; an old copy has the password of its time"};
  }
  if (error.kind() == Errc::not_found && !file_.exists()) {
    return {Error(Errc::not_found, "no vault at " + file_.path().string()),
            "p2p-vault init makes one; another is named with --vault or --home"};
  }
  if (error.code == vault::VaultErrc::no_entry) return {error, "p2p-vault ls shows what there is"};
  if (error.code == vault::VaultErrc::entry_exists) return {error, "--force replaces it"};
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
  const auto known = unlock()(*header);
  if (!known) return explain(known.error());
  const auto unlock_same = [&](const vault::Header& now) -> Result<crypto::Secret> {
    if (now.salt == header->salt) return crypto::Secret(known->view());
    if (auto kept = kept_master(now)) return std::move(*kept);
    return rekeyed();
  };
  const auto done = file_.update(unlock_same, change);
  return done ? Attempt<void>() : explain(done.error());
}

Attempt<crypto::Secret> VaultAccess::new_password(Reporter& report) { return checked_password(ask(true), report); }

void forget_password_variables() {
  for (const char* name : kPasswordVariables) (void)take_variable(name);
}

namespace {

/// That which has to be opened; none where there is none, and none was asked for.
Attempt<std::optional<VaultAccess>> vault_of(const std::filesystem::path& home, const ConfigFlags& config) {
  auto found = VaultAccess::find({}, home, config);
  if (!found) return found.error();
  if (found->file().exists()) return std::optional(std::move(*found));
  if (!found->is_configured()) return std::optional<VaultAccess>();
  return Failure(kNotFound, "vault_file is set, but there is no " + found->file().path().string(),
                 "p2p-vault init makes it; nothing is written in the clear instead");
}

}  // namespace

Attempt<void> mount_vault(const std::filesystem::path& home, const ConfigFlags& config) {
  auto found = vault_of(home, config);
  if (!found || !*found) {
    forget_password_variables();
    return found ? Attempt<void>() : found.error();
  }
  crypto::set_up_secure_heap();
  const auto access = std::make_shared<VaultAccess>(std::move(**found));
  access->take_variable();
  forget_password_variables();
  if (const auto opened = access->open(); !opened) return opened.error();
  access->stop_asking();
  vault::VaultFile file = access->file();
  auto unlock = [access, mutex = std::make_shared<std::mutex>()](const vault::Header& header) {
    const std::scoped_lock one_at_a_time(*mutex);
    return access->unlock()(header);
  };
  auto mount = std::make_shared<vault::HomeMount>(std::filesystem::absolute(home), std::move(file), std::move(unlock));
  mount_files(mount);
  // The configuration may itself be in the vault.
  const config::Paths paths(std::filesystem::absolute(home));
  const auto sources = config::gather_sources(paths, config.file, config.settings);
  if (sources) mount->cover(paths.state_directory(config::load(*sources).config.values));
  return {};
}

Attempt<void> check_vault(const config::Paths& paths, const config::LoadedConfig& config) {
  const auto mount = mounted_files();
  if (!mount) return {};
  const auto& values = config.values;
  const auto named = std::filesystem::weakly_canonical(paths.resolve(values.vault_file));
  if (config.given("vault_file") && named != std::filesystem::weakly_canonical(mount->place())) {
    return Failure(
        kUsage,
        fmt::format("vault_file is {}, but the configuration is in {}", named.string(), mount->place().string()),
        "what names the vault cannot be in it: a plain config/node.yaml, --set or $P2P_VAULT_FILE");
  }
  for (const auto& name : {values.jwt_blacklist_file, values.gossip_state_file, values.service_state_file}) {
    const auto file = paths.state_file(values, name);
    if (mount->covers(file)) continue;
    return Failure(kUsage,
                   fmt::format("{} is not in a folder of home, so that it cannot be kept in the vault", file.string()),
                   fmt::format("set state_directory to a folder in {}", paths.home().string()));
  }
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
