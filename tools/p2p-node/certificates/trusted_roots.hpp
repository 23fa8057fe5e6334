// The CA certificates that a node trusts follow the list of roots that the CA's own keys sign (pki/root_list.hpp),
// which reaches every node as a bulletin: its file of CA certificates is written anew, and read again by whoever owns
// it.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/log_sink.hpp"
#include "membership/bulletin.hpp"
#include "node_identity.hpp"

namespace p2p::node {

inline constexpr std::string_view kRootsKind = "roots";

/// Control loop, except for text().
class TrustedRoots {
 public:
  struct Files {
    std::filesystem::path certificates;  ///< `ssl_ca_cert_file`
    std::filesystem::path ca_key;        ///< where it is, the file is the CA's own and not touched
  };
  /// References must outlive it.
  TrustedRoots(Files files, std::string cluster_name, const NodeIdentity& identity, const Clock& clock, LogSink& log);

  /// As membership wants it: the version of a list that one of the trusted roots vouches for.
  Result<std::uint64_t> check(ByteView content) const;
  /// True when the file was written: the identity is to be read again. A list without the root that signed this node's
  /// own certificate is left alone, as the node could not even start with it; the log says what to do. Blocks.
  bool accept(const membership::Bulletin& bulletin);
  /// The list in force, as `/pki/roots.json` serves it; never null, empty before the first rotation. Any thread.
  std::shared_ptr<const std::string> text() const { return text_.load(); }

 private:
  const Files files_;
  const std::string cluster_name_;
  const NodeIdentity& identity_;
  const Clock& clock_;
  Logger log_;
  std::atomic<std::shared_ptr<const std::string>> text_;
};

}  // namespace p2p::node
