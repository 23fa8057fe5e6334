// Who asks: the checks that every signed request passes before it is handled (RFC 8555 section 6).
#pragma once

#include <optional>
#include <string>

#include "acme/order.hpp"
#include "acme/server_parts.hpp"
#include "crypto/jws.hpp"
#include "crypto/openssl.hpp"
#include "pki/certificate_id.hpp"

namespace p2p::acme {

/// What a handler gets of a request on the network.
struct Incoming {
  std::string url;  ///< the one that its `url` must name
  std::string content_type;
  std::string body;
  std::string id;      ///< captured from the path; empty where there is none
  std::string cursor;  ///< of the query
  /// That of the node that asks, where it showed one in the handshake; none for everybody else.
  std::optional<pki::CertificateId> node;
};

/// Whose key a request is signed with (section 6.2): one that it brings (`jwk`) or an account's (`kid`).
enum class KeyForm : unsigned char { jwk, account, either };

struct SignedRequest {
  std::string payload;  ///< empty for POST-as-GET
  std::string url;
  crypto::KeyPtr key;
  std::string thumbprint;
  std::optional<Account> account;  ///< valid, when the request came with `kid`
};

/// Content type, JWS, url, nonce (which is used up then), key, signature, in this order.
Outcome<SignedRequest> authenticate(const ServerParts& parts, const Incoming& incoming, KeyForm form);

/// A key in a header or payload: `badPublicKey` for one of a kind that is not supported, else `malformed`.
Outcome<crypto::KeyPtr> read_key(const Json& jwk);
/// A JWS within a payload, or the request itself: `badSignatureAlgorithm` or `malformed`.
Outcome<crypto::Jws> read_jws(const Result<crypto::Jws>& parsed);
/// `malformed` when the payload is not empty (section 6.3).
Outcome<void> require_post_as_get(const SignedRequest& request);

}  // namespace p2p::acme
