// p2p-ca list: what has a certificate here, and for how long.
#include <fmt/format.h>

#include "commands.hpp"
#include "report.hpp"

namespace p2p::ca {
namespace {

/// Enough of a serial to tell two apart by eye.
constexpr std::size_t kShortSerial = 12;

std::vector<std::string> row_of(const Document& entry, const pki::Certificate& certificate, WallTime now) {
  const std::int64_t left = days_left(certificate, now);
  return {entry["name"].get<std::string>(), role_of(certificate).value_or("-"),
          entry["serial"].get<std::string>().substr(0, kShortSerial),
          entry["not_after"].get<std::string>().substr(0, 10), left < 0 ? "expired" : std::to_string(left)};
}

}  // namespace

int run_list(const Options& options, Tool& tool) {
  const auto format = parse_format(options.format);
  if (!format) return tool.out.fail(format.error());
  const auto names = tool.certs.names();
  if (!names) return tool.out.fail(names.error(), "p2p-ca init makes a CA and this folder");
  Document entries = Document::array();
  std::vector<std::vector<std::string>> rows;
  bool complete = true;
  for (const auto& name : *names) {
    const auto file = tool.certs.files_of(name).certificate;
    const auto certificate = pki::read_certificate_file(file);
    if (!certificate) {
      tool.out.error(certificate.error());
      complete = false;
      continue;
    }
    // Listed under the name that show, verify and sign take, whatever the certificate calls itself.
    Document entry = describe(*certificate, file, tool.now);
    entry["name"] = name;
    rows.push_back(row_of(entry, *certificate, tool.now));
    entries.push_back(std::move(entry));
  }
  if (*format == Format::table) {
    tool.out.table({"NAME", "ROLE", "SERIAL", "EXPIRES", "DAYS LEFT"}, rows);
  } else if (*format == Format::name) {
    for (const auto& row : rows) tool.out.line(row.front());
  } else {
    tool.out.document(entries, *format);
  }
  return complete ? 0 : exit_code_of(Errc::partial);
}

}  // namespace p2p::ca
