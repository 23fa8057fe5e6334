// Whether an inventory is what was written: each event follows from the one before, and the tables from the events.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "pki/inventory.hpp"
#include "pki/inventory_chain.hpp"
#include "pki/inventory_events.hpp"

namespace p2p::pki {
namespace {

class Audit {
 public:
  Audit(Database& database, ByteView noted_head) : database_(database), noted_head_(noted_head) {
    report_.has_noted_head = noted_head.empty();
  }

  Result<AuditReport> run() {
    // One transaction, so that others' events do not come in between the walk and the comparison; it writes nothing.
    if (auto begun = database_.execute("BEGIN"); !begun) return begun.error();
    auto done = make_tables();
    if (done) done = walk();
    if (done) done = compare();
    if (done) done = check_crl();
    if (done) done = count_certificates();
    (void)database_.execute("ROLLBACK");
    if (!done) return done.error();
    return std::move(report_);
  }

 private:
  void find(std::string what) {
    if (report_.findings.size() < kMaxFindings) report_.findings.push_back(std::move(what));
  }

  Result<void> make_tables() {
    for (const auto& table : derived_tables()) {
      if (auto made = database_.execute(fmt::format("CREATE TEMP TABLE {}{}", table.name, table.create)); !made) {
        return made;
      }
    }
    return {};
  }

  Result<void> walk() {
    auto query = database_.prepare("SELECT seq, at, who, kind, body, attachment, hash FROM journal ORDER BY seq");
    if (!query) return query.error();
    std::int64_t expected = 1;
    for (;;) {
      const auto more = query->step();
      if (!more) return more.error();
      if (!*more) return {};
      const JournalEntry entry{query->integer(0), query->integer(1), query->text(2),
                               query->text(3),    query->text(4),    query->blob(5)};
      if (entry.seq > expected) {
        find(entry.seq == expected + 1 ? fmt::format("event {} is missing", expected)
                                       : fmt::format("events {} to {} are missing", expected, entry.seq - 1));
      }
      expected = entry.seq + 1;
      take(entry, query->blob(6));
    }
  }

  void take(const JournalEntry& entry, ByteView hash) {
    ++report_.event_count;
    if (!std::ranges::equal(hash_of(report_.head, entry), hash)) {
      find(fmt::format("event {} ({}) was changed, or the one before it was", entry.seq, escape_controls(entry.kind)));
    }
    if (!noted_head_.empty() && std::ranges::equal(noted_head_, hash)) report_.has_noted_head = true;
    // Going on from what is there finds every other place where the chain is broken.
    report_.head = {};
    std::copy_n(hash.begin(), std::min(hash.size(), report_.head.size()), report_.head.begin());
    if (auto applied = apply_event(database_, entry.kind, entry.seq, entry.at, entry.body); !applied) {
      find(fmt::format("event {} cannot have happened: {}", entry.seq, escape_controls(applied.error().context)));
    }
  }

  /// Rows of one schema's table that the other has not, by their keys.
  Result<std::set<std::string>> rows_only_in(const DerivedTable& table, const char* one, const char* other) {
    auto query =
        database_.prepare(fmt::format("SELECT {} FROM (SELECT * FROM {}.{} EXCEPT SELECT * FROM {}.{}) LIMIT {}",
                                      table.key, one, table.name, other, table.name, kMaxFindings));
    if (!query) return query.error();
    std::set<std::string> out;
    for (;;) {
      const auto more = query->step();
      if (!more) return more.error();
      if (!*more) return out;
      out.emplace(query->text(0));
    }
  }

  Result<void> compare() {
    for (const auto& table : derived_tables()) {
      const auto here = rows_only_in(table, "main", "temp");
      if (!here) return here.error();
      const auto wanted = rows_only_in(table, "temp", "main");
      if (!wanted) return wanted.error();
      for (const auto& key : *here) {
        find(fmt::format("{}: row {} {}", table.name, escape_controls(key),
                         wanted->count(key) != 0 ? "was changed" : "is not in the journal"));
      }
      for (const auto& key : *wanted) {
        if (here->count(key) == 0) find(fmt::format("{}: row {} is missing", table.name, escape_controls(key)));
      }
    }
    return {};
  }

  Result<void> check_crl() {
    auto query = database_.prepare("SELECT number, pem, sha256 FROM crl_text LEFT JOIN main.crls USING(number)");
    if (!query) return query.error();
    for (;;) {
      const auto more = query->step();
      if (!more) return more.error();
      if (!*more) return {};
      if (to_hex(crypto::sha256(as_bytes(query->text(1)))) != query->text(2)) {
        find(fmt::format("the text of CRL {} was changed", query->integer(0)));
      }
    }
  }

  Result<void> count_certificates() {
    auto query = database_.prepare("SELECT count(*) FROM main.certificates");
    if (!query) return query.error();
    if (const auto row = query->step(); !row) return row.error();
    report_.certificate_count = query->integer(0);
    return {};
  }

  Database& database_;
  ByteView noted_head_;
  AuditReport report_;
};

}  // namespace

Result<AuditReport> Inventory::audit(ByteView noted_head) { return Audit(database_, noted_head).run(); }

}  // namespace p2p::pki
