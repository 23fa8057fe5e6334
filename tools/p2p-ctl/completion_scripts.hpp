// The scripts of completions/, as part of the program.
#pragma once

#include <string_view>

namespace p2p::ctl {

extern const std::string_view kBashCompletion;
extern const std::string_view kZshCompletion;
extern const std::string_view kFishCompletion;

}  // namespace p2p::ctl
