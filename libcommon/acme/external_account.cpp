#include "acme/external_account.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "crypto/jwk.hpp"

namespace p2p::acme {
namespace {

constexpr std::size_t kMaxKidBytes = 128;

Refusal malformed(std::string_view what) {
  return {ProblemType::malformed, fmt::format("externalAccountBinding: {}", what)};
}

/// One text for a kid that never was and for a wrong MAC: which of them it is, and what became of an invitation, is the
/// business of who has its key.
Refusal not_verified() { return {ProblemType::unauthorized, "the invitation is none of this CA, or was changed"}; }

Outcome<std::string> read_kid(const crypto::Jws& jws, const std::string& url) {
  if (!crypto::is_mac(jws.algorithm)) return malformed("its algorithm is one of HS256, HS384 and HS512");
  if (jws.header.contains("nonce")) return malformed("it has no nonce");
  const std::string* bound_url = find_string(jws.header, "url");
  if (bound_url == nullptr || *bound_url != url) return malformed("its url is not that of the request");
  const std::string* kid = find_string(jws.header, "kid");
  if (kid == nullptr || kid->empty() || kid->size() > kMaxKidBytes) return malformed("it has no usual kid");
  return *kid;
}

/// The payload is the key of the account; members may stand in any order and more may be there.
Outcome<void> check_payload(const crypto::Jws& jws, const std::string& thumbprint) {
  const auto jwk = parse_json(jws.payload);
  if (!jwk) return malformed("its payload is " + jwk.error().context);
  const auto key = crypto::read_jwk(*jwk);
  if (!key) return malformed("its payload: " + key.error().context);
  const auto bound = crypto::jwk_thumbprint(**key);
  if (!bound || *bound != thumbprint) return malformed("its payload is not the account's key");
  return boost::system::in_place_value;
}

}  // namespace

Outcome<std::string> redeem_binding(const ServerParts& parts, const SignedRequest& request, const Json& binding) {
  const auto jws = read_jws(crypto::read_flattened_jws(binding));
  if (!jws) return malformed(jws.error().detail);
  auto kid = read_kid(*jws, request.url);
  if (!kid) return kid.error();
  const auto key = parts.issuance.eab_key(*kid);
  if (!key && key.error().kind() != Errc::not_found) return internal_error(parts, key.error());
  if (!key || !crypto::verify_jws(*jws, *key)) {
    parts.log.warning("an ACME account was refused: its binding to invitation {} does not verify",
                      escape_controls(*kid));
    return not_verified();
  }
  if (auto checked = check_payload(*jws, request.thumbprint); !checked) return checked.error();
  const auto grant = parts.issuance.redeem(*kid, request.thumbprint, parts.clock.wall());
  if (!grant) {
    if (grant.error().kind() != Errc::not_permitted) return internal_error(parts, grant.error());
    parts.log.warning("an ACME account was refused: {}", grant.error().context);
    return Refusal(ProblemType::unauthorized, grant.error().context);
  }
  return kid;
}

}  // namespace p2p::acme
