// p2p-ca init: makes the CA of a fleet and an operator certificate for this machine.
#include <fmt/format.h>

#include "commands.hpp"
#include "terminal.hpp"

namespace p2p::ca {
namespace {

namespace fs = std::filesystem;

/// The first of the files that init makes which is there already, or an empty path.
fs::path existing_file(const Tool& tool) {
  for (const char* name : {kAuthorityName, kOperatorName}) {
    const auto files = tool.certs.files_of(name);
    for (const auto& file : {files.certificate, files.key}) {
      std::error_code ignored;
      if (fs::exists(fs::symlink_status(file, ignored))) return file;
    }
  }
  return {};
}

/// Whether what is there may be overwritten; 0, or the exit code.
int allow_overwriting(const Options& options, Tool& tool) {
  const fs::path file = existing_file(tool);
  if (file.empty()) return 0;
  if (!options.force) {
    return tool.out.fail(Error(Errc::exists, file.string() + ": already exists"),
                         "--force makes a new CA; what the old one signed is then worth nothing");
  }
  if (options.yes) return 0;
  const auto answer = confirm(
      fmt::format("Replace the CA in {}? Every certificate that it signed becomes worthless.", tool.home.string()));
  if (!answer) return tool.out.fail(answer.error(), "--yes answers the question");
  if (!*answer) return tool.out.fail(Error(Errc::failed, "not replaced; nothing was changed"));
  return 0;
}

Result<void> make_operator(const pki::Authority& authority, crypto::KeyType key_type, const Tool& tool) {
  auto key = crypto::generate_key(key_type);
  if (!key) return key.error();
  const pki::LeafRequest request{.role = pki::Role::operator_, .name = kOperatorName};
  const auto certificate = authority.issue(request, **key, tool.now);
  if (!certificate) return certificate.error();
  return pki::write_pair(tool.certs.files_of(kOperatorName), *certificate, **key, true);
}

}  // namespace

int run_init(const Options& options, Tool& tool) {
  const auto key_type = crypto::parse_key_type(options.key_type);
  if (!key_type) {
    return tool.out.fail(Error(Errc::invalid, fmt::format("\"{}\" is not a type of key", options.key_type)),
                         "one of ecdsa-p256, ed25519, rsa-2048, rsa-3072, rsa-4096");
  }
  const pki::AuthorityRequest request{
      .cluster_name = options.cluster,
      .key_type = *key_type,
      .lifetime = std::chrono::days{options.days.value_or(pki::kAuthorityLifetime.count())}};
  // Before anything is asked or touched: the request may be wrong.
  const auto authority = pki::Authority::make(request, tool.now);
  if (!authority) return tool.out.fail(authority.error());
  const auto lock = tool.certs.lock();
  if (!lock) return tool.out.fail(lock.error());
  if (const int refused = allow_overwriting(options, tool); refused != 0) return refused;
  const auto files = tool.certs.files_of(kAuthorityName);
  if (auto written = pki::write_pair(files, authority->certificate(), authority->key(), true); !written) {
    return tool.out.fail(written.error());
  }
  if (auto made = make_operator(*authority, *key_type, tool); !made) {
    return tool.out.fail(made.error(), "the CA is made; p2p-ca sign operator --role operator makes the rest");
  }
  for (const char* name : {kAuthorityName, kOperatorName}) {
    tool.out.line(tool.certs.files_of(name).certificate.string());
    tool.out.line(tool.certs.files_of(name).key.string());
  }
  tool.out.note(fmt::format("made the CA of cluster {} and an operator certificate for this machine", options.cluster));
  tool.out.note("keep ca_key.pem here; every node needs ca_cert.pem");
  tool.out.note("next: p2p-ca sign NAME");
  return 0;
}

}  // namespace p2p::ca
