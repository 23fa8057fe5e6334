#include "acme/signed_request.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "crypto/jwk.hpp"

namespace p2p::acme {
namespace {

constexpr std::string_view kContentType = "application/jose+json";

/// Parameters of the type have no meaning here, but do no harm.
bool is_jose(std::string_view content_type) {
  return lower_ascii(trim(content_type.substr(0, content_type.find(';')))) == kContentType;
}

Outcome<void> check_url(const Json& header, const std::string& expected) {
  const std::string* url = find_string(header, "url");
  if (url == nullptr) return Refusal(ProblemType::malformed, "the protected header has no \"url\"");
  if (*url != expected) {
    return Refusal(ProblemType::unauthorized, fmt::format("the protected header's \"url\" is not {}", expected));
  }
  return boost::system::in_place_value;
}

Outcome<void> use_nonce(const ServerParts& parts, const Json& header) {
  const std::string* nonce = find_string(header, "nonce");
  if (nonce == nullptr) return Refusal(ProblemType::bad_nonce, "the protected header has no \"nonce\"");
  if (!parts.nonces.take(*nonce, parts.clock.wall())) {
    return Refusal(ProblemType::bad_nonce, "the nonce was used before, is too old, or is not of this server");
  }
  return boost::system::in_place_value;
}

Outcome<Account> find_signer(const ServerParts& parts, const std::string& kid) {
  const auto id = parts.urls.account_id(kid);
  if (!id) return Refusal(ProblemType::account_does_not_exist, "\"kid\" is not the URL of an account here");
  auto account = parts.store.find_account(*id);
  if (!account) return internal_error(parts, account.error());
  if (!*account) return Refusal(ProblemType::account_does_not_exist, "there is no account " + escape_controls(kid));
  if ((*account)->status != AccountStatus::valid) {
    return Refusal(ProblemType::unauthorized, "the account is deactivated");
  }
  return std::move(**account);
}

Outcome<void> find_key(const ServerParts& parts, const Json& header, KeyForm form, SignedRequest& out) {
  const Json* jwk = find_member(header, "jwk");
  const std::string* kid = find_string(header, "kid");
  if ((jwk == nullptr) == (kid == nullptr)) {
    return Refusal(ProblemType::malformed, "the protected header has either \"jwk\" or \"kid\"");
  }
  if (form == KeyForm::jwk && jwk == nullptr) {
    return Refusal(ProblemType::malformed, "this request is signed with the key in \"jwk\"");
  }
  if (form == KeyForm::account && kid == nullptr) {
    return Refusal(ProblemType::malformed, "this request is signed by an account, named in \"kid\"");
  }
  if (kid != nullptr) {
    auto account = find_signer(parts, *kid);
    if (!account) return account.error();
    out.account = std::move(*account);
  }
  auto key = read_key(out.account ? out.account->jwk : *jwk);
  if (!key) return key.error();
  auto thumbprint = crypto::jwk_thumbprint(**key);
  if (!thumbprint) return internal_error(parts, thumbprint.error());
  out.key = std::move(*key);
  out.thumbprint = std::move(*thumbprint);
  return boost::system::in_place_value;
}

}  // namespace

Refusal internal_error(const ServerParts& parts, const Error& error) {
  parts.log.error("an ACME request failed: {}", error.context);
  return {ProblemType::server_internal, "the server cannot do that now"};
}

Outcome<crypto::KeyPtr> read_key(const Json& jwk) {
  auto key = crypto::read_jwk(jwk);
  if (key) return std::move(*key);
  const bool unsupported = key.error().kind() == Errc::unsupported;
  return Refusal(unsupported ? ProblemType::bad_public_key : ProblemType::malformed, key.error().context);
}

Outcome<crypto::Jws> read_jws(const Result<crypto::Jws>& parsed) {
  if (parsed) return *parsed;
  const Errc kind = parsed.error().kind();
  if (kind == Errc::unsupported) return Refusal(ProblemType::bad_signature_algorithm, parsed.error().context);
  return Refusal(ProblemType::malformed, parsed.error().context, kind == Errc::too_large ? 413 : 400);
}

Outcome<SignedRequest> authenticate(const ServerParts& parts, const Incoming& incoming, KeyForm form) {
  if (!is_jose(incoming.content_type)) {
    return Refusal(ProblemType::malformed, fmt::format("a request here is of type {}", kContentType), 415);
  }
  auto jws = read_jws(crypto::parse_jws(incoming.body));
  if (!jws) return jws.error();
  if (crypto::is_mac(jws->algorithm)) {
    return Refusal(ProblemType::bad_signature_algorithm, "a request is signed with a key pair");
  }
  if (auto checked = check_url(jws->header, incoming.url); !checked) return checked.error();
  if (auto used = use_nonce(parts, jws->header); !used) return used.error();
  SignedRequest out;
  if (auto found = find_key(parts, jws->header, form, out); !found) return found.error();
  if (const auto verified = crypto::verify_jws(*jws, *out.key); !verified) {
    const bool unfit = verified.error().kind() == Errc::unsupported;
    return Refusal(unfit ? ProblemType::bad_signature_algorithm : ProblemType::malformed, verified.error().context);
  }
  out.payload = std::move(jws->payload);
  out.url = incoming.url;
  return out;
}

Outcome<void> require_post_as_get(const SignedRequest& request) {
  if (request.payload.empty()) return boost::system::in_place_value;
  return Refusal(ProblemType::malformed, "this resource is read with an empty payload (POST-as-GET)");
}

}  // namespace p2p::acme
