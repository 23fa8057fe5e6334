// Everything that the ACME server reads from outside. The first byte chooses the reader.
#include <cstdlib>

#include "acme/certificate_id.hpp"
#include "acme/csr.hpp"
#include "acme/messages.hpp"
#include "crypto/digest.hpp"
#include "crypto/jwk.hpp"
#include "crypto/jws.hpp"

namespace {

using namespace p2p;

/// A key that is read has one form: it goes to JSON and comes back with the same thumbprint.
void read_key(const Json& jwk) {
  const auto key = crypto::read_jwk(jwk);
  if (!key) return;
  const auto written = crypto::to_jwk(**key);
  if (!written ||
      crypto::jwk_thumbprint(**key).value() != crypto::jwk_thumbprint(**crypto::read_jwk(*written)).value()) {
    std::abort();
  }
}

void read_jws(const Result<crypto::Jws>& jws) {
  if (!jws) return;
  if (const Json* jwk = find_member(jws->header, "jwk")) {
    read_key(*jwk);
    if (const auto key = crypto::read_jwk(*jwk)) (void)crypto::verify_jws(*jws, **key);
  }
  // Nobody knows this secret.
  const auto secret = to_hex(crypto::sha256(as_bytes("of the fuzzer")));
  if (crypto::verify_jws(*jws, crypto::Secret(std::string_view(secret)))) std::abort();
}

void read_payload(std::string_view payload) {
  using namespace acme;
  (void)read_new_account(payload);
  (void)read_account_update(payload);
  if (const auto order = read_new_order(payload)) {
    if (order->identifiers.empty() || order->identifiers.size() > kMaxIdentifiers) std::abort();
  }
  (void)read_deactivation(payload);
  (void)read_finalize(payload);
  (void)read_revocation(payload);
  (void)read_key_change(payload);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView input(data + 1, size - 1);
  const std::string_view text = as_text(input);
  switch (data[0]) {
    case 'f': read_jws(crypto::parse_jws(text)); break;
    case 'c': read_jws(crypto::parse_compact_jws(text)); break;
    case 'k':
      if (const auto jwk = parse_json(text)) read_key(*jwk);
      break;
    case 'p': read_payload(text); break;
    case 'r': (void)acme::parse_request(input); break;
    case 'i':
      if (const auto id = acme::parse_certificate_id(text)) {
        if (acme::to_text(*id) != text) std::abort();
      }
      break;
    default: break;
  }
  return 0;
}
