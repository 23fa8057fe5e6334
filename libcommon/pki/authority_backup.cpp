#include "pki/authority_backup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/file.hpp"
#include "base/system_random.hpp"
#include "crypto/secret.hpp"
#include "pki/root_list.hpp"

namespace p2p::pki {
namespace {

namespace fs = std::filesystem;

/// `p2pB`, in the header of the database file.
constexpr int kApplicationId = 0x70327042;
constexpr std::size_t kMaxDatabaseBytes = std::size_t{1} << 30;
constexpr char kAccounts[] = "ca/acme.db";
constexpr char kInventory[] = "ca/inventory.db";
constexpr char kCrl[] = "certs/ca_crl.pem";

struct Entry {
  const char* name;
  mode_t mode;
  std::size_t max_bytes;
};
/// Only these are ever written. The keys come before the certificates: see certificate_folder.hpp.
constexpr std::array<Entry, 9> kEntries{{
    {"certs/ca_next_key.pem", kSecretMode, crypto::kMaxKeyPemBytes},
    {"certs/ca_old_key.pem", kSecretMode, crypto::kMaxKeyPemBytes},
    {"certs/ca_key.pem", kSecretMode, crypto::kMaxKeyPemBytes},
    {"certs/ca_cert.pem", kPublicMode, kMaxCertificatePemBytes},
    {"certs/ca_roots.json", kPublicMode, kMaxRootListBytes},
    {"certs/ca_eab_secret", kSecretMode, 1024},
    {kCrl, kPublicMode, kMaxCrlBytes},
    {kInventory, kSecretMode, kMaxDatabaseBytes},
    {kAccounts, kSecretMode, kMaxDatabaseBytes},
}};

/// Removes a file at the end, whatever happened.
class Scrap {
 public:
  explicit Scrap(fs::path path) : path_(std::move(path)) {}
  Scrap(const Scrap&) = delete;
  Scrap& operator=(const Scrap&) = delete;
  ~Scrap() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// A name beside `file` that nobody else has.
fs::path scratch_of(const fs::path& file) { return fmt::format("{}.{}.tmp", file.string(), to_hex(random_bytes(8))); }

/// A database is copied as SQLite sees it, not as its file happens to be.
Result<std::string> read_database(const fs::path& path, const fs::path& beside) {
  const Scrap copy(scratch_of(beside));
  auto database = Database::open(path, Database::Mode::create);
  if (!database) return database.error();
  if (auto copied = database->copy_to(copy.path()); !copied) return copied.error();
  return read_file(copy.path(), kMaxDatabaseBytes);
}

Result<void> put(Database& backup, const char* name, std::string_view content) {
  auto statement = backup.prepare("INSERT INTO files VALUES(?1, ?2)");
  if (!statement) return statement.error();
  statement->bind(1, std::string_view(name));
  statement->bind_blob(2, as_bytes(content));
  return statement->run();
}

Result<std::string> read_entry(const Entry& entry, const fs::path& home, const fs::path& beside) {
  const fs::path path = home / entry.name;
  if (!file_exists(path)) return Error(Errc::not_found, path.string());
  return path.extension() == ".db" ? read_database(path, beside) : read_file(path, entry.max_bytes);
}

Result<void> fill(Database& backup, const fs::path& home, const fs::path& beside) {
  auto made =
      backup.execute(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = 1;"
                                 "CREATE TABLE files(name TEXT PRIMARY KEY, content BLOB NOT NULL)",
                                 kApplicationId));
  if (!made) return made;
  auto transaction = Transaction::begin(backup);
  if (!transaction) return transaction.error();
  for (const auto& entry : kEntries) {
    auto content = read_entry(entry, home, beside);
    if (!content && content.error().kind() == Errc::not_found) continue;
    if (!content) return content.error();
    const auto done = put(backup, entry.name, *content);
    crypto::wipe(*content);
    if (!done) return done;
  }
  return transaction->commit();
}

Result<std::int64_t> pragma(Database& database, const char* name) {
  auto query = database.prepare(fmt::format("PRAGMA {}", name));
  if (!query) return query.error();
  if (const auto row = query->step(); !row) return row.error();
  return query->integer(0);
}

/// Opens it if it is a backup at all.
Result<Database> open_backup(const fs::path& file) {
  const Error none(Errc::damaged, file.string() + ": not a backup of a CA");
  // SQLite would say something else of a folder, and of a file that it may not read.
  if (const auto opened = open_file(file); !opened)
    return opened.error().kind() == Errc::invalid ? none : opened.error();
  auto database = Database::open(file, Database::Mode::read_only);
  if (!database) return none;
  const auto id = pragma(*database, "application_id");
  if (!id || *id != kApplicationId) return none;
  return database;
}

Result<BackupFiles> read_files(const fs::path& file) {
  auto database = open_backup(file);
  if (!database) return database.error();
  const auto version = pragma(*database, "user_version");
  if (!version) return version.error();
  if (*version != 1) {
    return Error(Errc::unsupported,
                 fmt::format("{}: a backup of version {}, this program reads 1", file.string(), *version));
  }
  BackupFiles out;
  for (const auto& entry : kEntries) {
    auto query = database->prepare("SELECT content FROM files WHERE name = ?1 AND length(content) <= ?2");
    if (!query) return query.error();
    query->bind(1, std::string_view(entry.name));
    query->bind(2, static_cast<std::int64_t>(entry.max_bytes));
    const auto row = query->step();
    if (!row) return row.error();
    if (*row) out.emplace(entry.name, as_text(query->blob(0)));
  }
  return out;
}

/// Whether the key belongs to the root that signs, before anything is overwritten.
Result<Roots> check(const BackupFiles& contents, const std::string& name) {
  for (const char* needed : {"certs/ca_cert.pem", "certs/ca_key.pem", kInventory}) {
    if (contents.count(needed) == 0) return Error(Errc::damaged, fmt::format("{}: {} is missing", name, needed));
  }
  auto roots = Roots::from_pem(contents.find("certs/ca_cert.pem")->second, name);
  if (!roots) return roots;
  auto key = crypto::read_private_key(contents.find("certs/ca_key.pem")->second, name);
  if (!key) return key.error();
  auto authority = Authority::open(roots->certificates().front(), std::move(*key));
  if (!authority) return Error(authority.error().code, name + ": " + authority.error().context);
  return roots;
}

std::uint64_t number_of(const Result<std::string>& pem, const Roots& roots) {
  const auto lists = pem ? read_crls(*pem, roots, kCrl) : Result<std::vector<RevocationList>>(pem.error());
  std::uint64_t out = 0;
  if (lists) {
    for (const auto& list : *lists) out = std::max(out, list.number);
  }
  return out;
}

/// A coordinator keeps its databases open, whichever configuration it runs with.
Result<void> check_unused(const fs::path& path) {
  if (!file_exists(path)) return {};
  auto database = Database::open(path, Database::Mode::create);
  if (!database) return database.error();
  const auto taken =
      database->execute("PRAGMA busy_timeout = 0; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT");
  // A broken one is what a restore is for.
  if (taken || taken.error().kind() == Errc::damaged) return {};
  return Error(Errc::exists, path.string() + ": a running process has it open");
}

fs::path restored(const fs::path& path) { return path.string() + ".restored"; }

/// Writes everything beside its place, so that a full disk or a kill leaves the old CA.
Result<void> stage(const BackupFiles& contents, const fs::path& home) {
  for (const auto& entry : kEntries) {
    const auto found = contents.find(entry.name);
    if (found == contents.end()) continue;
    if (auto done = write_file(restored(home / entry.name), found->second, entry.mode); !done) return done;
  }
  return {};
}

void unstage(const fs::path& home) {
  for (const auto& entry : kEntries) (void)remove_file(restored(home / entry.name));  // it is in nobody's way
}

Result<void> put_in_place(const BackupFiles& contents, const fs::path& home) {
  for (const char* database : {kInventory, kAccounts}) {
    for (const char* suffix : {"", "-wal", "-shm"}) {
      if (auto done = remove_file(home / (std::string(database) + suffix)); !done) return done;
    }
  }
  for (const auto& entry : kEntries) {
    const fs::path path = home / entry.name;
    if (contents.contains(entry.name)) {
      if (auto done = move_file(restored(path), path); !done) return done;
    } else if (entry.name != std::string_view(kCrl)) {
      // A key of another rotation would only be in the way, and so would the list of its roots. The revocation list
      // that is here is the newer one.
      if (auto done = remove_file(path); !done) return done;
    }
  }
  return {};
}

}  // namespace

Result<void> back_up(const fs::path& home, const fs::path& file) {
  // Made beside its place and linked there whole, so that a backup that was cut off is never taken for one.
  const Scrap part(scratch_of(file));
  if (auto made = create_disk_file(part.path(), kSecretMode); !made) return made;
  {
    auto database = Database::open(part.path(), Database::Mode::create);
    if (!database) return database.error();
    if (auto done = fill(*database, home, file); !done) return done;
  }
  std::error_code failed;
  fs::create_hard_link(part.path(), file, failed);
  if (failed == std::errc::file_exists) return Error(Errc::exists, file.string() + ": already exists");
  if (failed) return Error(Errc::failed, file.string() + ": " + failed.message());
  return {};
}

Result<Backup> Backup::read(const fs::path& file) {
  auto files = read_files(file);
  if (!files) return files.error();
  auto roots = check(*files, file.string());
  if (!roots) return roots.error();
  return Backup(file.string(), std::move(*files), std::move(*roots));
}

Backup::~Backup() {
  for (auto& [name, content] : files_) crypto::wipe(content);
}

Result<void> begin_restore(Backup backup, const fs::path& home) {
  for (const char* database : {kInventory, kAccounts}) {
    if (auto unused = check_unused(home / database); !unused) return unused;
  }
  auto& files = backup.files();
  const auto here = read_file(home / kCrl, kMaxCrlBytes);
  const auto saved = files.find(kCrl);
  const auto& roots = backup.roots();
  if (saved != files.end() && number_of(here, roots) > number_of(saved->second, roots)) files.erase(saved);
  auto done = stage(files, home);
  if (done) done = write_file(AuthorityPaths::in(home).restore_mark, backup.name() + "\n", kSecretMode);
  if (done) done = put_in_place(files, home);
  if (!done) unstage(home);
  return done;
}

Result<void> end_restore(const fs::path& home) { return remove_file(AuthorityPaths::in(home).restore_mark); }

}  // namespace p2p::pki
