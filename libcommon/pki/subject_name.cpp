#include "pki/subject_name.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace p2p::pki {
namespace {

constexpr std::size_t kMaxDnsName = 253;  // RFC 1035 section 2.3.4, in text form
constexpr std::size_t kMaxLabel = 63;

bool is_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool is_label(std::string_view text) {
  return !text.empty() && text.size() <= kMaxLabel && text.front() != '-' && text.back() != '-' &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
}

bool is_number(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// Names whose last label is a number are refused: they are addresses with a mistake (300.1.2.3), never host names.
bool is_dns_name(std::string_view text) {
  if (text.size() > kMaxDnsName) return false;
  if (text.starts_with("*.")) text.remove_prefix(2);
  const auto labels = split(text, '.');
  return std::all_of(labels.begin(), labels.end(), is_label) && !is_number(labels.back());
}

}  // namespace

Result<Bytes> ip_to_bytes(std::string_view text) {
  const std::string address(text.substr(0, INET6_ADDRSTRLEN));
  Bytes out(16);
  if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos) {
    return Error(Errc::invalid, "not an IP address");
  }
  if (::inet_pton(AF_INET6, address.c_str(), out.data()) == 1) return out;
  out.resize(4);
  if (::inet_pton(AF_INET, address.c_str(), out.data()) == 1) return out;
  return Error(Errc::invalid, fmt::format("\"{}\" is not an IP address", escape_controls(text)));
}

Result<std::string> ip_to_text(ByteView bytes) {
  char text[INET6_ADDRSTRLEN] = {};
  if (bytes.size() != 4 && bytes.size() != 16) return Error(Errc::invalid, "an IP address has 4 or 16 bytes");
  ::inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), text, sizeof text);
  return std::string(text);
}

Result<SubjectName> parse_subject_name(std::string_view text) {
  if (const auto bytes = ip_to_bytes(text)) return SubjectName{SubjectName::Kind::ip, *ip_to_text(*bytes)};
  if (is_dns_name(text)) return SubjectName{SubjectName::Kind::dns, std::string(text)};
  return Error(Errc::invalid,
               fmt::format("\"{}\" is neither a DNS name nor an IP address", escape_controls(text.substr(0, 256))));
}

SubjectName subject_name_of_node(std::string_view node_id) {
  if (const auto bytes = ip_to_bytes(node_id)) return {SubjectName::Kind::ip, *ip_to_text(*bytes)};
  return {SubjectName::Kind::dns, std::string(node_id)};
}

}  // namespace p2p::pki
