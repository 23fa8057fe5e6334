#include "acme/client.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

#include "acme/issued_chain.hpp"
#include "base/json.hpp"
#include "net/http_text.hpp"

namespace p2p::acme {
namespace asio = boost::asio;
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kRequestTime{30'000};
// Directory, nonce and account, and as often again as nonces may be refused.
constexpr unsigned kMaxRequestsAnAsk = 64;
constexpr std::size_t kMaxAnswerBytes = 512 << 10;

ClientFailure failed(const Error& error) { return {error, {}}; }

ClientFailure out_of_time() { return failed(Error(Errc::timeout, "the certificate did not come within the time")); }

}  // namespace

Client::Client(asio::any_io_executor executor, net::WebClient& web, ClientAccount account, const Clock& clock,
               LogSink& log)
    : executor_(std::move(executor)),
      web_(web),
      key_(*account.key),
      session_(std::move(account)),
      clock_(clock),
      log_(log, "Acme") {}

Monotonic Client::deadline_of_one_request() const { return clock_.monotonic() + kRequestTime; }

asio::awaitable<boost::system::result<net::Answer, net::WebError>> Client::send(const ClientRequest& request,
                                                                                Monotonic deadline) {
  auto url = net::parse_url(request.url);
  if (!url) co_return net::WebError{url.error(), net::WebStep::request};
  log_.debug("{} {}", net::to_string(request.method), request.url);
  const auto left = std::chrono::ceil<milliseconds>(deadline - clock_.monotonic());
  net::WebRequest out;
  out.method = request.method;
  out.url = std::move(*url);
  out.headers.add("User-Agent", "p2p/" P2P_VERSION);
  if (!request.body.empty()) out.headers.add("Content-Type", "application/jose+json");
  out.body = request.body;
  out.timeout = std::max(milliseconds(1), std::min(kRequestTime, left));
  out.max_response_bytes = kMaxAnswerBytes;
  co_return co_await web_.send(std::move(out));
}

asio::awaitable<ClientResult<net::Answer>> Client::ask(Ask ask, Monotonic deadline) {
  bool was_lost = false;
  for (unsigned i = 0; i < kMaxRequestsAnAsk; ++i) {
    const auto request = session_.next(ask);
    if (!request) co_return failed(request.error());
    const auto answer = co_await send(*request, deadline);
    if (!answer) {
      session_.lost();
      // The server may close a kept connection just as a request goes out; what is repeated has a nonce of its own.
      const bool again =
          answer.error().step == net::WebStep::answer && !was_lost && answer.error().error.kind() == Errc::unreachable;
      if (!again) co_return failed(answer.error().error);
      was_lost = true;
      continue;
    }
    auto outcome = session_.receive(*answer, clock_.wall());
    if (outcome) co_return std::move(*outcome);
  }
  co_return failed(Error(Errc::failed, "the ACME server refuses every nonce"));
}

asio::awaitable<ClientResult<void>> Client::pause(milliseconds length, Monotonic deadline) {
  if (clock_.monotonic() + length >= deadline) co_return out_of_time();
  asio::steady_timer timer(executor_, length);
  co_await timer.async_wait(asio::use_awaitable);
  co_return ClientResult<void>();
}

asio::awaitable<ClientResult<Obtained>> Client::order(OrderWish wish, ChallengeResponder& responder,
                                                      Monotonic deadline) {
  Ask directory;
  directory.where = Ask::Where::directory;
  const auto known = co_await ask(std::move(directory), deadline);
  if (!known) co_return known.error();
  if (session_.directory()->renewal_info.empty()) wish.replaces.clear();

  const OrderWish wished = wish;
  OrderMachine machine(std::move(wish), key_.thumbprint());
  for (;;) {  // ends: the machine bounds its polls and authorizations
    OrderStep step = machine.next();
    if (auto* asked = std::get_if<Ask>(&step)) {
      const auto answer = co_await ask(std::move(*asked), deadline);
      machine.receive(answer, clock_.wall());
    } else if (auto* served = std::get_if<Serve>(&step)) {
      const auto served_now = responder.serve(std::move(served->token), std::move(served->key_authorization));
      if (!served_now) co_return failed(served_now.error());
    } else if (const auto* paused = std::get_if<Pause>(&step)) {
      const auto waited = co_await pause(paused->length, deadline);
      if (!waited) co_return waited.error();
    } else if (const auto* failure = std::get_if<ClientFailure>(&step)) {
      co_return *failure;
    } else {
      auto& obtained = std::get<Obtained>(step);
      const auto checked = check_issued(obtained.chain_pem, wished.request_der, wished.names);
      if (!checked) co_return failed(checked.error());
      co_return std::move(obtained);
    }
  }
}

asio::awaitable<ClientResult<Obtained>> Client::obtain(OrderWish wish, ChallengeResponder& responder,
                                                       milliseconds time) {
  std::exception_ptr thrown;
  ClientResult<Obtained> outcome = out_of_time();
  try {
    outcome = co_await order(std::move(wish), responder, clock_.monotonic() + time);
  } catch (...) {
    thrown = std::current_exception();  // cancelled: the port is closed all the same
  }
  if (thrown) co_await asio::this_coro::throw_if_cancelled(false);
  co_await responder.stop();
  if (thrown) {
    co_await asio::this_coro::throw_if_cancelled(true);
    std::rethrow_exception(thrown);
  }
  co_return outcome;
}

asio::awaitable<ClientResult<void>> Client::revoke(Bytes certificate_der, unsigned reason) {
  Ask wanted;
  wanted.where = Ask::Where::revoke_certificate;
  wanted.payload = dump_json({{"certificate", to_base64url(certificate_der)}, {"reason", reason}});
  const auto answer = co_await ask(std::move(wanted), deadline_of_one_request());
  if (!answer && answer.error().problem != "alreadyRevoked") co_return answer.error();
  co_return ClientResult<void>();
}

asio::awaitable<ClientResult<ClientRenewalInfo>> Client::renewal_info(std::string certificate_id) {
  Ask wanted;
  wanted.where = Ask::Where::renewal_info;
  wanted.url = std::move(certificate_id);
  const auto answer = co_await ask(std::move(wanted), deadline_of_one_request());
  if (!answer) co_return answer.error();
  auto info = read_renewal_info(answer->body);
  if (!info) co_return failed(info.error());
  info->ask_again_after = net::read_retry_after(answer->headers, clock_.wall());
  co_return std::move(*info);
}

}  // namespace p2p::acme
