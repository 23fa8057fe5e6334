#include "logs/sources/syslog_message.hpp"

#include <doctest/doctest.h>

#include "base/json.hpp"
#include "base/rfc3339.hpp"

using namespace p2p;
using namespace p2p::logs;

namespace {

/// A zone two hours east of UTC, without summer time.
WallTime two_hours_east(const CivilTime& local) {
  const auto day = std::chrono::sys_days(std::chrono::year(local.year) / local.month / local.day);
  return WallTime(day) + std::chrono::hours(local.hour - 2) + std::chrono::minutes(local.minute) +
         std::chrono::seconds(local.second);
}

LogRecord parse(std::string_view text, std::string_view now = "2026-11-26T20:00:00Z") {
  return parse_syslog(text, {parse_rfc3339(now).value(), "192.0.2.7", "192.0.2.7", &two_hours_east});
}
Json attrs(const LogRecord& record) { return Json::parse(record.attrs); }
std::string time_of(const LogRecord& record) { return format_rfc3339(record.timestamp, 6); }

}  // namespace

TEST_CASE("the examples of RFC 5424 section 6.5") {
  auto record = parse("<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \xEF\xBB\xBF'su root' failed");
  CHECK(time_of(record) == "2003-10-11T22:14:15.003000Z");
  CHECK(record.logger_name == "Syslog.su");
  CHECK(record.level == LogLevel::error);  // crit
  CHECK(record.message == "'su root' failed");
  CHECK(attrs(record) == Json{{"facility", "auth"},
                              {"severity", "crit"},
                              {"hostname", "mymachine.example.com"},
                              {"appname", "su"},
                              {"msgid", "ID47"},
                              {"from", "192.0.2.7"}});
  record = parse("<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time to make the do-nuts.");
  CHECK(time_of(record) == "2003-08-24T12:14:15.000003Z");
  CHECK(record.level == LogLevel::info);  // notice
  CHECK(attrs(record)["procid"] == "8710");
  CHECK(attrs(record)["facility"] == "local4");
  record = parse(
      R"(<165>1 2003-10-11T22:14:15.003Z h evntslog - ID47 [exampleSDID@32473 iut="3" eventSource="Application"][examplePriority@32473 class="high"])");
  CHECK(record.message.empty());
  CHECK(attrs(record)["structured_data"] == Json::parse(R"({"exampleSDID@32473":{"iut":"3","eventSource":"Application"},
                        "examplePriority@32473":{"class":"high"}})"));
}

TEST_CASE("structured data: escapes, repeated names, and what is malformed") {
  const auto data_of = [](std::string_view data, std::string_view message) {
    const auto record = parse("<13>1 - h app - - " + std::string(data));
    CHECK(record.message == message);
    return attrs(record)["structured_data"];
  };
  // Section 6.3.3: the three escapes; any other backslash is itself.
  CHECK(data_of(R"([a x="\"\\\]\n"] m)", "m")["a"]["x"] == R"("\]\n)");
  CHECK(data_of(R"([a ip="1" ip="2" ip="3"] m)", "m")["a"]["ip"] == Json{"1", "2", "3"});
  CHECK(data_of("[a] m", "m") == Json{{"a", Json::object()}});
  for (const std::string_view bad :
       {"[a x=\"1] m", "[a x=1] m", "[] m", "[a x=\"1\"m", "[a][a] m", "x m", "[a x=\"1\"]m"})
    CHECK(data_of(bad, bad)["refused"] == "malformed");
  const std::string large = "[a x=\"" + std::string(9000, 'x') + "\"] m";
  CHECK(data_of(large, "m")["refused"] == "over 8 KiB");
}

TEST_CASE("NILVALUE: the time of arrival and the sender's address") {
  const auto record = parse("<14>1 - - - - - - hello");
  CHECK(time_of(record) == "2026-11-26T20:00:00.000000Z");
  CHECK(record.logger_name == "Syslog");
  CHECK(attrs(record)["hostname"] == "192.0.2.7");
  CHECK(record.message == "hello");
}

