// Complete ACME orders a second, for acme_bench.sh: clients over HTTPS that each take an account, and for each order
// connect (a full handshake), order, read the authorization, make a key, finalize and fetch the certificate.
// usage: acme_load PORT CA_FILE SECONDS CLIENTS NAME    (ACME_KID, ACME_HMAC_KEY: of an invitation for NAME)
// Prints orders a second; ends with 1 at the first answer that is not the one wanted.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>

#include "../unit/acme/csr_maker.hpp"
#include "base/json.hpp"
#include "crypto/jwk.hpp"
#include "crypto/jws.hpp"
#include "crypto/key.hpp"

using namespace p2p;

namespace {

/// A coordinator gives one account 50 certificates a day.
constexpr int kOrdersOfAccount = 45;

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "acme_load: error: %s\n", what.c_str());
  std::exit(1);
}

struct Answer {
  std::string head;
  std::string body;
  std::string field(const std::string& name) const {
    const std::size_t at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) fail("an answer without " + name + ": " + head);
    const std::size_t begin = at + name.size() + 4;
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }
};

class Connection {
 public:
  Connection(SSL_CTX* context, std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    constexpr int kOn = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &kOn, sizeof kOn);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("cannot connect");
    ssl_ = SSL_new(context);
    SSL_set_fd(ssl_, socket_);
    SSL_set1_host(ssl_, "localhost");
    if (SSL_connect(ssl_) != 1) fail("the TLS handshake failed");
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() {
    SSL_free(ssl_);
    ::close(socket_);
  }

  Answer ask(const std::string& method, const std::string& path, const std::string& body = {}) {
    const std::string request = method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: " +
                                "application/jose+json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
                                body;
    if (SSL_write(ssl_, request.data(), static_cast<int>(request.size())) <= 0) fail("a request cannot be sent");
    Answer out;
    std::size_t end = std::string::npos;
    while ((end = unread_.find("\r\n\r\n")) == std::string::npos) read_more();
    out.head = unread_.substr(0, end + 2);
    unread_.erase(0, end + 4);
    if (method == "HEAD") return out;
    const std::size_t size = std::strtoul(out.field("Content-Length").c_str(), nullptr, 10);
    while (unread_.size() < size) read_more();
    out.body = unread_.substr(0, size);
    unread_.erase(0, size);
    return out;
  }

 private:
  void read_more() {
    std::array<char, 16 << 10> part;
    const int count = SSL_read(ssl_, part.data(), part.size());
    if (count <= 0) fail("the connection was closed");
    unread_.append(part.data(), static_cast<std::size_t>(count));
  }

  int socket_;
  SSL* ssl_ = nullptr;
  std::string unread_;
};

struct Server {
  SSL_CTX* context;
  std::uint16_t port;
  std::string kid;
  Bytes hmac_key;
  std::string name;
};

class Client {
 public:
  explicit Client(const Server& server)
      : server_(server), key_(crypto::generate_key(crypto::KeyType::ecdsa_p256).value()) {
    Connection connection(server_.context, server_.port);
    directory_ = json(connection.ask("GET", "/acme/directory"));
    nonce_ = connection.ask("HEAD", path_of(directory_["newNonce"])).field("Replay-Nonce");
    const Json jwk = crypto::to_jwk(*key_).value();
    const Json binding = crypto::sign_jws({{"kid", server_.kid}, {"url", directory_["newAccount"]}}, jwk.dump(),
                                          crypto::Secret(as_text(server_.hmac_key)))
                             .value();
    signer_ = {{"jwk", jwk}};
    const auto made = post(connection, directory_["newAccount"], Json{{"externalAccountBinding", binding}}.dump());
    signer_ = {{"kid", made.field("Location")}};
  }

  void obtain() {
    Connection connection(server_.context, server_.port);
    const Json identifiers = Json::array({Json{{"type", "dns"}, {"value", server_.name}}});
    const Json order = json(post(connection, directory_["newOrder"], Json{{"identifiers", identifiers}}.dump()));
    if (json(post(connection, order["authorizations"][0], ""))["status"] != "valid") fail("an authorization");
    const auto key = crypto::generate_key(crypto::KeyType::ecdsa_p256).value();
    const Json csr{{"csr", to_base64url(test::make_csr({{pki::SubjectName::Kind::dns, server_.name}}, *key))}};
    const Json done = json(post(connection, order["finalize"], csr.dump()));
    if (!post(connection, done["certificate"], "").body.starts_with("-----BEGIN CERT")) fail("a certificate");
  }

 private:
  static Json json(const Answer& answer) {
    auto out = parse_json(answer.body);
    if (!out) fail("an answer that is not JSON: " + answer.body);
    return std::move(*out);
  }
  static std::string path_of(const std::string& url) {
    return url.substr(url.find('/', std::string("https://").size()));
  }

  Answer post(Connection& connection, const std::string& url, const std::string& payload) {
    Json header = signer_;
    header["url"] = url;
    header["nonce"] = nonce_;
    auto out = connection.ask("POST", path_of(url), crypto::sign_jws(header, payload, *key_).value().dump());
    if (!out.head.starts_with("HTTP/1.1 20")) fail(url + ": " + out.head + out.body);
    nonce_ = out.field("Replay-Nonce");
    return out;
  }

  const Server& server_;
  crypto::KeyPtr key_;
  Json directory_;
  std::string nonce_;
  Json signer_;
};

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) fail(std::string(name) + " is not set");
  return value;
}

SSL_CTX* make_context(const char* ca_file) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (SSL_CTX_load_verify_locations(context, ca_file, nullptr) != 1) fail("the CA's certificate cannot be read");
  return context;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) fail("usage: acme_load PORT CA_FILE SECONDS CLIENTS NAME");
  const Server server{make_context(argv[2]), static_cast<std::uint16_t>(std::atoi(argv[1])), environment("ACME_KID"),
                      from_base64url(environment("ACME_HMAC_KEY")).value(), argv[5]};
  const std::chrono::seconds duration(std::atoi(argv[3]));
  const int client_count = std::atoi(argv[4]);
  std::atomic<std::uint64_t> orders = 0;
  const auto start = std::chrono::steady_clock::now();
  const auto is_over = [&] { return std::chrono::steady_clock::now() - start >= duration; };
  std::vector<std::thread> threads;
  for (int i = 0; i < client_count; ++i) {
    threads.emplace_back([&] {
      while (!is_over()) {
        Client client(server);
        for (int n = 0; n < kOrdersOfAccount && !is_over(); ++n, ++orders) client.obtain();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("%.0f\n", static_cast<double>(orders) / seconds);
  SSL_CTX_free(server.context);
  return 0;
}
