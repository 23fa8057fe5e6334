#include "renewal_method.hpp"

#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "base/audit.hpp"
#include "base/json.hpp"
#include "base/rfc3339.hpp"

namespace p2p::node {

namespace asio = boost::asio;

namespace {

/// An order takes a few requests and a proof of each address.
constexpr std::chrono::seconds kRenewalTimeout{60};

asio::awaitable<rpc::Outcome> renew(RenewalAccess access, rpc::CallContext call) {
  const std::string by = auth::caller_name(call.caller);
  audit(access.log, fmt::format("{} asks for a new certificate of {}", by, access.node_id));
  const auto reply = std::make_shared<net::Reply<Renewer::Renewed>>(co_await asio::this_coro::executor, call.deadline);
  asio::post(access.control, [renew = access.renew, reply] { renew(reply); });
  const auto renewed = co_await reply->wait();
  if (!renewed)
    co_return rpc::to_rpc_error(Error(Errc::timeout, "the renewal goes on; its outcome is in the node's log"));
  if (!*renewed) {
    // Whatever kind it is there: the caller may ask, and there is such a node.
    co_return rpc::to_rpc_error(Error(Errc::failed, "the certificate was not renewed: " + renewed->error().context));
  }
  const pki::CertificateFacts& facts = **renewed;
  const std::string serial = to_hex(facts.serial);
  audit(access.log, fmt::format("{} has renewed the certificate of {}, which is {} now", by, access.node_id, serial));
  co_return dump_json(Json{{"name", access.node_id},
                           {"serial", serial},
                           {"not_before", format_rfc3339(facts.not_before, 0)},
                           {"not_after", format_rfc3339(facts.not_after, 0)}});
}

}  // namespace

rpc::Service renewal_service(RenewalAccess access) {
  rpc::Service out;
  out.name = "certificate";
  out.version = P2P_VERSION;
  out.description = "This node's own certificate.";
  auto method = rpc::make_method(
      "certificate.renew", "Gets this node a new certificate now; the one before stays valid until its end.",
      auth::Permission::certs_manage,
      [access = std::move(access)](rpc::CallContext call) { return renew(access, std::move(call)); },
      R"({"type":"object","properties":{},"additionalProperties":false})");
  method.timeout = kRenewalTimeout;
  method.result_schema = R"({"type":"object","required":["name","serial","not_before","not_after"]})";
  out.methods.push_back(std::move(method));
  return out;
}

}  // namespace p2p::node
