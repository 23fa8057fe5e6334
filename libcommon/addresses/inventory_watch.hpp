// Follows the machine's network by the kernel's rtnetlink notices. What was lost is known at once, what was gained
// after a moment of quiet; notices that the kernel had to drop, or never sent, are made up for by reading everything
// anew.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <memory>

#include "addresses/inventory.hpp"
#include "addresses/settling.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"

namespace p2p::addresses {

/// Runs on one executor of one thread, which it never blocks for longer than the kernel takes to list its links,
/// addresses and routes. A busy network (10,000 notices a minute) costs it a listing a second and some microseconds a
/// notice.
class InventoryWatch {
 public:
  /// Subscribes, then reads everything. Fails where the kernel gives no netlink socket. `clock` must outlive it.
  static Result<std::unique_ptr<InventoryWatch>> open(const boost::asio::any_io_executor& executor, const Clock& clock,
                                                      Settling::Settings settings = {});
  ~InventoryWatch();

  /// As of the last notice of a loss, else of the last reading.
  const Inventory& current() const noexcept;
  /// Where packets for `target` go now: RtnetlinkReader::route_to().
  Result<RouteAnswer> route_to(const IpAddress& target, const std::optional<IpAddress>& source = std::nullopt);

  /// Returns once current() is another than it was at the last return. An error says why the network could not be read
  /// anew; calling again tries again, at the latest after the poll. One call at a time.
  boost::asio::awaitable<Result<void>> changed();

 private:
  struct Impl;
  explicit InventoryWatch(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace p2p::addresses
