#include "acme/store.hpp"

#include <fmt/format.h>

#include "acme/store_rows.hpp"
#include "base/file.hpp"

namespace p2p::acme {
namespace {

constexpr int kSchemaVersion = 1;
/// Rows that one transaction of a sweep deletes: others wait no longer than that.
constexpr int kSweepBatch = 2000;

/// Times are nanoseconds since 1970; states are the numbers of the enums in order.hpp. `granted` authorizations came
/// with the invitation, without a validation.
constexpr char kSchema[] = R"sql(
CREATE TABLE accounts (
  id TEXT PRIMARY KEY,
  thumbprint TEXT NOT NULL UNIQUE,
  bound_thumbprint TEXT NOT NULL,
  jwk TEXT NOT NULL,
  contact TEXT NOT NULL,
  status INTEGER NOT NULL,
  kid TEXT NOT NULL,
  binding TEXT,
  used_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX accounts_by_use ON accounts (used_at);
CREATE TABLE orders (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  account TEXT NOT NULL,
  status INTEGER NOT NULL,
  identifiers TEXT NOT NULL,
  authorizations TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  certificate TEXT,
  replaces TEXT,
  error TEXT
);
CREATE INDEX orders_by_account ON orders (account);
CREATE INDEX orders_by_expiry ON orders (expires_at);
CREATE TABLE authorizations (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL,
  kind INTEGER NOT NULL,
  name TEXT NOT NULL,
  status INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  token TEXT NOT NULL,
  challenge INTEGER NOT NULL,
  granted INTEGER NOT NULL,
  validated_at INTEGER,
  error TEXT
) WITHOUT ROWID;
CREATE INDEX valid_authorizations ON authorizations (account, name, kind) WHERE status = 1;
CREATE INDEX processing_authorizations ON authorizations (id) WHERE challenge = 1;
CREATE INDEX authorizations_by_expiry ON authorizations (expires_at);
CREATE TABLE certificates (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL,
  sha256 BLOB NOT NULL UNIQUE,
  certificate_id TEXT NOT NULL,
  issued_at INTEGER NOT NULL,
  not_after INTEGER NOT NULL,
  chain TEXT,
  replaced_by TEXT
) WITHOUT ROWID;
CREATE INDEX certificates_by_certificate_id ON certificates (certificate_id);
CREATE INDEX certificates_by_account ON certificates (account, issued_at);
CREATE INDEX certificates_by_expiry ON certificates (not_after);
CREATE INDEX chains_by_age ON certificates (issued_at) WHERE chain IS NOT NULL;
)sql";

}  // namespace

Result<std::unique_ptr<Store>> Store::open(const std::filesystem::path& path) {
  if (const auto made = make_folder(path.parent_path()); !made) return made.error();
  auto database = Database::open(path, Database::Mode::create);
  if (!database) return database.error();
  std::unique_ptr<Store> out(new Store(std::move(*database)));
  // auto_vacuum takes effect only before the first page is written. In WAL mode NORMAL never leaves a torn file.
  const auto configured = out->database_.execute(
      "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; "
      "PRAGMA journal_size_limit = 1048576;");
  if (!configured) return configured.error();
  auto transaction = Transaction::begin(out->database_);
  if (!transaction) return transaction.error();
  const auto version = out->number("PRAGMA user_version");
  if (!version) return version.error();
  if (*version > kSchemaVersion) {
    return Error(Errc::unsupported, fmt::format("{}: of version {}, made by a later p2p", path.string(), *version));
  }
  if (*version == 0) {
    const auto made = out->database_.execute(fmt::format("{} PRAGMA user_version = {};", kSchema, kSchemaVersion));
    if (!made) return made.error();
  }
  if (const auto done = transaction->commit(); !done) return done.error();
  return out;
}

Result<Store::Prepared> Store::prepare(const char* sql) {
  const auto found = prepared_.find(sql);
  if (found != prepared_.end()) return Prepared(found->second);
  auto statement = database_.prepare(sql);
  if (!statement) return statement.error();
  return Prepared(prepared_.emplace(sql, std::move(*statement)).first->second);
}

Result<std::int64_t> Store::number(const char* sql) {
  auto statement = prepare(sql);
  if (!statement) return statement.error();
  const auto row = (*statement)->step();
  if (!row) return row.error();
  return *row ? (*statement)->integer(0) : 0;
}

Result<std::int64_t> Store::delete_batch(const char* sql, WallTime before) {
  std::int64_t total = 0;
  for (;;) {
    const std::lock_guard lock(mutex_);
    auto statement = prepare(sql);
    if (!statement) return statement.error();
    (*statement)->bind(1, nanoseconds_of(before));
    (*statement)->bind(2, std::int64_t{kSweepBatch});
    if (const auto done = (*statement)->run(); !done) return done.error();
    const std::int64_t count = database_.changed_rows();
    total += count;
    if (count < kSweepBatch) return total;
  }
}

Result<void> Store::give_space_back() {
  constexpr std::int64_t kPagesKept = 256;  // 1 MiB: what comes and goes within a day
  for (;;) {
    const std::lock_guard lock(mutex_);
    const auto free = number("PRAGMA freelist_count");
    if (!free) return free.error();
    if (*free <= kPagesKept) return database_.execute("PRAGMA wal_checkpoint(TRUNCATE)");
    if (const auto done = database_.execute("PRAGMA incremental_vacuum(1000)"); !done) return done;
  }
}

Result<std::int64_t> Store::sweep(const Retention& retention, WallTime now) {
  struct Rule {
    const char* sql;
    WallTime before;
  };
  const Rule rules[] = {
      // A processing order is somebody's work; the next start fails it if nobody ends it.
      {"DELETE FROM orders WHERE number IN (SELECT number FROM orders WHERE expires_at < ?1 AND status != 2 LIMIT ?2)",
       now - retention.orders},
      {"DELETE FROM authorizations WHERE id IN (SELECT id FROM authorizations WHERE expires_at < ?1 LIMIT ?2)",
       now - retention.orders},
      {"DELETE FROM certificates WHERE id IN (SELECT id FROM certificates WHERE not_after < ?1 LIMIT ?2)", now},
      {"UPDATE certificates SET chain = NULL WHERE id IN "
       "(SELECT id FROM certificates WHERE chain IS NOT NULL AND issued_at < ?1 LIMIT ?2)",
       now - retention.chains},
      {"DELETE FROM accounts WHERE id IN (SELECT id FROM accounts WHERE used_at < ?1 "
       "AND NOT EXISTS (SELECT 1 FROM orders WHERE account = accounts.id) "
       "AND NOT EXISTS (SELECT 1 FROM certificates WHERE account = accounts.id) LIMIT ?2)",
       now - retention.accounts},
  };
  std::int64_t total = 0;
  for (const auto& rule : rules) {
    const auto count = delete_batch(rule.sql, rule.before);
    if (!count) return count.error();
    total += *count;
  }
  if (const auto given = give_space_back(); !given) return given.error();
  return total;
}

}  // namespace p2p::acme
