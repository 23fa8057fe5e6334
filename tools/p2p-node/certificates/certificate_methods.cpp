#include "certificate_methods.hpp"

#include <fmt/format.h>

#include <utility>

#include "pki/description.hpp"
#include "rpc/schema.hpp"

namespace p2p::node {

namespace asio = boost::asio;

namespace {

using Work = std::function<Result<std::string>()>;

// The methods get what fits these.
constexpr char kListSchema[] =
    R"({"type":"object","properties":{"all":{"type":"boolean"},"revoked":{"type":"boolean"}},)"
    R"("additionalProperties":false})";
constexpr char kRevokeSchema[] =
    R"({"type":"object","properties":{"target":{"type":"string","minLength":1},"reason":{"type":"string"}},)"
    R"("required":["target"],"additionalProperties":false})";

Result<std::string> describe_all(const std::vector<pki::RecordedCertificate>& records, WallTime now,
                                 bool is_repeated = false) {
  pki::Document out = pki::Document::array();
  for (const auto& record : records) {
    auto entry = pki::describe(record, {}, now);
    if (!entry) return entry.error();
    entry->erase("file");  // of no meaning elsewhere
    if (is_repeated) (*entry)["was_revoked"] = true;
    out.push_back(std::move(*entry));
  }
  return pki::to_text(out);
}

Result<std::string> list(pki::IssuingAuthority& authority, const Json& params, WallTime now) {
  const bool all = params.value("all", false), revoked = params.value("revoked", false);
  pki::CertificateFilter filter;
  if (!all && !revoked) filter.expires_after = now;
  if (!all || revoked) filter.revoked = revoked;
  const auto records = authority.certificates(filter);
  if (!records) return records.error();
  return describe_all(*records, now);
}

Result<std::string> revoke(pki::IssuingAuthority& authority, const Json& params, const pki::Act& act) {
  const std::string* word = find_string(params, "reason");
  const auto reason = word == nullptr ? pki::RevocationReason::unspecified : pki::parse_revocation_reason(*word);
  if (!reason) return Error(Errc::invalid, fmt::format("reason: \"{}\" is none; p2p-ctl certs revoke --help", *word));
  const auto revoked = authority.revoke_target(params.at("target"), *reason, act);
  if (!revoked) return revoked.error();
  // The new list in its file is what the fleet is told of.
  if (const auto crl = authority.current_crl(act); !crl) return crl.error();
  return describe_all(revoked->certificates, act.at, revoked->is_repeated);
}

Result<std::string> rotation(pki::IssuingAuthority& authority, const pki::FleetTrust& fleet) {
  const auto roots = authority.roots();
  if (!roots) return roots.error();
  pki::Document listed = pki::Document::array();
  for (const auto& root : roots->certificates()) {
    auto entry = pki::describe(root, {}, fleet.at);
    entry.erase("file");
    entry["key_id"] = to_hex(root.facts().subject_key_id);
    entry["signs"] = listed.empty();
    listed.push_back(std::move(entry));
  }
  return pki::to_text({{"roots", std::move(listed)}, {"nodes", pki::Document(to_json(fleet).at("nodes"))}});
}

asio::awaitable<rpc::Outcome> run(CertificateAccess access, Work work) {
  const auto result = co_await access.pool.run(std::move(work));
  if (!result) co_return rpc::to_rpc_error(result.error());
  co_return *result;
}

asio::awaitable<rpc::Outcome> call_list(CertificateAccess access, rpc::CallContext call) {
  Work work = [authority = access.authority, params = rpc::parse_params(call.params).value(),
               now = access.clock.wall()] { return list(*authority, params, now); };
  co_return co_await run(std::move(access), std::move(work));
}

asio::awaitable<rpc::Outcome> call_revoke(CertificateAccess access, rpc::CallContext call) {
  const pki::Act act{fmt::format("{}/{}", access.node_id, auth::caller_name(call.caller)), access.clock.wall()};
  Work work = [authority = access.authority, params = rpc::parse_params(call.params).value(), act] {
    return revoke(*authority, params, act);
  };
  co_return co_await run(std::move(access), std::move(work));
}

asio::awaitable<rpc::Outcome> call_rotation(CertificateAccess access) {
  auto asking = access.fleet_trust();
  const auto fleet = co_await std::move(asking);
  Work work = [authority = access.authority, fleet] { return rotation(*authority, fleet); };
  co_return co_await run(std::move(access), std::move(work));
}

}  // namespace

rpc::Service certificate_service(CertificateAccess access) {
  rpc::Service out;
  out.name = "certs";
  out.version = P2P_VERSION;
  out.description = "The CA of the fleet: what it has signed, and taking it back.";
  using auth::Permission;
  out.methods = {
      rpc::make_method(
          "certs.list", "The certificates that are valid; with all, or only the revoked ones.", Permission::certs_read,
          [access](rpc::CallContext call) { return call_list(access, std::move(call)); }, kListSchema),
      rpc::make_method(
          "certs.revoke", "Revokes all that a name has, or one by its serial number.", Permission::certs_manage,
          [access](rpc::CallContext call) { return call_revoke(access, std::move(call)); }, kRevokeSchema),
      rpc::make_method("certs.rotation", "The CA's keys, and how far each node is with a rotation of them.",
                       Permission::certs_read, [access](const rpc::CallContext&) { return call_rotation(access); })};
  for (rpc::Method& method : out.methods) method.idempotent = true;
  return out;
}

}  // namespace p2p::node
