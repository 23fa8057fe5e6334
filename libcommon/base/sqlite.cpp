#include "base/sqlite.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>

#include "base/file.hpp"

namespace p2p {
namespace {

constexpr int kBusyTimeoutMilliseconds = 5000;

Error sqlite_error(sqlite3* database, std::string_view what) {
  const int code = sqlite3_errcode(database) & 0xFF;
  Errc kind = Errc::failed;
  if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) kind = Errc::damaged;
  if (code == SQLITE_CANTOPEN) kind = Errc::not_found;
  if (code == SQLITE_FULL) kind = Errc::limited;
  const char* name = sqlite3_db_filename(database, "main");
  // There is none while it is not open.
  const std::string prefix = name == nullptr || *name == 0 ? "" : fmt::format("{}: ", name);
  return {kind, fmt::format("{}{}: {}", prefix, what, sqlite3_errmsg(database))};
}

/// SQLite would make it 0644; its journal files take the mode from it. A file that is there must not be opened here:
/// closing any descriptor of it would drop the locks of all connections that this process has to it (POSIX), and the
/// next process would then delete the journal under them.
Result<void> make_file(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, kSecretMode);
  if (descriptor < 0) return errno == EEXIST ? Result<void>() : system_error(errno, path.string());
  ::close(descriptor);
  return {};
}

/// SQLite would touch the memory of twenty pages for each file and each schema before the first is read.
void allocate_pages_by_need() {
  static std::once_flag once;
  std::call_once(once, [] { sqlite3_config(SQLITE_CONFIG_PAGECACHE, nullptr, 0, 0); });
}

constexpr int kCheckpointPages = 1000;  // SQLite's own default

/// After each commit: a log that is long does not stay at the end. Within the life of a process it may become longer,
/// as each time that it goes into the file costs two syncs.
int watch_log(void* max_pages, sqlite3* database, const char* name, int pages) {
  if (pages >= reinterpret_cast<std::intptr_t>(max_pages)) {
    sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
  }
  // Where others are in the way, the next commit tries again.
  if (pages >= kCheckpointPages) {
    sqlite3_wal_checkpoint_v2(database, name, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  }
  return SQLITE_OK;
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
void Database::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

void Statement::bind(int index, std::int64_t value) { sqlite3_bind_int64(statement_.get(), index, value); }

void Statement::bind(int index, std::string_view text) {
  sqlite3_bind_text64(statement_.get(), index, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

void Statement::bind_blob(int index, ByteView bytes) {
  // A null pointer would bind NULL instead of no bytes.
  const void* data = bytes.empty() ? static_cast<const void*>("") : bytes.data();
  sqlite3_bind_blob64(statement_.get(), index, data, bytes.size(), SQLITE_STATIC);
}

void Statement::bind_null(int index) { sqlite3_bind_null(statement_.get(), index); }

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    reset();
    return false;
  }
  Error out = sqlite_error(sqlite3_db_handle(statement_.get()), "cannot run a statement");
  reset();
  return out;
}

Result<void> Statement::run() {
  for (;;) {
    const auto more = step();
    if (!more) return more.error();
    if (!*more) return {};
  }
}

void Statement::reset() { sqlite3_reset(statement_.get()); }

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }

std::string_view Statement::text(int column) const {
  const auto* data = sqlite3_column_text(statement_.get(), column);
  if (data == nullptr) return {};
  return {reinterpret_cast<const char*>(data),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

ByteView Statement::blob(int column) const {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_.get(), column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

bool Statement::is_null(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }

Result<Database> Database::open(const std::filesystem::path& path, Mode mode) {
  if (mode == Mode::create) {
    if (const auto made = make_file(path); !made) return made.error();
  }
  allocate_pages_by_need();
  sqlite3* raw = nullptr;
  const int flags = (mode == Mode::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_NOMUTEX;
  const int code = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  Database out(raw);
  if (code != SQLITE_OK) return sqlite_error(raw, path.string() + ": cannot open");
  sqlite3_busy_timeout(raw, kBusyTimeoutMilliseconds);
  return out;
}

Result<void> Database::keep_log(int pages) {
  if (sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr) != SQLITE_OK) {
    return sqlite_error(database_.get(), "cannot keep the write-ahead log");
  }
  sqlite3_wal_hook(database_.get(), watch_log, reinterpret_cast<void*>(std::intptr_t{pages}));
  return {};
}

Result<void> Database::execute(const std::string& sql) {
  if (sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return sqlite_error(database_.get(), "cannot run a statement");
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(database_.get(), sql.data(), static_cast<int>(sql.size()), &raw, nullptr) != SQLITE_OK)
    return sqlite_error(database_.get(), "cannot prepare a statement");
  return Statement(raw);
}

Result<void> Database::copy_to(const std::filesystem::path& path) {
  // SQLite fills an empty file, and keeps its mode.
  if (auto made = create_disk_file(path, kSecretMode); !made) return made;
  auto statement = prepare("VACUUM INTO ?1");
  if (!statement) return statement.error();
  const std::string target = path.string();
  statement->bind(1, std::string_view(target));
  return statement->run();
}

std::int64_t Database::changed_rows() const { return sqlite3_changes64(database_.get()); }
std::int64_t Database::last_rowid() const { return sqlite3_last_insert_rowid(database_.get()); }

Result<Transaction> Transaction::begin(Database& database) {
  if (const auto fine = database.execute("BEGIN IMMEDIATE"); !fine) return fine.error();
  return Transaction(database);
}

Result<void> Transaction::commit() {
  const auto done = database_->execute("COMMIT");
  if (done) database_ = nullptr;
  return done;
}

Transaction::~Transaction() {
  if (database_ != nullptr) (void)database_->execute("ROLLBACK");
}

}  // namespace p2p
