// Whether a downloaded chain is what was ordered.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "pki/subject_name.hpp"

namespace p2p::acme {

/// `damaged` unless `chain_pem` is certificates, the first has the key of the request and all of `names`. Who signed it
/// is for those to judge who know the roots.
Result<void> check_issued(std::string_view chain_pem, ByteView request_der, const std::vector<pki::SubjectName>& names);

}  // namespace p2p::acme
