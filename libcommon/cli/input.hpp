// Standard input, where the user asked for it with `-`. Pure: the stream is passed in.
#pragma once

#include <istream>
#include <string>

#include "base/error.hpp"

namespace p2p::cli {

/// After reading: `invalid` when it broke, as that of a closed descriptor does. What is closed is not what is empty.
Result<void> check_read(const std::istream& in);

/// All of it. `too_large` past the limit, `invalid` as above. The memory is taken at once, so that a secret leaves no
/// copies.
Result<std::string> read_whole(std::istream& in, std::size_t max_bytes);

}  // namespace p2p::cli
