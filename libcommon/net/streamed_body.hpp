// A response's body that comes piece by piece: the server writes the head, then lets the body write itself.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string_view>

#include "base/error.hpp"

namespace p2p::net {

/// To the client, as chunks where it understands them.
class BodyWriter {
 public:
  virtual ~BodyWriter() = default;
  /// Returns once the connection took all of it; `unreachable` when the client has gone. Not to be cancelled alone:
  /// half a piece would be on its way.
  virtual boost::asio::awaitable<Result<void>> write(std::string_view piece) = 0;
};

class StreamedBody {
 public:
  virtual ~StreamedBody() = default;
  /// On the session loop, while the request still stands. It is cancelled when the client goes away or the request's
  /// deadline and its grace have passed. An exception cuts the connection, so that the client sees that something
  /// lacks.
  virtual boost::asio::awaitable<void> write_to(BodyWriter& out) = 0;
};

}  // namespace p2p::net
