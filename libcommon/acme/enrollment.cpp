#include "acme/enrollment.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "acme/challenge_responder.hpp"
#include "acme/identifier.hpp"
#include "crypto/key.hpp"
#include "net/web_client.hpp"
#include "pki/certificate_request.hpp"

namespace p2p::acme {
namespace asio = boost::asio;
namespace {

using std::chrono::milliseconds;

// An order with an address that does not answer takes as long as the server tries it.
constexpr milliseconds kOrderTime{120'000};
constexpr std::size_t kMaxNames = 50;  // of one certificate

bool is_root(const pki::Certificate& certificate) {
  return certificate.facts().is_ca && certificate.facts().subject == certificate.facts().issuer;
}

Result<Enrolled> read_enrolled(const std::string& chain_pem) {
  const auto chain = pki::read_all_certificates(chain_pem, "the new certificate");
  if (!chain) return chain.error();
  Enrolled out{{}, chain->front()};
  for (const auto& certificate : *chain) {
    if (!is_root(certificate)) out.chain_pem += certificate.pem();
  }
  return out;
}

/// The names that an order may do without, of those that the failure is about.
std::vector<pki::SubjectName> dispensable(const ClientFailure& failure, const std::vector<pki::SubjectName>& others) {
  std::vector<pki::SubjectName> out;
  for (const auto& name : failure.names) {
    if (contains(others, name)) out.push_back(name);
  }
  return out;
}

bool are_all_in(const std::vector<pki::SubjectName>& names, const std::vector<pki::SubjectName>& in) {
  return std::all_of(names.begin(), names.end(), [&](const auto& name) { return contains(in, name); });
}

/// Another coordinator may do better.
bool is_out_of_reach(const ClientFailure& failure) {
  const Errc kind = failure.error.kind();
  return failure.problem.empty() && (kind == Errc::unreachable || kind == Errc::timeout);
}

}  // namespace

Enrollment::Enrollment(asio::io_context& loop, EnrollmentSettings settings, const AccountKey& account,
                       const net::TlsContexts& tls, const Clock& clock, LogSink& log)
    : loop_(loop), settings_(std::move(settings)), account_(account), tls_(tls), clock_(clock), log_(log) {}

std::vector<Enrollment::Server> Enrollment::servers() const {
  if (!settings_.directory.empty()) return {{settings_.directory, {}}};
  std::vector<Server> out;
  for (const auto& place : settings_.coordinators) {
    out.push_back({fmt::format("https://{}/acme/directory", place.to_text()), place});
  }
  return out;
}

ClientAccount Enrollment::account_at(const Server& server) const {
  ClientAccount out;
  out.directory_url = server.directory;
  out.key = &account_;
  out.external_kid = settings_.external_kid;
  out.external_key = settings_.external_key;
  return out;
}

Result<net::WebTrust> Enrollment::trust_of(const Server& server) const {
  if (!server.at) return net::WebTrust::of_system();
  return net::WebTrust::of_fleet(tls_, server.at);
}

template <class T, class Ask>
asio::awaitable<ClientResult<T>> Enrollment::ask_each(Ask ask) {
  ClientResult<T> outcome =
      ClientFailure{Error(Errc::invalid, "coordinator_addresses is empty: nobody can be asked"), {}};
  for (const auto& server : servers()) {
    auto trust = trust_of(server);
    if (!trust) co_return ClientFailure{trust.error(), {}};
    net::WebClient web(loop_.get_executor(), std::move(*trust));
    Client client(loop_.get_executor(), web, account_at(server), clock_, log_);
    auto task = ask(client);
    outcome = co_await std::move(task);
    if (outcome || !is_out_of_reach(outcome.error())) break;
  }
  co_return outcome;
}

asio::awaitable<ClientResult<Enrolled>> Enrollment::obtain(pki::SubjectName own, std::vector<pki::SubjectName> others,
                                                           const EVP_PKEY& key, std::string replaces,
                                                           std::vector<pki::SubjectName> enough) {
  std::erase_if(others, [&](const auto& name) { return is_loopback(name) || same_name(name, own); });
  if (others.size() >= kMaxNames) others.resize(kMaxNames - 1);
  auto ask = [&](Client& client) { return obtain_from(client, own, others, key, replaces, enough); };
  auto task = ask_each<Enrolled>(std::move(ask));
  co_return co_await std::move(task);
}

asio::awaitable<ClientResult<Enrolled>> Enrollment::obtain_from(Client& client, const pki::SubjectName& own,
                                                                std::vector<pki::SubjectName> others,
                                                                const EVP_PKEY& key, const std::string& replaces,
                                                                const std::vector<pki::SubjectName>& enough) {
  ChallengeResponder responder(loop_, settings_.bind_address, settings_.http_port, log_);
  std::vector<pki::SubjectName> left_out;
  std::string why_left_out;
  for (;;) {  // ends: each round leaves a name out
    OrderWish wish;
    wish.names = {own};
    wish.names.insert(wish.names.end(), others.begin(), others.end());
    auto request = pki::make_request_der(own.text, wish.names, key);
    if (!request) co_return ClientFailure{request.error(), {}};
    wish.request_der = std::move(*request);
    wish.replaces = replaces;
    auto task = client.obtain(std::move(wish), responder, kOrderTime);
    const auto obtained = co_await std::move(task);
    if (obtained) {
      auto out = read_enrolled(obtained->chain_pem);
      if (!out) co_return ClientFailure{out.error(), {}};
      out->left_out = std::move(left_out);
      out->why_left_out = std::move(why_left_out);
      co_return std::move(*out);
    }
    const auto refused = dispensable(obtained.error(), others);
    if (refused.empty()) co_return obtained.error();
    std::erase_if(others, [&](const auto& name) { return contains(refused, name); });
    left_out.insert(left_out.end(), refused.begin(), refused.end());
    why_left_out = obtained.error().error.context;
    if (!enough.empty() && are_all_in(others, enough)) {
      ClientFailure nothing_gained = obtained.error();
      nothing_gained.names = std::move(left_out);
      co_return nothing_gained;
    }
  }
}

asio::awaitable<ClientResult<ClientRenewalInfo>> Enrollment::renewal_info(std::string certificate_id) {
  auto ask = [&](Client& client) { return client.renewal_info(certificate_id); };
  auto task = ask_each<ClientRenewalInfo>(std::move(ask));
  co_return co_await std::move(task);
}

Result<void> check_enrolled(const pki::Certificate& certificate, const pki::Identity& identity, const EVP_PKEY& key,
                            const pki::Roots& roots, WallTime now) {
  const auto found = certificate.identity();
  if (!found) return Error(Errc::invalid, "the new certificate is not of this fleet: " + found.error().context);
  if (*found != identity) {
    return Error(Errc::invalid, fmt::format("the new certificate is {}'s, not {}'s", found->uri(), identity.uri()));
  }
  if (!crypto::same_key(certificate.public_key(), key))
    return Error(Errc::damaged, "the new certificate is for another key");
  for (const auto purpose : {pki::Purpose::server, pki::Purpose::client}) {
    if (auto verified = roots.verify(certificate, purpose, now); !verified) {
      return Error(verified.error().code, "the new certificate: " + verified.error().context);
    }
  }
  return {};
}

}  // namespace p2p::acme
