#include "acme/client_session.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "base/json.hpp"
#include "net/http_text.hpp"
#include "net/url.hpp"

namespace p2p::acme {
namespace {

// A server may refuse every second nonce (Pebble can be told to) and still be usable; one that refuses all is not.
constexpr unsigned kMaxBadNonces = 30;
constexpr std::size_t kMaxNonceBytes = 512;

ClientFailure failed(Errc kind, std::string why) { return {Error(kind, std::move(why)), {}}; }

}  // namespace

void throw_exception_from_error(const ClientFailure& failure, const boost::source_location&) {
  throw std::runtime_error(failure.error.context);
}

Result<ClientRequest> ClientSession::next(const Ask& ask) {
  only_directory_ = ask.where == Ask::Where::directory;
  if (!directory_ || only_directory_) return get_directory();
  if (ask.where == Ask::Where::renewal_info) {
    if (directory_->renewal_info.empty()) return Error(Errc::unsupported, "the ACME server has no renewalInfo");
    sent_ = Sent::ask;
    sent_to_ = directory_->renewal_info + (directory_->renewal_info.ends_with('/') ? "" : "/") + ask.url;
    return ClientRequest{net::Method::get, sent_to_, {}};
  }
  if (nonce_.empty()) {
    sent_ = Sent::nonce;
    sent_to_ = directory_->new_nonce;
    return ClientRequest{net::Method::head, sent_to_, {}};
  }
  if (account_.account_url.empty()) return post_account();
  switch (ask.where) {
    case Ask::Where::new_order: return post(Sent::ask, directory_->new_order, ask.payload, false);
    case Ask::Where::revoke_certificate:
      if (directory_->revoke_certificate.empty()) return Error(Errc::unsupported, "the ACME server revokes nothing");
      return post(Sent::ask, directory_->revoke_certificate, ask.payload, false);
    default: return post(Sent::ask, ask.url, ask.payload, false);
  }
}

Result<ClientRequest> ClientSession::get_directory() {
  const auto url = net::parse_url(account_.directory_url);
  if (!url) return url.error();
  if (!url->https) {
    return Error(Errc::invalid, account_.directory_url + ": an ACME directory is reached by https alone");
  }
  sent_ = Sent::directory;
  sent_to_ = account_.directory_url;
  return ClientRequest{net::Method::get, sent_to_, {}};
}

Result<ClientRequest> ClientSession::post_account() {
  Json payload = {{"termsOfServiceAgreed", true}};
  if (!account_.contact.empty()) payload["contact"] = account_.contact;
  if (!account_.external_kid.empty()) {
    const Json head = {
        {"alg", account_.external_key->algorithm()}, {"kid", account_.external_kid}, {"url", directory_->new_account}};
    const auto binding = flattened_jws(*account_.external_key, dump_json(head), account_.key->jwk());
    if (!binding) return binding.error();
    auto object = parse_json(*binding);
    if (!object) return object.error();
    payload["externalAccountBinding"] = std::move(*object);
  }
  return post(Sent::account, directory_->new_account, dump_json(payload), true);
}

Result<ClientRequest> ClientSession::post(Sent what, const std::string& url, const std::string& payload, bool by_key) {
  Json head = {{"alg", account_.key->algorithm()}, {"nonce", nonce_}, {"url", url}};
  if (by_key) {
    auto jwk = parse_json(account_.key->jwk());
    if (!jwk) return jwk.error();
    head["jwk"] = std::move(*jwk);
  } else {
    head["kid"] = account_.account_url;
  }
  nonce_.clear();
  auto body = flattened_jws(*account_.key, dump_json(head), payload);
  if (!body) return body.error();
  sent_ = what;
  sent_to_ = url;
  return ClientRequest{net::Method::post, url, std::move(*body)};
}

void ClientSession::keep_nonce(const net::Answer& answer) {
  const std::string_view nonce = answer.headers.get("Replay-Nonce");
  if (is_base64url_text(nonce, kMaxNonceBytes)) nonce_ = nonce;
}

std::optional<ClientResult<net::Answer>> ClientSession::receive(const net::Answer& answer, WallTime now) {
  const Sent sent = std::exchange(sent_, Sent::nothing);
  keep_nonce(answer);
  if (answer.status < 200 || answer.status >= 300) return refuse(sent, answer, now);
  bad_nonces_ = 0;
  switch (sent) {
    case Sent::directory: return receive_directory(answer);
    case Sent::account: return receive_account(answer);
    case Sent::nonce:
      if (!nonce_.empty()) return std::nullopt;
      return failed(Errc::damaged, sent_to_ + ": the ACME server gives no nonce");
    case Sent::ask: return answer;
    case Sent::nothing: break;
  }
  return failed(Errc::failed, "an answer came to no request");
}

std::optional<ClientResult<net::Answer>> ClientSession::receive_directory(const net::Answer& answer) {
  auto directory = read_directory(answer.body);
  if (!directory) return failed(directory.error().kind(), sent_to_ + ": " + directory.error().context);
  directory_ = std::move(*directory);
  if (only_directory_) return answer;
  return std::nullopt;
}

std::optional<ClientResult<net::Answer>> ClientSession::receive_account(const net::Answer& answer) {
  const auto status = read_account_status(answer.body);
  if (!status) return failed(status.error().kind(), sent_to_ + ": " + status.error().context);
  if (*status != Status::valid) {
    return failed(Errc::not_permitted, fmt::format("{}: the ACME account is {}", sent_to_, to_string(*status)));
  }
  const auto base = net::parse_url(sent_to_);
  const std::string_view location = answer.headers.get("Location");
  const auto url = net::resolve_reference(*base, location);
  if (location.empty() || !url || !url->https) {
    return failed(Errc::damaged, sent_to_ + ": the ACME server does not say where the account is");
  }
  account_.account_url = location.starts_with("https:") ? std::string(location) : url->to_text();
  return std::nullopt;
}

std::optional<ClientResult<net::Answer>> ClientSession::refuse(Sent sent, const net::Answer& answer, WallTime now) {
  const Problem problem = read_problem(answer);
  const bool was_signed = sent == Sent::account || sent == Sent::ask;
  if (was_signed && problem.type == "badNonce" && ++bad_nonces_ <= kMaxBadNonces) return std::nullopt;
  // The server has forgotten the account that an earlier session had.
  if (sent == Sent::ask && problem.type == "accountDoesNotExist" && !account_was_remade_) {
    account_was_remade_ = true;
    account_.account_url.clear();
    return std::nullopt;
  }
  bad_nonces_ = 0;
  return ClientFailure{Error(kind_of_problem(problem.type, answer.status), sent_to_ + ": " + problem.text),
                       problem.type, net::read_retry_after(answer.headers, now), problem.names, problem.detail};
}

}  // namespace p2p::acme
