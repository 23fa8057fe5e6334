#include "revocation_lists.hpp"

#include <algorithm>
#include <utility>

#include "pki/crl.hpp"

namespace p2p::node {
namespace {

constexpr std::string_view kKindPrefix = "crl:";
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\n";

/// One list and nothing around it: others get the very text, and load it where they keep what they trust.
bool is_bare(std::string_view content) {
  if (!content.starts_with(kBeginOfList) || !content.ends_with(kEndOfList)) return false;
  content.remove_prefix(kBeginOfList.size());
  return content.find_first_not_of(kBase64) == content.size() - kEndOfList.size();
}

std::string kind_of(ByteView issuer_key_id) { return std::string(kKindPrefix) + to_hex(issuer_key_id); }

}  // namespace

std::string bulletin_kind_of(const pki::RevocationList& list) { return kind_of(list.issuer_key_id); }

RevocationLists::RevocationLists(std::function<std::shared_ptr<const std::string>()> roots_pem, LogSink& log)
    : roots_pem_(std::move(roots_pem)), log_(log, "Pki"), pem_(std::make_shared<const std::string>()) {}

Result<pki::RevocationList> RevocationLists::read(std::string_view kind, std::string_view content) const {
  if (!kind.starts_with(kKindPrefix)) return Error(Errc::unsupported, "this node knows nothing of this kind");
  if (!is_bare(content)) return Error(Errc::damaged, "a revocation list with something around it");
  const auto roots = pki::Roots::from_pem(*roots_pem_(), "the CA's certificate");
  if (!roots) return roots.error();
  auto lists = pki::read_crls(content, *roots, "revocation list");
  if (!lists) {
    return lists.error().kind() == Errc::not_found ? Error(Errc::unsupported, lists.error().context) : lists.error();
  }
  if (lists->size() != 1) return Error(Errc::damaged, "more than one revocation list in a bulletin");
  if (bulletin_kind_of(lists->front()) != kind)
    return Error(Errc::damaged, "a revocation list under another issuer's name");
  return std::move(lists->front());
}

Result<std::uint64_t> RevocationLists::check(std::string_view kind, ByteView content) const {
  const auto list = read(kind, as_text(content));
  if (!list) return list.error();
  return list->number;
}

bool RevocationLists::accept(const membership::Bulletin& bulletin, WallTime now) {
  const auto text = as_text(*bulletin.content);
  auto list = read(bulletin.kind, text);
  if (!list) {
    log_.warning("a revocation list is not used: {}", list.error().context);
    return false;
  }
  if (list->next_update < now) {
    log_.warning("revocation list {} is past its time; a coordinator with the CA's key signs a new one", list->number);
  }
  log_.info("revocation list {} is in force: {} revoked", list->number, list->revoked.size());
  const auto* before = lists_.find(list->issuer_key_id);
  const bool changed = before == nullptr ? !list->revoked.empty() : before->revoked != list->revoked;
  lists_ = lists_.with(std::move(*list));
  texts_[bulletin.kind] = std::string(text);
  drop_untrusted();
  std::string all;
  for (const auto& [kind, one] : texts_) all += one;
  pem_ = std::make_shared<const std::string>(std::move(all));
  return changed;
}

void RevocationLists::drop_untrusted() {
  const auto roots = pki::Roots::from_pem(*roots_pem_(), "the CA's certificate");
  if (!roots) return;
  const auto& trusted = roots->certificates();
  std::erase_if(texts_, [&](const auto& one) {
    return std::none_of(trusted.begin(), trusted.end(), [&](const pki::Certificate& root) {
      return one.first == kind_of(root.facts().subject_key_id);
    });
  });
}

pki::RevocationCheck RevocationLists::revoked() const {
  return [lists = lists_](ByteView issuer_key_id, ByteView serial) { return lists.is_revoked(issuer_key_id, serial); };
}

}  // namespace p2p::node
