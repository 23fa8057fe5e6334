// Keeps this node's certificate valid and matching its addresses: by the CA where its key is in this home, else by ACME
// from a coordinator. The file is replaced; whoever owns the node's identity takes it over.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "acme/renewal.hpp"
#include "net/blocking_pool.hpp"
#include "net/reply.hpp"
#include "net/tls.hpp"
#include "own_certificate.hpp"

namespace p2p::node {

/// Control loop.
class Renewer {
 public:
  struct Options {
    pki::NodeMaterialRequest files;
    acme::EnrollmentSettings enrollment;
    std::filesystem::path account_key;
  };
  struct Hooks {
    /// A new certificate is in its file.
    std::function<void()> renewed;
    /// Whenever it may have changed.
    std::function<void(const acme::RenewalHealth&)> health;
  };
  /// All that is given by reference outlives it; `tls` shows the certificate in use.
  Renewer(boost::asio::io_context& control, Options options, Hooks hooks, const net::TlsContexts& tls,
          net::BlockingPool& pool, Random& random, const Clock& clock, LogSink& log);

  /// The certificate that is in use from now on.
  void use(const pki::Certificate& certificate);
  /// The key that signed the certificate in use signs no more: it is renewed from then on.
  void supersede(WallTime from);
  /// The names under which the node is reached now, without its own and the loopback ones.
  void want(std::vector<pki::SubjectName> names);
  using Renewed = Result<pki::CertificateFacts>;
  /// Renews now, whatever is left of the life of the certificate in use: `asker` gets what is in use then, or why it
  /// could not be renewed. Where a try is under way, its outcome is the answer.
  void renew_now(std::shared_ptr<net::Reply<Renewed>> asker);
  /// Renews when it is time, until cancelled.
  boost::asio::awaitable<void> run();

 private:
  using Outcome = acme::ClientResult<acme::Enrolled>;
  boost::asio::awaitable<bool> is_authority();
  boost::asio::awaitable<void> attempt(acme::RenewalReason reason);
  boost::asio::awaitable<Outcome> renew_here();
  boost::asio::awaitable<Outcome> renew_by_acme(acme::RenewalReason reason);
  boost::asio::awaitable<void> ask_for_suggestion();
  void take_failure(acme::RenewalReason reason, const acme::ClientFailure& failure);
  void leave_out(const std::vector<pki::SubjectName>& names, const std::string& why);
  void tell_wanted();
  void wake();
  void answer_askers(const Renewed& outcome);

  boost::asio::io_context& control_;
  const Options options_;
  const Hooks hooks_;
  const net::TlsContexts& tls_;
  net::BlockingPool& pool_;
  const Clock& clock_;
  LogSink& log_sink_;
  Logger log_;
  acme::Renewal renewal_;
  boost::asio::steady_timer wakeup_;
  std::optional<pki::Certificate> in_use_;
  std::vector<pki::SubjectName> names_;     // as want() was told
  std::vector<pki::SubjectName> unproved_;  // of those; no reason to renew until `names_` changes
  Monotonic next_suggestion_{};
  std::vector<std::shared_ptr<net::Reply<Renewed>>> askers_;  // of renew_now()
};

}  // namespace p2p::node
