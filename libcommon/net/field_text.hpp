// Small questions about HTTP field values: names and tokens compare without case (RFC 9110 section 5). Pure.
#pragma once

#include <string_view>

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

}  // namespace p2p::net
