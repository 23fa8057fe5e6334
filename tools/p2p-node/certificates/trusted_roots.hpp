// The CA certificates that a node trusts follow the list of roots that the CA's own keys sign (pki/root_list.hpp),
// which reaches every node as a bulletin: the list and the file of CA certificates are written, and the latter is read
// again by whoever owns it.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/log_sink.hpp"
#include "membership/bulletin.hpp"
#include "net/blocking_pool.hpp"
#include "node_identity.hpp"
#include "pki/root_list.hpp"

namespace p2p::node {

inline constexpr std::string_view kRootsKind = "roots";

/// Control loop, except for text().
class TrustedRoots {
 public:
  struct Options {
    std::filesystem::path certificates;  ///< `ssl_ca_cert_file`; the list is kept beside it
    std::filesystem::path ca_key;        ///< where it is, both files are the CA's own and not touched
    std::string cluster_name;
    std::vector<std::string> coordinators;  ///< host:port
  };
  struct Hooks {
    /// The file of CA certificates was written.
    std::function<void()> written;
    /// Why the list in force is not followed, or empty.
    std::function<void(const std::string&)> trouble;
  };
  /// References must outlive it. Blocks: reads the list that is in force.
  TrustedRoots(boost::asio::io_context& control, Options options, Hooks hooks, const NodeIdentity& identity,
               net::BlockingPool& pool, const Clock& clock, LogSink& log);

  /// As membership wants it: the version of a list that one of the trusted roots vouches for. `not_permitted` for one
  /// that is older than the list in force, which somebody may have kept.
  Result<std::uint64_t> check(ByteView content) const;
  /// A newer list is there. What cannot be written is tried again until it can. A list without the root that signed
  /// this node's own certificate is left alone, as the node could not even start with it; the log says what to do.
  void take(const membership::Bulletin& bulletin);
  /// Once more, as the node has another certificate now.
  void retry();
  /// A coordinator showed a certificate of a root that is not known here: perhaps the list says why.
  void ask();
  boost::asio::awaitable<void> run();
  /// The list in force, as `/pki/roots.json` serves it; never null, empty before the first rotation. Any thread.
  std::shared_ptr<const std::string> text() const { return text_.load(); }

 private:
  struct Pending {
    std::string text;
    pki::RootList list;
  };
  using PendingPtr = std::shared_ptr<const Pending>;
  void set(std::string text, pki::RootList list);
  /// Nothing is left to do.
  boost::asio::awaitable<bool> follow();
  boost::asio::awaitable<bool> follow(PendingPtr followed);
  boost::asio::awaitable<void> ask_coordinators();
  bool is_own_root_listed(const pki::RootList& list);
  void tell(const std::string& trouble);

  const Options options_;
  const Hooks hooks_;
  const NodeIdentity& identity_;
  net::BlockingPool& pool_;
  const Clock& clock_;
  Logger log_;
  boost::asio::steady_timer wakeup_;
  std::uint64_t version_ = 0;  // of the list in force
  PendingPtr pending_;
  bool asking_ = false;
  std::string trouble_;
  std::atomic<std::shared_ptr<const std::string>> text_;
};

}  // namespace p2p::node
