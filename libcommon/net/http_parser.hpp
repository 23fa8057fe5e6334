// Beast's parser behind a plain face, fed from a buffer of our own, with the rules of head_rules.hpp on top.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "net/head_rules.hpp"
#include "net/http.hpp"

namespace p2p::net {

/// Errors: `invalid` for what is malformed or ambiguous, `too_large` past a limit.
class RequestParser {
 public:
  RequestParser();
  ~RequestParser();

  /// `head` is whole, as HeadScanner found it; fills method, path, query and headers of `into`, which must outlive the
  /// message.
  Result<Framing> parse_head(std::string_view head, Request& into);
  /// Once, before the first parse_body: a chunked body larger than this is `too_large`. (A Content-Length is the
  /// caller's to judge, before any of the body is read.)
  void limit_body(std::size_t max_bytes);
  /// Takes body bytes; how many were used. Beyond done() nothing is.
  Result<std::size_t> parse_body(std::string_view bytes);
  bool done() const;
  bool keep_alive() const { return keep_alive_; }  ///< as the client wants it
  bool upgrade() const { return upgrade_; }        ///< `Connection: upgrade` was there

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  bool keep_alive_ = false;
  bool upgrade_ = false;
};

/// The client's side.
class ResponseParser {
 public:
  ResponseParser();
  ~ResponseParser();

  /// The status. `answers_head`: the request was a HEAD, so no body follows.
  Result<unsigned> parse_head(std::string_view head, bool answers_head, Headers& headers, std::string& body);
  /// Once, before the first parse_body: a larger body is `too_large`.
  void limit_body(std::size_t max_bytes);
  Result<std::size_t> parse_body(std::string_view bytes);
  /// 0 where none was given.
  std::uint64_t content_length() const { return content_length_; }
  /// The connection ended: `damaged` unless that is how the body ends.
  Result<void> end();
  bool done() const;
  bool keep_alive() const { return keep_alive_; }

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  bool keep_alive_ = false;
  std::uint64_t content_length_ = 0;
};

}  // namespace p2p::net
