// Whether somebody still reads what a tool prints.
#pragma once

namespace p2p::cli {

/// A descriptor of the caller's that becomes readable once nobody reads standard output any more; -1 where that is not
/// told, as for a file. Asio must not wait on standard output itself: it would make it non-blocking, for whoever shares
/// it too.
int watch_output();

}  // namespace p2p::cli
