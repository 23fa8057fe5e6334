// The two halves of a method's full name. Pure.
#pragma once

#include <string_view>

namespace p2p::rpc {

/// The `service` of `service.method`.
inline std::string_view service_of(std::string_view method) { return method.substr(0, method.find('.')); }
/// The `method` of `service.method`.
inline std::string_view bare_method(std::string_view method) { return method.substr(method.find('.') + 1); }

}  // namespace p2p::rpc
