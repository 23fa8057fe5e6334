// p2p-ca crl: the list of revoked certificates, signed anew when something changed or half of its time is over.
#include <fmt/format.h>

#include "authority_access.hpp"
#include "base/rfc3339.hpp"
#include "cli/named_file.hpp"
#include "commands.hpp"
#include "report.hpp"

namespace p2p::ca {
namespace {

using cli::Attempt;

class Crl final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.text("--out", "FILE", out_, "write the list to this file, replacing it");
  }

  Attempt<void> run(cli::Session& session) override {
    const pki::Act act = act_now();
    auto authority = open_authority(session.home, act);
    if (!authority) return authority.error();
    if (!out_.empty()) {
      if (auto checked = cli::check_named_file(out_); !checked) return checked;
    }
    const auto crl = publish_crl(*authority, act, session.report);
    if (!crl) return crl.error();
    if (!out_.empty()) {
      if (auto written = cli::write_named_file(out_, crl->pem, kPublicMode, true); !written) return written;
    }
    const std::string file = out_.empty() ? authority->paths().crl.string() : out_;
    switch (session.out.format()) {
      case cli::Format::table:
        if (out_.empty()) session.out.stream() << crl->pem;
        break;
      case cli::Format::name: session.out.stream() << crl->number << '\n'; break;
      case cli::Format::json:
      case cli::Format::yaml:
        session.out.value(to_text({{"number", crl->number},
                                   {"next_update", format_rfc3339(crl->next_update, 0)},
                                   {"file", file},
                                   {"pem", crl->pem}}));
        break;
    }
    return {};
  }

 private:
  std::string out_;
};

}  // namespace

std::unique_ptr<cli::Command> make_crl() { return std::make_unique<Crl>(); }

}  // namespace p2p::ca
