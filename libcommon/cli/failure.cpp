#include "cli/failure.hpp"

#include <stdexcept>

namespace p2p::cli {

void throw_exception_from_error(const Failure& failure, const boost::source_location&) {
  throw std::runtime_error(failure.message);
}

}  // namespace p2p::cli
