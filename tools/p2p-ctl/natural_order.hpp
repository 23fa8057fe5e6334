// The order in which people expect names: worker-2 before worker-10.
#pragma once

#include <string_view>

namespace p2p::ctl {

bool natural_less(std::string_view a, std::string_view b);

}  // namespace p2p::ctl
