#include "net/connect.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <thread>

namespace p2p::net {
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

/// Lookups under way in this process, each with its thread.
constexpr int kMostLookups = 64;

/// One name that getaddrinfo(3) looks up on a thread of its own: Asio's resolver has one for all, so that a name whose
/// server is silent would hold up every other. What is under way cannot be cancelled, so this outlives who waits for
/// it.
class Lookup : public std::enable_shared_from_this<Lookup> {
 public:
  Lookup(asio::any_io_executor executor, const Endpoint& endpoint)
      : host_(endpoint.host),
        service_(std::to_string(endpoint.port)),
        finished_(std::in_place, std::move(executor), asio::steady_timer::time_point::max()) {
    hints_.ai_socktype = SOCK_STREAM;
    hints_.ai_flags = AI_NUMERICSERV;
  }
  ~Lookup() {
    if (found_ != nullptr) ::freeaddrinfo(found_);
  }
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;

  /// 0, or an error of getaddrinfo(3).
  static int begin(const std::shared_ptr<Lookup>& lookup) {
    static std::atomic<int> under_way{0};
    if (under_way.fetch_add(1) >= kMostLookups) {
      --under_way;
      return EAI_AGAIN;
    }
    try {
      std::thread([lookup] {
        lookup->run();
        --under_way;
      }).detach();
    } catch (const std::system_error&) {
      --under_way;
      return EAI_AGAIN;
    }
    return 0;
  }
  /// For who waits on its loop, until abandon().
  asio::steady_timer& finished() { return *finished_; }
  bool is_done() const {
    const std::lock_guard lock(mutex_);
    return done_;
  }
  /// After is_done().
  int error() const { return error_; }
  Addresses addresses() const {
    Addresses out;
    for (const addrinfo* one = found_; one != nullptr; one = one->ai_next) {
      if (one->ai_family != AF_INET && one->ai_family != AF_INET6) continue;
      tcp::endpoint endpoint;
      if (one->ai_addrlen > endpoint.capacity()) continue;
      std::memcpy(endpoint.data(), one->ai_addr, one->ai_addrlen);
      out.push_back(endpoint);
    }
    return out;
  }
  /// Nobody waits any more: the loop of finished() may end before the lookup does.
  void abandon() {
    const std::lock_guard lock(mutex_);
    finished_.reset();
  }

 private:
  /// On its thread.
  void run() {
    error_ = ::getaddrinfo(host_.c_str(), service_.c_str(), &hints_, &found_);
    const std::lock_guard lock(mutex_);
    done_ = true;
    if (!finished_) return;
    asio::post(finished_->get_executor(), [lookup = shared_from_this()] {
      const std::lock_guard again(lookup->mutex_);
      if (lookup->finished_) lookup->finished_->cancel();
    });
  }

  const std::string host_;
  const std::string service_;
  addrinfo hints_{};
  addrinfo* found_ = nullptr;  ///< the thread's until it is done, as error_ is
  int error_ = 0;
  mutable std::mutex mutex_;                    // guards the next two
  std::optional<asio::steady_timer> finished_;  ///< never expires; cancelled at the end. None: nobody waits
  bool done_ = false;
};

/// Abandons a lookup, however the coroutine that waits for it ends.
class Waiting {
 public:
  explicit Waiting(Lookup& lookup) : lookup_(lookup) {}
  ~Waiting() { lookup_.abandon(); }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  Lookup& lookup_;
};

std::string lookup_failure(const std::string& host, int error) {
  if (error == EAI_NONAME || error == EAI_NODATA) return "the name " + host + " is not known to the resolver";
  if (error == EAI_AGAIN) return "the name " + host + " could not be looked up now: no name server answers";
  return "the name " + host + " could not be looked up: " + ::gai_strerror(error);
}

}  // namespace

