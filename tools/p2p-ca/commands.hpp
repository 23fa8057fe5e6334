// The subcommands; each is in the file of its name and returns the exit code.
#pragma once

#include <filesystem>

#include "base/clock.hpp"
#include "options.hpp"
#include "output.hpp"
#include "pki/certificate_folder.hpp"

namespace p2p::ca {

/// What a command works with besides its options.
struct Tool {
  std::filesystem::path home;
  pki::CertificateFolder certs;
  WallTime now;
  Output& out;
};

/// The name of the operator certificate that init makes for this machine.
inline constexpr char kOperatorName[] = "operator";
/// The name under which the CA's own files are in the folder.
inline constexpr char kAuthorityName[] = "ca";

int run_init(const Options& options, Tool& tool);
int run_sign(const Options& options, Tool& tool);
int run_list(const Options& options, Tool& tool);
int run_show(const Options& options, Tool& tool);
int run_verify(const Options& options, Tool& tool);

}  // namespace p2p::ca
