#include "auth/revoked_token_list.hpp"

namespace p2p::auth {
namespace {

constexpr std::string_view kListPrefix = "p2p-revoked-tokens/1";

Bytes covered_bytes(std::string_view cluster_name, std::string_view list) {
  std::string out(kListPrefix);
  out.push_back('\0');
  out += cluster_name;
  out.push_back('\0');
  out += list;
  return to_bytes(out);
}

}  // namespace

Result<std::string> sign_revoked_tokens(const RevokedTokenList& list, std::string_view cluster_name,
                                        const pki::RecordSigner& coordinator) {
  const std::string text = dump_json(Json{{"version", list.version}, {"revoked", to_json(list.revoked)}});
  const auto signature = coordinator.sign(covered_bytes(cluster_name, text));
  if (!signature) return signature.error();
  return dump_json(Json{{"list", text},
                        {"certificate", to_base64(coordinator.certificate_der())},
                        {"signature", to_base64url(*signature)}});
}

Result<RevokedTokenList> read_revoked_token_list(std::string_view text, const TokenTrust& trust, WallTime now) {
  const Error damaged(Errc::damaged, "the list of revoked tokens does not parse");
  const auto document = parse_json(text);
  if (!document) return damaged;
  const std::string* list = find_string(*document, "list");
  const std::string* certificate = find_string(*document, "certificate");
  const std::string* signature = find_string(*document, "signature");
  if (list == nullptr || certificate == nullptr || signature == nullptr) return damaged;
  const auto der = from_base64(*certificate);
  const auto signature_bytes = from_base64url(*signature);
  if (!der || !signature_bytes) return damaged;
  const auto author = pki::RecordVerifier(trust.roots, trust.cluster_name)
                          .verify(*der, covered_bytes(trust.cluster_name, *list), *signature_bytes, now);
  if (!author) return author.error();
  if (author->identity.role != pki::Role::coordinator) {
    return Error(Errc::not_permitted, "the list of revoked tokens: no coordinator signed it");
  }
  if (trust.is_revoked && trust.is_revoked(author->certificate.issuer_key_id, author->certificate.serial)) {
    return Error(Errc::not_permitted, "the list of revoked tokens: its signer's certificate was revoked");
  }
  const auto parsed = parse_json(*list);
  if (!parsed) return damaged;
  const auto version = find_unsigned(*parsed, "version");
  const Json* entries = find_member(*parsed, "revoked");
  if (!version || *version == 0 || entries == nullptr) return damaged;
  auto revoked = read_revoked_tokens(*entries);
  if (!revoked) return revoked.error();
  return RevokedTokenList{*version, std::move(*revoked)};
}

}  // namespace p2p::auth
