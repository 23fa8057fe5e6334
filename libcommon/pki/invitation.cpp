#include "pki/invitation.hpp"

#include "base/json.hpp"
#include "base/text.hpp"

namespace p2p::pki {
namespace {

constexpr std::string_view kFamily = "p2p-invite-";
constexpr std::string_view kPrefix = "p2p-invite-1.";
constexpr std::size_t kFingerprintBytes = 32;
constexpr std::size_t kMaxAddressLength = 300;
constexpr std::size_t kMaxKidLength = 64;
/// The last second that WallTime can hold.
constexpr std::uint64_t kMaxExpiry =
    static_cast<std::uint64_t>(std::chrono::floor<std::chrono::seconds>(WallTime::max()).time_since_epoch().count());

Error wrong(const char* why) { return {Errc::invalid, std::string("not a valid invitation: ") + why}; }

Result<std::vector<std::string>> read_coordinators(const Json& document) {
  const Json* list = find_member(document, "c");
  if (list == nullptr || !list->is_array() || list->size() > kMaxInvitationCoordinators) {
    return wrong("its addresses are missing or too many");
  }
  std::vector<std::string> out;
  for (const auto& entry : *list) {
    const auto* text = entry.get_ptr<const std::string*>();
    if (text == nullptr || text->empty() || text->size() > kMaxAddressLength || escape_controls(*text) != *text) {
      return wrong("an address is not text");
    }
    out.push_back(*text);
  }
  return out;
}

std::string text_of(const Json& document, std::string_view key) {
  const std::string* text = find_string(document, key);
  return text != nullptr ? *text : std::string();
}

Result<void> read_role(const Json& document, Invitation& out) {
  if (find_member(document, "r") == nullptr) return {};
  out.role = parse_role(text_of(document, "r"));
  if (!out.role) return wrong("its role is not known");
  return {};
}

}  // namespace

std::string write_invitation(const Invitation& invitation) {
  Json document = {{"c", invitation.coordinators},
                   {"f", to_hex(invitation.ca_fingerprint)},
                   {"k", invitation.kid},
                   {"h", to_base64url(invitation.hmac_key)},
                   {"n", invitation.name},
                   {"x", std::chrono::floor<std::chrono::seconds>(invitation.expires_at).time_since_epoch().count()},
                   {"u", invitation.cluster_name}};
  if (invitation.role) document["r"] = to_string(*invitation.role);
  return std::string(kPrefix) + to_base64url(as_bytes(dump_json(document)));
}

Result<Invitation> parse_invitation(std::string_view text) {
  text = trim(text);
  if (text.size() > kMaxInvitationBytes) return Error(Errc::too_large, "an invitation is never that long");
  if (!text.starts_with(kPrefix)) {
    if (text.starts_with(kFamily)) return Error(Errc::unsupported, "an invitation of another version than 1");
    return wrong("it does not begin with p2p-invite-1.");
  }
  const auto bytes = from_base64url(text.substr(kPrefix.size()));
  if (!bytes) return wrong("a part of it is missing or changed");
  const auto document = parse_json(as_text(*bytes));
  if (!document || !document->is_object()) return wrong("a part of it is missing or changed");

  Invitation out;
  auto coordinators = read_coordinators(*document);
  if (!coordinators) return coordinators.error();
  out.coordinators = std::move(*coordinators);
  auto fingerprint = from_hex(text_of(*document, "f"));
  if (!fingerprint || fingerprint->size() != kFingerprintBytes) return wrong("its CA fingerprint");
  out.ca_fingerprint = std::move(*fingerprint);
  auto key = from_base64url(text_of(*document, "h"));
  if (!key || key->size() != kEabKeyBytes) return wrong("its key");
  out.hmac_key = std::move(*key);
  out.kid = text_of(*document, "k");
  if (out.kid.empty() || out.kid.size() > kMaxKidLength || !from_base64url(out.kid)) return wrong("its key id");
  out.name = text_of(*document, "n");
  out.cluster_name = text_of(*document, "u");
  if (!is_valid_name(out.name) || !is_valid_name(out.cluster_name)) return wrong("a name in it");
  if (auto read = read_role(*document, out); !read) return read.error();
  const auto expiry = find_unsigned(*document, "x");
  if (!expiry || *expiry > kMaxExpiry) return wrong("its expiry");
  out.expires_at = WallTime{std::chrono::seconds{static_cast<std::int64_t>(*expiry)}};
  return out;
}

}  // namespace p2p::pki
