#include "net/pinned_root.hpp"

#include <fmt/format.h>

#include "net/web_client.hpp"
#include "pki/certificate.hpp"

namespace p2p::net {
namespace asio = boost::asio;
namespace {

Result<std::string> find_pinned(const std::string& pem, const crypto::Sha256& fingerprint, const std::string& source) {
  const auto certificates = pki::read_all_certificates(pem, source);
  if (!certificates) return certificates.error();
  for (const auto& certificate : *certificates) {
    if (certificate.facts().sha256 == fingerprint) return certificate.pem();
  }
  return Error(Errc::not_permitted, fmt::format("{}: the CA certificate there has the fingerprint {}, not {}", source,
                                                to_hex(certificates->front().facts().sha256), to_hex(fingerprint)));
}

}  // namespace

asio::awaitable<Result<std::string>> fetch_pinned_root(asio::any_io_executor executor, Endpoint coordinator,
                                                       crypto::Sha256 fingerprint, std::chrono::milliseconds timeout) {
  auto trust = WebTrust::of_anyone();
  if (!trust) co_return trust.error();
  auto url = parse_url(fmt::format("https://{}/pki/ca.pem", coordinator.to_text()));
  if (!url) co_return url.error();
  WebRequest request;
  request.url = std::move(*url);
  request.timeout = timeout;
  request.max_response_bytes = pki::kMaxCertificatePemBytes;
  WebClient client(std::move(executor), std::move(*trust));
  const auto answer = co_await client.send(std::move(request));
  if (!answer) co_return answer.error().error;
  const std::string source = coordinator.to_text();
  if (answer->status != 200) {
    co_return Error(Errc::damaged, fmt::format("{}: /pki/ca.pem is answered with {}", source, answer->status));
  }
  co_return find_pinned(answer->body, fingerprint, source);
}

}  // namespace p2p::net
