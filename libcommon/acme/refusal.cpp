#include "acme/refusal.hpp"

#include <array>
#include <stdexcept>

#include "acme/identifier.hpp"

namespace p2p::acme {
namespace {

struct TypeFacts {
  ProblemType type;
  std::string_view name;
  unsigned status;
};
constexpr std::array kTypes = {
    TypeFacts{ProblemType::account_does_not_exist, "accountDoesNotExist", 400},
    TypeFacts{ProblemType::already_replaced, "alreadyReplaced", 409},
    TypeFacts{ProblemType::already_revoked, "alreadyRevoked", 400},
    TypeFacts{ProblemType::bad_csr, "badCSR", 400},
    TypeFacts{ProblemType::bad_nonce, "badNonce", 400},
    TypeFacts{ProblemType::bad_public_key, "badPublicKey", 400},
    TypeFacts{ProblemType::bad_revocation_reason, "badRevocationReason", 400},
    TypeFacts{ProblemType::bad_signature_algorithm, "badSignatureAlgorithm", 400},
    TypeFacts{ProblemType::connection, "connection", 400},
    TypeFacts{ProblemType::dns, "dns", 400},
    TypeFacts{ProblemType::external_account_required, "externalAccountRequired", 403},
    TypeFacts{ProblemType::invalid_contact, "invalidContact", 400},
    TypeFacts{ProblemType::malformed, "malformed", 400},
    TypeFacts{ProblemType::order_not_ready, "orderNotReady", 403},
    TypeFacts{ProblemType::rate_limited, "rateLimited", 429},
    TypeFacts{ProblemType::rejected_identifier, "rejectedIdentifier", 400},
    TypeFacts{ProblemType::server_internal, "serverInternal", 500},
    TypeFacts{ProblemType::unauthorized, "unauthorized", 403},
    TypeFacts{ProblemType::unsupported_contact, "unsupportedContact", 400},
    TypeFacts{ProblemType::unsupported_identifier, "unsupportedIdentifier", 400},
};

const TypeFacts& facts_of(ProblemType type) { return kTypes.at(static_cast<std::size_t>(type)); }

}  // namespace

std::string to_urn(ProblemType type) { return "urn:ietf:params:acme:error:" + std::string(facts_of(type).name); }

Refusal::Refusal(ProblemType type_of, std::string what) : Refusal(type_of, std::move(what), facts_of(type_of).status) {}

Refusal::Refusal(ProblemType type_of, std::string what, unsigned http_status)
    : type(type_of), detail(std::move(what)), status(http_status) {}

Json to_json(const Refusal& refusal) {
  Json out{{"type", to_urn(refusal.type)}, {"detail", refusal.detail}, {"status", refusal.status}};
  if (refusal.type == ProblemType::bad_signature_algorithm) out["algorithms"] = {"RS256", "ES256", "ES384"};
  for (const auto& sub : refusal.subproblems) {
    out["subproblems"].push_back(
        {{"type", to_urn(sub.type)}, {"detail", sub.detail}, {"identifier", to_json(sub.identifier)}});
  }
  return out;
}

void throw_exception_from_error(const Refusal& refusal, const boost::source_location&) {
  throw std::logic_error(refusal.detail);
}

}  // namespace p2p::acme
