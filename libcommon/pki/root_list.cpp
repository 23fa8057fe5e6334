#include "pki/root_list.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.hpp"
#include "crypto/signature.hpp"

namespace p2p::pki {
namespace {

constexpr std::string_view kRootListPrefix = "p2p-roots/1";

Error bad_root_list(std::string_view what) { return {Errc::damaged, fmt::format("list of roots: {}", what)}; }

std::string covered_text(std::string_view cluster_name, std::uint64_t version, std::string_view pem) {
  std::string out(kRootListPrefix);
  out.push_back('\0');
  out += cluster_name;
  out.push_back('\0');
  out += std::to_string(version);
  out.push_back('\0');
  out += pem;
  return out;
}

/// Whether one of the signatures is by the key of a root that is trusted.
bool is_vouched_for(const Json& signatures, std::string_view message, const Roots& trusted) {
  return std::any_of(signatures.begin(), signatures.end(), [&](const Json& entry) {
    const std::string* key_id = find_string(entry, "key_id");
    const std::string* text = find_string(entry, "signature");
    const auto signature = text == nullptr ? Result<Bytes>(bad_root_list("no signature")) : from_base64url(*text);
    if (key_id == nullptr || !signature) return false;
    return std::ranges::any_of(trusted.certificates(), [&](const Certificate& root) {
      return to_hex(root.facts().subject_key_id) == *key_id &&
             crypto::verify(root.public_key(), as_bytes(message), *signature).has_value();
    });
  });
}

Result<Roots> read_listed(const std::string& pem, std::string_view cluster_name) {
  auto roots = Roots::from_pem(pem, "list of roots");
  if (!roots) return roots;
  const auto& listed = roots->certificates();
  if (listed.size() > kMaxListedRoots) return Error(Errc::too_large, "list of roots: too many of them");
  // Every node writes this text into its file of trusted roots: nothing may travel with it.
  if (pem_of(listed) != pem) return bad_root_list("something beside the certificates");
  const std::string uri = cluster_uri(cluster_name);
  for (const auto& root : listed) {
    if (root.facts().uris != std::vector<std::string>{uri}) return bad_root_list("a root of another cluster");
  }
  return roots;
}

}  // namespace

std::string pem_of(const std::vector<Certificate>& roots) {
  std::string out;
  for (const auto& root : roots) out += root.pem();
  return out;
}

Result<std::string> sign_root_list(std::uint64_t version, const std::vector<Certificate>& roots,
                                   std::span<const Authority> signers) {
  const std::string pem = pem_of(roots);
  Json signatures = Json::array();
  for (const auto& signer : signers) {
    const auto message = covered_text(signer.cluster_name(), version, pem);
    const auto signature = crypto::sign(signer.key(), as_bytes(message));
    if (!signature) return signature.error();
    signatures.push_back(
        {{"key_id", to_hex(signer.certificate().facts().subject_key_id)}, {"signature", to_base64url(*signature)}});
  }
  return dump_json({{"version", version}, {"roots", pem}, {"signatures", std::move(signatures)}}) + "\n";
}

Result<RootList> read_root_list(std::string_view text, const Roots& trusted, std::string_view cluster_name) {
  if (text.size() > kMaxRootListBytes) return Error(Errc::too_large, "list of roots: too long");
  const auto document = parse_json(text);
  if (!document) return Error(Errc::damaged, "list of roots: " + document.error().context);
  const auto version = find_unsigned(*document, "version");
  const std::string* pem = find_string(*document, "roots");
  const Json* signatures = find_member(*document, "signatures");
  if (!version || *version == 0) return bad_root_list("no version");
  if (pem == nullptr) return bad_root_list("no roots");
  if (signatures == nullptr || !signatures->is_array() || signatures->size() > kMaxListedRoots) {
    return bad_root_list("no signatures");
  }
  if (!is_vouched_for(*signatures, covered_text(cluster_name, *version, *pem), trusted)) {
    return Error(Errc::not_permitted, "list of roots: not signed by a root that is trusted here");
  }
  auto roots = read_listed(*pem, cluster_name);
  if (!roots) return roots.error();
  return RootList{*version, *pem, std::move(*roots)};
}

std::uint64_t claimed_version(std::string_view text) {
  const auto document = parse_json(text);
  return document ? find_unsigned(*document, "version").value_or(0) : 0;
}

std::string claimed_pem(std::string_view text) {
  const auto document = parse_json(text);
  const std::string* pem = document ? find_string(*document, "roots") : nullptr;
  return pem == nullptr ? std::string() : *pem;
}

}  // namespace p2p::pki
