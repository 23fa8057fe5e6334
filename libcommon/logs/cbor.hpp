// The part of CBOR (RFC 8949) that log shipping uses: definite-length arrays, integers, text, null and booleans.
// Written and read in one pass without building a document, because every record of the fleet goes through here. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.hpp"

namespace p2p::logs {

class CborWriter {
 public:
  explicit CborWriter(Bytes& out) : out_(out) {}
  void array(std::uint64_t count) { head(4, count); }
  void unsigned_integer(std::uint64_t value) { head(0, value); }
  void integer(std::int64_t value);
  void text(std::string_view value);
  void boolean(bool value) { out_.push_back(value ? 0xF5 : 0xF4); }

 private:
  void head(unsigned major, std::uint64_t argument);
  Bytes& out_;
};

/// Reads forward; after the first failure everything fails. Views point into the input.
class CborReader {
 public:
  explicit CborReader(ByteView input) : input_(input) {}
  std::optional<std::uint64_t> array();
  std::optional<std::uint64_t> unsigned_integer();
  std::optional<std::int64_t> integer();
  std::optional<std::string_view> text();
  std::optional<bool> boolean();
  /// Passes over one item of any type with definite lengths; false when it is malformed.
  bool skip();
  bool at_end() const { return input_.empty(); }

 private:
  struct Head {
    unsigned major;
    unsigned info;
    std::uint64_t argument;
  };
  std::optional<Head> head();
  std::optional<std::uint64_t> argument_of(unsigned major);
  std::nullopt_t fail();
  ByteView input_;
  bool failed_ = false;
};

}  // namespace p2p::logs
