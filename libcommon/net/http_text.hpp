// Requests and responses as bytes on the wire (RFC 9112), appended to one string so that one write sends them. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "net/http.hpp"

namespace p2p::net {

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 section 5.6.7).
std::string format_http_date(WallTime time);
/// That form alone, not the two obsolete ones; `invalid` otherwise, and for years before 1970 or after 2261.
Result<WallTime> parse_http_date(std::string_view text);
/// Retry-After in seconds or as a date, seen from `now`; none when absent, malformed or in the past. At most a day.
std::optional<std::chrono::seconds> read_retry_after(const Headers& headers, WallTime now);

struct ResponseWriting {
  std::string_view date;       ///< the Date field's value
  bool keep_alive = true;      ///< else `Connection: close`
  bool with_body = true;       ///< false for HEAD: the length is said, the body is not sent
  bool http10_client = false;  ///< an HTTP/1.0 client needs `Connection: keep-alive` said
  /// A streamed body follows, in chunks; with HTTP/1.0 until the connection ends.
  bool streamed = false;
};
/// A header of `response` that is no token or has a control character is left out: it would split the response.
void append_response(std::string& out, const Response& response, const ResponseWriting& how);

/// What a client sends. `invalid` for a target or field that would not be one request.
Result<void> append_request(std::string& out, Method method, std::string_view target, std::string_view host,
                            const Headers& headers, std::string_view body);

}  // namespace p2p::net
