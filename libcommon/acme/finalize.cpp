#include "acme/finalize.hpp"

#include <fmt/format.h>

#include "acme/account_requests.hpp"
#include "acme/answer.hpp"
#include "acme/certificate_id.hpp"
#include "acme/csr.hpp"
#include "acme/identifier.hpp"
#include "acme/ids.hpp"
#include "acme/messages.hpp"
#include "acme/order_requests.hpp"
#include "acme/policy.hpp"
#include "crypto/key.hpp"

namespace p2p::acme {
namespace {

std::string list_of(const std::vector<pki::SubjectName>& names) {
  std::string out;
  for (const auto& name : names) out.append(out.empty() ? "" : ", ").append(name.text);
  return out;
}

Outcome<RequestFacts> read_request(const SignedRequest& request, const Order& order) {
  const auto der = read_finalize(request.payload);
  if (!der) return der.error();
  auto facts = parse_request(*der);
  const auto bad = [](std::string why) { return Refusal(ProblemType::bad_csr, std::move(why)); };
  if (!facts) return bad(facts.error().context);
  if (facts->is_ca_requested) return bad("the request asks for a certificate of a CA");
  if (!same_names(facts->names, order.identifiers)) {
    return bad(fmt::format("the request names {} and the order {}",
                           facts->names.empty() ? "nothing" : list_of(facts->names), list_of(order.identifiers)));
  }
  // Section 11.1: whoever got hold of one would have the other.
  if (crypto::same_key(*facts->public_key, *request.key)) {
    return bad("the request's key is the account's; a certificate needs a key of its own");
  }
  return std::move(*facts);
}

/// An invitation may have been narrowed, or a node may have got a name, since the order was made.
Outcome<void> check_names_again(const ServerParts& parts, const Grant& grant, const Order& order,
                                const std::vector<Authorization>& authorizations) {
  const IsReserved is_reserved = [&](const pki::SubjectName& name) { return parts.issuance.is_reserved(name, grant); };
  if (auto checked = check_names(grant, order.identifiers, is_reserved); !checked) return checked.error();
  for (const auto& one : authorizations) {
    if (one.granted && !is_granted(grant, one.identifier)) {
      return Refusal(ProblemType::unauthorized, one.identifier.text + " is no longer granted to this account");
    }
  }
  return boost::system::in_place_value;
}

/// What a failure to sign means for the order.
Refusal issue_failed(const ServerParts& parts, Order& order, const Error& error) {
  switch (error.kind()) {
    case Errc::unsupported: finalize_undone(order); return {ProblemType::bad_csr, error.context};
    case Errc::invalid:
    case Errc::not_permitted: {
      const Refusal out(ProblemType::rejected_identifier, error.context);
      finalize_failed(order, out);
      return out;
    }
    default: finalize_undone(order); return internal_error(parts, error);
  }
}

Outcome<StoredCertificate> describe(const ServerParts& parts, const Order& order, std::string chain) {
  const auto leaf = pki::Certificate::from_pem(chain, "the new certificate");
  if (!leaf) return internal_error(parts, leaf.error());
  const auto& facts = leaf->facts();
  return StoredCertificate{.id = make_id(),
                           .account = order.account,
                           .sha256 = facts.sha256,
                           .certificate_id = to_text(pki::CertificateId{facts.issuer_key_id, facts.serial}),
                           .not_after = facts.not_after,
                           .chain = std::move(chain),
                           .replaced_by = {}};
}

/// Takes the order, signs, and stores what came of it.
Outcome<void> issue(const ServerParts& parts, const Grant& grant, Order& order, const EVP_PKEY& key) {
  const auto taken = parts.store.update_order(order, OrderStatus::pending);
  if (!taken) return internal_error(parts, taken.error());
  if (!*taken) return Refusal(ProblemType::order_not_ready, "the order is being finalized already");
  const WallTime now = parts.clock.wall();
  auto chain = parts.issuance.issue(grant, order.identifiers, key, now);
  if (!chain) {
    const Refusal out = issue_failed(parts, order, chain.error());
    parts.log.warning("no certificate for {}: {}", list_of(order.identifiers), chain.error().context);
    if (const auto updated = parts.store.update_order(order, OrderStatus::processing); !updated) {
      return internal_error(parts, updated.error());
    }
    return out;
  }
  const auto certificate = describe(parts, order, std::move(*chain));
  if (!certificate) return certificate.error();
  finalize_succeeded(order, certificate->id);
  if (const auto done = parts.store.complete_order(order, *certificate, now); !done) {
    // The inventory has the certificate, but nobody can fetch it: the client makes another order.
    const Refusal out = internal_error(parts, done.error());
    finalize_failed(order, out);
    (void)parts.store.update_order(order, OrderStatus::processing);
    return out;
  }
  parts.log.info("certificate for {} issued to ACME account {}", list_of(order.identifiers), order.account);
  return boost::system::in_place_value;
}

}  // namespace

Outcome<net::Response> finalize(const ServerParts& parts, const SignedRequest& request, const Incoming& incoming) {
  auto order = own_order(parts, request, incoming.id);
  if (!order) return order.error();
  const auto authorizations = parts.store.find_authorizations(order->authorizations);
  if (!authorizations) return internal_error(parts, authorizations.error());
  if (auto begun = begin_finalize(*order, *authorizations, parts.clock.wall()); !begun) return begun.error();
  const auto facts = read_request(request, *order);
  if (!facts) return facts.error();
  const auto grant = grant_of(parts, *request.account);
  if (!grant) return grant.error();
  if (auto checked = check_names_again(parts, *grant, *order, *authorizations); !checked) {
    finalize_failed(*order, checked.error());
    if (const auto updated = parts.store.update_order(*order, OrderStatus::pending); !updated) {
      return internal_error(parts, updated.error());
    }
    return checked.error();
  }
  if (auto issued = issue(parts, *grant, *order, *facts->public_key); !issued) return issued.error();
  return order_answer(parts, 200, *order);
}

}  // namespace p2p::acme
