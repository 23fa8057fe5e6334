// What a request's head must obey beyond what the parser checks: one way to read it, or it is refused (DESIGN.md
// sections 3 and 6; RFC 9112 sections 2.2, 3.2, 5.1, 6.3, 11.2). Pure.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/error.hpp"
#include "net/http.hpp"

namespace p2p::net {

inline constexpr std::size_t kMaxHeadBytes = 16 << 10;
inline constexpr std::size_t kMaxHeaderFields = 100;

/// Looks at a head's lines as they come and finds its end. A bare LF or CR, a control character and a folded line are
/// refused with their line, so that no ill-formed head waits for more.
class HeadScanner {
 public:
  /// `data` is everything received since the head's first byte. The length of the head with its empty line, or 0 while
  /// it is incomplete; `invalid` as above, `too_large` past kMaxHeadBytes.
  Result<std::size_t> scan(std::string_view data);
  void reset() { *this = {}; }

 private:
  std::size_t line_start_ = 0;
  std::size_t searched_ = 0;  // no LF from line_start_ to here
};

/// What the head says of the message's framing.
struct Framing {
  bool http11 = true;
  bool chunked = false;
  std::optional<std::uint64_t> content_length;
  bool has_body() const { return chunked || content_length.value_or(0) > 0; }
};

/// Reads the framing; `invalid` for several or malformed Content-Lengths, one beside a Transfer-Encoding, and any
/// coding but a single `chunked`. `http11` is the caller's.
Result<Framing> read_framing(const Headers& headers, bool http11);

/// `invalid` unless an HTTP/1.1 request has exactly one Host with one plain value (HTTP/1.0: at most one).
Result<void> check_host(const Headers& headers, bool http11);

/// Splits a request target (origin or absolute form) into Request::path, decoded once, and the raw query. `invalid` for
/// bad escapes, dot segments (also encoded), NUL and other control characters, fragments, and any other form.
Result<void> read_target(std::string_view target, Request& into);

/// True unless an `Origin`, of several any, is present that is not this very host: a browser page of elsewhere must not
/// open a WebSocket here.
bool is_same_origin(const Headers& headers, bool over_tls);

}  // namespace p2p::net
