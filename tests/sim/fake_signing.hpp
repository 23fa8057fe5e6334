// Signatures for simulated fleets: a keyed hash in place of ECDSA, so that a hundred nodes sign in no time. A forger
// who does not ask the authority is caught just the same.
#pragma once

#include <openssl/sha.h>

#include <array>
#include <cstdlib>
#include <string>

#include "base/text.hpp"
#include "membership/signing.hpp"

namespace p2p::sim {

inline membership::Fingerprint sha256(ByteView bytes) {
  membership::Fingerprint out{};
  SHA256(bytes.data(), bytes.size(), out.data());
  return out;
}

/// The "certificate" is `cluster|role|name|serial`, the "key" a number that only signer and verifier can compute.
inline Bytes fake_certificate(const pki::Identity& identity, int serial = 1) {
  return to_bytes(identity.cluster_name + "|" + std::string(pki::to_string(identity.role)) + "|" + identity.name + "|" +
                  std::to_string(serial));
}

inline Bytes fake_signature(ByteView certificate, ByteView text) {
  std::array<std::uint64_t, 2> state = {0xcbf29ce484222325ULL, 0x9e3779b97f4a7c15ULL};
  const auto mix = [&](ByteView bytes) {
    for (const std::uint8_t byte : bytes) {
      state[0] = (state[0] ^ byte) * 0x100000001b3ULL;
      state[1] = (state[1] + state[0]) * 0xff51afd7ed558ccdULL;
    }
  };
  mix(certificate);
  mix(text);
  Bytes out(sizeof state);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(state[i / 8] >> (i % 8 * 8));
  return out;
}

/// A bulletin that the authority made: its content is `version|signature`.
inline Bytes fake_bulletin(std::string_view kind, std::uint64_t version, std::size_t padding = 0) {
  const std::string number = std::to_string(version) + "|" + std::string(padding, '.') + "|";
  Bytes out = to_bytes(number);
  const Bytes signature = fake_signature(to_bytes(std::string("authority|").append(kind)), to_bytes(number));
  out.insert(out.end(), signature.begin(), signature.end());
  return out;
}

/// Knows the kinds that begin with "crl" or "roots".
inline Result<std::uint64_t> check_fake_bulletin(std::string_view kind, ByteView content) {
  if (!kind.starts_with("crl") && !kind.starts_with("roots")) return Error(Errc::unsupported, "a kind of later times");
  const auto parts = split(as_text(content), '|');
  const std::uint64_t version = parts.size() < 3 ? 0 : std::strtoull(parts[0].c_str(), nullptr, 10);
  const Bytes genuine = version == 0 ? Bytes() : fake_bulletin(kind, version, parts[1].size());
  if (genuine != Bytes(content.begin(), content.end())) return Error(Errc::damaged, "the signature is wrong");
  return version;
}

inline membership::SignerCertificate fake_certificate_facts(int serial) {
  return {{to_bytes("authority"), {static_cast<std::uint8_t>(serial)}}, {}, {}};
}

class FakeSigner final : public membership::RecordSigner {
 public:
  explicit FakeSigner(pki::Identity identity) : identity_(std::move(identity)) {}
  Result<Bytes> sign(ByteView text) override {
    if (broken) return Error(Errc::failed, "the key is gone");
    return fake_signature(certificate(), text);
  }
  Bytes certificate() const override { return fake_certificate(identity_, serial); }
  membership::SignerCertificate certificate_facts() const override { return fake_certificate_facts(serial); }

  int serial = 1;  ///< raised by a renewal
  bool broken = false;

 private:
  pki::Identity identity_;
};

class FakeVerifier final : public membership::RecordVerifier {
 public:
  Result<membership::VerifiedSigner> verify(ByteView text, ByteView signature, ByteView certificate,
                                            WallTime) override {
    ++verified_count;
    const auto parts = split(as_text(certificate), '|');
    if (parts.size() != 4 || parts[2] == revoked_name)
      return Error(Errc::not_permitted, "its certificate does not hold");
    if (Bytes(signature.begin(), signature.end()) != fake_signature(certificate, text)) {
      return Error(Errc::damaged, "the signature is wrong");
    }
    const auto role = pki::parse_role(parts[1]);
    if (!role) return Error(Errc::not_permitted, "its certificate does not hold");
    return membership::VerifiedSigner{
        {parts[0], *role, parts[2]}, sha256(certificate), fake_certificate_facts(std::atoi(parts[3].c_str()))};
  }

  int verified_count = 0;
  std::string revoked_name;
};

}  // namespace p2p::sim
