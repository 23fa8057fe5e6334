// What is said at `POST /cluster/dial-back` (p2p-protocol(7)): a node asks how it is seen and whether it can be
// dialled. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace p2p::addresses {

inline constexpr char kDialBackPath[] = "/cluster/dial-back";
inline constexpr std::size_t kMaxDialBackBytes = 4096;

struct DialBackRequest {
  std::optional<std::uint16_t> port;  ///< where the asking node listens; unset: it only wants to know how it is seen
};

struct DialBackAnswer {
  std::string seen_as;             ///< the address that the request came from, without port and zone
  std::optional<bool> dials_back;  ///< unset where it was not tried
  std::string failure;             ///< why not, or why it was not tried; one sentence
};

/// The texts are at most kMaxDialBackBytes; `invalid` says what is wrong.
Result<DialBackRequest> parse_dial_back_request(std::string_view text);
Result<DialBackAnswer> parse_dial_back_answer(std::string_view text);
std::string to_text(const DialBackRequest& request);
std::string to_text(const DialBackAnswer& answer);

}  // namespace p2p::addresses
