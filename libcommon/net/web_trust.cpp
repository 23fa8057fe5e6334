#include "net/web_trust.hpp"

#include "net/web_dial.hpp"

namespace p2p::net {
namespace {

Result<std::shared_ptr<WebTrust::State>> new_state() {
  auto context = new_context(TLS_client_method());
  if (!context) return context.error();
  auto out = std::make_shared<WebTrust::State>();
  out->context = std::move(*context);
  SSL_CTX_set_verify(out->context.get(), SSL_VERIFY_PEER, nullptr);
  return out;
}

}  // namespace

Result<WebTrust> WebTrust::of_system() {
  const auto state = new_state();
  if (!state) return state.error();
  if (SSL_CTX_set_default_verify_paths((*state)->context.get()) != 1) {
    return Error(Errc::failed, "the system's roots: " + take_ssl_error("they cannot be read"));
  }
  return WebTrust(*state);
}

Result<WebTrust> WebTrust::of_roots(const std::string& pem) {
  const auto state = new_state();
  if (!state) return state.error();
  const auto roots = read_certificates(pem, "the file of roots");
  if (!roots) return roots.error();
  auto store = make_store(*roots);
  if (!store) return store.error();
  SSL_CTX_set_cert_store((*state)->context.get(), store->release());
  return WebTrust(*state);
}

WebTrust WebTrust::of_fleet(const TlsContexts& tls, std::optional<Endpoint> at) {
  auto state = std::make_shared<State>();
  state->fleet = &tls;
  state->at = std::move(at);
  return WebTrust(std::move(state));
}

Result<WebTrust> WebTrust::of_anyone() {
  const auto state = new_state();
  if (!state) return state.error();
  SSL_CTX_set_verify((*state)->context.get(), SSL_VERIFY_NONE, nullptr);
  (*state)->verifies = false;
  return WebTrust(*state);
}

}  // namespace p2p::net
