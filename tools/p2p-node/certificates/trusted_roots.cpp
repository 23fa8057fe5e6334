#include "trusted_roots.hpp"

#include <utility>

#include "base/file.hpp"
#include "pki/root_list.hpp"

namespace p2p::node {

TrustedRoots::TrustedRoots(Files files, std::string cluster_name, const NodeIdentity& identity, const Clock& clock,
                           LogSink& log)
    : files_(std::move(files)),
      cluster_name_(std::move(cluster_name)),
      identity_(identity),
      clock_(clock),
      log_(log, "Pki"),
      text_(std::make_shared<const std::string>()) {}

Result<std::uint64_t> TrustedRoots::check(ByteView content) const {
  const auto list = pki::read_root_list(as_text(content), identity_.roots(), cluster_name_);
  if (!list) return list.error();
  return list->version;
}

bool TrustedRoots::accept(const membership::Bulletin& bulletin) {
  const auto list = pki::read_root_list(as_text(*bulletin.content), identity_.roots(), cluster_name_);
  if (!list) {
    log_.warning("a list of roots is not used: {}", list.error().context);
    return false;
  }
  text_ = std::make_shared<const std::string>(as_text(*bulletin.content));
  std::error_code none;
  if (std::filesystem::exists(files_.ca_key, none) || list->pem == *identity_.ca_pem()) return false;
  const auto own = list->roots.verify(identity_.certificate(), pki::Purpose::server, clock_.wall());
  if (!own) {
    log_.critical(
        "the fleet no longer trusts the CA key that signed this node's certificate: \"p2p-ca invite\" where the CA is "
        "and \"p2p-node join --force\" here bring it back");
    return false;
  }
  if (const auto written = write_file(files_.certificates, list->pem, kPublicMode); !written) {
    log_.error("the CA certificates stay as they are: {}", written.error().context);
    return false;
  }
  const auto count = list->roots.certificates().size();
  log_.info("{} of the fleet's CA {} trusted from now on", count, count == 1 ? "certificate is" : "certificates are");
  return true;
}

}  // namespace p2p::node
