#include "auth/token.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/rfc3339.hpp"
#include "base/text.hpp"

namespace p2p::auth {
namespace {

constexpr std::size_t kMaxTokenIdLength = 64;
constexpr std::size_t kMaxSerialBytes = 20;  // RFC 5280 section 4.1.2.2
constexpr std::size_t kMaxKeyIdBytes = 64;

Error bad_claim(std::string_view name) { return {Errc::invalid, fmt::format("token: no good claim \"{}\"", name)}; }

Result<std::chrono::sys_seconds> read_time(const Json& claims, std::string_view name) {
  const auto seconds = find_unsigned(claims, name);
  const auto time = seconds ? from_unix_seconds(*seconds) : Result<std::chrono::sys_seconds>(bad_claim(name));
  return time ? time : bad_claim(name);
}

Result<Bytes> read_hex(const Json& object, std::string_view name, std::size_t max_bytes) {
  const std::string* text = find_string(object, name);
  if (text == nullptr || text->size() > 2 * max_bytes) return bad_claim("asker");
  auto bytes = from_hex(*text);
  return bytes ? bytes : bad_claim("asker");
}

Result<pki::CertificateId> read_asker(const Json& claims) {
  const Json* asker = find_member(claims, "asker");
  if (asker == nullptr || !asker->is_object()) return bad_claim("asker");
  auto issuer = read_hex(*asker, "issuer", kMaxKeyIdBytes);
  if (!issuer) return issuer.error();
  auto serial = read_hex(*asker, "serial", kMaxSerialBytes);
  if (!serial) return serial.error();
  return pki::CertificateId{std::move(*issuer), std::move(*serial)};
}

}  // namespace

bool is_token_id(std::string_view text) noexcept {
  const auto is_fit = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !text.empty() && text.size() <= kMaxTokenIdLength && std::ranges::all_of(text, is_fit);
}

Result<std::chrono::sys_seconds> from_unix_seconds(std::uint64_t seconds) {
  static const auto latest = std::chrono::floor<std::chrono::seconds>(WallTime::max()).time_since_epoch().count();
  if (seconds > static_cast<std::uint64_t>(latest)) return Error(Errc::invalid, "a date out of range");
  return std::chrono::sys_seconds(std::chrono::seconds(seconds));
}

Json to_claims(const Token& token, std::string_view cluster_name) {
  std::string scope = token.scopes.to_text();
  std::ranges::replace(scope, ',', ' ');
  return {{"iss", token.issuer},
          {"sub", token.subject},
          {"aud", cluster_name},
          {"jti", token.id},
          {"iat", token.issued_at.time_since_epoch().count()},
          {"exp", token.expires_at.time_since_epoch().count()},
          {"scope", std::move(scope)},
          {"asker", {{"issuer", to_hex(token.asker.issuer_key_id)}, {"serial", to_hex(token.asker.serial)}}}};
}

Result<Token> read_claims(const Json& claims, std::string_view cluster_name) {
  const std::string* audience = find_string(claims, "aud");
  if (audience == nullptr) return bad_claim("aud");
  if (*audience != cluster_name) {
    return Error(Errc::not_permitted,
                 fmt::format("the token is for the cluster \"{}\"", escape_controls(audience->substr(0, 64))));
  }
  const std::string* id = find_string(claims, "jti");
  const std::string* subject = find_string(claims, "sub");
  const std::string* issuer = find_string(claims, "iss");
  const std::string* scope = find_string(claims, "scope");
  if (id == nullptr || !is_token_id(*id)) return bad_claim("jti");
  if (subject == nullptr || !is_valid_name(*subject)) return bad_claim("sub");
  if (issuer == nullptr || !is_valid_name(*issuer)) return bad_claim("iss");
  if (scope == nullptr) return bad_claim("scope");
  const auto issued_at = read_time(claims, "iat");
  if (!issued_at) return issued_at.error();
  const auto expires_at = read_time(claims, "exp");
  if (!expires_at) return expires_at.error();
  auto asker = read_asker(claims);
  if (!asker) return asker.error();
  return Token{*id, *subject, Scopes::parse_known(*scope), *issued_at, *expires_at, *issuer, std::move(*asker)};
}

Result<void> check_dates(const Token& token, WallTime now) {
  if (now >= token.expires_at + kTokenLeeway) {
    return Error(Errc::not_permitted, "the token expired at " + format_rfc3339(token.expires_at, 0));
  }
  if (token.issued_at > now + kTokenLeeway) {
    return Error(Errc::not_permitted, "the token was issued in the future: a clock is wrong");
  }
  return {};
}

}  // namespace p2p::auth
