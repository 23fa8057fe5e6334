#include "net/connect.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace p2p::net {
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

/// Outlives the call when it gives up: a lookup cannot be cancelled.
struct Lookup {
  explicit Lookup(const asio::any_io_executor& executor)
      : resolver(executor), finished(executor, asio::steady_timer::time_point::max()) {}
  tcp::resolver resolver;
  asio::steady_timer finished;
  bool done = false;
  boost::system::error_code error;
  Addresses addresses;
};

}  // namespace

asio::awaitable<Result<Addresses>> resolve(asio::any_io_executor executor, const Endpoint& endpoint, CallWatch& watch) {
  boost::system::error_code not_numeric;
  const auto numeric = asio::ip::make_address(endpoint.host, not_numeric);
  if (!not_numeric) co_return Addresses{tcp::endpoint(numeric, endpoint.port)};

  const auto lookup = std::make_shared<Lookup>(executor);
  auto found = [lookup](boost::system::error_code error, const tcp::resolver::results_type& results) {
    lookup->done = true;
    lookup->error = error;
    for (const auto& result : results) lookup->addresses.push_back(result.endpoint());
    lookup->finished.cancel();
  };
  lookup->resolver.async_resolve(endpoint.host, std::to_string(endpoint.port), tcp::resolver::numeric_service,
                                 std::move(found));
  watch.guard([lookup] { lookup->finished.cancel(); });
  if (!lookup->done) co_await lookup->finished.async_wait(asio::as_tuple(asio::use_awaitable));
  watch.release();
  if (lookup->done && !lookup->error && !lookup->addresses.empty()) co_return std::move(lookup->addresses);
  const std::string why = lookup->error ? lookup->error.message() : "the name was not resolved";
  co_return watch.reason(endpoint.to_text(), Error(Errc::unreachable, endpoint.host + ": " + why));
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
