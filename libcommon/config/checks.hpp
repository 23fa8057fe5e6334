// Checks of configured texts, in the form that the table of keys takes (TextCheck). Pure.
#pragma once

#include <string_view>

namespace p2p::config {

const char* check_name(std::string_view text);
const char* check_ip_address(std::string_view text);
/// Host and port, IPv6 in brackets; both are needed.
const char* check_host_port(std::string_view text);
/// Empty, a host or an interface's name, a host and port, or a network (`10.0.0.0/8`).
const char* check_advertised(std::string_view text);
const char* check_not_empty(std::string_view text);
/// `tcp://HOST:PORT`, `udp://HOST:PORT`, `unix:///PATH`.
const char* check_syslog_address(std::string_view text);
/// `tcp://HOST:PORT`, `tls://HOST:PORT`, or empty.
const char* check_syslog_target(std::string_view text);
/// A pattern of paths, a space, and an expression of RE2.
const char* check_multiline_rule(std::string_view text);
/// Empty, or an https URL.
const char* check_https_url(std::string_view text);

/// True for 127.0.0.0/8 and ::1.
bool is_loopback_address(std::string_view text);

}  // namespace p2p::config
