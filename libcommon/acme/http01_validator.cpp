#include "acme/http01_validator.hpp"

#include <fmt/format.h>

#include "crypto/digest.hpp"
#include "net/web_client.hpp"

namespace p2p::acme {
namespace asio = boost::asio;
namespace {

constexpr std::size_t kMaxProofBytes = 64 << 10;
constexpr unsigned kMaxRedirects = 3;

Error refused(const net::WebError& error) {
  switch (error.step) {
    case net::WebStep::request: return {Errc::invalid, error.error.context};
    case net::WebStep::name: return {Errc::not_found, error.error.context};
    case net::WebStep::redirect: return {Errc::not_permitted, error.error.context};
    case net::WebStep::answer:
      if (error.error.kind() == Errc::too_large) return {Errc::not_permitted, error.error.context};
      break;
    case net::WebStep::connection:
    case net::WebStep::tls: break;
  }
  return {Errc::unreachable, error.error.context};
}

std::string_view without_trailing_space(std::string_view text) {
  return text.substr(0, text.find_last_not_of(" \t\r\n\v\f") + 1);
}

Result<void> judge(const net::Answer& answer, const std::string& key_authorization, const std::string& where) {
  if (answer.status != 200) {
    return Error(Errc::not_permitted, fmt::format("{} is answered with status {}, not 200", where, answer.status));
  }
  // What else may be there is not shown: an answer of an inner server must not reach whoever asked.
  if (!crypto::equal_constant_time(as_bytes(without_trailing_space(answer.body)), as_bytes(key_authorization))) {
    return Error(Errc::not_permitted, fmt::format("{} is not answered with the key authorization", where));
  }
  return {};
}

}  // namespace

Result<Http01Validator> Http01Validator::make(asio::any_io_executor executor, Http01Settings settings) {
  auto trust = net::WebTrust::of_anyone();
  if (!trust) return trust.error();
  return Http01Validator(std::move(executor), std::move(*trust), settings);
}

asio::awaitable<Result<void>> Http01Validator::validate(pki::SubjectName identifier, Applicant applicant,
                                                        std::string token, std::string key_authorization) const {
  const std::uint16_t port = applicant == Applicant::node ? settings_.node_port : settings_.other_port;
  const bool is_v6 = identifier.text.find(':') != std::string::npos;
  const std::string host = is_v6 ? "[" + identifier.text + "]" : identifier.text;
  auto url = net::parse_url(fmt::format("http://{}:{}/.well-known/acme-challenge/{}", host, port, token));
  if (!url) co_return url.error();
  const std::string where = url->to_text();
  net::WebRequest request;
  request.url = std::move(*url);
  request.headers.add("User-Agent", "p2p/" P2P_VERSION " (http-01)");
  request.timeout = settings_.timeout;
  request.connect_timeout = settings_.timeout;
  request.only_remote = !settings_.ask_own_machine;
  request.max_response_bytes = kMaxProofBytes;
  request.max_redirects = kMaxRedirects;
  request.may_follow = [port](const net::Url& from, const net::Url& to) -> Result<void> {
    const bool usual_port = to.port == 80 || to.port == 443 || to.port == port;
    if (from.host == to.host && usual_port) return {};
    return Error(Errc::not_permitted, fmt::format("{} leads away to {}", from.to_text(), to.to_text()));
  };
  net::WebClient client(executor_, trust_);
  const auto answer = co_await client.send(std::move(request));
  if (!answer) co_return refused(answer.error());
  co_return judge(*answer, key_authorization, where);
}

}  // namespace p2p::acme
