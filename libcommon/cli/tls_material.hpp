// What a tool shows in TLS and whom it believes, read from the files of its connection.
#pragma once

#include <string>

#include "cli/connection.hpp"
#include "net/tls.hpp"

namespace p2p::cli {

/// With a token, or where the certificate's file is empty, only the CA's certificate is read. Failures say which file
/// is missing and which command makes it. The caller wipes the key.
Attempt<net::TlsMaterial> read_tls_material(const Connection& connection);

/// The cluster is what the CA's certificate says; `file` is for the error.
Result<std::string> cluster_of_ca(const std::string& ca_pem, const std::string& file);

}  // namespace p2p::cli
