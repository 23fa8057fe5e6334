#include "rpc/outcome.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace p2p::rpc {

bool is_callers_mistake(Code code) noexcept {
  switch (code) {
    case Code::parse_error:
    case Code::invalid_request:
    case Code::method_not_found:
    case Code::invalid_params:
    case Code::no_such_target:
    case Code::not_permitted: return true;
    case Code::internal_error:
    case Code::service_failed:
    case Code::timeout:
    case Code::overloaded:
    case Code::breaker_open:
    case Code::unreachable: break;
  }
  return false;
}

RpcError to_rpc_error(const Error& error) {
  const auto code = [&] {
    // A file that is not there, or that the node may not write, is nothing that the caller can mend.
    const bool is_own = error.code.category() == p2p_category();
    switch (error.kind()) {
      case Errc::invalid: return is_own ? Code::invalid_params : Code::service_failed;
      case Errc::unreachable: return Code::unreachable;
      case Errc::not_permitted: return is_own ? Code::not_permitted : Code::service_failed;
      case Errc::timeout: return Code::timeout;
      case Errc::limited: return Code::overloaded;
      case Errc::not_found: return is_own ? Code::no_such_target : Code::service_failed;
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
