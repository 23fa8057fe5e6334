#include "pki/bundle.hpp"

#include <fmt/format.h>

#include <optional>

#include "base/text.hpp"
#include "crypto/key.hpp"

namespace p2p::pki {
namespace {

constexpr std::string_view kTitle = "# p2p bundle ";
constexpr std::string_view kVersion = "1";

/// Takes the next line and moves on; CR LF ends a line too.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::optional<std::string> take_field(std::string_view& text, std::string_view prefix) {
  const std::string_view line = take_line(text);
  if (!line.starts_with(prefix)) return std::nullopt;
  return std::string(line.substr(prefix.size()));
}

Error damaged(const std::string& name, std::string_view why) {
  return {Errc::damaged, fmt::format("{}: {}", name, why)};
}

Result<Identity> take_header(std::string_view& text, const std::string& name) {
  const auto version = take_field(text, kTitle);
  if (!version) return damaged(name, "not a p2p bundle");
  if (*version != kVersion) {
    return Error(Errc::unsupported, fmt::format("{}: a bundle of version {}, this program reads {}", name,
                                                escape_controls(version->substr(0, 16)), kVersion));
  }
  const auto cluster = take_field(text, "# cluster: ");
  const auto subject = take_field(text, "# name: ");
  const auto role_text = take_field(text, "# role: ");
  const auto role = role_text ? parse_role(*role_text) : std::nullopt;
  if (!cluster || !subject || !role) return damaged(name, "the bundle's header is cut or changed");
  return Identity{*cluster, *role, *subject};
}

}  // namespace

Result<crypto::Secret> write_bundle(const Bundle& bundle) {
  const auto& [identity, certificate, key, ca] = bundle;
  std::string header = fmt::format("{}{}\n# cluster: {}\n# name: {}\n# role: {}\n", kTitle, kVersion,
                                   identity.cluster_name, identity.name, to_string(identity.role));
  std::string text;
  text.reserve(header.size() + certificate.size() + key.view().size() + ca.size());
  text.append(header).append(certificate).append(key.view()).append(ca);
  if (text.size() > kMaxBundleBytes) {
    crypto::wipe(text);
    return Error(Errc::too_large, fmt::format("a bundle of more than {} bytes", kMaxBundleBytes));
  }
  return crypto::Secret(std::move(text));
}

Result<Bundle> parse_bundle(std::string_view text, WallTime now, const std::string& name) {
  if (text.size() > kMaxBundleBytes) {
    return Error(Errc::too_large, fmt::format("{}: larger than {} bytes", name, kMaxBundleBytes));
  }
  std::string_view rest = text;
  auto header = take_header(rest, name);
  if (!header) return header.error();
  auto certificates = read_all_certificates(rest, name);
  if (!certificates) return certificates.error();
  if (certificates->size() < 2) return damaged(name, "the CA's certificate is missing");
  const Certificate& own = certificates->front();
  const auto identity = own.identity();
  if (!identity) return damaged(name, identity.error().context);
  if (*identity != *header) return damaged(name, "the header names another identity than the certificate");
  // The key comes second, long before this many bytes; several roots after it may be longer than any key.
  const auto key = crypto::read_private_key(rest.substr(0, crypto::kMaxKeyPemBytes), name);
  if (!key) return key.error();
  if (!crypto::same_key(own.public_key(), **key)) return damaged(name, "the key does not belong to the certificate");
  std::string ca_pem;
  for (std::size_t i = 1; i < certificates->size(); ++i) ca_pem += (*certificates)[i].pem();
  const auto roots = Roots::from_pem(ca_pem, name);
  if (!roots) return roots.error();
  if (auto chain = roots->verify(own, Purpose::client, now); !chain) return damaged(name, chain.error().context);
  auto key_pem = crypto::write_private_key(**key);
  if (!key_pem) return key_pem.error();
  return Bundle{std::move(*header), own.pem(), std::move(*key_pem), std::move(ca_pem)};
}

}  // namespace p2p::pki
