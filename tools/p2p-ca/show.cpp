// p2p-ca show: what one certificate says.
#include "base/system_clock.hpp"
#include "base/text.hpp"
#include "commands.hpp"
#include "report.hpp"

namespace p2p::ca {
namespace {

using cli::Attempt;
using cli::Cell;

Cell cell_of(const Document& value) {
  if (value.is_null() || (value.is_array() && value.empty())) return {"-", cli::Style::dim};
  if (value.is_string()) return {value.get<std::string>()};
  return {value.is_array() ? join(value.get<std::vector<std::string>>(), ", ") : value.dump()};
}

void print_facts(cli::Output& out, Document facts, const std::string& remaining) {
  facts["not_after"] = facts["not_after"].get<std::string>() + " (" + remaining + ")";
  constexpr std::pair<const char*, const char*> kLines[] = {{"name", "name"},
                                                            {"role", "role"},
                                                            {"cluster", "cluster"},
                                                            {"serial", "serial"},
                                                            {"valid from", "not_before"},
                                                            {"valid until", "not_after"},
                                                            {"DNS names", "dns_names"},
                                                            {"addresses", "ip_addresses"},
                                                            {"key", "key_type"},
                                                            {"issuer", "issuer"},
                                                            {"sha256", "sha256"},
                                                            {"file", "file"}};
  std::vector<std::pair<std::string, Cell>> pairs;
  for (const auto& [label, member] : kLines) pairs.emplace_back(label, cell_of(facts[member]));
  // Whole, however narrow the terminal: half a fingerprint is of no use.
  out.stream() << cli::render_pairs(pairs, {0, out.surface().colour});
}

class Show final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.argument("NAME", target_, "a name that was signed here, or a file in PEM");
  }

  Attempt<void> run(cli::Session& session) override {
    const auto subject = find_subject(session.home, target_);
    if (!subject) return subject.error();
    const auto& certificate = subject->certificate;
    const WallTime now = SystemClock().wall();
    const Document facts = describe(certificate, subject->file, now);
    if (subject->file.empty()) session.report.note("it is on the machine that asked for it; this is what was signed");
    switch (session.out.format()) {
      case cli::Format::table: print_facts(session.out, facts, remaining(certificate, now)); break;
      case cli::Format::name: session.out.stream() << escape_controls(facts["name"].get<std::string>()) << '\n'; break;
      case cli::Format::json:
      case cli::Format::yaml: session.out.value(to_text(facts)); break;
    }
    return {};
  }

 private:
  std::string target_;
};

}  // namespace

std::unique_ptr<cli::Command> make_show() { return std::make_unique<Show>(); }

}  // namespace p2p::ca
