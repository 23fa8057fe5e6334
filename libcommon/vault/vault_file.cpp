#include "vault/vault_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/system_random.hpp"
#include "crypto/aead.hpp"
#include "vault/limits.hpp"
#include "vault/sealed_writer.hpp"

namespace p2p::vault {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxFileBytes = kHeaderBytes + kMaxArchiveBytes + crypto::kAeadTagBytes;

fs::path followed(const fs::path& path) {
  std::error_code failed;
  if (!fs::is_symlink(path, failed)) return path;
  const fs::path target = fs::weakly_canonical(path, failed);
  return failed ? path : target;
}

/// Root leaves a vault to whom it belongs, and a new one to the owner of its folder: a service could not open it
/// otherwise.
std::optional<FileOwner> owner_for_root(const fs::path& path) {
  if (::geteuid() != 0) return std::nullopt;
  struct stat facts {};
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  if (::stat(path.c_str(), &facts) != 0 && ::stat(folder.c_str(), &facts) != 0) return std::nullopt;
  if (facts.st_uid == 0 && facts.st_gid == 0) return std::nullopt;
  return FileOwner{facts.st_uid, facts.st_gid};
}

/// Where there is none yet. One that is there is never given away: it may be a link to a file of root's.
void make_lock_file(const fs::path& path, const FileOwner& owner) {
  const Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kSecretMode));
  if (file.get() >= 0 && ::fchown(file.get(), owner.user, owner.group) != 0) ::unlink(path.c_str());
}

void renew_nonce(Header& header) {
  const Bytes nonce = random_bytes(kNonceBytes);
  std::copy(nonce.begin(), nonce.end(), header.nonce.begin());
}

/// A file whose header was read.
struct Begun {
  OpenFile file;
  HeaderBytes bytes{};
  Header header;
};

Result<Begun> begin_reading(const fs::path& path) {
  auto file = open_secret_file(path);
  if (!file) return file.error();
  Begun out{std::move(*file), {}, {}};
  const auto got = read_some(out.file, out.bytes);
  if (!got) return got.error();
  auto header = parse_header(ByteView(out.bytes).first(*got));
  if (!header) return header.error();
  out.header = *header;
  return out;
}

/// The rest of the file, decrypted.
Result<crypto::SecretBuffer> read_content(const Begun& begun, const Keys& keys) {
  if (begun.file.size_bytes > kMaxFileBytes) {
    return Error(Errc::too_large, fmt::format("larger than {} bytes", kMaxFileBytes));
  }
  const Error cut_off(Errc::damaged, "damaged content: cut off");
  if (begun.file.size_bytes < kHeaderBytes + crypto::kAeadTagBytes) return cut_off;
  crypto::SecretBuffer sealed(begun.file.size_bytes - kHeaderBytes);
  const auto got = read_some(begun.file, sealed.bytes());
  if (!got) return got.error();
  if (*got != sealed.size()) return cut_off;
  const std::size_t size = sealed.size() - crypto::kAeadTagBytes;
  const auto opened = crypto::open_in_place(keys.key, begun.header.nonce, begun.bytes, sealed.bytes().first(size),
                                            sealed.view().subspan(size));
  if (!opened) return Error(Errc::damaged, "damaged content: it was altered or is cut off");
  sealed.shrink(size);
  return sealed;
}

Result<Opened> open_at(const fs::path& path, const Unlock& unlock) {
  const auto begun = begin_reading(path);
  if (!begun) return begun.error();
  auto master = unlock(begun->header);
  if (!master) return master.error();
  const auto keys = expand_master(*master);
  if (!keys) return keys.error();
  if (!fits(*keys, begun->header)) return Error(VaultErrc::wrong_password, "wrong password");
  auto archive = read_content(*begun, *keys);
  if (!archive) return archive.error();
  auto contents = Contents::parse(std::move(*archive));
  if (!contents) return contents.error();
  return Opened{begun->header, std::move(*master), std::move(*contents)};
}

}  // namespace

VaultFile::VaultFile(fs::path path, Disk& disk) : path_(followed(path)), disk_(&disk) {}

bool VaultFile::exists() const {
  struct stat facts {};
  return ::lstat(path_.c_str(), &facts) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

bool VaultFile::leads_nowhere() const {
  std::error_code failed;
  return fs::is_symlink(path_, failed) && !fs::exists(path_, failed);
}

Error VaultFile::named(const Error& error) const {
  const auto name = path_.string();
  return error.context.starts_with(name) ? error : Error(error.code, name + ": " + error.context);
}

Result<Header> VaultFile::read_header() const {
  auto begun = begin_reading(path_);
  if (!begun) return named(begun.error());
  return begun->header;
}

Result<Opened> VaultFile::open(const Unlock& unlock) const {
  auto opened = open_at(path_, unlock);
  if (!opened) return named(opened.error());
  return opened;
}

Result<FileLock> VaultFile::lock() const {
  const fs::path path = path_.string() + ".lock";
  if (const auto owner = owner_for_root(path_)) make_lock_file(path, *owner);
  return FileLock::acquire(path);
}

Result<void> VaultFile::save(const Header& header, const Keys& keys, const Contents& contents, Publish publish) const {
  if (publish == Publish::replace) WholeFile::remove_leftovers(path_, *disk_);
  Header renewed = header;
  renew_nonce(renewed);
  WholeFile file(path_, *disk_);
  if (auto begun = file.begin(kSecretMode, owner_for_root(path_)); !begun) return begun;
  if (auto written = write_sealed(renewed, keys, contents, file); !written) return written;
  return publish == Publish::create ? file.create() : file.replace();
}

Result<crypto::Secret> VaultFile::create(const Contents& contents, const crypto::Secret& password,
                                         std::uint32_t iterations) const {
  const Error there_already(Errc::exists, path_.string() + ": already exists");
  if (exists()) return there_already;
  auto made = make_keys(password, iterations);
  if (!made) return made.error();
  if (auto folder = make_folder(path_.parent_path()); !folder) return folder.error();
  if (auto saved = save(made->header, made->keys, contents, Publish::create); !saved) {
    const auto kind = saved.error().kind();
    // Who came first may already have swept this one's temporary file away.
    if (kind == Errc::exists || (kind == Errc::not_found && exists())) return there_already;
    if (!exists()) return saved.error();
    return Error(saved.error().code, saved.error().context + "; the vault is there, but may not outlive a power cut");
  }
  return std::move(made->master);
}

Result<void> VaultFile::update(const Unlock& unlock, const Change& change) const {
  const auto held = lock();
  if (!held) return held.error();
  auto opened = open(unlock);
  if (!opened) return opened.error();
  if (auto changed = change(opened->contents); !changed) return changed;
  const auto keys = expand_master(opened->master);
  if (!keys) return keys.error();
  return save(opened->header, *keys, opened->contents, Publish::replace);
}

Result<crypto::Secret> VaultFile::rekey(const Unlock& unlock, const crypto::Secret& password,
                                        std::uint32_t iterations) const {
  const auto held = lock();
  if (!held) return held.error();
  const auto opened = open(unlock);
  if (!opened) return opened.error();
  auto made = make_keys(password, iterations);
  if (!made) return made.error();
  if (auto saved = save(made->header, made->keys, opened->contents, Publish::replace); !saved) return saved.error();
  return std::move(made->master);
}

}  // namespace p2p::vault
