#include "acme/identifier.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace p2p::acme {
namespace {

using pki::SubjectName;

constexpr std::size_t kMaxValueBytes = 256;

bool is_loopback_address(ByteView bytes) {
  constexpr std::uint8_t kMappedPrefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (bytes.size() == 16 && std::equal(std::begin(kMappedPrefix), std::end(kMappedPrefix), bytes.begin())) {
    bytes = bytes.subspan(12);
  }
  if (bytes.size() == 4) return bytes[0] == 127 || bytes[0] == 0;
  return std::all_of(bytes.begin(), bytes.end() - 1, [](std::uint8_t byte) { return byte == 0; }) && bytes.back() <= 1;
}

}  // namespace

Json to_json(const SubjectName& identifier) {
  return {{"type", identifier.kind == SubjectName::Kind::ip ? "ip" : "dns"}, {"value", identifier.text}};
}

Outcome<SubjectName> read_identifier(const Json& identifier) {
  const std::string* type = find_string(identifier, "type");
  const std::string* value = find_string(identifier, "value");
  if (type == nullptr || value == nullptr) {
    return Refusal(ProblemType::malformed, "an identifier has the text members type and value");
  }
  if (*type != "dns" && *type != "ip") {
    return Refusal(ProblemType::unsupported_identifier,
                   fmt::format("identifiers of type \"{}\" are not supported", escape_controls(type->substr(0, 32))));
  }
  const std::string shown = escape_controls(value->substr(0, kMaxValueBytes));
  auto name = pki::parse_subject_name(*value);
  const auto kind = *type == "ip" ? SubjectName::Kind::ip : SubjectName::Kind::dns;
  if (!name || name->kind != kind) {
    return Refusal(ProblemType::malformed,
                   fmt::format("\"{}\" is not {}", shown, *type == "ip" ? "an IP address" : "a DNS name"));
  }
  if (name->text != *value) {
    return Refusal(ProblemType::malformed, fmt::format("the address \"{}\" is written {}", shown, name->text));
  }
  return std::move(*name);
}

bool same_name(const SubjectName& a, const SubjectName& b) {
  return a.kind == b.kind && lower_ascii(a.text) == lower_ascii(b.text);
}

bool contains(const std::vector<SubjectName>& names, const SubjectName& name) {
  return std::any_of(names.begin(), names.end(), [&](const SubjectName& one) { return same_name(one, name); });
}

bool same_names(const std::vector<SubjectName>& a, const std::vector<SubjectName>& b) {
  const auto all_in = [](const auto& some, const auto& others) {
    return std::all_of(some.begin(), some.end(), [&](const SubjectName& name) { return contains(others, name); });
  };
  return all_in(a, b) && all_in(b, a);
}

bool is_wildcard(const SubjectName& name) { return name.kind == SubjectName::Kind::dns && name.text.starts_with("*."); }

bool is_loopback(const SubjectName& name) {
  if (name.kind == SubjectName::Kind::ip) {
    const auto bytes = pki::ip_to_bytes(name.text);
    return bytes && is_loopback_address(*bytes);
  }
  const std::string text = lower_ascii(name.text);
  return text == "localhost" || text.ends_with(".localhost");
}

}  // namespace p2p::acme
