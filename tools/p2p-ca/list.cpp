// p2p-ca list: what has a certificate here, and for how long.
#include "base/system_clock.hpp"
#include "commands.hpp"
#include "report.hpp"

namespace p2p::ca {
namespace {

using cli::Attempt;
using cli::Cell;
using cli::Style;

/// Enough of a serial to tell two apart by eye.
constexpr std::size_t kShortSerial = 12;
/// `2027-01-31`, the beginning of a date and time.
constexpr std::size_t kDateLength = 10;
/// With fewer days left, a certificate is worth a look.
constexpr std::int64_t kSoon = 30;

Cell days_cell(const Json& entry) {
  const auto left = entry.at("days_left").get<std::int64_t>();
  if (left < 0) return {"expired", Style::bad};
  return {std::to_string(left), left < kSoon ? Style::warn : Style::plain};
}

cli::Column beginning(std::string_view heading, std::string key, std::size_t length) {
  return {heading, [key = std::move(key), length](const Json& entry) {
            return Cell{entry.at(key).get<std::string>().substr(0, length)};
          }};
}

class List final : public cli::Command {
 public:
  Attempt<void> run(cli::Session& session) override {
    const auto certs = certificates_of(session.home);
    const auto names = certs.names();
    if (!names) return cli::Failure(names.error(), "p2p-ca init makes a CA and this folder");
    const WallTime now = SystemClock().wall();
    Document entries = Document::array();
    bool complete = true;
    for (const auto& name : *names) {
      const auto file = certs.files_of(name).certificate;
      const auto certificate = pki::read_certificate_file(file);
      if (!certificate) {
        session.report.error(certificate.error().context);
        complete = false;
        continue;
      }
      entries.push_back(describe(*certificate, file, now));
      // Listed under the name that show, verify and sign take, whatever the certificate calls itself.
      entries.back()["name"] = name;
    }
    const std::vector<cli::Column> columns{
        cli::member_column("NAME", "name"),          cli::member_column("ROLE", "role"),
        beginning("SERIAL", "serial", kShortSerial), beginning("EXPIRES", "not_after", kDateLength),
        {"DAYS LEFT", days_cell, cli::Align::right},
    };
    session.out.list(to_text(entries), columns, "name");
    if (!complete) return cli::Failure(cli::kPartial, "");  // all was said
    return {};
  }
};

}  // namespace

std::unique_ptr<cli::Command> make_list() { return std::make_unique<List>(); }

}  // namespace p2p::ca
