// `GET /pki/ca.pem`, `/pki/crl.pem` and `/pki/roots.json`: what others need to trust this fleet, and whom not to. Open
// to all.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "net/router.hpp"

namespace p2p::node {

/// Gives what is to be served, never null, perhaps empty; any thread.
using TextSource = std::function<std::shared_ptr<const std::string>()>;

/// An empty source is answered with 404.
void add_pki_routes(net::Router& router, TextSource roots, TextSource revocation_lists, TextSource root_list);

}  // namespace p2p::node
