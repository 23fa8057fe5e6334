#include "acme/renewal.hpp"

#include <doctest/doctest.h>

using namespace p2p;
using namespace p2p::acme;
using namespace std::chrono_literals;

namespace {

constexpr WallTime kBegin{1'800'000'000s};
constexpr WallTime after(std::chrono::nanoseconds time) { return kBegin + time; }

/// Always the same point of [0, 1).
class Fixed final : public Random {
 public:
  explicit Fixed(double unit) : value_(static_cast<std::uint64_t>(unit * 0x1p53) << 11) {}
  std::uint64_t next() override { return value_; }

 private:
  std::uint64_t value_;
};

const std::vector<pki::SubjectName> kNames = {{pki::SubjectName::Kind::dns, "w-1"},
                                              {pki::SubjectName::Kind::ip, "192.0.2.1"}};

/// A certificate of 90 days in use, with the names that are wanted.
struct Case {
  explicit Case(double unit = 0, std::chrono::nanoseconds life = 2160h) : random(unit), renewal(random) {
    renewal.use(CertificateLife{kBegin, kBegin + life, kNames});
    renewal.want(kNames);
  }
  std::chrono::nanoseconds wait_after(const char* why, WallTime now) {
    renewal.failed(why, std::nullopt, now);
    return renewal.next_attempt(now) - now;
  }
  Fixed random;
  Renewal renewal;
};

}  // namespace

TEST_CASE("a certificate is renewed when a third of its life is left") {
  Case c;
  CHECK_FALSE(c.renewal.due(kBegin).has_value());
  CHECK(c.renewal.next_attempt(kBegin) == after(1440h));
  CHECK_FALSE(c.renewal.due(after(1440h - 1s)).has_value());
  CHECK(c.renewal.due(after(1440h)) == RenewalReason::old_age);
}

TEST_CASE("when another key of the CA signs, the certificate is renewed at the given time, once") {
  Case c;
  c.renewal.supersede(after(5s));
  CHECK(c.renewal.next_attempt(kBegin) == after(5s));
  CHECK_FALSE(c.renewal.due(after(4s)).has_value());
  CHECK(c.renewal.due(after(5s)) == RenewalReason::authority_replaced);
  c.renewal.use(CertificateLife{after(5s), after(5s + 2160h), kNames});
  CHECK_FALSE(c.renewal.due(after(6s)).has_value());
}

TEST_CASE("a certificate that somebody asks for is renewed at once, also while the next try waits, and once") {
  Case c;
  c.renewal.request();
  CHECK(c.renewal.due(kBegin) == RenewalReason::requested);
  c.renewal.use(CertificateLife{kBegin, after(2160h), kNames});
  CHECK_FALSE(c.renewal.due(after(1s)).has_value());
  // It failed: that is told, and it is tried again after the usual wait.
  c.renewal.request();
  c.renewal.failed("refused", std::chrono::hours(1), after(1s));
  CHECK_FALSE(c.renewal.due(after(2s)).has_value());
  CHECK(c.renewal.health(after(2s)).state == RenewalState::failing);
  CHECK(c.renewal.health(after(2s)).next_attempt == after(1s + 1h));
  CHECK(c.renewal.due(after(1s + 1h)) == RenewalReason::requested);
  // Who asks again need not wait.
  c.renewal.request();
  CHECK(c.renewal.due(after(2s)) == RenewalReason::requested);
}

TEST_CASE("a window of the CA: a random point in it, chosen once") {
  Case c(0.25);
  c.renewal.suggest({after(100h), after(140h)});
  CHECK(c.renewal.next_attempt(kBegin) == after(110h));
  CHECK_FALSE(c.renewal.due(after(110h - 1s)).has_value());
  CHECK(c.renewal.due(after(110h)) == RenewalReason::suggested_time);
  // In the past: at once (RFC 9773 section 4.2).
  c.renewal.suggest({after(-50h), after(-10h)});
  CHECK(c.renewal.due(kBegin) == RenewalReason::suggested_time);

  SeededRandom random(1);
  Renewal renewal(random);
  renewal.use(CertificateLife{kBegin, after(2160h), {}});
  renewal.suggest({after(100h), after(140h)});
  const WallTime chosen = renewal.next_attempt(kBegin);
  CHECK(chosen >= after(100h));
  CHECK(chosen < after(140h));
  renewal.suggest({after(100h), after(140h)});
  CHECK(renewal.next_attempt(kBegin) == chosen);
}

TEST_CASE("a window that is later than a third before the end does not put it off; a new certificate has none yet") {
  Case c(0.5);
  c.renewal.suggest({after(2000h), after(2100h)});
  CHECK(c.renewal.due(after(1440h)) == RenewalReason::old_age);
  c.renewal.suggest({after(-2h), after(-1h)});
  c.renewal.use(CertificateLife{kBegin, after(2160h), kNames});
  CHECK_FALSE(c.renewal.due(kBegin).has_value());
}

TEST_CASE("names that are missing are a reason, names too many are none") {
  Case c;
  c.renewal.want({kNames[1]});
  CHECK_FALSE(c.renewal.due(kBegin).has_value());
  c.renewal.want({kNames[0], {pki::SubjectName::Kind::ip, "192.0.2.2"}});
  CHECK(c.renewal.due(kBegin) == RenewalReason::names_changed);
  c.renewal.use(std::nullopt);
  CHECK(c.renewal.due(kBegin) == RenewalReason::missing);
}

TEST_CASE("addresses that come and go make for four renewals at once, and then for one each half an hour") {
  Case c;
  int count = 0;
  // A container with another address every ten seconds, for a day.
  for (auto at = 0s; at < 24h; at += 10s) {
    const pki::SubjectName name{pki::SubjectName::Kind::ip, "172.17.0." + std::to_string(at / 10s)};
    c.renewal.want({kNames[0], name});
    const auto reason = c.renewal.due(after(at));
    if (!reason) {
      CHECK(c.renewal.health(after(at)).state == RenewalState::good);
      CHECK(c.renewal.next_attempt(after(at)) > after(at));
      CHECK(c.renewal.next_attempt(after(at)) <= after(at + 30min));
      continue;
    }
    CHECK(reason == RenewalReason::names_changed);
    ++count;
    if (at < 40s) CHECK(count == at / 10s + 1);
    c.renewal.began(*reason, after(at));
    c.renewal.use(CertificateLife{after(at), after(at + 2160h), {kNames[0], name}});
    c.renewal.succeeded();
  }
  CHECK(count == 4 + 47);  // the first at 0 s, one more at each full half an hour after it
}

TEST_CASE("what waits because of names does not wait for other reasons, and not longer when the clock is set back") {
  Case c;
  c.renewal.want({kNames[0], {pki::SubjectName::Kind::ip, "192.0.2.2"}});
  for (int i = 0; i < 4; ++i) c.renewal.began(RenewalReason::names_changed, kBegin);
  CHECK_FALSE(c.renewal.due(kBegin).has_value());
  CHECK(c.renewal.due(after(-1000h)) == RenewalReason::names_changed);
  c.renewal.supersede(after(5s));
  CHECK(c.renewal.due(after(5s)) == RenewalReason::authority_replaced);
  c.renewal.request();
  CHECK(c.renewal.due(after(6s)) == RenewalReason::requested);
}

TEST_CASE("after failures the waits are 1 min, doubled, to 6 h") {
  Case c(0);
  c.renewal.use(CertificateLife{kBegin, after(100'000h), {}});
  const std::chrono::minutes kWaits[] = {1min, 2min, 4min, 8min, 16min, 32min, 64min, 128min, 256min, 360min, 360min};
  for (const auto wait : kWaits) CHECK(c.wait_after("refused", kBegin) == wait);
  for (int i = 0; i < 100; ++i) c.renewal.failed("refused", std::nullopt, kBegin);
  CHECK(c.wait_after("refused", kBegin) == 6h);
  CHECK_FALSE(c.renewal.due(after(6h - 1s)).has_value());
  CHECK(c.renewal.due(after(6h)) == RenewalReason::names_changed);
  c.renewal.succeeded();
  CHECK(c.wait_after("refused", kBegin) == 1min);
}

TEST_CASE("jitter takes off up to a half") {
  CHECK(Case(0.5).wait_after("refused", after(1440h)) == 45s);
  const auto least = Case(0.999999).wait_after("refused", after(1440h));
  CHECK(least > 30s);
  CHECK(least < 31s);
}

TEST_CASE("a wait is never past a fifth of the life that is left, whoever asks for it") {
  Case c(0, 10h);
  for (int i = 0; i < 12; ++i) c.renewal.failed("refused", std::nullopt, after(8h));
  CHECK(c.renewal.next_attempt(after(8h)) == after(8h) + 24min);  // (10 h - 8 h) / 5
  c.renewal.failed("rateLimited", std::chrono::hours(20), after(8h));
  CHECK(c.renewal.next_attempt(after(8h)) == after(8h) + 24min);
  // But not in a rush.
  CHECK(c.wait_after("refused", after(10h - 5s)) == 10s);
}

TEST_CASE("the server's Retry-After is kept while there is life enough") {
  Case c;
  c.renewal.failed("rateLimited", std::chrono::hours(20), after(1440h));
  CHECK(c.renewal.next_attempt(after(1440h)) == after(1460h));
}

TEST_CASE("without a valid certificate it tries every ten minutes at the latest") {
  Case c;
  c.renewal.use(std::nullopt);
  for (int i = 0; i < 12; ++i) c.renewal.failed("refused", std::nullopt, kBegin);
  CHECK(c.renewal.next_attempt(kBegin) == after(10min));
  c.renewal.use(CertificateLife{kBegin, after(1h), kNames});
  CHECK(c.wait_after("refused", after(2h)) == 10min);
}

TEST_CASE("a clock that is set back does not turn minutes into years") {
  Case c;
  c.renewal.use(std::nullopt);
  c.renewal.failed("refused", std::nullopt, kBegin);
  CHECK(c.renewal.due(after(-1000h)) == RenewalReason::missing);
}

TEST_CASE("health tells state, reason, next attempt and the last error") {
  Case c;
  RenewalHealth health = c.renewal.health(kBegin);
  CHECK(health.state == RenewalState::good);
  CHECK_FALSE(health.reason.has_value());
  CHECK(health.next_attempt == after(1440h));
  CHECK(health.not_after == after(2160h));
  health = c.renewal.health(after(1500h));
  CHECK(health.state == RenewalState::due);
  CHECK(health.reason == RenewalReason::old_age);
  CHECK(health.next_attempt == after(1500h));
  c.renewal.failed("the CA is away", std::nullopt, after(1500h));
  health = c.renewal.health(after(1500h));
  CHECK(health.state == RenewalState::failing);
  CHECK(health.failure_count == 1);
  CHECK(health.last_error == "the CA is away");
  CHECK(health.next_attempt == after(1500h) + 1min);
  health = c.renewal.health(after(2161h));
  CHECK(health.state == RenewalState::expired);
  c.renewal.use(CertificateLife{after(2161h), after(4321h), kNames});
  c.renewal.succeeded();
  health = c.renewal.health(after(2161h));
  CHECK(health.state == RenewalState::good);
  CHECK(health.last_error.empty());
  c.renewal.use(std::nullopt);
  CHECK(c.renewal.health(kBegin).state == RenewalState::expired);
}
