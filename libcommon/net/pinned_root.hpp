// First contact with a fleet of which only the fingerprint of its CA certificate is known, from an invitation, or a
// root that the fleet has meanwhile replaced. Whoever answers is believed only what proves itself.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <string>

#include "crypto/digest.hpp"
#include "net/client.hpp"
#include "pki/root_list.hpp"

namespace p2p::net {

/// Asks whoever answers at `coordinator` for `/pki/ca.pem` and gives the certificate there, in PEM, whose SHA-256 (of
/// its DER) is `fingerprint`: what it says is believed for that alone. `not_permitted` when none has it, `damaged` when
/// the answer is no certificate, and the errors of WebClient::send.
boost::asio::awaitable<Result<std::string>> fetch_pinned_root(boost::asio::any_io_executor executor,
                                                              Endpoint coordinator, crypto::Sha256 fingerprint,
                                                              std::chrono::milliseconds timeout);

struct FetchedRootList {
  std::string text;
  pki::RootList list;
};

/// Asks whoever answers for `/pki/roots.json`, the roots that the fleet trusts now, as one of `trusted` vouches for
/// them. Who knows no version must not be led back by an old list that somebody kept: one is news only if the root that
/// signs by it is not trusted yet. `not_found` when it is no news or there has been no rotation; errors as of
/// pki::read_root_list and WebClient::send.
boost::asio::awaitable<Result<FetchedRootList>> fetch_root_list(boost::asio::any_io_executor executor,
                                                                Endpoint coordinator, pki::Roots trusted,
                                                                std::string cluster_name,
                                                                std::chrono::milliseconds timeout);

}  // namespace p2p::net
