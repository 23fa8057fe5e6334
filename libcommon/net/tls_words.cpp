#include "net/tls_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace p2p::net {

std::string tls_sentence(std::string_view reason) {
  // Whoever does not take a certificate ends the handshake with the alert of RFC 8446 section 6.2 that its own check
  // gave.
  constexpr std::string_view kRefused = "this certificate was refused: revoked, or not of that fleet";
  constexpr std::pair<std::string_view, std::string_view> kPlain[] = {
      {"unexpected eof", "the connection was closed"},
      {"alert handshake failure", kRefused},
      {"alert unknown ca", kRefused},
      {"alert bad certificate", kRefused},
      {"alert certificate revoked", "this certificate was revoked"},
      {"alert certificate expired", "this certificate has expired"},
  };
  for (const auto& [words, plain] : kPlain) {
    if (reason.find(words) != std::string_view::npos) return fmt::format("{} (TLS: {})", plain, reason);
  }
  return fmt::format("TLS: {}", reason);
}

std::optional<std::string_view> refusal_in(std::string_view error_text) {
  constexpr std::string_view kAlert = " alert ";
  const std::size_t at = error_text.rfind(kAlert);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view alert = error_text.substr(at + kAlert.size());
  return alert.substr(0, alert.find(')'));
}

bool is_foreign_ca(const Error& error) {
  constexpr std::array<std::string_view, 3> kWords{"issuer certificate", "self-signed certificate",
                                                   "certificate signature failure"};
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view words) { return error.context.find(words) != std::string::npos; });
}

}  // namespace p2p::net
