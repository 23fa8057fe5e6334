// `GET /pki/ca.pem` and `GET /pki/crl.pem`: what others need to trust this fleet, and whom not to. Open to all.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "net/router.hpp"

namespace p2p::node {

/// Gives PEM, never null, perhaps empty; any thread.
using PemSource = std::function<std::shared_ptr<const std::string>()>;

/// An empty source is answered with 404.
void add_pki_routes(net::Router& router, PemSource roots, PemSource revocation_lists);

}  // namespace p2p::node
