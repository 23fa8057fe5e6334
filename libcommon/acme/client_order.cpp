#include "acme/client_order.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.hpp"
#include "base/text.hpp"
#include "net/http_text.hpp"
#include "net/url.hpp"

namespace p2p::acme {
namespace {

using std::chrono::milliseconds;

constexpr unsigned kMaxPolls = 100;
constexpr milliseconds kFirstPause{250};
constexpr milliseconds kLongestOwnPause{5'000};
// A server that says "in an hour" is not waited for here; the order's own time ends it.
constexpr milliseconds kLongestPause{60'000};
constexpr std::size_t kMaxChainBytes = 256 << 10;

pki::SubjectName normalized(pki::SubjectName name) {
  if (name.kind == pki::SubjectName::Kind::dns) name.text = lower_ascii(name.text);
  return name;
}

}  // namespace

OrderStep OrderMachine::next() {
  if (stage_ == Stage::failed) return failure_;
  if (serve_) return *std::exchange(serve_, std::nullopt);
  if (pause_) return *std::exchange(pause_, std::nullopt);
  if (stage_ == Stage::obtained) return Obtained{chain_pem_};
  return ask();
}

Ask OrderMachine::ask() const {
  switch (stage_) {
    case Stage::ordering: return {Ask::Where::new_order, {}, order_payload()};
    case Stage::reading: return {Ask::Where::url, authorizations_[index_], {}};
    case Stage::answering: return {Ask::Where::url, challenge_url_, "{}"};
    case Stage::polling: return {Ask::Where::url, unsettled_[index_], {}};
    case Stage::finalizing:
      return {Ask::Where::url, finalize_url_, dump_json({{"csr", to_base64url(wish_.request_der)}})};
    case Stage::downloading: return {Ask::Where::url, certificate_url_, {}};
    default: return {Ask::Where::url, order_url_, {}};
  }
}

std::string OrderMachine::order_payload() const {
  Json identifiers = Json::array();
  for (const auto& name : wish_.names) {
    identifiers.push_back({{"type", name.kind == pki::SubjectName::Kind::ip ? "ip" : "dns"}, {"value", name.text}});
  }
  Json out = {{"identifiers", std::move(identifiers)}};
  if (!wish_.replaces.empty()) out["replaces"] = wish_.replaces;
  return dump_json(out);
}

void OrderMachine::receive(const ClientResult<net::Answer>& answer, WallTime now) {
  if (!answer) return take_refusal(answer.error(), now);
  switch (stage_) {
    case Stage::ordering:
    case Stage::checking:
    case Stage::finalizing:
    case Stage::issuing: return receive_order(*answer, now);
    case Stage::reading:
    case Stage::polling: return receive_authorization(*answer, now);
    case Stage::answering: unsettled_.push_back(authorizations_[index_]); return after_authorization();
    case Stage::downloading:
      if (answer->body.size() > kMaxChainBytes) return fail(Errc::too_large, "the certificate's chain is too large");
      chain_pem_ = answer->body;
      stage_ = Stage::obtained;
      return;
    default: return;
  }
}

void OrderMachine::take_refusal(const ClientFailure& failure, WallTime now) {
  // An earlier order took its place and was lost, or the certificate was got by other means than this account.
  const bool is_about_replaced = failure.problem == "alreadyReplaced" || failure.problem == "malformed";
  if (stage_ == Stage::ordering && is_about_replaced && !wish_.replaces.empty()) {
    wish_.replaces.clear();
    return;
  }
  if (stage_ == Stage::finalizing && failure.problem == "orderNotReady") {
    stage_ = Stage::checking;  // it may have been finalized by a request whose answer was lost
    return poll_again({}, now);
  }
  failure_ = failure;
  stage_ = Stage::failed;
}

void OrderMachine::receive_order(const net::Answer& answer, WallTime now) {
  auto order = read_order(answer.body);
  if (!order) return fail(order.error().kind(), order.error().context);
  if (stage_ == Stage::ordering) {
    const std::string location(answer.headers.get("Location"));
    const auto url = net::parse_url(location);
    if (!url || !url->https) return fail(Errc::damaged, "the ACME server does not say where the order is");
    order_url_ = location;
    authorizations_ = order->authorizations;
    finalize_url_ = order->finalize;
    index_ = 0;
    if (order->status == Status::pending && !authorizations_.empty()) {
      stage_ = Stage::reading;
      return;
    }
    stage_ = Stage::checking;
  }
  judge_order(*order, answer, now);
}

void OrderMachine::judge_order(const ClientOrder& order, const net::Answer& answer, WallTime now) {
  switch (order.status) {
    case Status::pending: stage_ = Stage::checking; return poll_again(answer.headers, now);
    case Status::ready:
      // After finalize some servers still say so for a moment.
      if (stage_ == Stage::checking) {
        stage_ = Stage::finalizing;
        return;
      }
      [[fallthrough]];
    case Status::processing: stage_ = Stage::issuing; return poll_again(answer.headers, now);
    case Status::valid:
      if (order.certificate.empty()) return fail(Errc::damaged, "the order is valid, but names no certificate");
      certificate_url_ = order.certificate;
      stage_ = Stage::downloading;
      return;
    default:
      return fail(Errc::not_permitted, fmt::format("{}: the order is {}{}{}", order_url_, to_string(order.status),
                                                   order.problem.empty() ? "" : ": ", order.problem));
  }
}

void OrderMachine::receive_authorization(const net::Answer& answer, WallTime now) {
  const auto authorization = read_authorization(answer.body);
  if (!authorization) return fail(authorization.error().kind(), authorization.error().context);
  if (!is_wished(authorization->identifier)) {
    return fail(Errc::damaged, fmt::format("the server asks to prove \"{}\", which was not ordered",
                                           escape_controls(authorization->identifier.text)));
  }
  if (authorization->status == Status::valid) return after_authorization();
  if (authorization->status == Status::pending) {
    return stage_ == Stage::reading ? begin_challenge(*authorization) : poll_again(answer.headers, now);
  }
  refused_.push_back(authorization->identifier);
  why_refused_ =
      fmt::format("{}: the authorization is {}{}{}", authorization->identifier.text, to_string(authorization->status),
                  authorization->problem.empty() ? "" : ": ", authorization->problem);
  after_authorization();
}

void OrderMachine::begin_challenge(const ClientAuthorization& authorization) {
  if (!authorization.http01) {
    fail(Errc::unsupported,
         fmt::format("{}: the server does not offer to check it by http-01", authorization.identifier.text));
    failure_.names = {authorization.identifier};
    return;
  }
  const ClientChallenge& challenge = *authorization.http01;
  serve_ = Serve{challenge.token, challenge.token + "." + thumbprint_};
  if (challenge.status == Status::pending) {
    challenge_url_ = challenge.url;
    stage_ = Stage::answering;
    return;
  }
  unsettled_.push_back(authorizations_[index_]);  // begun already; posting again would not hasten it
  after_authorization();
}

void OrderMachine::after_authorization() {
  ++index_;
  if (stage_ != Stage::polling && index_ < authorizations_.size()) {
    stage_ = Stage::reading;
    return;
  }
  if (stage_ != Stage::polling) {
    stage_ = Stage::polling;
    index_ = 0;
    if (!unsettled_.empty()) pause_ = Pause{kFirstPause};
  }
  if (index_ < unsettled_.size()) return;
  stage_ = Stage::checking;
  if (refused_.empty()) return;
  fail(Errc::not_permitted, why_refused_);
  failure_.names = refused_;
}

void OrderMachine::poll_again(const net::Headers& headers, WallTime now) {
  if (++polls_ > kMaxPolls)
    return fail(Errc::timeout, fmt::format("{}: the order does not come to an end", order_url_));
  const milliseconds own = std::min(kFirstPause * (1U << std::min(polls_ / 4, 5U)), kLongestOwnPause);
  const auto asked = net::read_retry_after(headers, now);
  const milliseconds length = asked ? std::max<milliseconds>(*asked, kFirstPause) : own;
  pause_ = Pause{std::min(length, kLongestPause)};
}

void OrderMachine::fail(Errc kind, std::string why) {
  failure_ = {Error(kind, std::move(why)), {}};
  stage_ = Stage::failed;
}

bool OrderMachine::is_wished(const pki::SubjectName& name) const {
  return std::any_of(wish_.names.begin(), wish_.names.end(),
                     [&](const pki::SubjectName& one) { return normalized(one) == normalized(name); });
}

}  // namespace p2p::acme
