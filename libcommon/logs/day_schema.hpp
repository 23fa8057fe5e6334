// One day of the log store: an SQLite file `logs-YYYY-MM-DD.db` that needs no other file to be read. Levels are
// severity numbers of OpenTelemetry, times are nanoseconds since 1970 UTC; the view `log` shows both as text:
//
//   sqlite3 logs-2026-01-02.db "SELECT * FROM log WHERE level = 'ERROR' AND node_id = 'worker-1'"
#pragma once

namespace p2p::logs {

inline constexpr int kDaySchemaVersion = 1;

/// FULL: in WAL mode NORMAL leaves the last commits to the next checkpoint, and a worker forgets what is acknowledged.
/// The journal is put into the file long before SQLite does it, by DayCheckpointer; what a reader that lingered made of
/// it is cut off again at 16 MiB.
inline constexpr char kDayPragmas[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 16000; "
    "PRAGMA journal_size_limit = 16777216;";
inline constexpr char kInsertRecord[] =
    "INSERT INTO records VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";

/// `number` is the place in the order of commits across all days, and the cursor. `streams.acknowledged` is the highest
/// contiguous seq that the coordinator has confirmed to the node for that epoch: none up to there is stored again, so
/// that (node, epoch, seq) is unique without an index. What a search needs beyond the errors is in an index of its own
/// (day_index.hpp), which costs ingest nothing.
inline constexpr char kDaySchema[] = R"sql(
CREATE TABLE meta (key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE nodes (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, record_count INTEGER NOT NULL DEFAULT 0);
CREATE TABLE loggers (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE streams (
  id INTEGER PRIMARY KEY,
  node INTEGER NOT NULL REFERENCES nodes (id),
  epoch INTEGER NOT NULL,
  acknowledged INTEGER NOT NULL DEFAULT 0,
  UNIQUE (node, epoch)
);
CREATE TABLE records (
  number INTEGER PRIMARY KEY,
  stream INTEGER NOT NULL REFERENCES streams (id),
  seq INTEGER NOT NULL,
  node INTEGER NOT NULL REFERENCES nodes (id),
  logger INTEGER NOT NULL REFERENCES loggers (id),
  level INTEGER NOT NULL,
  timestamp INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  message TEXT NOT NULL,
  attrs TEXT,
  module TEXT,
  function TEXT,
  line INTEGER,
  trace_id TEXT
);
CREATE INDEX errors ON records (number) WHERE level >= 17;
CREATE INDEX errors_by_node ON records (node) WHERE level >= 17;
CREATE VIEW log AS
SELECT number,
  strftime('%Y-%m-%dT%H:%M:%S', timestamp / 1000000000, 'unixepoch') || printf('.%09dZ', timestamp % 1000000000)
    AS timestamp,
  nodes.name AS node_id, streams.epoch AS epoch, seq,
  CASE WHEN level >= 21 THEN 'CRITICAL' WHEN level >= 17 THEN 'ERROR' WHEN level >= 13 THEN 'WARNING'
    WHEN level >= 9 THEN 'INFO' ELSE 'DEBUG' END AS level,
  loggers.name AS logger_name, message, attrs, module, function, line, trace_id,
  strftime('%Y-%m-%dT%H:%M:%S', received_at / 1000000000, 'unixepoch') || printf('.%09dZ', received_at % 1000000000)
    AS received_at
FROM records JOIN nodes ON nodes.id = records.node JOIN loggers ON loggers.id = records.logger
  JOIN streams ON streams.id = records.stream;
)sql";

}  // namespace p2p::logs
