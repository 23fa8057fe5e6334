// What an ACME server answers when it refuses (RFC 8555 section 6.7, RFC 9457). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "pki/subject_name.hpp"

namespace p2p::acme {

/// The types of RFC 8555 section 6.7 that this server uses, and alreadyReplaced of RFC 9773.
enum class ProblemType : unsigned char {
  account_does_not_exist,
  already_replaced,
  already_revoked,
  bad_csr,
  bad_nonce,
  bad_public_key,
  bad_revocation_reason,
  bad_signature_algorithm,
  connection,  ///< the server could not reach the client for a validation
  dns,         ///< likewise, the name did not resolve
  external_account_required,
  invalid_contact,
  malformed,
  order_not_ready,
  rate_limited,
  rejected_identifier,
  server_internal,
  unauthorized,
  unsupported_contact,
  unsupported_identifier,
};

/// `urn:ietf:params:acme:error:badNonce`, …
std::string to_urn(ProblemType type);

struct Subproblem {
  ProblemType type = ProblemType::malformed;
  std::string detail;
  pki::SubjectName identifier;
};

struct Refusal {
  ProblemType type = ProblemType::malformed;
  std::string detail;  ///< one sentence for a person
  unsigned status = 400;
  std::vector<Subproblem> subproblems{};
  std::string location{};            ///< for the header Location: the account that has the key already
  unsigned retry_after_seconds = 0;  ///< for the header Retry-After; 0: none

  /// Only for result<>, which wants a value to begin with; says nothing.
  Refusal() = default;
  /// With the status that RFC 8555 or common practice gives the type.
  Refusal(ProblemType type_of, std::string what);
  Refusal(ProblemType type_of, std::string what, unsigned http_status);
};

/// `{"type":…,"detail":…,"status":…}`, with `algorithms` for badSignatureAlgorithm (section 6.2).
Json to_json(const Refusal& refusal);

[[noreturn]] void throw_exception_from_error(const Refusal& refusal, const boost::source_location& where);

/// What a step of handling a request gives, or why it is refused.
template <class T>
using Outcome = boost::system::result<T, Refusal>;

}  // namespace p2p::acme
