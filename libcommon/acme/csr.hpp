// What a certificate request (PKCS #10, RFC 2986) asks for.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "crypto/openssl.hpp"
#include "pki/subject_name.hpp"

namespace p2p::acme {

struct RequestFacts {
  std::string common_name;              ///< empty when there is none
  std::vector<pki::SubjectName> names;  ///< of the alternative names and the common name, each once
  crypto::KeyPtr public_key;
  bool is_ca_requested = false;  ///< basic constraints with CA:TRUE
};

/// `invalid` when it is not exactly one request in DER, its signature is not by its own key, or a name is neither DNS
/// nor IP (or not well-formed). Other extensions are not looked at: none is ever copied.
Result<RequestFacts> parse_request(ByteView der);

}  // namespace p2p::acme
