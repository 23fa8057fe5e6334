// A ranking as JSON and in tables.
#pragma once

#include "base/json.hpp"
#include "cli/output.hpp"
#include "question.hpp"

namespace p2p::probe {

/// The row's round_trip_ms.
cli::Cell round_trip_cell(const Json& row);

/// {address, interface, class, rule, reason, path, round_trip_ms}; null for what is not known.
Json to_json(const addresses::Candidate& candidate);
/// The whole of what `explain` says.
Json to_json(const Answer& answer);
/// The same for people.
void print_explanation(cli::Output& out, const Json& explanation);

}  // namespace p2p::probe
