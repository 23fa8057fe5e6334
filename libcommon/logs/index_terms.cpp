#include "logs/index_terms.hpp"

#include <algorithm>

namespace p2p::logs {
namespace {

/// A folded character fits into this; a window holds four.
constexpr unsigned kCharacterBits = 11;
constexpr std::uint64_t kThree = (std::uint64_t{1} << (3 * kCharacterBits)) - 1;
constexpr std::uint64_t kFour = (std::uint64_t{1} << (4 * kCharacterBits)) - 1;
/// More bits of a text make it no more selective.
constexpr std::size_t kMaxTextBits = 32;

constexpr std::uint64_t kOfThree = 0x9E3779B97F4A7C15U;
constexpr std::uint64_t kOfFour = 0xD6E8FEB86659FD93U;

TermBit bit_of(std::uint64_t value, std::uint64_t odd) noexcept {
  return static_cast<TermBit>((value + 1) * odd >> (64 - 13));
}
static_assert(kSignatureBits == 1 << 13);

void set(Signature& signature, TermBit bit) noexcept { signature[bit / 64] |= std::uint64_t{1} << (bit % 64); }

constexpr std::uint32_t kNotIndexed = 0;

/// Letters that RE2 folds into the ranges below from outside of them.
std::uint32_t fold_stranger(std::uint32_t c) noexcept {
  static constexpr std::pair<std::uint32_t, std::uint32_t> kStrangers[] = {
      {0x17F, 's'},    {0x212A, 'k'},   {0x178, 0xFF},   {0x212B, 0xE5},  {0x1E9E, 0xDF},  {0x1C80, 0x432},
      {0x1C81, 0x434}, {0x1C82, 0x43E}, {0x1C83, 0x441}, {0x1C84, 0x442}, {0x1C85, 0x442}, {0x1C86, 0x44A}};
  for (const auto& [from, to] : kStrangers) {
    if (c == from) return to;
  }
  return kNotIndexed;
}

std::uint32_t fold_character(std::uint32_t c) noexcept {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 0x20 : c;
  if (c < 0xC0) return kNotIndexed;
  if (c <= 0xFF) return c <= 0xDE && c != 0xD7 ? c + 0x20 : c;
  if (c >= 0x400 && c <= 0x45F) return c < 0x410 ? c + 0x50 : c < 0x430 ? c + 0x20 : c;
  return fold_stranger(c);
}

/// The next character of UTF-8 text that is not ASCII; what is malformed is one that is not indexed.
std::uint32_t next_character(std::string_view text, std::size_t& at) noexcept {
  const auto first = static_cast<unsigned char>(text[at++]);
  const unsigned more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0;
  std::uint32_t out = first & (0x3FU >> more);
  for (unsigned i = 0; i < more && at < text.size(); ++i)
    out = out << 6 | (static_cast<unsigned char>(text[at++]) & 0x3F);
  return more == 0 ? kNotIndexed : out;
}

/// Calls `visit` with each run of three and of four characters.
template <class Three, class Four>
void each_run(std::string_view text, Three three, Four four) {
  std::uint64_t window = 0;
  unsigned length = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    std::uint32_t c = byte;
    if (byte < 0x80) {
      ++at;
      if (byte >= 'A' && byte <= 'Z') c += 0x20;
    } else {
      c = fold_character(next_character(text, at));
    }
    if (c == kNotIndexed) {
      length = 0;
      continue;
    }
    window = (window << kCharacterBits | c) & kFour;
    ++length;
    if (length >= 3) three(window & kThree);
    if (length >= 4) four(window);
  }
}

std::array<TermBit, 4> origin_bits(std::uint64_t value) noexcept {
  // Far from what four characters give.
  value |= std::uint64_t{1} << 62;
  return {bit_of(value, 0xBF58476D1CE4E5B9U), bit_of(value, 0x94D049BB133111EBU), bit_of(value, 0xA0761D6478BD642FU),
          bit_of(value, 0xE7037ED1A0B428DBU)};
}

}  // namespace

std::optional<std::uint32_t> fold(std::uint32_t character) {
  const std::uint32_t out = fold_character(character);
  if (out == kNotIndexed) return std::nullopt;
  return out;
}

void add_message(Signature& signature, std::string_view message) {
  each_run(
      message, [&](std::uint64_t run) { set(signature, bit_of(run, kOfThree)); },
      [&](std::uint64_t run) { set(signature, bit_of(run, kOfFour)); });
}

std::vector<TermBit> text_bits(std::string_view text) {
  std::vector<TermBit> threes, out;
  each_run(
      text, [&](std::uint64_t run) { threes.push_back(bit_of(run, kOfThree)); },
      [&](std::uint64_t run) { out.push_back(bit_of(run, kOfFour)); });
  out.insert(out.end(), threes.begin(), threes.end());
  if (out.size() <= kMaxTextBits) return out;
  // Spread over the whole text, as one end may be a word that is everywhere.
  std::vector<TermBit> some;
  for (std::size_t i = 0; i < kMaxTextBits; ++i) some.push_back(out[i * out.size() / kMaxTextBits]);
  return some;
}

Severity severity_term(LogLevel minimum) noexcept {
  if (minimum >= LogLevel::error) return Severity::error;
  return minimum >= LogLevel::warning ? Severity::warning : Severity::any;
}

std::array<TermBit, 4> node_bits(std::uint64_t node, Severity severity) noexcept {
  return origin_bits(node << 3 | static_cast<std::uint64_t>(severity));
}

std::array<TermBit, 4> logger_bits(std::uint64_t logger) noexcept { return origin_bits(logger << 3 | 7); }

void add_origin(Signature& signature, std::uint64_t node, std::uint64_t logger, LogLevel level) {
  const auto add = [&](const std::array<TermBit, 4>& bits) {
    for (const auto bit : bits) set(signature, bit);
  };
  add(logger_bits(logger));
  add(node_bits(node, Severity::any));
  for (const auto severity : {Severity::warning, Severity::error}) {
    if (severity > severity_term(level)) break;
    add(node_bits(0, severity));
    add(node_bits(node, severity));
  }
}

}  // namespace p2p::logs
