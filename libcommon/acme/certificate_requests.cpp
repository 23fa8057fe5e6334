#include "acme/certificate_requests.hpp"

#include <algorithm>

#include "acme/account_requests.hpp"
#include "acme/answer.hpp"
#include "acme/certificate_id.hpp"
#include "acme/identifier.hpp"
#include "acme/messages.hpp"
#include "acme/policy.hpp"
#include "base/rfc3339.hpp"
#include "crypto/key.hpp"

namespace p2p::acme {
namespace {

/// The names that an account must be authorised for. The loopback names are in every node's certificate, whoever asked.
std::vector<pki::SubjectName> names_of(const pki::Certificate& certificate) {
  std::vector<pki::SubjectName> out;
  const auto add = [&](pki::SubjectName::Kind kind, const std::string& text) {
    pki::SubjectName name{kind, text};
    if (!is_loopback(name)) out.push_back(std::move(name));
  };
  for (const auto& text : certificate.facts().dns_names) add(pki::SubjectName::Kind::dns, text);
  for (const auto& text : certificate.facts().ip_addresses) add(pki::SubjectName::Kind::ip, text);
  return out;
}

Outcome<bool> is_authorized_for(const ServerParts& parts, const Account& account, const pki::Certificate& certificate) {
  const auto grant = grant_of(parts, account);
  if (!grant) return grant.error();
  const auto names = names_of(certificate);
  for (const auto& name : names) {
    if (is_granted(*grant, name)) continue;
    const auto found = parts.store.find_valid_authorization(account.id, name, parts.clock.wall());
    if (!found) return internal_error(parts, found.error());
    if (!*found || (*found)->granted) return false;
  }
  return !names.empty();
}

Outcome<void> check_right(const ServerParts& parts, const SignedRequest& request, const pki::Certificate& certificate,
                          const StoredCertificate& stored) {
  if (!request.account) {
    if (crypto::same_key(*request.key, certificate.public_key())) return boost::system::in_place_value;
    return Refusal(ProblemType::unauthorized, "the request is signed with another key than the certificate's");
  }
  if (stored.account == request.account->id) return boost::system::in_place_value;
  const auto authorized = is_authorized_for(parts, *request.account, certificate);
  if (!authorized) return authorized.error();
  if (*authorized) return boost::system::in_place_value;
  return Refusal(ProblemType::unauthorized, "the account is not authorised for all names of the certificate");
}

Refusal no_such_certificate() { return {ProblemType::malformed, "there is no such certificate here", 404}; }

}  // namespace

Outcome<net::Response> certificate(const ServerParts& parts, const SignedRequest& request, const Incoming& incoming) {
  if (auto checked = require_post_as_get(request); !checked) return checked.error();
  auto found = parts.store.find_certificate(incoming.id);
  if (!found) return internal_error(parts, found.error());
  if (!*found || (*found)->account != request.account->id || (*found)->chain.empty()) return no_such_certificate();
  net::Response out;
  out.content_type = "application/pem-certificate-chain";
  out.body = std::move((*found)->chain);
  return out;
}

Outcome<net::Response> revoke_certificate(const ServerParts& parts, const SignedRequest& request, const Incoming&) {
  const auto wish = read_revocation(request.payload);
  if (!wish) return wish.error();
  const auto certificate = pki::Certificate::from_der(wish->certificate);
  if (!certificate) return Refusal(ProblemType::malformed, certificate.error().context);
  // By its whole content: a certificate that somebody made up could carry the serial of another.
  const auto stored = parts.store.find_certificate_by_hash(certificate->facts().sha256);
  if (!stored) return internal_error(parts, stored.error());
  if (!*stored) return no_such_certificate();
  if (auto checked = check_right(parts, request, *certificate, **stored); !checked) return checked.error();
  const std::string by = request.account ? "ACME account " + request.account->id : "the certificate's key by ACME";
  if (const auto done = parts.issuance.revoke(*certificate, wish->reason, by, parts.clock.wall()); !done) {
    if (done.error().kind() == Errc::exists) return Refusal(ProblemType::already_revoked, done.error().context);
    if (done.error().kind() == Errc::not_found) return no_such_certificate();
    return internal_error(parts, done.error());
  }
  parts.log.info("certificate {} revoked by {}", (*stored)->certificate_id, by);
  net::Response out;
  out.content_type.clear();
  return out;
}

Outcome<net::Response> renewal_info(const ServerParts& parts, std::string_view certificate_id) {
  const auto id = parse_certificate_id(certificate_id);
  if (!id) return Refusal(ProblemType::malformed, id.error().context);
  const auto window = parts.issuance.renewal_window(id->issuer_key_id, id->serial, parts.clock.wall());
  if (!window) {
    if (window.error().kind() == Errc::not_found) return no_such_certificate();
    return internal_error(parts, window.error());
  }
  net::Response out = json_answer(
      200,
      {{"suggestedWindow", {{"start", format_rfc3339(window->start, 0)}, {"end", format_rfc3339(window->end, 0)}}}});
  out.headers.add("Retry-After", std::to_string(std::chrono::seconds(kRenewalInfoRetry).count()));
  return out;
}

}  // namespace p2p::acme
