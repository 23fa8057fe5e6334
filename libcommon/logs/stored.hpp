// Records as the store numbers them. Pure.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "logs/record.hpp"

namespace p2p::logs {

struct StoredRecord {
  std::uint64_t number = 0;  ///< its place in the order of commits; the number of its cursor
  LogRecord record;
};

/// What one transaction stored, in order; immutable and shared by all readers.
struct CommittedBatch {
  std::uint64_t last_number = 0;
  std::size_t bytes = 0;  ///< roughly what it takes in memory
  std::vector<StoredRecord> records;
};
using CommittedBatchPtr = std::shared_ptr<const CommittedBatch>;

/// What a record takes in memory, roughly.
inline std::size_t memory_of(const LogRecord& record) {
  return sizeof(StoredRecord) + record.message.size() + record.attrs.size() + record.logger_name.size();
}

/// Asked often while something is searched: true when nobody wants it any more, or it has had its time, and it should
/// end with what it has. Any thread.
using IsGivenUp = std::function<bool()>;

}  // namespace p2p::logs
