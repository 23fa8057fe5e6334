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

/// What is open to all, from whoever answers. `not_found` for 404.
asio::awaitable<Result<std::string>> fetch_open(asio::any_io_executor executor, Endpoint coordinator, std::string path,
                                                std::size_t max_bytes, std::chrono::milliseconds timeout) {
  auto trust = WebTrust::of_anyone();
  if (!trust) co_return trust.error();
  auto url = parse_url(fmt::format("https://{}{}", coordinator.to_text(), path));
  if (!url) co_return url.error();
  WebRequest request;
  request.url = std::move(*url);
  request.timeout = timeout;
  request.max_response_bytes = max_bytes;
  WebClient client(std::move(executor), std::move(*trust));
  auto answer = co_await client.send(std::move(request));
  if (!answer) co_return answer.error().error;
  if (answer->status == 200) co_return std::move(answer->body);
  co_return Error(answer->status == 404 ? Errc::not_found : Errc::damaged,
                  fmt::format("{}: {} is answered with {}", coordinator.to_text(), path, answer->status));
}

}  // namespace

asio::awaitable<Result<std::string>> fetch_pinned_root(asio::any_io_executor executor, Endpoint coordinator,
                                                       crypto::Sha256 fingerprint, std::chrono::milliseconds timeout) {
  auto fetching = fetch_open(std::move(executor), coordinator, "/pki/ca.pem", pki::kMaxCertificatePemBytes, timeout);
  const auto pem = co_await std::move(fetching);
  if (!pem) co_return pem.error();
  co_return find_pinned(*pem, fingerprint, coordinator.to_text());
}

asio::awaitable<Result<FetchedRootList>> fetch_root_list(asio::any_io_executor executor, Endpoint coordinator,
                                                         pki::Roots trusted, std::string cluster_name,
                                                         std::chrono::milliseconds timeout) {
  auto fetching = fetch_open(std::move(executor), coordinator, "/pki/roots.json", pki::kMaxRootListBytes, timeout);
  auto text = co_await std::move(fetching);
  if (!text) co_return text.error();
  auto list = pki::read_root_list(*text, trusted, cluster_name);
  if (!list) co_return list.error();
  const auto& signing = list->roots.certificates().front().facts().sha256;
  const bool is_known =
      std::ranges::any_of(trusted.certificates(), [&](const auto& root) { return root.facts().sha256 == signing; });
  if (is_known) co_return Error(Errc::not_found, coordinator.to_text() + ": its list of roots brings no news");
  co_return FetchedRootList{std::move(*text), std::move(*list)};
}

}  // namespace p2p::net
