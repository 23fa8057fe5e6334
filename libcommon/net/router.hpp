// The route table: each route carries the permission and the limit class that it needs, checked in one place before the
// handler runs. Built once at start, read by all loops.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "auth/permission.hpp"
#include "net/channel.hpp"
#include "net/http.hpp"
#include "ratelimit/rates.hpp"

namespace p2p::net {

using ratelimit::LimitClass;

/// Runs on the session loop of the connection. Must not block; slow work goes to a pool or the control loop and is
/// awaited.
using Handler = std::function<boost::asio::awaitable<Response>(Request&)>;
/// Owns the channel until it returns; the channel is closed then.
using ChannelHandler = std::function<boost::asio::awaitable<void>(Request, ChannelPtr)>;
/// How a path says that its limit is reached, other than by a problem; `Retry-After` is added to it.
using OverLimit = std::function<Response(const Request&)>;
/// 429 with `Retry-After`, and a problem where the path has no words of its own.
Response over_limit(const Request& request, const OverLimit& own_words, std::chrono::seconds wait);

struct Route {
  Method method = Method::get;
  std::string pattern;  ///< `/services/{name}/start`; a final `{*}` takes the rest of the path
  auth::Permission permission = auth::Permission::admin;
  LimitClass limit_class = LimitClass::default_;
  Handler handler;                   ///< for plain requests
  ChannelHandler channel_handler{};  ///< set instead of `handler` for WebSocket routes (method get)
  ChannelLimits channel_limits{};
  /// Loopback clients need no permission (`/metrics`, `/cluster/nodes`).
  bool open_on_loopback = false;
  std::size_t max_body_bytes = 1 << 20;
  /// The Content-Encoding that the handler decodes itself; every other one is refused (RFC 9110 section 15.5.16).
  std::string content_coding{};
  OverLimit over_limit{};  ///< may be empty
};

class Router {
 public:
  void add(Route route);

  struct Match {
    const Route* route = nullptr;  ///< none: see `allowed`
    std::vector<std::string> captured;
    std::string allowed;  ///< methods of the path when only the method was wrong (405), else empty (404)
  };
  /// HEAD matches GET routes. Exact paths are found by hash, patterns after them in the order of addition.
  Match find(Method method, std::string_view path) const;

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  std::vector<Route> routes_;
  std::unordered_map<std::string, std::vector<std::size_t>, TextHash, std::equal_to<>> exact_;  // indices of routes_
  std::vector<std::size_t> patterns_;
};

}  // namespace p2p::net
