// The service `services` and the routes under /services: what this node offers, and starting and stopping it.
#pragma once

#include "net/router.hpp"
#include "rpc/registry.hpp"
#include "services/service_host.hpp"

namespace p2p::services {

/// `services.{list,describe,start,stop,restart}`; `host` must outlive the registry's use of it.
rpc::Service services_service(ServiceHost& host);

/// `GET /services`, `GET /services/{s}`, `POST /services/{s}/{start,stop,restart}`.
void add_service_routes(net::Router& router, ServiceHost& host);

}  // namespace p2p::services
