#include "pki/revocation.hpp"

#include <algorithm>
#include <array>

namespace p2p::pki {
namespace {

struct ReasonName {
  RevocationReason reason;
  std::string_view text;
};
constexpr std::array<ReasonName, 6> kReasons{{
    {RevocationReason::unspecified, "unspecified"},
    {RevocationReason::key_compromise, "key-compromise"},
    {RevocationReason::affiliation_changed, "affiliation-changed"},
    {RevocationReason::superseded, "superseded"},
    {RevocationReason::cessation_of_operation, "cessation-of-operation"},
    {RevocationReason::privilege_withdrawn, "privilege-withdrawn"},
}};

bool is_less(ByteView a, ByteView b) { return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end()); }

}  // namespace

std::string_view to_string(RevocationReason reason) noexcept {
  for (const auto& entry : kReasons) {
    if (entry.reason == reason) return entry.text;
  }
  return "unknown";
}

std::optional<RevocationReason> parse_revocation_reason(std::string_view text) noexcept {
  for (const auto& entry : kReasons) {
    if (entry.text == text) return entry.reason;
  }
  return std::nullopt;
}

std::optional<RevocationReason> revocation_reason_of(int number) noexcept {
  for (const auto& entry : kReasons) {
    if (static_cast<int>(entry.reason) == number) return entry.reason;
  }
  return std::nullopt;
}

std::vector<RevocationReason> revocation_reasons() {
  std::vector<RevocationReason> out;
  for (const auto& entry : kReasons) out.push_back(entry.reason);
  return out;
}

const RevokedSerial* RevocationList::find(ByteView serial) const {
  const auto at =
      std::ranges::lower_bound(revoked, serial, is_less, [](const RevokedSerial& one) { return ByteView(one.serial); });
  return at != revoked.end() && std::ranges::equal(at->serial, serial) ? &*at : nullptr;
}

RevocationLists RevocationLists::with(RevocationList list) const {
  RevocationLists out(*this);
  std::ranges::sort(list.revoked, {}, &RevokedSerial::serial);
  const auto same = std::find_if(out.lists_.begin(), out.lists_.end(),
                                 [&](const auto& other) { return other->issuer_key_id == list.issuer_key_id; });
  if (same != out.lists_.end() && (*same)->number >= list.number) return out;
  auto added = std::make_shared<const RevocationList>(std::move(list));
  if (same == out.lists_.end()) {
    out.lists_.push_back(std::move(added));
  } else {
    *same = std::move(added);
  }
  return out;
}

bool RevocationLists::is_revoked(ByteView issuer_key_id, ByteView serial) const {
  const RevocationList* list = find(issuer_key_id);
  return list != nullptr && list->find(serial) != nullptr;
}

const RevocationList* RevocationLists::find(ByteView issuer_key_id) const {
  for (const auto& list : lists_) {
    if (std::ranges::equal(list->issuer_key_id, issuer_key_id)) return list.get();
  }
  return nullptr;
}

}  // namespace p2p::pki
