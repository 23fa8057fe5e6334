// What an ACME server tells its client (RFC 8555 section 7.1, RFC 9773), read strictly: every address must be https,
// and what is not understood is an error. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "acme/renewal_window.hpp"
#include "base/bytes.hpp"
#include "net/http.hpp"
#include "pki/subject_name.hpp"

namespace p2p::acme {

struct ClientDirectory {
  std::string new_nonce, new_account, new_order;
  std::string revoke_certificate;  ///< empty: the server has none
  std::string renewal_info;        ///< likewise (RFC 9773)
};

/// What failed, as the server says it (RFC 8555 section 6.7).
struct Problem {
  std::string type;                     ///< after `urn:ietf:params:acme:error:`; empty for anything else
  std::string text;                     ///< type, detail and those of subproblems, for people: escaped and cut
  std::vector<pki::SubjectName> names;  ///< that subproblems are about, as far as they can be read
  std::string detail{};                 ///< alone, likewise escaped and cut; empty where the server says none
};

/// RFC 8555 section 7.1.6.
enum class Status : unsigned char {
  pending,
  ready,
  processing,
  valid,
  invalid,
  deactivated,
  expired,
  revoked,
};
std::string_view to_string(Status status) noexcept;

struct ClientOrder {
  Status status = Status::pending;
  std::vector<std::string> authorizations;
  std::string finalize;
  std::string certificate;  ///< empty until valid
  std::string problem;      ///< why it is invalid, for people
};

struct ClientChallenge {
  std::string url;
  std::string token;  ///< base64url
  Status status = Status::pending;
};

struct ClientAuthorization {
  pki::SubjectName identifier;
  Status status = Status::pending;
  std::optional<ClientChallenge> http01;  ///< absent: the server offers none
  std::string problem;                    ///< of a challenge that failed, for people
};

struct ClientRenewalInfo {
  RenewalWindow window;
  std::string explanation_url;  ///< empty when there is none; not checked, for people
  /// How long what was said holds (RFC 9773 section 4.3.2); filled from the answer's Retry-After.
  std::optional<std::chrono::seconds> ask_again_after;
};

/// All of them: `damaged` when it is no JSON, a member is missing or of another type, an address is not https, a status
/// or identifier type is unknown, or there are more authorizations than 100.
Result<ClientDirectory> read_directory(std::string_view body);
Result<ClientOrder> read_order(std::string_view body);
Result<ClientAuthorization> read_authorization(std::string_view body);
Result<ClientRenewalInfo> read_renewal_info(std::string_view body);
/// The status of an account object.
Result<Status> read_account_status(std::string_view body);

/// Unpadded base64url characters alone, at least one: nonces and tokens (RFC 8555 sections 6.5.1, 8.3).
bool is_base64url_text(std::string_view text, std::size_t max_bytes) noexcept;

/// Of an answer with a status of 400 or more, whatever its body is.
Problem read_problem(const net::Answer& answer);
/// The kind that fits a problem type and the HTTP status it came with.
Errc kind_of_problem(std::string_view type, unsigned http_status) noexcept;

}  // namespace p2p::acme
