// The http-01 challenge (RFC 8555 section 8.3) from the server's side: asking a name for its key authorization.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "base/error.hpp"
#include "pki/subject_name.hpp"

namespace p2p::acme {

/// Who asks for the certificate: it decides at which port the name is asked.
enum class Applicant : unsigned char {
  node,   ///< of the fleet, whose names are the machine's own
  other,  ///< a program that proves a name: the port must be one that not every user of the machine may open
};

class Validator {
 public:
  virtual ~Validator() = default;
  /// Success when `GET http://<identifier>:<port>/.well-known/acme-challenge/<token>` (Host: the name, an
  /// IPv6 address in brackets, RFC 8738 section 4) answers 200 with `key_authorization`, trailing white space aside.
  /// Ends within 10 s, reads at most 64 KiB, follows a few redirects to the same host and to the ports 80, 443 and
  /// the applicant's only.
  /// Kinds of error, by the problem they become: `not_found` dns (the name does not resolve), `unreachable` and
  /// `timeout` connection, any other unauthorized (it answered otherwise).
  /// Runs on the executor of the server's validations; several at once. Cancellation ends it with an error.
  virtual boost::asio::awaitable<Result<void>> validate_http01(pki::SubjectName identifier, Applicant applicant,
                                                               std::string token, std::string key_authorization) = 0;
};

}  // namespace p2p::acme
