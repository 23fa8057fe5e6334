// Memory that holds code which only the start of a long-lived program needed.
#pragma once

namespace p2p {

/// Unmaps the code of the program and its libraries; what runs again is mapped again, from the page cache, a few
/// microseconds each. Once, when the start is over, as parsing and OpenSSL's beginnings are a good part of what is
/// resident then. Any thread.
void release_code_pages() noexcept;

}  // namespace p2p
