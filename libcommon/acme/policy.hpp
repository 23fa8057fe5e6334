// Which names an account gets without a validation, which it may validate, and which never. Pure.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "acme/grant.hpp"
#include "acme/refusal.hpp"

namespace p2p::acme {

/// The invitation itself names it, so that it is authorised at once. A node's grant has the loopback names that its
/// certificate gets in any case: clients that renew (certbot) ask for every name of the certificate before.
bool is_granted(const Grant& grant, const pki::SubjectName& name);

/// True for names that belong to somebody else, see Issuance::is_reserved.
using IsReserved = std::function<bool(const pki::SubjectName&)>;

/// `rejectedIdentifier` when one of the names is neither granted nor can be validated by http-01: loopback, another
/// node's, a wildcard. With several of them, each has its subproblem.
Outcome<void> check_names(const Grant& grant, std::span<const pki::SubjectName> names, const IsReserved& is_reserved);

}  // namespace p2p::acme
