// Requests and responses as everything above net/ sees them. No Beast, no sockets. Pure.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/permission.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"

namespace p2p::net {

enum class Method : unsigned char { get, head, post, put, delete_, options, other };
std::string_view to_string(Method method) noexcept;
Method parse_method(std::string_view text) noexcept;

/// Header fields in order; names compare without case. Small, so a vector and a scan.
class Headers {
 public:
  void set(std::string name, std::string value);
  void add(std::string name, std::string value);
  /// The first value, or empty.
  std::string_view get(std::string_view name) const noexcept;
  bool has(std::string_view name) const noexcept;
  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  std::size_t size() const { return fields_.size(); }
  void clear() { fields_.clear(); }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

struct Request {
  Method method = Method::get;
  std::string path;   ///< percent-decoded, begins with '/', no "..", no NUL
  std::string query;  ///< raw, without '?'
  Headers headers;
  std::string body;
  auth::Caller caller;                ///< filled by the server before routing
  std::vector<std::string> captured;  ///< what `{…}` segments of the route matched, in order
  Monotonic deadline{};  ///< by when the answer must be written; from P2P-Timeout-Ms where the route takes it

  /// Percent-decoded query parameter, or nullopt.
  std::optional<std::string> query_parameter(std::string_view name) const;
};

class StreamedBody;  // streamed_body.hpp

struct Response {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  Headers headers;  ///< beyond Content-Type, Content-Length, Date, Connection
  /// The body instead of `body`, where it is not known at once. For other requests than HEAD.
  std::shared_ptr<StreamedBody> streamed{};

  static Response json(std::string body, unsigned status = 200);
  static Response text(std::string body, unsigned status = 200);
  /// RFC 9457: `{"type":"about:blank","title":…,"status":…,"detail":…}`.
  static Response problem(unsigned status, std::string_view detail);
  /// A problem whose status fits the error's kind: not_permitted 403, not_found 404, invalid 400, too_large 413,
  /// timeout 504, limited 429, unreachable 502, else 500.
  static Response problem(const Error& error);
};

/// What a server answered, as its client sees it.
struct Answer {
  unsigned status = 0;
  Headers headers;
  std::string body;
};

std::string_view reason_phrase(unsigned status) noexcept;
Result<std::string> percent_decode(std::string_view text);
std::string percent_encode(std::string_view text);

}  // namespace p2p::net
