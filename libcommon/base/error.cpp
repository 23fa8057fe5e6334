#include "base/error.hpp"

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace p2p {
namespace {

class Category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "p2p"; }
  std::string message(int value) const override {
    switch (static_cast<Errc>(value)) {
      case Errc::failed: return "failed";
      case Errc::invalid: return "invalid input";
      case Errc::unreachable: return "unreachable";
      case Errc::not_permitted: return "not permitted";
      case Errc::not_found: return "not found";
      case Errc::timeout: return "timed out";
      case Errc::limited: return "limited";
      case Errc::partial: return "done in part";
      case Errc::damaged: return "damaged data";
      case Errc::too_large: return "too large";
      case Errc::exists: return "already exists";
      case Errc::cancelled: return "cancelled";
      case Errc::unsupported: return "unsupported";
    }
    return "unknown";
  }
};

Errc kind_of_errno(int value) {
  switch (value) {
    case ENOENT:
    case ENOTDIR: return Errc::not_found;
    case EACCES:
    case EPERM:
    case EROFS: return Errc::not_permitted;
    case ETIMEDOUT: return Errc::timeout;
    case ECANCELED: return Errc::cancelled;
    case EEXIST: return Errc::exists;
    case ECONNREFUSED:
    case ECONNRESET:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EPIPE:
    case ENETDOWN:
    case EADDRNOTAVAIL:
    case ECONNABORTED:
    case EHOSTDOWN: return Errc::unreachable;
    case EFBIG:
    case EMSGSIZE: return Errc::too_large;
    case ENOSPC:
    case EDQUOT: return Errc::limited;
    case EINVAL: return Errc::invalid;
    default: return Errc::failed;
  }
}

}  // namespace

const boost::system::error_category& p2p_category() noexcept {
  static const Category category;
  return category;
}

boost::system::error_code make_error_code(Errc kind) noexcept { return {static_cast<int>(kind), p2p_category()}; }

Errc Error::kind() const noexcept {
  if (code.category() == p2p_category()) return static_cast<Errc>(code.value());
  const auto condition = code.default_error_condition();
  if (condition.category() == p2p_category()) return static_cast<Errc>(condition.value());
  if (condition.category() == boost::system::generic_category()) return kind_of_errno(condition.value());
  if (code.category() == boost::system::system_category()) return kind_of_errno(code.value());
  return Errc::failed;
}

void throw_exception_from_error(const Error& error, const boost::source_location&) {
  throw std::runtime_error(error.context);
}

Error system_error(int errno_value, const std::string& what) {
  return {boost::system::error_code(errno_value, boost::system::system_category()),
          what + ": " + std::strerror(errno_value)};
}

int exit_code_of(Errc kind) noexcept {
  switch (kind) {
    case Errc::invalid: return 2;
    case Errc::unreachable: return 3;
    case Errc::not_permitted: return 4;
    case Errc::not_found: return 5;
    case Errc::timeout: return 6;
    case Errc::limited: return 7;
    case Errc::partial: return 8;
    case Errc::damaged: return 9;
    case Errc::cancelled: return 130;
    case Errc::failed:
    case Errc::too_large:
    case Errc::exists:
    case Errc::unsupported: return 1;
  }
  return 1;
}

}  // namespace p2p
