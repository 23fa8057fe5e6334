#include "logs/sources/journal_entry.hpp"

#include <doctest/doctest.h>

#include "base/json.hpp"
#include "base/rfc3339.hpp"

using namespace p2p;
using namespace p2p::logs;

TEST_CASE("an entry of a unit") {
  const auto record = record_of_journal({{"MESSAGE", "Accepted\nkey"},
                                         {"PRIORITY", "4"},
                                         {"_SYSTEMD_UNIT", "ssh.service"},
                                         {"SYSLOG_IDENTIFIER", "sshd"},
                                         {"_PID", "42"},
                                         {"_HOSTNAME", "web-1"},
                                         {"_TRANSPORT", "syslog"},
                                         {"_SOURCE_REALTIME_TIMESTAMP", "1767323045000001"},
                                         {"CODE_FILE", "a.c"},
                                         {"CODE_FUNC", "main"},
                                         {"CODE_LINE", "7"}});
  CHECK(record.logger_name == "Journal.ssh");
  CHECK(record.level == LogLevel::warning);
  CHECK(record.message == "Accepted\nkey");
  CHECK(format_rfc3339(record.timestamp, 6) == "2026-01-02T03:04:05.000001Z");
  CHECK(record.module == "a.c");
  CHECK(record.function == "main");
  CHECK(record.line == 7);
  CHECK(Json::parse(record.attrs) == Json{{"unit", "ssh.service"},
                                          {"identifier", "sshd"},
                                          {"pid", "42"},
                                          {"hostname", "web-1"},
                                          {"transport", "syslog"},
                                          {"priority", "warning"}});
}

TEST_CASE("entries without a unit, and with fields that make no sense") {
  CHECK(record_of_journal({{"_TRANSPORT", "kernel"}, {"SYSLOG_IDENTIFIER", "kernel"}}).logger_name == "Journal.kernel");
  CHECK(record_of_journal({{"_COMM", "cron"}, {"_TRANSPORT", "syslog"}}).logger_name == "Journal.cron");
  CHECK(record_of_journal({}).logger_name == "Journal");
  CHECK(record_of_journal({}).level == LogLevel::info);
  CHECK(record_of_journal({}).timestamp == WallTime{});
  CHECK(record_of_journal({{"PRIORITY", "0"}}).level == LogLevel::critical);
  CHECK(record_of_journal({{"PRIORITY", "99"}}).level == LogLevel::debug);
  CHECK(record_of_journal({{"PRIORITY", "-1"}}).level == LogLevel::info);
  CHECK(record_of_journal({{"CODE_LINE", "x"}}).line == 0);
  auto record = record_of_journal({{"_SOURCE_REALTIME_TIMESTAMP", "99999999999999999999"},
                                   {"_SYSTEMD_UNIT", std::string(5000, 'u')},
                                   {"_HOSTNAME", "\xFF"}});
  normalise(record);
  CHECK(record.logger_name.size() <= kMaxNameBytes);
  CHECK(Json::parse(record.attrs)["hostname"] == "\xEF\xBF\xBD");
  CHECK(record_of_journal({{"_SOURCE_REALTIME_TIMESTAMP", "9223372036854775807"}}).timestamp > WallTime{});
}

TEST_CASE("the node's own entries are left out") {
  const JournalOwner own{"fleet.service", "42"};
  CHECK(is_own_entry({{"_SYSTEMD_UNIT", "p2p-node.service"}}, own));
  CHECK(is_own_entry({{"_SYSTEMD_UNIT", "fleet.service"}}, own));
  CHECK(is_own_entry({{"_PID", "42"}}, own));
  CHECK_FALSE(is_own_entry({{"_SYSTEMD_UNIT", "ssh.service"}, {"_PID", "4"}}, own));
  CHECK_FALSE(is_own_entry({}, {"", "42"}));
}
