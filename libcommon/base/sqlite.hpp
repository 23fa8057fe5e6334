// SQLite with owners and errors as values. A connection and its statements belong to one thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/error.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace p2p {

/// A prepared statement. Parameters and columns count from 1 and 0, as in SQLite.
class Statement {
 public:
  void bind(int index, std::int64_t value);
  /// The text must live until the next reset().
  void bind(int index, std::string_view text);
  /// Likewise the bytes.
  void bind_blob(int index, ByteView bytes);
  void bind_null(int index);

  /// True when a row is there, false at the end. After the end or an error the statement is reset.
  Result<bool> step();
  /// For statements without rows: runs it to its end.
  Result<void> run();
  void reset();

  std::int64_t integer(int column) const;
  /// Valid until the next step() or reset().
  std::string_view text(int column) const;
  /// Likewise; empty for NULL.
  ByteView blob(int column) const;
  bool is_null(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Database {
 public:
  enum class Mode : unsigned char { create, write, read_only };
  /// `damaged` when the file is not a database or is corrupt; `create` makes an empty one (mode 0600)
  /// where there is none.
  static Result<Database> open(const std::filesystem::path& path, Mode mode);

  /// The write-ahead log stays beside the file when the last connection closes, unless it has `pages` by then: the next
  /// connection reads that much, but neither makes the log nor syncs more than its own changes need.
  Result<void> keep_log(int pages);
  /// One or several statements without parameters or results.
  Result<void> execute(const std::string& sql);
  Result<Statement> prepare(std::string_view sql);
  /// A whole, consistent copy in a new file of mode 0600, while others may write here; `exists` when it is there
  /// already.
  Result<void> copy_to(const std::filesystem::path& path);
  /// Rows that the last statement inserted, changed or deleted.
  std::int64_t changed_rows() const;
  std::int64_t last_rowid() const;

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  explicit Database(sqlite3* database) : database_(database) {}
  std::unique_ptr<sqlite3, Close> database_;
};

/// A transaction that is rolled back unless commit() succeeded.
class Transaction {
 public:
  static Result<Transaction> begin(Database& database);
  Result<void> commit();
  ~Transaction();
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace p2p
