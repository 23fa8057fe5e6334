// How a node gets its certificate: from the coordinators of its fleet, or from the ACME server that was configured. For
// a join, a start without a certificate, and renewals.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "acme/account_key.hpp"
#include "acme/client.hpp"
#include "base/log_sink.hpp"
#include "net/client.hpp"
#include "net/tls.hpp"
#include "pki/roots.hpp"

namespace p2p::acme {

struct EnrollmentSettings {
  std::vector<net::Endpoint> coordinators;  ///< asked one after another until one answers
  std::string directory;                    ///< of another ACME server, in their place; empty: none
  std::string bind_address = "0.0.0.0";     ///< where http-01 is answered while an order is open
  std::uint16_t http_port = 8802;
  /// Of an invitation; empty and null where the account is there already or the node shows a certificate.
  std::string external_kid{};
  const Signer* external_key = nullptr;
};

struct Enrolled {
  std::string chain_pem;                     ///< leaf first, without a root
  pki::Certificate certificate;              ///< the leaf
  std::vector<pki::SubjectName> left_out{};  ///< names that could not be proved
  std::string why_left_out{};                ///< of the last of them
};

/// One operation at a time, on the one thread that runs `loop`. All that is given by reference outlives it.
class Enrollment {
 public:
  /// `tls` is what coordinators are judged by and are shown; a certificate in it is the binding of a new account.
  Enrollment(boost::asio::io_context& loop, EnrollmentSettings settings, const AccountKey& account,
             const net::TlsContexts& tls, const Clock& clock, LogSink& log);

  /// A certificate for `own` (the node's name, which must be in it) and as many of `others` as can be proved. `key` is
  /// the one that it is for. Where nothing beyond `enough` could be proved, there is none, and the error is that of the
  /// proof: a certificate like the one in use is not worth having. Errors as of Client::obtain.
  boost::asio::awaitable<ClientResult<Enrolled>> obtain(pki::SubjectName own, std::vector<pki::SubjectName> others,
                                                        const EVP_PKEY& key, std::string replaces,
                                                        std::vector<pki::SubjectName> enough = {});
  /// As Client::renewal_info.
  boost::asio::awaitable<ClientResult<ClientRenewalInfo>> renewal_info(std::string certificate_id);

 private:
  /// How one ACME server is reached.
  struct Server {
    std::string directory;
    std::optional<net::Endpoint> at;  ///< a coordinator
  };
  std::vector<Server> servers() const;
  ClientAccount account_at(const Server& server) const;
  Result<net::WebTrust> trust_of(const Server& server) const;
  template <class T, class Ask>
  boost::asio::awaitable<ClientResult<T>> ask_each(Ask ask);
  boost::asio::awaitable<ClientResult<Enrolled>> obtain_from(Client& client, const pki::SubjectName& own,
                                                             std::vector<pki::SubjectName> others, const EVP_PKEY& key,
                                                             const std::string& replaces,
                                                             const std::vector<pki::SubjectName>& enough);

  boost::asio::io_context& loop_;
  const EnrollmentSettings settings_;
  const AccountKey& account_;
  const net::TlsContexts& tls_;
  const Clock& clock_;
  LogSink& log_;
};

/// What the new certificate must be before it is put in place: of this identity, for this key, signed by one of the
/// roots, valid now. `damaged` or `invalid` says what it is not.
Result<void> check_enrolled(const pki::Certificate& certificate, const pki::Identity& identity, const EVP_PKEY& key,
                            const pki::Roots& roots, WallTime now);

}  // namespace p2p::acme
