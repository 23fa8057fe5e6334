// Asks the kernel for the inventory, and for the way to an address, by rtnetlink. The kernel answers such a request
// while it is made: nothing here waits for anybody.
#pragma once

#include <memory>

#include "addresses/inventory.hpp"
#include "base/error.hpp"

namespace p2p::addresses {

/// More than that are not read; `too_large` for links and addresses, `has_all_routes` is false for routes and rules.
inline constexpr std::size_t kMaxLinks = 16'384;
inline constexpr std::size_t kMaxAddresses = 16'384;
inline constexpr std::size_t kMaxRoutes = 4'096;
inline constexpr std::size_t kMaxRules = 4'096;

/// One thread at a time. Keeps one netlink socket open.
class RtnetlinkReader {
 public:
  /// Fails where the kernel gives no netlink socket.
  static Result<RtnetlinkReader> open();
  RtnetlinkReader(RtnetlinkReader&&) noexcept;
  RtnetlinkReader& operator=(RtnetlinkReader&&) noexcept;
  ~RtnetlinkReader();

  /// Everything, read anew. A host with a few links: well below a millisecond; with 1,000 of them: some milliseconds.
  Result<Inventory> read();

  /// Where packets for `target` go, by the kernel's own decision, policy rules included; from `source`, an own address,
  /// where one is given. That there is no way is an answer, not an error.
  Result<RouteAnswer> route_to(const IpAddress& target, const std::optional<IpAddress>& source = std::nullopt);

 private:
  struct Impl;
  explicit RtnetlinkReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace p2p::addresses
