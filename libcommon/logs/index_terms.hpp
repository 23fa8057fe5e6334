// What the search index knows of a record: terms, each of which is some bits of a block's signature. A record that
// fits a filter has all terms of the filter; one that has them may fit. Pure.
//
// Of a message, each three and each four characters that stand side by side are a term, without case as RE2 folds it.
// Only characters of ASCII, Latin-1 and Cyrillic count; any other one separates.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/log_sink.hpp"

namespace p2p::logs {

inline constexpr std::size_t kSignatureBits = 8192;
using Signature = std::array<std::uint64_t, kSignatureBits / 64>;
using TermBit = std::uint16_t;

/// The character without case, or nothing when it is not indexed. Characters that RE2 takes for each other without
/// case give the same.
std::optional<std::uint32_t> fold(std::uint32_t character);

void add_message(Signature& signature, std::string_view message);
/// The bits of a text that is looked for; empty when it is too short or has nothing that is indexed.
std::vector<TermBit> text_bits(std::string_view text);

/// The levels that have a term of their own: what is at least that severe.
enum class Severity : std::uint8_t { any, warning, error };
Severity severity_term(LogLevel minimum) noexcept;
/// The bits of "of this node" (its row; 0 for any) "and at least that severe".
std::array<TermBit, 4> node_bits(std::uint64_t node, Severity severity) noexcept;
std::array<TermBit, 4> logger_bits(std::uint64_t logger) noexcept;
void add_origin(Signature& signature, std::uint64_t node, std::uint64_t logger, LogLevel level);

}  // namespace p2p::logs
