#include "report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/rfc3339.hpp"
#include "base/text.hpp"
#include "commands.hpp"
#include "config/paths.hpp"

namespace p2p::ca {
namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

/// The name and cluster that a certificate speaks for, as far as it has them.
struct Place {
  std::string name;
  std::optional<std::string> role;
  std::optional<std::string> cluster;
};

Place place_of(const pki::Certificate& certificate) {
  const auto& facts = certificate.facts();
  if (const auto identity = certificate.identity(); identity && !facts.is_ca) {
    return {identity->name, std::string(pki::to_string(identity->role)), identity->cluster_name};
  }
  Place out{facts.common_name, std::nullopt, std::nullopt};
  if (!facts.is_ca) return out;
  out.role = kAuthorityName;
  if (facts.uris.size() == 1) {
    if (const auto cluster = pki::parse_cluster_uri(facts.uris.front())) out.cluster = *cluster;
  }
  return out;
}

Document or_null(const std::optional<std::string>& text) { return text ? Document(*text) : Document(nullptr); }

/// Negative once it is over.
std::chrono::seconds left_until(WallTime end, WallTime now) {
  // Seconds first: the difference of extreme dates does not fit nanoseconds.
  using std::chrono::floor, std::chrono::seconds;
  return floor<seconds>(end) - floor<seconds>(now);
}

/// Rounded down, also below zero.
std::int64_t whole_days(std::chrono::seconds time) { return std::chrono::floor<std::chrono::days>(time).count(); }

/// `364 days`, or `5h07m` when it is less than one.
std::string time_text(std::chrono::seconds time) {
  return time < std::chrono::days{1} ? format_duration(time) : counted(whole_days(time), "day");
}

/// Enough of a serial to tell two apart by eye.
constexpr std::size_t kShortSerial = 12;
/// `2027-01-31`, the beginning of a date and time.
constexpr std::size_t kDateLength = 10;
/// With less time left, a certificate is worth a look.
constexpr std::chrono::days kSoon{30};
/// A certificate is renewed when less than this part of its life is left.
constexpr int kRenewalPart = 3;

cli::Cell time_left_cell(const Json& entry) {
  if (entry.contains("revoked_at") && !entry["revoked_at"].is_null()) return {"revoked", cli::Style::bad};
  const std::chrono::seconds left(entry.at("seconds_left").get<std::int64_t>());
  if (left.count() < 0) return {"expired", cli::Style::bad};
  return {time_text(left), left < kSoon ? cli::Style::warn : cli::Style::plain};
}

cli::Cell here_cell(const Json& entry) { return {entry.at("file").is_null() ? "" : "*"}; }

cli::Column beginning(std::string_view heading, std::string key, std::size_t length) {
  return {heading, [key = std::move(key), length](const Json& entry) {
            return cli::Cell{cli::member_text(entry, key).substr(0, length)};
          }};
}

std::vector<cli::Column> certificate_columns() {
  return {cli::member_column("NAME", "name"), cli::member_column("ROLE", "role"),
          beginning("SERIAL", "serial", kShortSerial), beginning("EXPIRES", "not_after", kDateLength),
          time_left_column()};
}

}  // namespace

std::string counted(std::int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

cli::Column time_left_column() { return {"TIME LEFT", time_left_cell, cli::Align::right}; }

bool is_due(const pki::Certificate& certificate, WallTime now) {
  const auto& facts = certificate.facts();
  return facts.not_after - now < (facts.not_after - facts.not_before) / kRenewalPart;
}

pki::CertificateFolder certificates_of(const fs::path& home) {
  return pki::CertificateFolder(config::Paths(home).certs());
}

Result<Subject> find_subject(const pki::CertificateFolder& certs, const std::string& target) {
  if (is_valid_name(target)) {
    const fs::path file = certs.files_of(target).certificate;
    if (is_there(file)) return Subject{target, file, true};
  }
  if (is_there(target)) return Subject{target, target, false};
  return Error(Errc::not_found,
               fmt::format("no certificate \"{}\" in {}, and no such file", target, certs.path().string()));
}

std::optional<std::string> role_of(const pki::Certificate& certificate) { return place_of(certificate).role; }

std::string remaining(const pki::Certificate& certificate, WallTime now) {
  const auto left = left_until(certificate.facts().not_after, now);
  if (left.count() >= 0) return time_text(left) + " left";
  const std::int64_t days = whole_days(left);
  return days == -1 ? "expired today" : fmt::format("expired {} ago", counted(-days - 1, "day"));
}

Document describe(const pki::Certificate& certificate, const fs::path& file, WallTime now) {
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
          {"file", file.string()}};
}

