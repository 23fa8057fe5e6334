#include "auth/limited_client.hpp"

namespace p2p::auth {

std::optional<ratelimit::Client> limited_client(const Caller& caller) {
  using ratelimit::Client;
  if (!caller.token_id.empty()) return Client::token(caller.token_id);
  if (!caller.identity) return Client::address(caller.address);
  switch (caller.identity->role) {
    case pki::Role::operator_: break;
    case pki::Role::coordinator: return Client::node('c', caller.identity->name);
    case pki::Role::worker: return Client::node('w', caller.identity->name);
  }
  return std::nullopt;
}

}  // namespace p2p::auth
