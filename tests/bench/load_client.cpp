// Asks one thing again and again over kept TLS connections, one request at a time on each, for http_bench.sh: as wrk
// does, but it can also speak `p2p/1` with a certificate, so that one client measures nginx and `/rpc` of a node.
// usage: load_client HOST PORT SECONDS CONNECTIONS METHOD PATH [BODY]    (P2P_CERT, P2P_KEY: files, for p2p/1)
// Prints answers a second, how many there were, and the median time of one in microseconds. Ends with 1 at the first
// answer that is not 200.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "load_client: error: %s\n", what);
  ERR_print_errors_fp(stderr);
  std::exit(1);
}

SSL_CTX* make_context() {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  const char* certificate = std::getenv("P2P_CERT");
  const char* key = std::getenv("P2P_KEY");
  if (certificate == nullptr || key == nullptr) return context;
  if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1) {
    fail("the certificate or key cannot be used");
  }
  constexpr unsigned char kProtocol[] = {5, 'p', '2', 'p', '/', '1'};
  SSL_CTX_set_alpn_protos(context, kProtocol, sizeof kProtocol);
  return context;
}

class Connection {
 public:
  Connection(SSL_CTX* context, const sockaddr_in& address) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    constexpr int kOn = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &kOn, sizeof kOn);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("cannot connect");
    ssl_ = SSL_new(context);
    SSL_set_fd(ssl_, socket_);
    if (SSL_connect(ssl_) != 1) fail("the TLS handshake failed");
    ::fcntl(socket_, F_SETFL, O_NONBLOCK);
  }
  ~Connection() {
    SSL_free(ssl_);
    ::close(socket_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int socket() const { return socket_; }
  Clock::time_point asked() const { return asked_; }
  /// A request is far smaller than a socket's buffer, which is empty when one is sent.
  void ask(std::string_view request) {
    asked_ = Clock::now();
    if (SSL_write(ssl_, request.data(), static_cast<int>(request.size())) <= 0) fail("a request cannot be sent");
  }
  /// True once the whole answer has been read.
  bool read_answer() {
    std::array<char, 16 << 10> part;
    for (;;) {
      const int count = SSL_read(ssl_, part.data(), part.size());
      if (count <= 0) {
        if (SSL_get_error(ssl_, count) == SSL_ERROR_WANT_READ) return false;
        fail("the connection was closed");
      }
      answer_.append(part.data(), static_cast<std::size_t>(count));
      if (is_whole()) {
        answer_.clear();
        return true;
      }
    }
  }

 private:
  bool is_whole() const {
    const std::size_t head = answer_.find("\r\n\r\n");
    if (head == std::string::npos) return false;
    if (!answer_.starts_with("HTTP/1.1 200 ")) fail(answer_.c_str());
    constexpr std::string_view kLength = "\r\nContent-Length: ";
    const std::size_t length = answer_.find(kLength);
    if (length > head) fail("an answer has no length");
    return answer_.size() >= head + 4 + std::strtoul(answer_.c_str() + length + kLength.size(), nullptr, 10);
  }

  int socket_;
  SSL* ssl_;
  std::string answer_;
  Clock::time_point asked_;
};

std::string make_request(std::string_view method, std::string_view path, std::string_view body) {
  std::string out;
  out.append(method).append(" ").append(path).append(" HTTP/1.1\r\nHost: bench\r\n");
  if (!body.empty()) {
    out.append("Content-Type: application/json\r\nContent-Length: ").append(std::to_string(body.size())).append("\r\n");
  }
  return out.append("\r\n").append(body);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7 && argc != 8) return 2;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[2])));
  if (::inet_pton(AF_INET, argv[1], &address.sin_addr) != 1) return 2;
  const std::chrono::seconds limit(std::atoi(argv[3]));
  const std::string request = make_request(argv[5], argv[6], argc == 8 ? argv[7] : "");

  SSL_CTX* context = make_context();
  const int poll = ::epoll_create1(EPOLL_CLOEXEC);
  std::vector<std::unique_ptr<Connection>> connections;
  for (int left = std::atoi(argv[4]); left > 0; --left) {
    connections.push_back(std::make_unique<Connection>(context, address));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = connections.back().get();
    ::epoll_ctl(poll, EPOLL_CTL_ADD, connections.back()->socket(), &event);
  }
  for (const auto& connection : connections) connection->ask(request);
  const auto begin = Clock::now();
  std::vector<float> times;  // microseconds
  std::array<epoll_event, 256> ready;
  while (Clock::now() < begin + limit) {
    const int count = ::epoll_wait(poll, ready.data(), ready.size(), 1000);
    for (int i = 0; i < count; ++i) {
      auto& connection = *static_cast<Connection*>(ready[static_cast<std::size_t>(i)].data.ptr);
      if (!connection.read_answer()) continue;
      times.push_back(std::chrono::duration<float, std::micro>(Clock::now() - connection.asked()).count());
      connection.ask(request);
    }
  }
  const std::chrono::duration<double> took = Clock::now() - begin;
  if (times.empty()) fail("no answer came");
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  std::printf("%.1f %zu %.1f\n", static_cast<double>(times.size()) / took.count(), times.size(), *middle);
  connections.clear();
  SSL_CTX_free(context);
  return 0;
}
