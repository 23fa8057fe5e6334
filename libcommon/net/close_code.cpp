#include "net/close_code.hpp"

#include <fmt/format.h>

namespace p2p::net {
namespace {

/// Its values are codes of closes.
class CloseCategory final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "p2p.close"; }
  std::string message(int value) const override { return fmt::format("closed with {}", value); }
  boost::system::error_condition default_error_condition(int) const noexcept override {
    return {static_cast<int>(Errc::cancelled), p2p_category()};
  }
};

const boost::system::error_category& close_category() noexcept {
  static const CloseCategory category;
  return category;
}

}  // namespace

Error closed_by_peer(unsigned code) {
  return {{static_cast<int>(code), close_category()}, fmt::format("the peer closed the channel ({})", code)};
}

std::optional<unsigned> close_code_of(const Error& error) noexcept {
  if (error.code.category() != close_category() || error.code.value() == 0) return std::nullopt;
  return static_cast<unsigned>(error.code.value());
}

}  // namespace p2p::net
