// The subcommands of p2p-ca; each is in the file of its name.
#pragma once

#include <memory>

#include "cli/command.hpp"

namespace p2p::ca {

/// The name of the operator certificate that init makes for this machine.
inline constexpr char kOperatorName[] = "operator";
/// The name under which the CA's own files are in the folder.
inline constexpr char kAuthorityName[] = "ca";

std::unique_ptr<cli::Command> make_audit();
std::unique_ptr<cli::Command> make_backup();
std::unique_ptr<cli::Command> make_check();
std::unique_ptr<cli::Command> make_crl();
std::unique_ptr<cli::Command> make_csr();
std::unique_ptr<cli::Command> make_export();
std::unique_ptr<cli::Command> make_init();
std::unique_ptr<cli::Command> make_invite();
std::unique_ptr<cli::Command> make_list();
std::unique_ptr<cli::Command> make_renew();
std::unique_ptr<cli::Command> make_restore();
std::unique_ptr<cli::Command> make_revoke();
std::unique_ptr<cli::Command> make_rotate();
std::unique_ptr<cli::Command> make_show();
std::unique_ptr<cli::Command> make_sign();
std::unique_ptr<cli::Command> make_verify();

}  // namespace p2p::ca