TEST_CASE("RFC 3164: the examples of section 5.4") {
  auto record = parse("<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8");
  CHECK(time_of(record) == "2026-10-11T20:14:15.000000Z");
  CHECK(record.logger_name == "Syslog.su");
  CHECK(record.message == "'su root' failed for lonvick on /dev/pts/8");
  CHECK(attrs(record)["hostname"] == "mymachine");
  record = parse("Use the BFG!");
  CHECK(record.message == "Use the BFG!");
  CHECK(time_of(record) == "2026-11-26T20:00:00.000000Z");
  CHECK(attrs(record)["facility"] == "user");
  CHECK(attrs(record)["severity"] == "notice");
  CHECK(attrs(record)["hostname"] == "192.0.2.7");
  // A time zone where the host should be: nothing tells.
  record = parse("<165>Aug 24 05:34:00 CST 1987 mymachine myproc[10]: %% It's time to make the do-nuts.");
  CHECK(record.message == "1987 mymachine myproc[10]: %% It's time to make the do-nuts.");
  record = parse("<0>1990 Oct 22 10:52:01 TZ-6 scapegoat.dmz.example.org 10.1.2.3 sched[0]: That's All Folks!");
  CHECK(record.message == "1990 Oct 22 10:52:01 TZ-6 scapegoat.dmz.example.org 10.1.2.3 sched[0]: That's All Folks!");
  CHECK(record.level == LogLevel::critical);
}

TEST_CASE("RFC 3164: the year is the one that brings the date nearest") {
  CHECK(time_of(parse("<13>Dec 31 23:59:59 h a: x", "2027-01-01T00:10:00Z")) == "2026-12-31T21:59:59.000000Z");
  CHECK(time_of(parse("<13>Jan  1 00:00:01 h a: x", "2026-12-31T23:50:00Z")) == "2026-12-31T22:00:01.000000Z");
  CHECK(time_of(parse("<13>Mar  1 12:00:00 h a: x", "2026-03-01T12:00:00Z")) == "2026-03-01T10:00:00.000000Z");
}

TEST_CASE("RFC 3164: what programs and relays send besides") {
  // glibc's syslog(3) on this machine names no host.
  auto record = parse("<30>Nov 26 20:14:01 sshd[42]: Accepted");
  CHECK(record.logger_name == "Syslog.sshd");
  CHECK(record.message == "Accepted");
  CHECK(attrs(record)["procid"] == "42");
  CHECK(attrs(record)["hostname"] == "192.0.2.7");
  // rsyslog's forwarding format has a precise date.
  record = parse("<30>2026-11-26T20:14:01.5+01:00 web-1 nginx: GET /");
  CHECK(time_of(record) == "2026-11-26T19:14:01.500000Z");
  CHECK(attrs(record)["hostname"] == "web-1");
  CHECK(record.logger_name == "Syslog.nginx");
  record = parse("<30>Nov 26 20:14:01 web-1 no tag here");
  CHECK(record.message == "no tag here");
  CHECK(record.logger_name == "Syslog");
  record = parse("<30>Nov 26 20:14:01 alone");
  CHECK(record.message == "alone");
  record = parse("<30>no date: here");
  CHECK(record.message == "no date: here");
  CHECK(record.logger_name == "Syslog");
}

TEST_CASE("what is no priority is text") {
  for (const std::string_view text : {"<192>x", "<007>x", "<>x", "<1x>y", "<", "<1", "<12345>x", ""}) {
    const auto record = parse(text);
    CHECK(record.message == text);
    CHECK(attrs(record)["severity"] == "notice");
  }
  CHECK(parse("<191>x").message == "x");
  CHECK(attrs(parse("<191>x"))["facility"] == "local7");
  CHECK(parse("<13>x\n").message == "x");
  CHECK(parse(std::string_view("<13>x\0", 6)).message == "x");
}

TEST_CASE("a header that is no RFC 5424 is text too, and nothing of it breaks attrs") {
  CHECK(parse("<13>1 yesterday h a - - - x").message == "1 yesterday h a - - - x");
  CHECK(parse("<13>1 - h").message == "1 - h");
  auto record = parse("<13>1 - h\xFF\x01 a\xFF - - [a\xFE b=\"\xFF\"] \xFF");
  normalise(record);
  CHECK(attrs(record)["hostname"] == "h\xEF\xBF\xBD\x01");
  CHECK(attrs(record)["structured_data"].size() == 1);
  CHECK(record.message == "\xEF\xBF\xBD");
}
