#include "vault/password_strength.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.hpp"

namespace p2p::vault {
namespace {

/// 600,000 iterations add 19 bits to these; together they are beyond who has a few thousand machines.
constexpr double kWantedBits = 60;

constexpr std::array<std::string_view, 12> kKnownWords{"password", "12345678", "qwertyui", "qwerty12",
                                                       "letmein",  "iloveyou", "admin",    "welcome",
                                                       "changeme", "secret",   "vault",    "dragon"};

std::size_t characters_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

bool has_between(std::string_view text, char first, char last) {
  return std::any_of(text.begin(), text.end(), [&](char c) { return c >= first && c <= last; });
}

/// From how many characters each was chosen.
double alphabet_of(std::string_view text) {
  double out = 0;
  if (has_between(text, 'a', 'z')) out += 26;
  if (has_between(text, 'A', 'Z')) out += 26;
  if (has_between(text, '0', '9')) out += 10;
  const auto is_other = [](char c) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return !is_letter && !(c >= '0' && c <= '9');
  };
  if (std::any_of(text.begin(), text.end(), is_other)) out += 33;
  return out;
}

/// Characters that do not go on from the one before, as in `aaaa` and `1234`.
std::size_t surprises_in(std::string_view text) {
  std::size_t out = 1;
  for (std::size_t i = 1; i < text.size(); ++i) {
    const int step = text[i] - text[i - 1];
    if (step < -1 || step > 1) ++out;
  }
  return out;
}

}  // namespace

std::string password_fault(std::string_view password) {
  if (characters_of(password) >= kMinPasswordCharacters) return {};
  return fmt::format("the new password has fewer than {} characters", kMinPasswordCharacters);
}

std::string password_weakness(std::string_view password) {
  const std::string lower = lower_ascii(password);
  const bool is_short = characters_of(password) < 2 * kMinPasswordCharacters;
  for (const auto word : kKnownWords) {
    if (is_short && lower.find(word) != std::string::npos) return "it has one of the first words that are tried";
  }
  const double bits = static_cast<double>(surprises_in(password)) * std::log2(std::max(2.0, alphabet_of(password)));
  if (bits < kWantedBits) return "it is short for what it is made of";
  return {};
}

}  // namespace p2p::vault
