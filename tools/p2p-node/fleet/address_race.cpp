#include "address_race.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace p2p::node {

namespace asio = boost::asio;
using std::chrono::milliseconds;

namespace {

constexpr std::size_t kMaxAnswerBytes = 64 * 1024;

std::vector<std::string> endpoints_among(std::vector<std::string> addresses) {
  std::erase_if(addresses, [](const std::string& address) { return !net::parse_endpoint(address, 0); });
  return addresses;
}

}  // namespace

AddressRace::AddressRace(asio::any_io_executor executor, net::Client& client, net::TaskGroup& tasks,
                         std::vector<std::string> addresses, net::ExpectedPeer peer, milliseconds timeout,
                         const Clock& clock)
    : client_(client),
      tasks_(tasks),
      addresses_(endpoints_among(std::move(addresses))),
      peer_(std::move(peer)),
      clock_(clock),
      plan_(addresses_.size(), addresses::ProbeAim::first_good, timeout, clock.monotonic()),
      changed_(executor) {}

asio::awaitable<Result<std::string>> AddressRace::run() {
  const auto self = shared_from_this();
  for (;;) {
    for (const auto& start : plan_.tick(clock_.monotonic())) tasks_.start("race", attempt(self, start));
    if (plan_.over(clock_.monotonic())) break;
    // Attempts end by themselves, and end the wait.
    changed_.expires_at(plan_.next_wakeup().value_or(Monotonic::max()));
    co_await changed_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  if (winner_) co_return *winner_;
  co_return failure_;
}

asio::awaitable<void> AddressRace::attempt(std::shared_ptr<AddressRace>, addresses::ProbePlan::Start start) {
  const std::string& address = addresses_[start.candidate];
  net::Call call;
  call.endpoint = *net::parse_endpoint(address, 0);
  call.peer = peer_;
  call.target = "/internal/instance";
  call.timeout = call.connect_timeout =
      std::max(milliseconds{1}, std::chrono::ceil<milliseconds>(start.until - clock_.monotonic()));
  call.max_response_bytes = kMaxAnswerBytes;
  const auto answer = co_await client_.call(std::move(call));
  if (answer && !winner_) winner_ = address;
  if (!answer) failure_ = answer.error().error;
  plan_.ended(answer.has_value(), clock_.monotonic());
  changed_.cancel();
}

}  // namespace p2p::node
