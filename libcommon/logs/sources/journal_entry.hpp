// One entry of the systemd journal as a record. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "logs/record.hpp"

namespace p2p::logs {

/// Fields as of systemd.journal-fields(7); of one that comes several times, one value.
using JournalFields = std::map<std::string, std::string, std::less<>>;

/// Whether a field says something that a record holds; the others need not be read.
bool is_wanted_field(std::string_view name);

/// Logger `Journal.<unit>`, without `.service`; where there is no unit, the identifier of the program, else the
/// transport (`kernel`). attrs hold `unit`, `identifier`, `pid`, `hostname`, `transport` and `priority`, those that are
/// there. The level is the priority's, as of syslog. Without a time in it the record has none.
LogRecord record_of_journal(const JournalFields& fields);

/// Whose entries are left out: the node's own lines come another way.
struct JournalOwner {
  std::string unit;  ///< that this process runs in; may be empty
  std::string pid;
};
bool is_own_entry(const JournalFields& fields, const JournalOwner& own);

}  // namespace p2p::logs
