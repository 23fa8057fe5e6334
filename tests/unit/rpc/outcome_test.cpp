#include "rpc/outcome.hpp"

#include <doctest/doctest.h>

#include <cerrno>

namespace p2p::rpc {
namespace {

TEST_CASE("what the system refused to the node is the node's failure, not a mistake of the caller") {
  for (const int number : {ENOENT, ENOTDIR, EACCES, EPERM, EROFS, EINVAL}) {
    CAPTURE(number);
    const RpcError error = to_rpc_error(system_error(number, "state.json"));
    CHECK(error.code == Code::service_failed);
    CHECK_FALSE(is_callers_mistake(error.code));
    CHECK(error.message.starts_with("state.json"));
  }
  CHECK(to_rpc_error(Error(Errc::not_found, "no node")).code == Code::no_such_target);
  CHECK(to_rpc_error(Error(Errc::not_permitted, "no right")).code == Code::not_permitted);
  CHECK(to_rpc_error(Error(Errc::invalid, "no number")).code == Code::invalid_params);
}

}  // namespace
}  // namespace p2p::rpc
