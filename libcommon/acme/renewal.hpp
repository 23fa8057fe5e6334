// When a node renews its certificate, how it goes on after a failure, and what it says of that. Pure; it acts by the
// wall clock, as certificates do.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "acme/renewal_window.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "pki/subject_name.hpp"

namespace p2p::acme {

/// The certificate that is in use.
struct CertificateLife {
  WallTime not_before{};
  WallTime not_after{};
  std::vector<pki::SubjectName> names;
};

enum class RenewalReason : unsigned char {
  missing,             ///< there is no certificate
  requested,           ///< somebody asked for a new one
  names_changed,       ///< it is not for a name that is wanted
  suggested_time,      ///< the CA's window (RFC 9773) has come
  authority_replaced,  ///< another key of the CA signs now
  old_age,             ///< less than a third of its life is left
};
std::string_view to_string(RenewalReason reason) noexcept;

enum class RenewalState : unsigned char {
  good,     ///< nothing is to be done
  due,      ///< to be renewed now, or trying is not over
  failing,  ///< to be renewed, and the last try failed
  expired,  ///< it has run out, or there is none
};
std::string_view to_string(RenewalState state) noexcept;

/// For `/health`, metrics and logs.
struct RenewalHealth {
  RenewalState state = RenewalState::good;
  std::optional<RenewalReason> reason;  ///< why it is due; none while good
  WallTime next_attempt{};              ///< when something is to be done next
  std::optional<WallTime> not_after;    ///< none: there is no certificate
  unsigned failure_count = 0;           ///< in a row
  std::string last_error;               ///< empty after a success
};

/// Addresses that come and go, as those of containers, make for so many renewals at once, and then for one at a time.
inline constexpr int kNameRenewalsAtOnce = 4;
inline constexpr std::chrono::minutes kNameRenewalEvery{30};

class Renewal {
 public:
  /// `random` outlives this; it chooses the point in a window and the jitter.
  explicit Renewal(Random& random) : random_(random) {}

  /// The certificate that is in use from now on, or none. Forgets the CA's window, supersede() and request(), which
  /// were for the one before.
  void use(std::optional<CertificateLife> life);
  /// The names that it should have; those that it has beyond them are no reason to renew.
  void want(std::vector<pki::SubjectName> names) { wanted_ = std::move(names); }
  /// What the CA suggests for the certificate in use. One point of the window is chosen when it is new or has moved.
  void suggest(const RenewalWindow& window);

  /// The key that signed the certificate in use signs no more: it is to be renewed from then on.
  void supersede(WallTime from) { superseded_from_ = from; }
  /// Somebody asked for another one: it is due now, also while a try after a failure waits. After a try that failed
  /// it stays due, and the next one waits as any other: what keeps it from being renewed now would do so later.
  void request() { requested_ = at_once_ = true; }

  /// The last try failed. The next one comes after 1 min, doubled with each failure to 6 h, cut by a random part of up
  /// to a half; not before the server's `retry_after`; and never past a fifth of the life that is left. Without a valid
  /// certificate every 10 min at the latest.
  void failed(std::string why, std::optional<std::chrono::seconds> retry_after, WallTime now);
  void succeeded();
  /// A try begins. Those because of names that are missing are limited as above, whatever comes of them.
  void began(RenewalReason reason, WallTime now);

  /// Why a renewal should begin now; none: not yet.
  std::optional<RenewalReason> due(WallTime now) const;
  /// When due() may first say yes, as far as is known; not in the future when it does already.
  WallTime next_attempt(WallTime now) const;
  RenewalHealth health(WallTime now) const;

 private:
  std::optional<RenewalReason> reason(WallTime now) const;
  WallTime planned(WallTime now) const;
  WallTime names_from(WallTime now) const;
  bool is_valid(WallTime now) const { return life_ && now < life_->not_after; }
  bool has_wanted_names() const;

  Random& random_;
  std::optional<CertificateLife> life_;
  std::vector<pki::SubjectName> wanted_;
  std::optional<RenewalWindow> window_;
  WallTime chosen_{};  // in window_
  std::optional<WallTime> superseded_from_;
  bool requested_ = false;
  bool at_once_ = false;  // whatever waits
  WallTime names_began_at_{};
  WallTime names_paid_until_{};  // each try because of names takes it kNameRenewalEvery further
  WallTime failed_at_{};
  std::chrono::nanoseconds wait_{};  // from failed_at_
  unsigned failures_ = 0;
  std::string last_error_;
};

}  // namespace p2p::acme
