// Records as an existing syslog server takes them: RFC 5424, counted in octets (RFC 6587 section 3.4.1, RFC 5425).
// Pure.
#pragma once

#include <string>

#include "logs/record.hpp"

namespace p2p::logs {

/// Appends one message. PRI is facility daemon and the level; HOSTNAME is the node, APP-NAME the logger (its first 48
/// printable ASCII characters), and structured data `p2p@32473` has node_id, logger, epoch and seq, by which a receiver
/// tells what it got twice. 32473 is the enterprise number of examples (RFC 5612): this project has none of its own.
void append_syslog_message(std::string& out, const LogRecord& record);

/// What came in by syslog is not forwarded to syslog, so that no message goes in a circle.
bool is_from_syslog(const LogRecord& record);

}  // namespace p2p::logs
