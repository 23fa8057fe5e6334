// `/dashboard` and what it loads: the files that were built into this program.
#pragma once

#include <span>

#include "../dashboard/embedded_files.hpp"
#include "net/router.hpp"

namespace p2p::node {

/// Open to all: the page holds nothing secret. Without files, `/dashboard` says that this build has none.
void add_page_routes(net::Router& router, std::span<const EmbeddedFile> files);

}  // namespace p2p::node
