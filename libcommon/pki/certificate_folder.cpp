#include "pki/certificate_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace p2p::pki {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kCertificateSuffix = "_cert.pem";
constexpr std::string_view kKeySuffix = "_key.pem";

/// Where a key waits for its certificate.
fs::path waiting_key(const fs::path& key) { return key.string() + ".new"; }

/// The key that waits, if it is this certificate's.
std::optional<crypto::KeyPtr> read_waiting_key(const fs::path& file, const Certificate& certificate) {
  auto key = read_key_file(waiting_key(file));
  if (!key || !crypto::same_key(certificate.public_key(), **key)) return std::nullopt;
  return std::move(*key);
}

}  // namespace

Result<Certificate> read_certificate_file(const fs::path& path) {
  const auto pem = read_file(path, kMaxCertificatePemBytes);
  if (!pem) return pem.error();
  return Certificate::from_pem(*pem, path.string());
}

Result<crypto::KeyPtr> read_key_file(const fs::path& path) {
  auto text = read_secret_file(path, crypto::kMaxKeyPemBytes);
  if (!text) return text.error();
  const crypto::Secret pem(std::move(*text));
  return crypto::read_private_key(pem.view(), path.string());
}

Result<KeyPair> read_pair(const PairFiles& files) {
  auto pem = read_file(files.certificate, kMaxCertificatePemBytes);
  if (!pem) return pem.error();
  auto certificate = Certificate::from_pem(*pem, files.certificate.string());
  if (!certificate) return certificate.error();
  auto key = read_key_file(files.key);
  if (!key) return key.error();
  if (!crypto::same_key(certificate->public_key(), **key)) {
    if (auto waiting = read_waiting_key(files.key, *certificate)) {
      return KeyPair{std::move(*certificate), std::move(*waiting), std::move(*pem)};
    }
    return Error(Errc::damaged, fmt::format("{}: the key does not belong to the certificate {}", files.key.string(),
                                            files.certificate.string()));
  }
  return KeyPair{std::move(*certificate), std::move(*key), std::move(*pem)};
}

Result<void> write_pair(const PairFiles& files, const Certificate& certificate, const EVP_PKEY& key, bool replace) {
  const auto key_pem = crypto::write_private_key(key);
  if (!key_pem) return key_pem.error();
  if (!replace && file_exists(files.certificate)) {
    return Error(Errc::exists, files.certificate.string() + ": already exists");
  }
  const std::string certificate_pem = certificate.pem();
  const NewFile new_certificate{files.certificate, certificate_pem, kPublicMode};
  if (!replace) {
    const NewFile both[] = {{files.key, key_pem->view(), kSecretMode}, new_certificate};
    return create_files(both);
  }
  if (auto settled = settle_pair(files); !settled) return settled;
  const fs::path waiting = waiting_key(files.key);
  const NewFile both[] = {{waiting, key_pem->view(), kSecretMode}, new_certificate};
  const auto done = write_files(both);
  return done ? move_file(waiting, files.key) : done;
}

Result<void> settle_pair(const PairFiles& files) {
  const fs::path waiting = waiting_key(files.key);
  if (!file_exists(waiting)) return {};
  const auto certificate = read_certificate_file(files.certificate);
  if (certificate && read_waiting_key(files.key, *certificate)) return move_file(waiting, files.key);
  return remove_file(waiting);
}

PairFiles CertificateFolder::files_of(const std::string& name) const {
  return {path_ / (name + std::string(kCertificateSuffix)), path_ / (name + std::string(kKeySuffix))};
}

Result<std::vector<std::string>> CertificateFolder::names() const {
  const auto files = files_in(path_);
  if (!files) return files.error();
  if (files->empty() && !file_exists(path_)) return system_error(ENOENT, path_.string());
  std::vector<std::string> out;
  for (const auto& path : *files) {
    const std::string file = path.filename().string();
    if (file.starts_with('.') || !file.ends_with(kCertificateSuffix)) continue;
    out.push_back(file.substr(0, file.size() - kCertificateSuffix.size()));
  }
  std::sort(out.begin(), out.end());
  return out;
}

Result<FileLock> CertificateFolder::lock() const { return FileLock::acquire(path_ / ".lock"); }

}  // namespace p2p::pki
