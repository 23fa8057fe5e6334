// One file that brings an identity to another machine: `p2p-ca sign NAME --bundle FILE`, there
// `p2p-ctl context add NAME --bundle FILE`. It holds a private key: 0600, and never mailed around.
//
//   # p2p bundle 1
//   # cluster: p2p
//   # name: alice
//   # role: operator
//   -----BEGIN CERTIFICATE-----   the certificate
//   -----BEGIN PRIVATE KEY-----   its key, PKCS#8
//   -----BEGIN CERTIFICATE-----   the CA's certificate, or several
//
// The comment lines come first, in this order. Every program that reads PEM skips them, so the file also works as one
// for curl (`--cert FILE --key FILE --cacert FILE`). Lines may end in CR LF.
#pragma once

#include <string>
#include <string_view>

#include "crypto/secret.hpp"
#include "pki/roots.hpp"

namespace p2p::pki {

inline constexpr std::size_t kMaxBundleBytes = 64 * 1024;

struct Bundle {
  Identity identity;
  std::string certificate_pem;
  crypto::Secret key_pem;
  std::string ca_pem;
};

/// The file's text.
Result<crypto::Secret> write_bundle(const Bundle& bundle);

/// Reads and checks it: the header's identity is the certificate's, the key belongs to it, the CA signed it and it is
/// valid at `now`. `name` begins the error's text; `damaged` when something is missing or does not fit, `unsupported`
/// for another version, `too_large` past kMaxBundleBytes.
Result<Bundle> parse_bundle(std::string_view text, WallTime now, const std::string& name);

}  // namespace p2p::pki
