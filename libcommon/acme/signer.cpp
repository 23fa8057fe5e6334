#include "acme/signer.hpp"

#include <fmt/format.h>

namespace p2p::acme {

Result<std::string> flattened_jws(const Signer& signer, std::string_view protected_header, std::string_view payload) {
  const std::string head = to_base64url(as_bytes(protected_header));
  const std::string body = to_base64url(as_bytes(payload));
  const auto signature = signer.sign(head + "." + body);
  if (!signature) return signature.error();
  return fmt::format(R"({{"protected":"{}","payload":"{}","signature":"{}"}})", head, body, to_base64url(*signature));
}

}  // namespace p2p::acme
