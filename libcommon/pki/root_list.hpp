// The roots that a fleet trusts, as one CA key takes the place of another: a document that the CA's own keys sign, so
// that whoever trusts one of them learns of the others. It travels as the bulletin `roots`.
//
//   {"version": 1764163200, "roots": "<PEM, the one that signs first>",
//    "signatures": [{"key_id": "<subject key identifier, hexadecimal>", "signature": "<base64url>"}]}
//
// A signature (crypto/signature.hpp) covers `p2p-roots/1`, NUL, the cluster name, NUL, the version as decimal digits,
// NUL, and the PEM text.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "pki/authority.hpp"
#include "pki/roots.hpp"

namespace p2p::pki {

/// More roots than a rotation ever has are not believed.
inline constexpr std::size_t kMaxListedRoots = 4;
inline constexpr std::size_t kMaxRootListBytes = 64 * 1024;

struct RootList {
  std::uint64_t version = 0;  ///< at least 1; the higher one is in force
  std::string pem;            ///< as it was signed; certificates and nothing else
  Roots roots;
};

/// Their certificates in PEM, in this order and with nothing else.
std::string pem_of(const std::vector<Certificate>& roots);

/// Signed with the keys of all `signers` (at least one, of one cluster). `failed` when a key cannot sign.
Result<std::string> sign_root_list(std::uint64_t version, const std::vector<Certificate>& roots,
                                   std::span<const Authority> signers);

/// Reads one, and checks that a key of `trusted` signed it and that all its roots are of `cluster_name`. `damaged` or
/// `invalid` for what is none, `not_permitted` when nobody signed whom we trust, `too_large` past the limits.
Result<RootList> read_root_list(std::string_view text, const Roots& trusted, std::string_view cluster_name);

/// The version and the roots that a text claims, unchecked; 0 and empty when it is no such document. For the one who
/// wrote it.
std::uint64_t claimed_version(std::string_view text);
std::string claimed_pem(std::string_view text);

}  // namespace p2p::pki
