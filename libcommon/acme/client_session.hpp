// The client's side of one conversation with an ACME server: directory, nonces, the account, and signing each request
// anew when the server refuses a nonce (RFC 8555 sections 6, 7.1 to 7.3). It does no I/O: ask next() for a request,
// make it, give the answer to receive(), until that has what was asked for. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "acme/client_messages.hpp"
#include "acme/signer.hpp"
#include "base/clock.hpp"
#include "net/http.hpp"

namespace p2p::acme {

struct ClientFailure {
  Error error;
  std::string problem;                                ///< ACME's type (`rateLimited`), or empty
  std::optional<std::chrono::seconds> retry_after{};  ///< when the server said so
  /// Names without which the order may come to an end: the server refuses them, or they could not be proved.
  std::vector<pki::SubjectName> names{};
  std::string detail{};  ///< the server's own sentence, escaped and cut; empty where it says none
};
[[noreturn]] void throw_exception_from_error(const ClientFailure& failure, const boost::source_location& where);

template <class T>
using ClientResult = boost::system::result<T, ClientFailure>;

/// Who asks. The keys outlive the session.
struct ClientAccount {
  std::string directory_url;
  const AccountSigner* key = nullptr;
  std::string account_url;   ///< from an earlier session; empty: the account is made, or found by its key
  std::string external_kid;  ///< external account binding (RFC 8555 section 7.3.4); empty: none
  const Signer* external_key = nullptr;
  std::vector<std::string> contact;  ///< `mailto:` addresses
};

/// What is wanted of the server.
struct Ask {
  enum class Where : unsigned char {
    directory,  ///< nothing more than knowing it
    new_order,
    revoke_certificate,
    renewal_info,  ///< GET, without an account; `url` is the certificate's id
    url,
  };
  Where where = Where::url;
  std::string url;
  std::string payload;  ///< empty: POST-as-GET (RFC 8555 section 6.3)
};

/// One request to make. A body is `application/jose+json`.
struct ClientRequest {
  net::Method method = net::Method::get;
  std::string url;
  std::string body;
};

class ClientSession {
 public:
  explicit ClientSession(ClientAccount account) : account_(std::move(account)) {}

  /// `invalid`, `unsupported` and `not_permitted` when it cannot be asked.
  Result<ClientRequest> next(const Ask& ask);
  /// None: the way there goes on, ask next() again. Otherwise the answer to `ask` (2xx), or why there is none.
  std::optional<ClientResult<net::Answer>> receive(const net::Answer& answer, WallTime now);
  /// No answer came: the nonce may be used up.
  void lost() { nonce_.clear(); }

  const std::optional<ClientDirectory>& directory() const noexcept { return directory_; }
  /// To be kept for the next session; empty while unknown.
  const std::string& account_url() const noexcept { return account_.account_url; }

 private:
  enum class Sent : unsigned char { nothing, directory, nonce, account, ask };

  Result<ClientRequest> get_directory();
  Result<ClientRequest> post_account();
  Result<ClientRequest> post(Sent what, const std::string& url, const std::string& payload, bool by_key);
  std::optional<ClientResult<net::Answer>> receive_directory(const net::Answer& answer);
  std::optional<ClientResult<net::Answer>> receive_account(const net::Answer& answer);
  std::optional<ClientResult<net::Answer>> refuse(Sent sent, const net::Answer& answer, WallTime now);
  void keep_nonce(const net::Answer& answer);

  ClientAccount account_;
  std::optional<ClientDirectory> directory_;
  std::string nonce_;
  std::string sent_to_;
  Sent sent_ = Sent::nothing;
  bool only_directory_ = false;
  unsigned bad_nonces_ = 0;
  bool account_was_remade_ = false;
};

}  // namespace p2p::acme
