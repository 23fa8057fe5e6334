#include "config/checks.hpp"

#include <arpa/inet.h>
#include <re2/re2.h>

#include <algorithm>
#include <string>

#include "base/text.hpp"

namespace p2p::config {
namespace {

constexpr std::size_t kMaxHostLength = 253;  // RFC 1035

bool is_ipv4(std::string_view text) {
  in_addr address{};
  return ::inet_pton(AF_INET, std::string(text).c_str(), &address) == 1;
}

bool is_ipv6(std::string_view text) {
  in6_addr address{};
  return ::inet_pton(AF_INET6, std::string(text).c_str(), &address) == 1;
}

/// A DNS name or IPv4 address. A name of digits and dots alone is a misspelt address.
bool is_host(std::string_view text) {
  if (text.empty() || text.size() > kMaxHostLength || text.front() == '-' || text.front() == '.') return false;
  if (text.find_first_not_of("0123456789.") == std::string_view::npos) return is_ipv4(text);
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  };
  return std::all_of(text.begin(), text.end(), fits) && text.find("..") == std::string_view::npos;
}

bool is_port(std::string_view text) {
  if (text.empty() || text.size() > 5 || text.front() == '0') return false;
  if (text.find_first_not_of("0123456789") != std::string_view::npos) return false;
  return std::stoul(std::string(text)) <= 65535;
}

bool is_host_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || !is_port(text.substr(colon + 1))) return false;
  const std::string_view host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') return is_ipv6(host.substr(1, host.size() - 2));
  return is_host(host);
}

/// An address, a slash, and how many of its bits count.
bool is_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view address = text.substr(0, slash), length = text.substr(slash + 1);
  if (length.empty() || length.size() > 3 || length.find_first_not_of("0123456789") != std::string_view::npos) {
    return false;
  }
  const int bits = std::stoi(std::string(length));
  return (is_ipv4(address) && bits <= 32) || (is_ipv6(address) && bits <= 128);
}

}  // namespace

const char* check_name(std::string_view text) {
  return is_valid_name(text) ? nullptr
                             : "a name of 1 to 63 letters, digits, \"-\", \"_\" and \".\", with a letter or digit at "
                               "each end";
}

const char* check_ip_address(std::string_view text) {
  return is_ipv4(text) || is_ipv6(text) ? nullptr : "an IP address such as \"0.0.0.0\", \"127.0.0.1\" or \"::\"";
}

const char* check_host_port(std::string_view text) {
  return is_host_port(text) ? nullptr : "an address such as \"coordinator-1:8001\" or \"[fd00::1]:8001\"";
}

const char* check_advertised(std::string_view text) {
  return text.empty() || is_host(text) || is_ipv6(text) || is_host_port(text) || is_network(text)
             ? nullptr
             : "an IP address or host name, with or without \":port\", the name of an interface, or a network such as "
               "\"192.168.0.0/16\"";
}

const char* check_not_empty(std::string_view text) { return text.empty() ? "a path" : nullptr; }

const char* check_syslog_address(std::string_view text) {
  constexpr std::string_view kUnix = "unix:///";
  if (text.starts_with("tcp://") && is_host_port(text.substr(6))) return nullptr;
  if (text.starts_with("udp://") && is_host_port(text.substr(6))) return nullptr;
  if (text.starts_with(kUnix) && text.size() > kUnix.size()) return nullptr;
  return "\"tcp://HOST:PORT\", \"udp://HOST:PORT\" or \"unix:///PATH\"";
}

const char* check_syslog_target(std::string_view text) {
  const bool has_scheme = text.starts_with("tcp://") || text.starts_with("tls://");
  return text.empty() || (has_scheme && is_host_port(text.substr(6))) ? nullptr
                                                                      : "\"tcp://HOST:PORT\" or \"tls://HOST:PORT\"";
}

const char* check_multiline_rule(std::string_view text) {
  const std::size_t space = text.find(' ');
  const bool has_parts = space != 0 && space != std::string_view::npos && space + 1 < text.size();
  if (!has_parts) return "a pattern of paths, a space, and an expression, such as \"/srv/shop/*.log ^\\d{4}-\"";
  const auto expression = text.substr(space + 1);
  re2::RE2::Options options;
  options.set_log_errors(false);
  return re2::RE2(re2::StringPiece(expression.data(), expression.size()), options).ok()
             ? nullptr
             : "an expression that RE2 takes after the pattern of paths";
}

const char* check_https_url(std::string_view text) {
  constexpr std::string_view kScheme = "https://";
  return text.empty() || (text.starts_with(kScheme) && text.size() > kScheme.size()) ? nullptr : "an https:// address";
}

bool is_loopback_address(std::string_view text) {
  in_addr v4{};
  if (::inet_pton(AF_INET, std::string(text).c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  return ::inet_pton(AF_INET6, std::string(text).c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6) != 0;
}

}  // namespace p2p::config
