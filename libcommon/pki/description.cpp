#include "pki/description.hpp"

#include "base/rfc3339.hpp"

namespace p2p::pki {
namespace {

constexpr char kAuthorityRole[] = "ca";

/// The name and cluster that a certificate speaks for, as far as it has them.
struct Place {
  std::string name;
  std::optional<std::string> role;
  std::optional<std::string> cluster;
};

Place place_of(const Certificate& certificate) {
  const auto& facts = certificate.facts();
  if (const auto identity = certificate.identity(); identity && !facts.is_ca) {
    return {identity->name, std::string(to_string(identity->role)), identity->cluster_name};
  }
  Place out{facts.common_name, std::nullopt, std::nullopt};
  if (!facts.is_ca) return out;
  out.role = kAuthorityRole;
  if (facts.uris.size() == 1) {
    if (const auto cluster = parse_cluster_uri(facts.uris.front())) out.cluster = *cluster;
  }
  return out;
}

Document or_null(const std::optional<std::string>& text) { return text ? Document(*text) : Document(nullptr); }

}  // namespace

std::chrono::seconds left_until(WallTime end, WallTime now) {
  // Seconds first: the difference of extreme dates does not fit nanoseconds.
  using std::chrono::floor, std::chrono::seconds;
  return floor<seconds>(end) - floor<seconds>(now);
}

std::int64_t whole_days(std::chrono::seconds time) { return std::chrono::floor<std::chrono::days>(time).count(); }

std::optional<std::string> role_of(const Certificate& certificate) { return place_of(certificate).role; }

Document describe(const Certificate& certificate, const std::filesystem::path& file, WallTime now) {
  const auto& facts = certificate.facts();
  const Place place = place_of(certificate);
  const auto left = left_until(facts.not_after, now);
  return {{"name", place.name},
          {"role", or_null(place.role)},
          {"cluster", or_null(place.cluster)},
          {"serial", to_hex(facts.serial)},
          {"not_before", format_rfc3339(facts.not_before, 0)},
          {"not_after", format_rfc3339(facts.not_after, 0)},
          {"days_left", whole_days(left)},
          {"seconds_left", left.count()},
          {"dns_names", facts.dns_names},
          {"ip_addresses", facts.ip_addresses},
          {"key_type", facts.key_type},
          {"issuer", facts.issuer},
          {"sha256", to_hex(facts.sha256)},
          {"file", file.empty() ? Document(nullptr) : Document(file.string())}};
}

Result<Document> describe(const RecordedCertificate& record, const std::filesystem::path& file, WallTime now) {
  const auto certificate = Certificate::from_der(record.der);
  if (!certificate) return Error(Errc::damaged, "the inventory's certificate of " + record.name);
  Document out = describe(*certificate, file, now);
  out["name"] = record.name;
  if (!record.role) out["role"] = "web";
  out["issued_at"] = format_rfc3339(record.issued_at, 0);
  out["issued_by"] = record.issued_by;
  out["revoked_at"] = record.revoked ? Document(format_rfc3339(record.revoked->at, 0)) : Document(nullptr);
  out["reason"] = record.revoked ? Document(to_string(record.revoked->reason)) : Document(nullptr);
  return out;
}

Document describe(const RecordedInvitation& invitation, WallTime now) {
  Document names = Document::array();
  for (const auto& name : invitation.names) names.push_back(name.text);
  return {{"name", invitation.name},
          {"role", invitation.role ? to_string(*invitation.role) : "web"},
          {"names", names},
          {"kid", invitation.kid},
          {"created_at", format_rfc3339(invitation.created_at, 0)},
          {"expires_at", format_rfc3339(invitation.expires_at, 0)},
          {"seconds_left", left_until(invitation.expires_at, now).count()},
          {"uses", invitation.uses},
          {"uses_left", invitation.uses - invitation.used}};
}

std::string to_text(const Document& document) {
  return document.dump(-1, ' ', false, Document::error_handler_t::replace);
}

}  // namespace p2p::pki
