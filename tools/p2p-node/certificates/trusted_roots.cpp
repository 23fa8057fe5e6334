#include "trusted_roots.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "base/file.hpp"
#include "net/pinned_root.hpp"

namespace p2p::node {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds kRetryRoots{10};
constexpr std::chrono::seconds kAskTimeout{10};

fs::path list_file(const fs::path& certificates) { return certificates.parent_path() / "ca_roots.json"; }

/// The list first: it is what keeps an older one from coming back.
Result<void> write_both(const fs::path& certificates, const std::string& text, const std::string& pem) {
  if (auto written = write_file(list_file(certificates), text, kPublicMode); !written) return written;
  return write_file(certificates, pem, kPublicMode);
}

}  // namespace

TrustedRoots::TrustedRoots(asio::io_context& control, Options options, Hooks hooks, const NodeIdentity& identity,
                           net::BlockingPool& pool, const Clock& clock, LogSink& log)
    : options_(std::move(options)),
      hooks_(std::move(hooks)),
      identity_(identity),
      pool_(pool),
      clock_(clock),
      log_(log, "Pki"),
      wakeup_(control, Monotonic::max()),
      text_(std::make_shared<const std::string>()) {
  auto text = read_file(list_file(options_.certificates), pki::kMaxRootListBytes);
  if (!text) return;
  auto list = pki::read_root_list(*text, identity_.roots(), options_.cluster_name);
  if (list) set(std::move(*text), std::move(*list));
}

Result<std::uint64_t> TrustedRoots::check(ByteView content) const {
  const auto list = pki::read_root_list(as_text(content), identity_.roots(), options_.cluster_name);
  if (!list) return list.error();
  if (list->version < version_) return Error(Errc::not_permitted, "list of roots: older than the one in force");
  return list->version;
}

void TrustedRoots::set(std::string text, pki::RootList list) {
  version_ = list.version;
  text_ = std::make_shared<const std::string>(text);
  pending_ = std::make_shared<const Pending>(Pending{std::move(text), std::move(list)});
}

void TrustedRoots::take(const membership::Bulletin& bulletin) {
  std::string text(as_text(*bulletin.content));
  auto list = pki::read_root_list(text, identity_.roots(), options_.cluster_name);
  if (!list) return log_.warning("a list of roots is not used: {}", list.error().context);
  if (list->version < version_) return;
  set(std::move(text), std::move(*list));
  wakeup_.cancel();
}

void TrustedRoots::retry() { wakeup_.cancel(); }

void TrustedRoots::ask() {
  asking_ = true;
  wakeup_.cancel();
}

asio::awaitable<void> TrustedRoots::run() {
  for (;;) {
    if (std::exchange(asking_, false)) {
      auto asking = ask_coordinators();
      co_await std::move(asking);
    }
    auto following = follow();
    const bool is_settled = co_await std::move(following);
    wakeup_.expires_at(is_settled ? Monotonic::max() : clock_.monotonic() + kRetryRoots);
    // take() and the like end the wait early; a cancellation of this task ends the next one with an exception.
    co_await wakeup_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

asio::awaitable<bool> TrustedRoots::follow() {
  bool is_settled = true;
  // A newer list may come while one is written.
  for (PendingPtr followed; pending_ && pending_ != followed;) {
    followed = pending_;
    auto following = follow(followed);
    is_settled = co_await std::move(following);
  }
  co_return is_settled;
}

asio::awaitable<bool> TrustedRoots::follow(PendingPtr followed) {
  const auto settle = [&] {
    if (pending_ == followed) pending_.reset();
  };
  auto looking = pool_.run([key = options_.ca_key] { return file_exists(key); });
  const bool is_authority = co_await std::move(looking);
  if (is_authority || followed->list.pem == *identity_.ca_pem()) {
    settle();
    tell({});
    co_return true;
  }
  if (!is_own_root_listed(followed->list)) co_return true;
  auto writing = [file = options_.certificates, followed] {
    return write_both(file, followed->text, followed->list.pem);
  };
  const auto written = co_await pool_.run(std::move(writing));
  if (!written) {
    tell("the CA's certificates cannot be written: " + written.error().context);
    co_return false;
  }
  const auto count = followed->list.roots.certificates().size();
  log_.info("{} of the fleet's CA {} trusted from now on", count, count == 1 ? "certificate is" : "certificates are");
  hooks_.written();
  const bool is_taken_over = followed->list.pem == *identity_.ca_pem();
  if (is_taken_over) settle();
  tell(is_taken_over ? "" : "the CA's certificates were written, but could not be taken over");
  co_return is_taken_over;
}

bool TrustedRoots::is_own_root_listed(const pki::RootList& list) {
  if (list.roots.verify(identity_.certificate(), pki::Purpose::server, clock_.wall())) return true;
  tell(
      "the fleet no longer trusts the CA key that signed this node's certificate: \"p2p-ca invite\" where the CA is "
      "and "
      "\"p2p-node join --force\" here bring it back");
  return false;
}

void TrustedRoots::tell(const std::string& trouble) {
  if (trouble == trouble_) return;
  trouble_ = trouble;
  hooks_.trouble(trouble);
  if (!trouble.empty()) log_.error("{}", trouble);
}

asio::awaitable<void> TrustedRoots::ask_coordinators() {
  for (const auto& address : options_.coordinators) {
    const auto endpoint = net::parse_endpoint(address, 0);
    if (!endpoint) continue;
    auto asking =
        net::fetch_root_list(wakeup_.get_executor(), *endpoint, identity_.roots(), options_.cluster_name, kAskTimeout);
    auto fetched = co_await std::move(asking);
    if (!fetched || fetched->list.version < version_) continue;
    log_.info("{} has another CA key now; one that is trusted here vouches for it", address);
    set(std::move(fetched->text), std::move(fetched->list));
    co_return;
  }
}

}  // namespace p2p::node
