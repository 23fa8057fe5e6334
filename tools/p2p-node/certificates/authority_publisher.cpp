#include "authority_publisher.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <utility>

#include "base/file.hpp"
#include "pki/crl.hpp"
#include "pki/root_list.hpp"
#include "revocation_lists.hpp"
#include "trusted_roots.hpp"

namespace p2p::node {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

/// Each list of a PEM text by itself, with its kind; those that `roots` did not sign are left out.
std::map<std::string, std::string> bulletins_of(std::string_view crl_pem, const pki::Roots& roots) {
  std::map<std::string, std::string> out;
  while (!crl_pem.empty()) {
    const std::size_t begin = std::min(crl_pem.find(kBeginOfList), crl_pem.size());
    const std::size_t end = crl_pem.find(kEndOfList, begin);
    if (end == std::string_view::npos) break;
    const std::string_view one = crl_pem.substr(begin, end + kEndOfList.size() - begin);
    crl_pem.remove_prefix(end + kEndOfList.size());
    const auto lists = pki::read_crls(one, roots, "revocation list");
    if (lists && lists->size() == 1) out.emplace(bulletin_kind_of(lists->front()), one);
  }
  return out;
}

}  // namespace

/// Used by one thread of the pool at a time.
class AuthorityPublisher::Files {
 public:
  Files(pki::AuthorityPaths paths, std::string who) : paths_(std::move(paths)), who_(std::move(who)) {}

  /// The lists when they may be news: at first, when the file has changed, and after kResign; else empty. Where the
  /// CA's key is, a list that is due is signed; where it is not, the file may be brought here.
  Result<std::string> revocation_lists(WallTime now);
  /// The list of roots when its file has changed; else empty.
  Result<std::string> root_list();

 private:
  /// Whether a file is there, and is another than it was when `seen` was set to what it is now.
  static bool has_changed(const fs::path& file, fs::file_time_type& seen);

  const pki::AuthorityPaths paths_;
  const std::string who_;
  fs::file_time_type lists_seen_{}, roots_seen_{};
  WallTime looked_{};
};

bool AuthorityPublisher::Files::has_changed(const fs::path& file, fs::file_time_type& seen) {
  const auto written = written_at(file);
  return written && *written != std::exchange(seen, *written);
}

Result<std::string> AuthorityPublisher::Files::revocation_lists(WallTime now) {
  const bool is_news = has_changed(paths_.crl, lists_seen_);
  if (!is_news && now - looked_ < kResign && looked_ != WallTime{}) return std::string();
  looked_ = now;
  if (!file_exists(paths_.key)) {
    return is_news ? read_file(paths_.crl, pki::kMaxCrlBytes) : Result<std::string>(std::string());
  }
  const pki::Act act{who_, now};
  auto authority = pki::IssuingAuthority::open(paths_, act);
  if (!authority) return authority.error();
  auto list = authority->current_crl(act);
  if (!list) return list.error();
  (void)has_changed(paths_.crl, lists_seen_);
  return std::move(list->pem);
}

Result<std::string> AuthorityPublisher::Files::root_list() {
  if (!has_changed(paths_.roots, roots_seen_)) return std::string();
  return read_file(paths_.roots, pki::kMaxRootListBytes);
}

AuthorityPublisher::AuthorityPublisher(Options options, net::BlockingPool& pool, const Clock& clock, LogSink& log)
    : options_(std::move(options)), pool_(pool), clock_(clock), log_(log, "Pki") {}

asio::awaitable<void> AuthorityPublisher::run() {
  const auto files = std::make_shared<Files>(options_.authority, options_.node_id);
  asio::steady_timer timer(co_await asio::this_coro::executor);
  std::string last_error;
  for (;;) {
    auto list_roots = [files] { return files->root_list(); };
    const auto roots = co_await pool_.run(std::move(list_roots));
    auto list_revoked = [files, at = clock_.wall()] { return files->revocation_lists(at); };
    const auto revoked = co_await pool_.run(std::move(list_revoked));
    std::string error;
    if (!roots) error = roots.error().context;
    if (!revoked) error = revoked.error().context;
    if (!error.empty() && error != last_error) log_.error("no news from the CA for the fleet: {}", error);
    last_error = error;
    if (roots && !roots->empty()) publish(std::string(kRootsKind), *roots);
    if (revoked && !revoked->empty()) publish_lists(*revoked);
    timer.expires_after(kPoll);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

void AuthorityPublisher::publish_lists(const std::string& pem) {
  const auto roots = pki::Roots::from_pem(*options_.roots_pem(), "the CA's certificate");
  if (!roots) return log_.error("the revocation list is not published: {}", roots.error().context);
  for (const auto& [kind, list] : bulletins_of(pem, *roots)) publish(kind, list);
}

void AuthorityPublisher::publish(std::string kind, std::string_view content) {
  const auto published = options_.publish(kind, to_bytes(content));
  if (!published) log_.error("{} is not published: {}", kind, published.error().context);
}

}  // namespace p2p::node
