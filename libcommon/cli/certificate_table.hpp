// Certificates as people see them in a terminal: the columns of what pki::describe() tells. Pure.
#pragma once

#include <vector>

#include "cli/output.hpp"

namespace p2p::cli {

/// `364 days`, `5h07m`, `expired`, `revoked`.
Column time_left_column();
/// The first characters of a member.
Column beginning_column(std::string_view heading, std::string key, std::size_t length);
/// `2027-01-31` of a date and time.
Column date_column(std::string_view heading, std::string key);
/// `364 days`, or `5h07m` when it is less than one.
std::string time_text(std::chrono::seconds time);

/// Name, role, beginning of the serial, end, time left.
std::vector<Column> certificate_columns();
/// Likewise of those in the inventory: with the day and the one who had it signed.
std::vector<Column> recorded_columns();

}  // namespace p2p::cli
