#include "rpc/outcome.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace p2p::rpc {

RpcError to_rpc_error(const Error& error) {
  const auto code = [&] {
    switch (error.kind()) {
      case Errc::invalid: return Code::invalid_params;
      case Errc::unreachable: return Code::unreachable;
      case Errc::not_permitted: return Code::not_permitted;
      case Errc::timeout: return Code::timeout;
      case Errc::limited: return Code::overloaded;
      case Errc::not_found: return Code::no_such_target;
      case Errc::failed:
      case Errc::partial:
      case Errc::damaged:
      case Errc::too_large:
      case Errc::exists:
      case Errc::cancelled:
      case Errc::unsupported: break;
    }
    return Code::service_failed;
  }();
  return {code, error.context};
}

void throw_exception_from_error(const RpcError& error, const boost::source_location&) {
  throw std::runtime_error(fmt::format("{} ({})", error.message, static_cast<int>(error.code)));
}

}  // namespace p2p::rpc