Result<Document> describe(const pki::RecordedCertificate& record, const fs::path& file, WallTime now) {
  const auto certificate = pki::Certificate::from_der(record.der);
  if (!certificate) return Error(Errc::damaged, "the inventory's certificate of " + record.name);
  Document out = describe(*certificate, file, now);
  out["name"] = record.name;
  if (!record.role) out["role"] = "web";
  if (file.empty()) out["file"] = nullptr;
  out["issued_at"] = format_rfc3339(record.issued_at, 0);
  out["issued_by"] = record.issued_by;
  out["revoked_at"] = record.revoked ? Document(format_rfc3339(record.revoked->at, 0)) : Document(nullptr);
  out["reason"] = record.revoked ? Document(to_string(record.revoked->reason)) : Document(nullptr);
  return out;
}

Document describe(const pki::RecordedInvitation& invitation, WallTime now) {
  Document names = Document::array();
  for (const auto& name : invitation.names) names.push_back(name.text);
  return {{"name", invitation.name},
          {"role", invitation.role ? pki::to_string(*invitation.role) : "web"},
          {"names", names},
          {"kid", invitation.kid},
          {"created_at", format_rfc3339(invitation.created_at, 0)},
          {"expires_at", format_rfc3339(invitation.expires_at, 0)},
          {"seconds_left", left_until(invitation.expires_at, now).count()},
          {"uses", invitation.uses},
          {"uses_left", invitation.uses - invitation.used}};
}

void list_invitations(cli::Output& out, const Document& entries) {
  const std::vector<cli::Column> columns{
      cli::member_column("NAME", "name"),
      cli::member_column("ROLE", "role"),
      beginning("MADE", "created_at", kDateLength),
      {"EXPIRES IN",
       [](const Json& entry) {
         return cli::Cell{time_text(std::chrono::seconds(entry.at("seconds_left").get<std::int64_t>()))};
       },
       cli::Align::right},
      cli::member_column("USES LEFT", "uses_left", cli::Align::right)};
  out.list(to_text(entries), columns, "name");
}

void list_certificates(cli::Output& out, const Document& entries) {
  out.list(to_text(entries), certificate_columns(), "name");
}

void list_recorded(cli::Output& out, const Document& entries) {
  auto columns = certificate_columns();
  const bool some_here =
      std::any_of(entries.begin(), entries.end(), [](const auto& e) { return !e["file"].is_null(); });
  if (some_here) columns.push_back({"HERE", here_cell});
  columns.push_back(beginning("ISSUED", "issued_at", kDateLength));
  columns.push_back(cli::member_column("BY", "issued_by"));
  out.list(to_text(entries), columns, "name");
}

std::string to_text(const Document& document) {
  return document.dump(-1, ' ', false, Document::error_handler_t::replace);
}

void print_made(cli::Output& out, const Document& entries) {
  if (out.format() != cli::Format::table) return out.list(to_text(entries), {}, "name");
  for (const auto& entry : entries) {
    for (const char* member : {"file", "key_file", "bundle"}) {
      if (entry.contains(member)) out.stream() << entry[member].get<std::string>() << '\n';
    }
  }
}

std::vector<std::string> key_type_names() {
  std::vector<std::string> out;
  for (const auto type : crypto::kKeyTypes) out.emplace_back(to_string(type));
  return out;
}

}  // namespace p2p::ca
