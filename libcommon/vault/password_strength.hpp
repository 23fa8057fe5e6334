// How good a new password is. Pure.
#pragma once

#include <string>
#include <string_view>

namespace p2p::vault {

inline constexpr std::size_t kMinPasswordCharacters = 8;

/// Why a password of this vault would be refused, or empty.
std::string password_fault(std::string_view password);

/// Why a password is weak although it is taken, or empty: a guess by length, kinds of characters and repetition, not a
/// promise.
std::string password_weakness(std::string_view password);

}  // namespace p2p::vault
