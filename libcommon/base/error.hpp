// Errors are values: an error code with one sentence of context. The kinds here are those that all folders share and
// that the tools turn into exit codes; a folder with outcomes of its own adds an enum that maps onto these.
#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <string>
#include <system_error>

namespace p2p {

/// What kind of failure it is, seen from a person's side. The comment says which exit code of a tool it becomes.
enum class Errc {
  failed = 1,     ///< it failed, and no narrower kind fits (1)
  invalid,        ///< the input or configuration is wrong (2)
  unreachable,    ///< nobody answers, the name does not resolve, or TLS fails (3)
  not_permitted,  ///< the caller may not do that, or the password is wrong (4)
  not_found,      ///< the named thing does not exist (5)
  timeout,        ///< it took longer than the time allowed; the outcome may be unknown (6)
  limited,        ///< over a rate limit, a full queue or disk, or an open breaker (7)
  partial,        ///< some of the targets failed (8)
  damaged,        ///< stored or received data is torn, forged or does not parse (9)
  too_large,      ///< over a size or count limit (1)
  exists,         ///< the thing is there already and is not overwritten unasked (1)
  cancelled,      ///< shutdown or the caller's disconnect ended it (130)
  unsupported,    ///< this build or peer cannot do it (1)
};

const boost::system::error_category& p2p_category() noexcept;
boost::system::error_code make_error_code(Errc kind) noexcept;

/// A failure: the code for programs, the context for people. The context is one sentence, lower case, without a full
/// stop, that names the thing: file, key, node, entry.
struct Error {
  boost::system::error_code code;
  std::string context;

  /// Only for containers that need a value to begin with; says nothing.
  Error() = default;
  Error(Errc kind, std::string what) : code(make_error_code(kind)), context(std::move(what)) {}
  Error(boost::system::error_code c, std::string what) : code(c), context(std::move(what)) {}

  /// The shared kind of this error; system and foreign codes are mapped (ETIMEDOUT is timeout, ENOENT is not_found, …).
  Errc kind() const noexcept;
};

[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& where);

template <class T>
using Result = boost::system::result<T, Error>;

/// `what: <strerror>` with the errno of a failed system call.
Error system_error(int errno_value, const std::string& what);

/// The exit code that a tool ends with for this error (DESIGN.md section 12).
int exit_code_of(Errc kind) noexcept;

}  // namespace p2p

template <>
struct boost::system::is_error_code_enum<p2p::Errc> : std::true_type {};
