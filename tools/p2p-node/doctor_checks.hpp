// What can keep a node from joining, each looked at by itself and changed by nothing.
#pragma once

#include <string>
#include <vector>

#include "config/loader.hpp"
#include "config/paths.hpp"
#include "net/client.hpp"
#include "pki/node_material.hpp"

namespace p2p::node {

struct Finding {
  enum class Verdict : unsigned char { good, warning, wrong };
  Verdict verdict = Verdict::good;
  std::string subject;  ///< one word or two: `certificate`
  std::string text;     ///< what was found, one clause
  std::string hint{};   ///< what to do; empty when nothing is
};
using Findings = std::vector<Finding>;

/// What the files of a node hold, as far as they can be read.
struct OwnFiles {
  std::optional<pki::Certificate> certificate{};
  std::optional<pki::Identity> identity{};
  std::string certificate_pem{};
  crypto::Secret key_pem{};
  std::optional<pki::Roots> roots{};
  std::string ca_pem{};
};

/// CA, certificate, key, name and role, chain. Nothing is made. Blocks.
OwnFiles check_files(const pki::NodeMaterialRequest& request, WallTime now, Findings& findings);

/// State directory and port: free, or in use by a node of this home. Blocks.
void check_place(const config::NodeConfig& config, const config::Paths& paths, Findings& findings);

/// One coordinator: reached, of this fleet, its clock, what it says of revocation, and whether it takes our
/// certificate. Blocks.
void check_coordinator(const net::Endpoint& coordinator, const OwnFiles& own, const std::string& cluster_name,
                       Findings& findings);

}  // namespace p2p::node
