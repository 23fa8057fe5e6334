#include "acme/certificate_id.hpp"

#include "base/text.hpp"

namespace p2p::acme {
namespace {

constexpr std::size_t kMaxKeyIdText = 86;   // 64 bytes: SHA-512, longer than any key id in use
constexpr std::size_t kMaxSerialText = 28;  // 21 bytes: RFC 5280 section 4.1.2.2 and the zero byte before them

}  // namespace

std::string to_text(const pki::CertificateId& id) {
  Bytes der = id.serial;
  // A DER integer with its first bit set would be negative.
  if (der.empty() || (der.front() & 0x80) != 0) der.insert(der.begin(), 0);
  return to_base64url(id.issuer_key_id) + "." + to_base64url(der);
}

Result<pki::CertificateId> parse_certificate_id(std::string_view text) {
  const Error refused(Errc::invalid, "this is not a certificate's id as in RFC 9773");
  const auto parts = split(text.substr(0, kMaxKeyIdText + kMaxSerialText + 2), '.');
  if (parts.size() != 2 || parts[0].empty() || parts[0].size() > kMaxKeyIdText || parts[1].size() > kMaxSerialText) {
    return refused;
  }
  auto key_id = from_base64url(parts[0]);
  auto serial = from_base64url(parts[1]);
  if (!key_id || !serial || serial->empty()) return refused;
  pki::CertificateId out{std::move(*key_id), std::move(*serial)};
  if (out.serial.front() == 0) out.serial.erase(out.serial.begin());
  if (out.serial.empty() || to_text(out) != text) return refused;
  return out;
}

}  // namespace p2p::acme
