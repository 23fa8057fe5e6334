// The other side of a connection, blocking and literal: it sends exactly what a test says and shows what comes.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "certificates.hpp"

namespace p2p::test {

struct TlsOffer {
  std::string alpn{};  ///< one protocol, or empty
  std::optional<Pem> own{};
  std::string trusted_ca{};  ///< PEM; empty: the server is not verified
  int max_version = 0;       ///< 0: what OpenSSL gives
};

struct Reply {
  unsigned status = 0;
  std::string head;  ///< with the status line
  std::string body;
  bool has(std::string_view text) const { return head.find(text) != std::string::npos; }
};

class Peer {
 public:
  /// Connects; every wait ends after 20 s, by failing.
  explicit Peer(std::uint16_t port, const std::string& address = "127.0.0.1");
  /// Takes an accepted socket.
  static Peer of_socket(int socket);
  ~Peer();
  Peer(Peer&& other) noexcept;
  Peer& operator=(Peer&&) = delete;

  /// True when the handshake succeeded and the server did not take that back.
  bool start_tls(const TlsOffer& offer);
  /// The server's part, for a peer that dials.
  bool accept_tls(const Pem& own, const std::string& alpn, const std::string& client_ca = {});
  /// The handshake itself came to its end; with TLS 1.3 that is before the server has judged this side.
  bool shook_hands() const;
  std::string selected_alpn() const;
  /// The common name that the server's certificate shows.
  std::string shown_name() const;
  bool was_asked_for_certificate() const { return asked_; }
  /// The server gave what a later connection could resume with.
  bool can_resume() const;

  /// False when the peer would not take it.
  bool send(std::string_view bytes);
  /// One response by its Content-Length (none for HEAD); status 0 when the connection ended before it was whole.
  Reply receive(bool answers_head = false);
  /// Whatever comes until the end; a reset is an end.
  std::string receive_all();
  /// The end came, with nothing before it.
  bool is_closed() { return receive_all().empty(); }
  /// Up to and with an empty line.
  std::string receive_head() { return receive_until("\r\n\r\n"); }
  /// Up to and with `end`; empty when the connection ended before.
  std::string receive_until(std::string_view end);
  void close();

 private:
  Peer() = default;
  /// Bytes read, 0 at the end.
  std::size_t read(char* into, std::size_t size);

  int socket_ = -1;
  std::shared_ptr<SSL_CTX> context_;
  std::shared_ptr<SSL> ssl_;
  std::string buffered_;
  bool asked_ = false;
};

/// A listening socket of the test's own.
class Listening {
 public:
  Listening();
  ~Listening();
  std::uint16_t port() const { return port_; }
  Peer accept();

 private:
  int socket_ = -1;
  std::uint16_t port_ = 0;
};

}  // namespace p2p::test
