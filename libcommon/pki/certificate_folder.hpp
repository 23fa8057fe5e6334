// The folder `certs/` in home, as files: ca_cert.pem, ca_key.pem, NAME_cert.pem, NAME_key.pem. Keys are 0600, the
// folder is 0700.
//
// A pair is replaced in three steps: the new key into NAME_key.pem.new, the certificate, the key into its place.
// Whoever reads the pair in between takes the key that belongs to the certificate; who writes next finishes what was
// cut off, or drops it (settle_pair). A new pair that is cut off is a key without certificate; a coordinator completes
// it at its next start.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "crypto/key.hpp"
#include "pki/certificate.hpp"

namespace p2p::pki {

/// A certificate and its private key.
struct KeyPair {
  Certificate certificate;
  crypto::KeyPtr key;
  std::string certificate_pem{};  ///< the file's whole text, which may hold a chain after the certificate
};

struct PairFiles {
  std::filesystem::path certificate;
  std::filesystem::path key;
};

/// Reads both; `not_found` names the missing file, `not_permitted` a key that others can read, `damaged` what does not
/// parse or a key of another certificate.
Result<KeyPair> read_pair(const PairFiles& files);

/// Writes key and certificate (see above). Unless `replace`, `exists` when either is there already. The caller holds
/// the folder's lock.
Result<void> write_pair(const PairFiles& files, const Certificate& certificate, const EVP_PKEY& key, bool replace);

/// Finishes a replacement that was cut off, or drops the new key where the old certificate is still in place. The
/// caller holds the folder's lock.
Result<void> settle_pair(const PairFiles& files);

Result<Certificate> read_certificate_file(const std::filesystem::path& path);
Result<crypto::KeyPtr> read_key_file(const std::filesystem::path& path);

class CertificateFolder {
 public:
  explicit CertificateFolder(std::filesystem::path path) : path_(std::move(path)) {}

  const std::filesystem::path& path() const noexcept { return path_; }
  /// `name` is a valid name (is_valid_name); "ca" is the CA itself.
  PairFiles files_of(const std::string& name) const;

  /// Names that have a certificate file here, sorted; `not_found` when the folder is not there.
  Result<std::vector<std::string>> names() const;

  /// Held by whoever writes here, so that two commands never mix their files. Blocks.
  Result<FileLock> lock() const;

 private:
  std::filesystem::path path_;
};

}  // namespace p2p::pki