asio::awaitable<Result<Addresses>> resolve(asio::any_io_executor executor, const Endpoint& endpoint, CallWatch& watch) {
  boost::system::error_code not_numeric;
  const auto numeric = asio::ip::make_address(endpoint.host, not_numeric);
  if (!not_numeric) co_return Addresses{tcp::endpoint(numeric, endpoint.port)};

  const auto lookup = std::make_shared<Lookup>(executor, endpoint);
  int error = Lookup::begin(lookup);
  if (error != 0) co_return Error(Errc::unreachable, lookup_failure(endpoint.host, error));
  const Waiting waiting(*lookup);
  watch.guard([lookup] { lookup->finished().cancel(); });
  if (!lookup->is_done()) co_await lookup->finished().async_wait(asio::as_tuple(asio::use_awaitable));
  watch.release();
  const bool done = lookup->is_done();
  if (done) error = lookup->error();
  if (done && error == 0) {
    if (auto found = lookup->addresses(); !found.empty()) co_return found;
    error = EAI_NONAME;
  }
  const std::string why =
      done ? lookup_failure(endpoint.host, error) : "the name " + endpoint.host + " was not resolved";
  co_return watch.reason("the lookup of " + endpoint.host, Error(Errc::unreachable, why));
}

asio::awaitable<Result<tcp::socket>> connect(asio::any_io_executor executor, const Endpoint& endpoint,
                                             const Addresses& addresses, CallWatch& watch) {
  boost::system::error_code last = asio::error::host_not_found;
  for (std::size_t i = 0; i < addresses.size() && !watch.over(); ++i) {
    tcp::socket socket(executor);
    const Monotonic now = std::chrono::steady_clock::now();
    watch.slice(now + (watch.deadline() - now) / static_cast<int>(addresses.size() - i));
    watch.guard([&socket] { socket.close(); });
    const auto [error] = co_await socket.async_connect(addresses[i], asio::as_tuple(asio::use_awaitable));
    watch.release();
    if (!error) {
      watch.whole();
      boost::system::error_code ignored;
      socket.set_option(tcp::no_delay(true), ignored);
      co_return std::move(socket);
    }
    last = error == asio::error::operation_aborted ? make_error_code(asio::error::timed_out) : error;
  }
  watch.whole();
  co_return watch.reason(endpoint.to_text(), Error(Errc::unreachable, endpoint.to_text() + ": " + last.message()));
}

asio::awaitable<Result<tcp::socket>> connect_from(asio::any_io_executor executor, asio::ip::address source,
                                                  tcp::endpoint target, CallWatch& watch) {
  tcp::socket socket(executor);
  boost::system::error_code error;
  socket.open(target.protocol(), error);
  // The port is chosen at connect(2), by both ends of the connection: else a few thousand of them would use up all.
  const int yes = 1;
  if (!error) ::setsockopt(socket.native_handle(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
  if (!error) socket.bind(tcp::endpoint(source, 0), error);
  if (error) co_return Error(error, "this address cannot be used: " + error.message());
  watch.guard([&socket] { socket.close(); });
  const auto [failed] = co_await socket.async_connect(target, asio::as_tuple(asio::use_awaitable));
  watch.release();
  if (!failed) {
    boost::system::error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    co_return std::move(socket);
  }
  if (watch.over()) co_return Error(Errc::timeout, "no answer");
  co_return Error(failed, failed.message());
}

namespace {

bool is_never_remote_v4(const asio::ip::address_v4& address) {
  constexpr std::uint32_t kLinkLocal = 0xA9FE;  // 169.254.0.0/16, RFC 3927
  const std::uint32_t bits = address.to_uint();
  const std::uint32_t first = bits >> 24;
  return first == 0 || first == 127 || first >= 224 || bits >> 16 == kLinkLocal;
}

}  // namespace

bool is_never_remote(const asio::ip::address& address) {
  if (address.is_v4()) return is_never_remote_v4(address.to_v4());
  const auto v6 = address.to_v6();
  const auto bytes = v6.to_bytes();
  constexpr std::array<unsigned char, 12> kNat64{0x00, 0x64, 0xFF, 0x9B};
  if (v6.is_v4_mapped() || std::equal(kNat64.begin(), kNat64.end(), bytes.begin())) {
    return is_never_remote_v4(asio::ip::address_v4({bytes[12], bytes[13], bytes[14], bytes[15]}));
  }
  return v6.is_loopback() || v6.is_unspecified() || v6.is_link_local() || v6.is_multicast();
}

}  // namespace p2p::net
