#include "auth/token_signing.hpp"

#include <fmt/format.h>

#include "crypto/jws.hpp"

namespace p2p::auth {
namespace {

/// Keeps a token apart from whatever else a coordinator signs as JWS.
constexpr std::string_view kTokenType = "JWT";
constexpr std::size_t kMaxSignerBytes = 4096;

Error untrusted(std::string_view why) { return {Errc::not_permitted, fmt::format("the token is not good: {}", why)}; }

bool is_revoked(const TokenTrust& trust, ByteView issuer_key_id, ByteView serial) {
  return trust.is_revoked && trust.is_revoked(issuer_key_id, serial);
}

/// The header has exactly what sign_token() writes.
Result<pki::Certificate> read_signer(const Json& header) {
  const Error wrong(Errc::invalid, "the token is not one of this fleet's");
  const std::string* type = find_string(header, "typ");
  const Json* chain = find_member(header, "x5c");
  if (type == nullptr || *type != kTokenType || header.size() != 3) return wrong;
  if (chain == nullptr || !chain->is_array() || chain->size() != 1 || !chain->front().is_string()) return wrong;
  const auto& text = chain->front().get_ref<const std::string&>();
  if (text.size() > kMaxSignerBytes / 3 * 4) return wrong;
  const auto der = from_base64(text);
  if (!der) return wrong;
  auto certificate = pki::Certificate::from_der(*der);
  return certificate ? certificate : wrong;
}

Result<void> check_signer(const pki::Certificate& certificate, const Token& token, const TokenTrust& trust,
                          WallTime now) {
  const auto identity = certificate.identity();
  if (!identity || identity->cluster_name != trust.cluster_name || identity->role != pki::Role::coordinator ||
      identity->name != token.issuer) {
    return untrusted("no coordinator signed it");
  }
  if (const auto chain = trust.roots.verify(certificate, pki::Purpose::server, now); !chain) {
    return untrusted("its signer is " + chain.error().context);
  }
  const auto& facts = certificate.facts();
  if (is_revoked(trust, facts.issuer_key_id, facts.serial)) return untrusted("its signer's certificate was revoked");
  return {};
}

}  // namespace

Result<std::string> sign_token(const Token& token, std::string_view cluster_name,
                               const pki::RecordSigner& coordinator) {
  const Json header = {{"typ", kTokenType}, {"x5c", Json::array({to_base64(coordinator.certificate_der())})}};
  return crypto::sign_compact_jws(header, dump_json(to_claims(token, cluster_name)), coordinator.key());
}

Result<Token> verify_token(std::string_view text, const TokenTrust& trust, WallTime now) {
  if (text.size() > kMaxTokenBytes) return Error(Errc::too_large, "the token is too long to be one");
  const auto jws = crypto::parse_compact_jws(text);
  if (!jws) return Error(Errc::invalid, "the token does not parse: " + jws.error().context);
  const auto signer = read_signer(jws->header);
  if (!signer) return signer.error();
  const auto claims = parse_json(jws->payload);
  if (!claims) return Error(Errc::invalid, "the token's claims do not parse");
  // What is cheap to judge comes first; nothing of it is believed before the end.
  auto token = read_claims(*claims, trust.cluster_name);
  if (!token) return token;
  if (const auto dates = check_dates(*token, now); !dates) return dates.error();
  if (const auto good = check_signer(*signer, *token, trust, now); !good) return good.error();
  if (const auto good = crypto::verify_jws(*jws, signer->public_key()); !good) {
    return Error(good.error().code, "the token is not good: its signature is wrong");
  }
  if (is_revoked(trust, token->asker.issuer_key_id, token->asker.serial)) {
    return untrusted("the certificate that asked for it was revoked");
  }
  return token;
}

}  // namespace p2p::auth
