// What people see of records that a spool has lost: one record in their place. Pure.
#pragma once

#include <optional>

#include "logs/wire.hpp"

namespace p2p::logs {

/// Joins the gaps of one message, as dropping by level leaves many small ones.
void join_gap(std::optional<Gap>& sum, const Gap& gap);

/// A WARNING of logger `LogShipping` with the seq of the first lost record: `lost 12 records, the spool was full: 10
/// DEBUG, 2 INFO`, or `lost 3 records, the spool was damaged`; attrs has `gap` with first_seq, last_seq and the counts.
LogRecord gap_record(const Gap& gap, WallTime now);

}  // namespace p2p::logs
