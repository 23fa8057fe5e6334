// Hands the progress of one call, which comes from any thread, to a reader on a loop.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>

#include "base/progress_queue.hpp"

namespace p2p::net {

/// Lives on the loop of its reader; what is reported after its end is dropped.
class ProgressRelay {
 public:
  /// Both run on the loop, until the end of the relay. While there is no room, progress waits in the queue.
  struct Reader {
    std::function<bool()> has_room;
    std::function<void(ProgressQueue::Batch)> take;
  };

  ProgressRelay(boost::asio::any_io_executor loop, Reader reader);
  ~ProgressRelay();
  ProgressRelay(const ProgressRelay&) = delete;
  ProgressRelay& operator=(const ProgressRelay&) = delete;

  ProgressSinkPtr sink() const;
  /// There may be room again.
  void pull();
  /// The call has ended: the reader takes what is left; where it has no room, how many values that are.
  void finish();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace p2p::net
