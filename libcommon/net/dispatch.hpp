// From a request's head to the route that may serve it: who asks, how often, whether they
// may, and whether the body can be read.
#pragma once

#include "base/clock.hpp"
#include "net/router.hpp"
#include "net/server.hpp"

namespace p2p::net {

class Dispatcher {
 public:
  Dispatcher(Router router, ServerOptions options) : router_(std::move(router)), options_(std::move(options)) {}

  /// The route, or nullptr with `refusal` filled. Sets caller, captured and deadline of the request, whose caller is as
  /// the connection knows it. `limit_class` becomes that of the path, if there is one.
  const Route* admit(Request& request, Monotonic now, LimitClass& limit_class, Response& refusal) const;

  void answered(const Request& request, unsigned status) const {
    if (options_.answered) options_.answered(request, status);
  }

  const ServerLimits& limits() const { return options_.limits; }
  const ServerOptions& options() const { return options_; }

 private:
  const Route* find(Request& request, Response& refusal) const;
  bool set_deadline(Request& request, Monotonic now, Response& refusal) const;
  bool allow(Request& request, const Route& route, Response& refusal) const;
  bool can_read(const Request& request, const Route& route, Response& refusal) const;

  Router router_;
  ServerOptions options_;
};

}  // namespace p2p::net
