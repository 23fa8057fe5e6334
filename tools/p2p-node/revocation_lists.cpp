#include "revocation_lists.hpp"

#include <algorithm>
#include <utility>

#include "base/file.hpp"
#include "pki/crl.hpp"

namespace p2p::node {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kKindPrefix = "crl:";
constexpr std::string_view kBeginOfList = "-----BEGIN X509 CRL-----\n";
constexpr std::string_view kEndOfList = "-----END X509 CRL-----\n";
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\n";

std::string kind_of(const pki::RevocationList& list) { return std::string(kKindPrefix) + to_hex(list.issuer_key_id); }

/// One list and nothing around it: others get the very text, and load it where they keep what they trust.
bool is_bare(std::string_view content) {
  if (!content.starts_with(kBeginOfList) || !content.ends_with(kEndOfList)) return false;
  content.remove_prefix(kBeginOfList.size());
  return content.find_first_not_of(kBase64) == content.size() - kEndOfList.size();
}

}  // namespace

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
  if (kind_of(lists->front()) != kind) return Error(Errc::damaged, "a revocation list under another issuer's name");
  return std::move(lists->front());
}

Result<std::uint64_t> RevocationLists::check(std::string_view kind, ByteView content) const {
  const auto list = read(kind, as_text(content));
  if (!list) return list.error();
  return list->number;
}

void RevocationLists::accept(const membership::Bulletin& bulletin, WallTime now) {
  const auto text = as_text(*bulletin.content);
  auto list = read(bulletin.kind, text);
  if (!list) {
    log_.warning("a revocation list is not used: {}", list.error().context);
    return;
  }
  if (list->next_update < now) {
    log_.warning("revocation list {} is past its time; a coordinator with the CA's key signs a new one", list->number);
  }
  log_.info("revocation list {} is in force: {} revoked", list->number, list->serials.size());
  lists_ = lists_.with(std::move(*list));
  texts_[bulletin.kind] = std::string(text);
  std::string all;
  for (const auto& [kind, one] : texts_) all += one;
  pem_ = std::make_shared<const std::string>(std::move(all));
}

pki::RevocationCheck RevocationLists::revoked() const {
  return [lists = lists_](ByteView issuer_key_id, ByteView serial) { return lists.is_revoked(issuer_key_id, serial); };
}

std::map<std::string, std::string> bulletins_of(std::string_view crl_pem, const pki::Roots& roots) {
  std::map<std::string, std::string> out;
  while (!crl_pem.empty()) {
    const std::size_t begin = std::min(crl_pem.find(kBeginOfList), crl_pem.size());
    const std::size_t end = crl_pem.find(kEndOfList, begin);
    if (end == std::string_view::npos) break;
    const std::string_view one = crl_pem.substr(begin, end + kEndOfList.size() - begin);
    crl_pem.remove_prefix(end + kEndOfList.size());
    const auto lists = pki::read_crls(one, roots, "revocation list");
    if (lists && lists->size() == 1) out.emplace(kind_of(lists->front()), one);
  }
  return out;
}

Result<std::string> AuthorityLists::poll(WallTime now) {
  std::error_code absent;
  const auto written = fs::last_write_time(paths_.crl, absent);
  const bool is_news = !absent && written != seen_;
  if (!is_news && now - looked_ < kResign && looked_ != WallTime{}) return std::string();
  looked_ = now;
  std::error_code none;
  if (!fs::exists(paths_.key, none)) {
    if (absent) return std::string();
    seen_ = written;
    return read_file(paths_.crl, pki::kMaxCrlBytes);
  }
  const pki::Act act{who_, now};
  auto authority = pki::IssuingAuthority::open(paths_, act);
  if (!authority) return authority.error();
  auto list = authority->current_crl(act);
  if (!list) return list.error();
  seen_ = fs::last_write_time(paths_.crl, absent);
  return std::move(list->pem);
}

}  // namespace p2p::node
