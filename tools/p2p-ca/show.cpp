// p2p-ca show: what one certificate says.
#include <fmt/format.h>

#include "base/text.hpp"
#include "commands.hpp"
#include "report.hpp"

namespace p2p::ca {
namespace {

std::string text_of(const Document& value) {
  if (value.is_null()) return "-";
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return value.dump();
  return value.empty() ? "-" : join(value.get<std::vector<std::string>>(), ", ");
}

void print_facts(Output& out, const Document& facts) {
  const std::pair<const char*, const char*> lines[] = {{"name", "name"},
                                                       {"role", "role"},
                                                       {"cluster", "cluster"},
                                                       {"serial", "serial"},
                                                       {"valid from", "not_before"},
                                                       {"valid until", "not_after"},
                                                       {"days left", "days_left"},
                                                       {"DNS names", "dns_names"},
                                                       {"addresses", "ip_addresses"},
                                                       {"key", "key_type"},
                                                       {"issuer", "issuer"},
                                                       {"sha256", "sha256"},
                                                       {"file", "file"}};
  for (const auto& [label, member] : lines)
    out.line(fmt::format("{:<13}{}", std::string(label) + ":", text_of(facts[member])));
}

}  // namespace

int run_show(const Options& options, Tool& tool) {
  const auto format = parse_format(options.format);
  if (!format) return tool.out.fail(format.error());
  const auto subject = find_subject(tool, options.targets.front());
  if (!subject) return tool.out.fail(subject.error(), "p2p-ca list shows what is there");
  const auto certificate = pki::read_certificate_file(subject->file);
  if (!certificate) return tool.out.fail(certificate.error());
  const Document facts = describe(*certificate, subject->file, tool.now);
  switch (*format) {
    case Format::table: print_facts(tool.out, facts); break;
    case Format::name: tool.out.line(facts["name"].get<std::string>()); break;
    case Format::json:
    case Format::yaml: tool.out.document(facts, *format); break;
  }
  return 0;
}

}  // namespace p2p::ca
