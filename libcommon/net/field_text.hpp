// Small questions about HTTP field values: names and tokens compare without case (RFC 9110 section 5). Pure.
#pragma once

#include <string_view>
#include <vector>

namespace p2p::net {

bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept;

/// The next element of a comma-separated list, trimmed of spaces and tabs; `list` loses it. Empty elements are given
/// as they are.
std::string_view next_element(std::string_view& list) noexcept;

/// True when the comma-separated `list` has the element `token`.
bool has_token(std::string_view list, std::string_view token) noexcept;

/// A token of RFC 9110 section 5.6.2: a field name or method.
bool is_token(std::string_view text) noexcept;
/// No control characters but tab: safe as a field value.
bool is_field_value(std::string_view text) noexcept;

/// The values of all cookies of this name in a Cookie field (RFC 6265 section 4.2): whoever serves another port of the
/// same host may have set one too. At most kMaxCookiesOfOneName.
inline constexpr std::size_t kMaxCookiesOfOneName = 8;
std::vector<std::string_view> cookies_named(std::string_view field, std::string_view name);

}  // namespace p2p::net
