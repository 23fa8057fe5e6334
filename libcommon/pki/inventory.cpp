#include "pki/inventory.hpp"

#include <fmt/format.h>

#include "base/file.hpp"
#include "base/schema.hpp"
#include "pki/inventory_chain.hpp"
#include "pki/inventory_events.hpp"

namespace p2p::pki {
namespace {

namespace fs = std::filesystem;

/// Of the write-ahead log, that stay for the next process: about twenty certificates, read in well under a millisecond.
constexpr int kLogPages = 128;

Result<crypto::Sha256> hash_before(Database& database, std::int64_t& seq) {
  auto query = database.prepare("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1");
  if (!query) return query.error();
  const auto row = query->step();
  if (!row) return row.error();
  crypto::Sha256 out{};
  seq = 0;
  if (!*row) return out;
  seq = query->integer(0);
  if (query->blob(1).size() != out.size()) return Error(Errc::damaged, fmt::format("event {} has no hash", seq));
  std::ranges::copy(query->blob(1), out.begin());
  return out;
}

}  // namespace

Result<Inventory> Inventory::open(const fs::path& path) {
  if (auto made = make_folder(path.parent_path()); !made) return made.error();
  // Changing to WAL and to a new schema do not wait for each other by themselves.
  const auto lock = FileLock::acquire(path.parent_path() / ".lock");
  if (!lock) return lock.error();
  auto database = Database::open(path, Database::Mode::create);
  if (!database) return database.error();
  if (auto set = database->execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL"); !set) return set.error();
  if (auto kept = database->keep_log(kLogPages); !kept) return kept.error();
  if (auto done = migrate(*database, path, inventory_schema()); !done) return done.error();
  return Inventory(std::move(*database));
}

Result<void> Inventory::append(const Event& event, std::string_view who, WallTime at) {
  std::int64_t seq = 0;
  const auto before = hash_before(database_, seq);
  if (!before) return before.error();
  const std::string body = dump_json(event.body);
  const JournalEntry entry{++seq, to_unix(at), who, event.kind, body, event.attachment};
  const crypto::Sha256 hash = hash_of(*before, entry);
  auto statement = database_.prepare("INSERT INTO journal VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)");
  if (!statement) return statement.error();
  statement->bind(1, entry.seq);
  statement->bind(2, entry.at);
  statement->bind(3, entry.who);
  statement->bind(4, entry.kind);
  statement->bind(5, entry.body);
  statement->bind_blob(6, entry.attachment);
  statement->bind_blob(7, hash);
  if (auto done = statement->run(); !done) return done;
  return apply_event(database_, event.kind, entry.seq, entry.at, body);
}

Result<void> Inventory::keep_crl_text(std::uint64_t number, std::string_view pem) {
  if (auto cleared = database_.execute("DELETE FROM crl_text"); !cleared) return cleared;
  auto statement = database_.prepare("INSERT INTO crl_text VALUES(?1, ?2)");
  if (!statement) return statement.error();
  statement->bind(1, static_cast<std::int64_t>(number));
  statement->bind(2, pem);
  return statement->run();
}

}  // namespace p2p::pki
