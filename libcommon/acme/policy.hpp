// Which names an account gets without a validation, which it may validate, and which never. Pure.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "acme/grant.hpp"
#include "acme/refusal.hpp"

namespace p2p::acme {

/// The invitation itself names it, so that it is authorised at once.
bool is_granted(const Grant& grant, const pki::SubjectName& name);

/// True for names that belong to somebody else, see Issuance::is_reserved.
using IsReserved = std::function<bool(const pki::SubjectName&)>;

/// `rejectedIdentifier` when one of the names can neither be granted nor validated by http-01: loopback, another
/// node's, a wildcard. With several of them, each has its subproblem.
Outcome<void> check_names(const Grant& grant, std::span<const pki::SubjectName> names, const IsReserved& is_reserved);

}  // namespace p2p::acme
