// `certificate.renew`: a new certificate for the node that is asked, now, for those who run the fleet from afar.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/log_sink.hpp"
#include "renewer.hpp"
#include "rpc/registry.hpp"

namespace p2p::node {

struct RenewalAccess {
  std::string node_id;
  /// Where `renew` is called.
  boost::asio::any_io_executor control;
  /// As Renewer::renew_now(); outlives the service.
  std::function<void(std::shared_ptr<net::Reply<Renewer::Renewed>>)> renew;
  LogSink& log;
};

/// `certificate.renew`: {name, serial, not_before, not_after} of what is in use then.
rpc::Service renewal_service(RenewalAccess access);

}  // namespace p2p::node
