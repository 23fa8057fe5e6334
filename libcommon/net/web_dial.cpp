#include "net/web_dial.hpp"

#include <fmt/format.h>
#include <openssl/x509v3.h>

#include <array>
#include <span>

#include "net/connect.hpp"
#include "net/dial.hpp"
#include "net/outside_dial.hpp"
#include "pki/subject_name.hpp"

namespace p2p::net {
namespace asio = boost::asio;
namespace {

constexpr std::array<unsigned char, 9> kAlpn{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

Result<SslPtr> make_ssl(const WebTrust::State& trust, const std::string& host, std::span<const unsigned char> alpn) {
  SslPtr ssl(SSL_new(trust.context.get()));
  if (!ssl) return Error(Errc::failed, take_ssl_error("making a TLS session"));
  const bool is_ip = pki::ip_to_bytes(host).has_value();
  X509_VERIFY_PARAM* wanted = SSL_get0_param(ssl.get());
  X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const int named = is_ip ? X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str())
                          : X509_VERIFY_PARAM_set1_host(wanted, host.data(), host.size());
  const bool is_told = is_ip || SSL_set_tlsext_host_name(ssl.get(), host.c_str()) == 1;
  const bool is_offered =
      alpn.empty() || SSL_set_alpn_protos(ssl.get(), alpn.data(), static_cast<unsigned>(alpn.size())) == 0;
  if (named != 1 || !is_told || !is_offered) {
    return Error(Errc::failed, host + ": " + take_ssl_error("the name cannot be asked for"));
  }
  SSL_set_connect_state(ssl.get());
  return ssl;
}

asio::awaitable<Result<void>> shake_hands(Stream& stream, const WebTrust::State& trust, CallWatch& watch) {
  watch.guard([&stream] { stream.cancel(); });
  const auto shaken = co_await stream.handshake();
  watch.release();
  if (shaken) co_return Result<void>();
  const long verdict = trust.verifies ? SSL_get_verify_result(stream.ssl()) : X509_V_OK;
  const std::string why = verdict == X509_V_OK
                              ? shaken.error().context
                              : fmt::format("its certificate is refused: {}", X509_verify_cert_error_string(verdict));
  co_return watch.over() ? Error(Errc::timeout, "no answer") : Error(Errc::unreachable, why);
}

Error named(const std::string& name, const Error& error, const CallWatch& watch) {
  return watch.reason(name, Error(error.code, name + ": " + error.context));
}

}  // namespace

asio::awaitable<WebDialled> dial_web(asio::any_io_executor executor, WebTrust trust, const Url& url, bool only_remote,
                                     CallWatch& watch) {
  const Endpoint endpoint{url.host, url.port};
  if (url.https && trust.state().fleet != nullptr) {
    const Endpoint place = trust.state().at.value_or(endpoint);
    auto dialled = co_await dial(executor, trust.state().fleet->state(), place, ExpectedPeer{}, watch);
    if (!dialled) co_return WebError{dialled.error(), WebStep::connection};
    co_return std::move(dialled->stream);
  }
  auto addresses = co_await resolve(executor, endpoint, watch);
  if (!addresses) co_return WebError{addresses.error(), WebStep::name};
  if (only_remote) {
    std::erase_if(*addresses, [](const auto& one) { return is_never_remote(one.address()); });
    if (addresses->empty()) {
      co_return WebError{Error(Errc::not_permitted, endpoint.to_text() + ": not the address of another machine"),
                         WebStep::name};
    }
  }
  auto socket = co_await connect(executor, endpoint, *addresses, watch);
  if (!socket) co_return WebError{socket.error(), WebStep::connection};
  if (!url.https) co_return std::make_unique<Stream>(std::move(*socket));
  auto ssl = make_ssl(trust.state(), url.host, kAlpn);
  if (!ssl) co_return WebError{ssl.error(), WebStep::tls};
  auto stream = std::make_unique<Stream>(std::move(*socket), std::move(*ssl));
  const auto shaken = co_await shake_hands(*stream, trust.state(), watch);
  if (!shaken) co_return WebError{named(url.authority(), shaken.error(), watch), WebStep::tls};
  co_return stream;
}

asio::awaitable<Result<std::unique_ptr<Stream>>> dial_outside(asio::any_io_executor executor,
                                                              std::optional<WebTrust> trust, Endpoint endpoint,
                                                              Traffic& traffic, CallWatch& watch) {
  const auto addresses = co_await resolve(executor, endpoint, watch);
  if (!addresses) co_return addresses.error();
  auto socket = co_await connect(executor, endpoint, *addresses, watch);
  if (!socket) co_return socket.error();
  if (!trust) co_return std::make_unique<Stream>(std::move(*socket), SslPtr(), &traffic);
  auto securing = secure_outside(std::move(*socket), std::move(*trust), endpoint.host, traffic, watch);
  auto stream = co_await std::move(securing);
  if (!stream) co_return named(endpoint.to_text(), stream.error(), watch);
  co_return std::move(*stream);
}

asio::awaitable<Result<std::unique_ptr<Stream>>> secure_outside(asio::ip::tcp::socket socket, WebTrust trust,
                                                                std::string host, Traffic& traffic, CallWatch& watch) {
  auto ssl = make_ssl(trust.state(), host, {});
  if (!ssl) co_return ssl.error();
  auto stream = std::make_unique<Stream>(std::move(socket), std::move(*ssl), &traffic);
  const auto shaken = co_await shake_hands(*stream, trust.state(), watch);
  if (!shaken) co_return shaken.error();
  co_return std::move(stream);
}

}  // namespace p2p::net
