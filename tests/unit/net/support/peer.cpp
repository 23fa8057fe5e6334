#include "peer.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace p2p::test {
namespace {

constexpr int kWaitSeconds = 20;

void bound_waits(int socket) {
  const timeval limit{kWaitSeconds, 0};
  const int on = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

std::shared_ptr<BIO> memory(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

void use(SSL_CTX* context, const Pem& own) {
  const std::shared_ptr<X509> certificate(PEM_read_bio_X509(memory(own.certificate).get(), nullptr, nullptr, nullptr),
                                          X509_free);
  const std::shared_ptr<EVP_PKEY> key(PEM_read_bio_PrivateKey(memory(own.key).get(), nullptr, nullptr, nullptr),
                                      EVP_PKEY_free);
  SSL_CTX_use_certificate(context, certificate.get());
  SSL_CTX_use_PrivateKey(context, key.get());
}

void trust(SSL_CTX* context, const std::string& ca) {
  const std::shared_ptr<X509> root(PEM_read_bio_X509(memory(ca).get(), nullptr, nullptr, nullptr), X509_free);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context), root.get());
}

/// OpenSSL writes to sockets without MSG_NOSIGNAL. Only this side of a test may do that: the server's and the client's
/// threads keep the signal's default, and would end the test.
class WithoutSigpipe {
 public:
  WithoutSigpipe() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~WithoutSigpipe() {
    const timespec now{};
    while (sigtimedwait(&pipe_, nullptr, &now) > 0) continue;
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t pipe_, before_;
};

std::string wire_alpn(const std::string& protocol) { return static_cast<char>(protocol.size()) + protocol; }

}  // namespace

Peer::Peer(std::uint16_t port, const std::string& address) {
  const bool v6 = address.find(':') != std::string::npos;
  socket_ = ::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bound_waits(socket_);
  sockaddr_in to4{};
  to4.sin_family = AF_INET;
  to4.sin_port = htons(port);
  sockaddr_in6 to6{};
  to6.sin6_family = AF_INET6;
  to6.sin6_port = htons(port);
  ::inet_pton(AF_INET, address.c_str(), &to4.sin_addr);
  ::inet_pton(AF_INET6, address.c_str(), &to6.sin6_addr);
  const int result = v6 ? ::connect(socket_, reinterpret_cast<sockaddr*>(&to6), sizeof to6)
                        : ::connect(socket_, reinterpret_cast<sockaddr*>(&to4), sizeof to4);
  if (result != 0) throw std::runtime_error("the server does not listen");
}

Peer Peer::of_socket(int socket) {
  Peer out;
  out.socket_ = socket;
  bound_waits(socket);
  return out;
}

Peer::Peer(Peer&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      context_(std::move(other.context_)),
      ssl_(std::move(other.ssl_)),
      buffered_(std::move(other.buffered_)),
      asked_(other.asked_) {}

Peer::~Peer() { close(); }

void Peer::close() {
  ssl_.reset();
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

bool Peer::start_tls(const TlsOffer& offer) {
  context_.reset(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX* raw = context_.get();
  if (offer.max_version != 0) SSL_CTX_set_max_proto_version(raw, offer.max_version);
  if (offer.own) use(raw, *offer.own);
  if (!offer.trusted_ca.empty()) {
    trust(raw, offer.trusted_ca);
    SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nullptr);
  }
  ssl_.reset(SSL_new(raw), SSL_free);
  if (!offer.alpn.empty()) {
    const std::string list = wire_alpn(offer.alpn);
    SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(list.data()),
                        static_cast<unsigned>(list.size()));
  }
  SSL_set_fd(ssl_.get(), socket_);
  const WithoutSigpipe guard;
  const bool connected = SSL_connect(ssl_.get()) == 1;
  asked_ = SSL_get0_peer_CA_list(ssl_.get()) != nullptr;
  if (!connected) return false;
  // With TLS 1.3 the client is done before the server has judged its certificate: an answer shows the verdict.
  if (!send("OPTIONS / HTTP/1.1\r\nHost: verdict\r\n\r\n")) return false;
  return receive().status != 0;
}

bool Peer::accept_tls(const Pem& own, const std::string& alpn, const std::string& client_ca) {
  context_.reset(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  SSL_CTX* raw = context_.get();
  use(raw, own);
  if (!client_ca.empty()) {
    trust(raw, client_ca);
    SSL_CTX_set_verify(raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  static thread_local std::string chosen;
  chosen = alpn;
  SSL_CTX_set_alpn_select_cb(
      raw,
      [](SSL*, const unsigned char** out, unsigned char* size, const unsigned char*, unsigned, void*) {
        *out = reinterpret_cast<const unsigned char*>(chosen.data());
        *size = static_cast<unsigned char>(chosen.size());
        return chosen.empty() ? SSL_TLSEXT_ERR_NOACK : SSL_TLSEXT_ERR_OK;
      },
      nullptr);
  ssl_.reset(SSL_new(raw), SSL_free);
  SSL_set_fd(ssl_.get(), socket_);
  const WithoutSigpipe guard;
  return SSL_accept(ssl_.get()) == 1;
}

bool Peer::shook_hands() const { return SSL_is_init_finished(ssl_.get()) == 1; }

std::string Peer::selected_alpn() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

std::string Peer::shown_name() const {
  char name[64] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(SSL_get0_peer_certificate(ssl_.get())), NID_commonName, name,
                            sizeof name);
  return name;
}

bool Peer::can_resume() const { return SSL_SESSION_is_resumable(SSL_get0_session(ssl_.get())) == 1; }

bool Peer::send(std::string_view bytes) {
  const WithoutSigpipe guard;
  while (!bytes.empty()) {
    const int size = static_cast<int>(std::min<std::size_t>(bytes.size(), 1 << 16));
    const long count = ssl_ ? SSL_write(ssl_.get(), bytes.data(), size)
                            : ::send(socket_, bytes.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

std::size_t Peer::read(char* into, std::size_t size) {
  if (ssl_) {
    const WithoutSigpipe guard;
    const int count = SSL_read(ssl_.get(), into, static_cast<int>(size));
    ERR_clear_error();
    return count > 0 ? static_cast<std::size_t>(count) : 0;
  }
  const ssize_t count = ::recv(socket_, into, size, 0);
  if (count < 0 && errno == EAGAIN) throw std::runtime_error("nothing came, and no end");
  return count > 0 ? static_cast<std::size_t>(count) : 0;
}

std::string Peer::receive_until(std::string_view end) {
  char piece[4096];
  for (;;) {
    if (const std::size_t at = buffered_.find(end); at != std::string::npos) {
      std::string out = buffered_.substr(0, at + end.size());
      buffered_.erase(0, out.size());
      return out;
    }
    const std::size_t count = read(piece, sizeof piece);
    if (count == 0) return {};
    buffered_.append(piece, count);
  }
}

Reply Peer::receive(bool answers_head) {
  Reply out;
  out.head = receive_head();
  if (out.head.empty()) return out;
  const std::size_t at = out.head.find("Content-Length: ");
  const std::size_t length =
      at == std::string::npos || answers_head ? 0 : std::strtoul(out.head.c_str() + at + 16, nullptr, 10);
  char piece[4096];
  while (buffered_.size() < length) {
    const std::size_t count = read(piece, sizeof piece);
    if (count == 0) return out;
    buffered_.append(piece, count);
  }
  out.body = buffered_.substr(0, length);
  buffered_.erase(0, length);
  out.status = static_cast<unsigned>(std::strtoul(out.head.c_str() + 9, nullptr, 10));
  return out;
}

std::string Peer::receive_all() {
  char piece[4096];
  while (const std::size_t count = read(piece, sizeof piece)) buffered_.append(piece, count);
  return std::exchange(buffered_, {});
}

Listening::Listening() {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(socket_, reinterpret_cast<sockaddr*>(&address), size);
  ::listen(socket_, 16);
  ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  bound_waits(socket_);
}

Listening::~Listening() { ::close(socket_); }

Peer Listening::accept() {
  const int accepted = ::accept(socket_, nullptr, nullptr);
  if (accepted < 0) throw std::runtime_error("nobody came");
  return Peer::of_socket(accepted);
}

}  // namespace p2p::test
