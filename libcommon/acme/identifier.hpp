// Identifiers of orders: DNS names (RFC 8555 section 9.7.7) and IP addresses (RFC 8738). Pure.
#pragma once

#include <vector>

#include "acme/refusal.hpp"
#include "base/json.hpp"
#include "pki/subject_name.hpp"

namespace p2p::acme {

/// `{"type":"dns","value":…}`, with the text as the client wrote it.
Json to_json(const pki::SubjectName& identifier);

/// Reads one. Nothing is rewritten, as clients look for what they sent: an address that is not in canonical form
/// (RFC 5952) is `malformed`, like whatever is no name at all. `unsupportedIdentifier` for another type.
Outcome<pki::SubjectName> read_identifier(const Json& identifier);

/// The same name to DNS, which does not tell capitals.
bool same_name(const pki::SubjectName& a, const pki::SubjectName& b);
bool contains(const std::vector<pki::SubjectName>& names, const pki::SubjectName& name);
/// Each of `a` is in `b` and the other way round.
bool same_names(const std::vector<pki::SubjectName>& a, const std::vector<pki::SubjectName>& b);

bool is_wildcard(const pki::SubjectName& name);
/// `localhost`, names below it, 127.0.0.0/8, ::1 (also as IPv4 within IPv6), and addresses that mean "this host".
bool is_loopback(const pki::SubjectName& name);

}  // namespace p2p::acme
