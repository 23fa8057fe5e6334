// A coordinator as an ACME server: the CA of its home behind the library's server. Only where the CA's key is.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>

#include "acme/http01_validator.hpp"
#include "acme/server.hpp"
#include "pki/issuing_authority.hpp"

namespace p2p::node {

class AcmeService {
 public:
  struct Options {
    pki::AuthorityPaths authority;
    std::filesystem::path store;  ///< `ca/acme.db`
    std::string base_url;         ///< by which clients reach this node, as in their certificate check
    acme::Http01Settings http01;
    std::string node_id;  ///< who acts, for the inventory
  };

  /// Opens the CA and the store. Blocks. References must outlive it.
  static Result<std::unique_ptr<AcmeService>> open(Options options, boost::asio::io_context& control,
                                                   net::BlockingPool& pool, const Clock& clock, LogSink& log);
  ~AcmeService();

  void add_routes(net::Router& router);
  /// See acme::Server::run.
  boost::asio::awaitable<void> run();
  boost::asio::awaitable<bool> stop(std::chrono::milliseconds grace);

 private:
  struct Parts;
  explicit AcmeService(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

/// The base of the URLs: `advertise_address` where it is a host or address, else the first address in the node's
/// certificate that is not loopback, else localhost. With the port, and IPv6 in brackets.
std::string acme_base_url(const std::string& advertise_address, const pki::CertificateFacts& own, std::uint16_t port);

}  // namespace p2p::node
