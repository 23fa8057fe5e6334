#include "report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "authority_access.hpp"
#include "base/rfc3339.hpp"
#include "base/text.hpp"
#include "cli/home_owner.hpp"
#include "commands.hpp"
#include "config/paths.hpp"

namespace p2p::ca {
namespace {

namespace fs = std::filesystem;
using cli::Attempt;
using cli::Failure;

/// A certificate is renewed when less than this part of its life is left.
constexpr int kRenewalPart = 3;
constexpr int kOverduePart = 5;

bool has_less_than(int part, const pki::Certificate& certificate, WallTime now) {
  const auto& facts = certificate.facts();
  return facts.not_after - now < (facts.not_after - facts.not_before) / part;
}

Attempt<Subject> read_subject(const std::string& target, const fs::path& file, bool by_name) {
  auto certificate = pki::read_certificate_file(file);
  if (!certificate) return certificate.error();
  return Subject{target, file, by_name, std::move(*certificate)};
}

/// None where there is no CA, or it has signed nothing of that name.
Attempt<std::optional<Subject>> find_recorded(const fs::path& home, const std::string& name) {
  if (!has_authority(home)) return std::nullopt;
  const pki::Act act = act_now();
  auto authority = open_authority(home, act);
  if (!authority) return authority.error();
  const auto records = authority->certificates({.name = name});
  if (!records) return records.error();
  const auto rank = [&](const pki::RecordedCertificate& record) {
    return std::pair(!record.revoked, record.not_after);
  };
  const auto last = std::ranges::max_element(*records, {}, rank);
  if (last == records->end()) return std::nullopt;
  auto certificate = pki::Certificate::from_der(last->der);
  if (!certificate) return Error(Errc::damaged, "the inventory's certificate of " + name);
  return Subject{name, {}, true, std::move(*certificate)};
}

cli::Cell here_cell(const Json& entry) { return {entry.at("file").is_null() ? "" : "*"}; }

}  // namespace

std::string counted(std::int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

bool is_due(const pki::Certificate& certificate, WallTime now) { return has_less_than(kRenewalPart, certificate, now); }

bool is_overdue(const pki::Certificate& certificate, WallTime now) {
  return has_less_than(kOverduePart, certificate, now);
}

pki::CertificateFolder certificates_of(const fs::path& home) {
  return pki::CertificateFolder(config::Paths(home).certs());
}

Attempt<Subject> find_subject(const fs::path& home, const std::string& target) {
  const auto certs = certificates_of(home);
  if (is_valid_name(target)) {
    const fs::path file = certs.files_of(target).certificate;
    if (file_exists(file)) return read_subject(target, file, true);
  }
  {
    const cli::AsCaller caller;
    if (file_exists(target)) return read_subject(target, target, false);
  }
  if (is_valid_name(target)) {
    auto recorded = find_recorded(home, target);
    if (!recorded) return recorded.error();
    if (*recorded) return std::move(**recorded);
  }
  return Failure(Error(Errc::not_found,
                       fmt::format("no certificate \"{}\" in {}, and no such file", target, certs.path().string())),
                 "p2p-ca list shows what is there");
}

std::string remaining(const pki::Certificate& certificate, WallTime now) {
  const auto left = pki::left_until(certificate.facts().not_after, now);
  if (left.count() >= 0) return cli::time_text(left) + " left";
  const std::int64_t days = pki::whole_days(left);
  return days == -1 ? "expired today" : fmt::format("expired {} ago", counted(-days - 1, "day"));
}

void list_invitations(cli::Output& out, const Document& entries) {
  const std::vector<cli::Column> columns{
      cli::member_column("NAME", "name"),
      cli::member_column("ROLE", "role"),
      cli::date_column("MADE", "created_at"),
      {"EXPIRES IN",
       [](const Json& entry) {
         return cli::Cell{cli::time_text(std::chrono::seconds(entry.at("seconds_left").get<std::int64_t>()))};
       },
       cli::Align::right},
      cli::member_column("USES LEFT", "uses_left", cli::Align::right),
      cli::member_column("ID", "kid")};
  out.list(to_text(entries), columns, "name");
}

void list_certificates(cli::Output& out, const Document& entries) {
  out.list(to_text(entries), cli::certificate_columns(), "name");
}

void list_recorded(cli::Output& out, const Document& entries) {
  auto columns = cli::recorded_columns();
  const bool some_here =
      std::any_of(entries.begin(), entries.end(), [](const auto& e) { return !e["file"].is_null(); });
  if (some_here) {
    const auto after = columns.begin() + static_cast<std::ptrdiff_t>(cli::certificate_columns().size());
    columns.insert(after, {"HERE", here_cell});
  }
  out.list(to_text(entries), columns, "name");
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
