#include "acme/messages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "acme/identifier.hpp"
#include "base/text.hpp"

namespace p2p::acme {
namespace {

/// unspecified, keyCompromise, affiliationChanged, superseded, cessationOfOperation, privilegeWithdrawn
constexpr std::array kReasons = {0, 1, 3, 4, 5, 9};

Refusal malformed(std::string detail) { return {ProblemType::malformed, std::move(detail)}; }

Outcome<Json> read_object(std::string_view payload) {
  auto parsed = parse_json(payload);
  if (!parsed) return malformed("the payload is " + parsed.error().context);
  if (!parsed->is_object()) return malformed("the payload is not a JSON object");
  return std::move(*parsed);
}

Outcome<bool> read_flag(const Json& object, std::string_view name) {
  const Json* member = find_member(object, name);
  if (member == nullptr) return false;
  if (!member->is_boolean()) return malformed(fmt::format("{} is neither true nor false", name));
  return member->get<bool>();
}

Outcome<void> check_contact(std::string_view contact) {
  constexpr std::string_view kScheme = "mailto:";
  if (lower_ascii(contact.substr(0, kScheme.size())) != kScheme) {
    return Refusal(ProblemType::unsupported_contact, "a contact is a mailto address");
  }
  const std::string_view address = contact.substr(kScheme.size());
  const auto at = address.find('@');
  const bool fine = at != 0 && at != std::string_view::npos && at + 1 < address.size() &&
                    address.find_first_of("?,; \t\r\n") == std::string_view::npos &&
                    escape_controls(address) == address;
  if (!fine) return Refusal(ProblemType::invalid_contact, "a contact is one mailto address without header fields");
  return boost::system::in_place_value;
}

Outcome<std::vector<std::string>> read_contact(const Json& contact) {
  if (!contact.is_array()) return malformed("contact is not a list");
  if (contact.size() > kMaxContacts) return malformed(fmt::format("contact has more than {} addresses", kMaxContacts));
  std::vector<std::string> out;
  for (const auto& one : contact) {
    const auto* text = one.get_ptr<const std::string*>();
    if (text == nullptr || text->size() > kMaxContactBytes) return malformed("a contact is not a text of usual length");
    if (auto checked = check_contact(*text); !checked) return checked.error();
    out.push_back(*text);
  }
  return out;
}

/// True for `deactivated`; no other status can be asked for.
Outcome<bool> read_status(const Json& object) {
  const Json* status = find_member(object, "status");
  if (status == nullptr) return false;
  if (*status != "deactivated") return malformed("the only status that a client may set is deactivated");
  return true;
}

Outcome<Bytes> read_der(const Json& object, std::string_view name) {
  const std::string* text = find_string(object, name);
  if (text == nullptr) return malformed(fmt::format("the payload has no text {}", name));
  if (text->size() > kMaxDerBytes * 4 / 3 + 2) {
    return malformed(fmt::format("{} has more than {} bytes", name, kMaxDerBytes));
  }
  auto bytes = from_base64url(*text);
  if (!bytes) return malformed(fmt::format("{}: {}", name, bytes.error().context));
  return std::move(*bytes);
}

}  // namespace

Outcome<NewAccount> read_new_account(std::string_view payload) {
  const auto object = read_object(payload);
  if (!object) return object.error();
  NewAccount out;
  const auto existing = read_flag(*object, "onlyReturnExisting");
  if (!existing) return existing.error();
  out.only_return_existing = *existing;
  if (const Json* contact = find_member(*object, "contact")) {
    auto read = read_contact(*contact);
    if (!read) return read.error();
    out.contact = std::move(*read);
  }
  if (const Json* binding = find_member(*object, "externalAccountBinding")) out.binding = *binding;
  return out;
}

Outcome<AccountUpdate> read_account_update(std::string_view payload) {
  const auto object = read_object(payload);
  if (!object) return object.error();
  AccountUpdate out;
  if (const Json* contact = find_member(*object, "contact")) {
    auto read = read_contact(*contact);
    if (!read) return read.error();
    out.contact = std::move(*read);
  }
  const auto deactivated = read_status(*object);
  if (!deactivated) return deactivated.error();
  out.deactivate = *deactivated;
  return out;
}

Outcome<NewOrder> read_new_order(std::string_view payload) {
  const auto object = read_object(payload);
  if (!object) return object.error();
  if (object->contains("notBefore") || object->contains("notAfter")) {
    return malformed("notBefore and notAfter are not supported: the server decides the dates");
  }
  const Json* identifiers = find_member(*object, "identifiers");
  if (identifiers == nullptr || !identifiers->is_array() || identifiers->empty()) {
    return malformed("identifiers is not a list with at least one entry");
  }
  if (identifiers->size() > kMaxIdentifiers) {
    return malformed(fmt::format("an order has at most {} identifiers", kMaxIdentifiers));
  }
  NewOrder out;
  for (const auto& one : *identifiers) {
    auto name = read_identifier(one);
    if (!name) return name.error();
    if (contains(out.identifiers, *name)) return malformed(fmt::format("{} is there twice", name->text));
    out.identifiers.push_back(std::move(*name));
  }
  if (const Json* replaces = find_member(*object, "replaces")) {
    if (!replaces->is_string() || replaces->get_ref<const std::string&>().empty()) {
      return malformed("replaces is not a certificate's id");
    }
    out.replaces = replaces->get<std::string>();
  }
  return out;
}

Outcome<bool> read_deactivation(std::string_view payload) {
  const auto object = read_object(payload);
  if (!object) return object.error();
  return read_status(*object);
}

Outcome<Bytes> read_finalize(std::string_view payload) {
  const auto object = read_object(payload);
  if (!object) return object.error();
  return read_der(*object, "csr");
}

Outcome<Revocation> read_revocation(std::string_view payload) {
  const auto object = read_object(payload);
  if (!object) return object.error();
  auto certificate = read_der(*object, "certificate");
  if (!certificate) return certificate.error();
  Revocation out{std::move(*certificate)};
  if (object->contains("reason")) {
    const auto reason = find_unsigned(*object, "reason");
    if (!reason || std::find(kReasons.begin(), kReasons.end(),
                             static_cast<int>(std::min<std::uint64_t>(*reason, 99))) == kReasons.end()) {
      return Refusal(ProblemType::bad_revocation_reason, "a reason is one of 0, 1, 3, 4, 5 and 9");
    }
    out.reason = static_cast<int>(*reason);
  }
  return out;
}

Outcome<KeyChange> read_key_change(std::string_view payload) {
  const auto object = read_object(payload);
  if (!object) return object.error();
  const std::string* account = find_string(*object, "account");
  const Json* old_key = find_member(*object, "oldKey");
  if (account == nullptr || old_key == nullptr || !old_key->is_object()) {
    return malformed("the inner payload has not both account and oldKey");
  }
  return KeyChange{*account, *old_key};
}

}  // namespace p2p::acme
