// How a tool's work ends: done, or a failure with its exit code, its message, and a hint that says the next command.
// Pure.
#pragma once

#include <boost/system/result.hpp>
#include <optional>
#include <string>

#include "base/error.hpp"

namespace p2p::cli {

/// The same in all tools (DESIGN.md section 12).
enum ExitCode : int {
  kDone = 0,
  kFailed = 1,
  kUsage = 2,
  kUnreachable = 3,
  kNotPermitted = 4,
  kNotFound = 5,
  kTimeout = 6,
  kLimited = 7,
  kPartial = 8,
  kDamaged = 9,
  kInterrupted = 130,
};

struct Failure {
  int exit_code = kFailed;
  std::string message;  ///< as Error::context; empty when everything was said already
  std::string hint{};
  std::optional<int> rpc_code{};  ///< of JSON-RPC, where a call was answered with an error

  Failure() = default;
  Failure(int code, std::string text, std::string next = {})
      : exit_code(code), message(std::move(text)), hint(std::move(next)) {}
  Failure(const Error& error) : exit_code(exit_code_of(error.kind())), message(error.context) {}  // NOLINT: implicit
  Failure(const Error& error, std::string next) : Failure(error) { hint = std::move(next); }
};

[[noreturn]] void throw_exception_from_error(const Failure& failure, const boost::source_location& where);

template <class T>
using Attempt = boost::system::result<T, Failure>;

}  // namespace p2p::cli
