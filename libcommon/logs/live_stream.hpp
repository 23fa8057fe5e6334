// One client of `/ws/logs`: history, then live, in one stream without gap or repeat.
//
// The client's first message is a JSON object: the members of a filter (filter.hpp), and either `cursor` (everything
// after it) or `last` (that many of the newest, up to 10,000; default 0); any other member is refused. The server sends
// text messages
//   {"type":"logs","logs":[…],"cursor":"…"}      records as record_json.hpp writes them, each with its own cursor
//   {"type":"error","status":404,"detail":"…"}   and closes
// The first `logs` message always comes, empty if need be; after it an empty one comes now and then when records went
// by that did not match, so that the cursor stays fresh.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "base/clock.hpp"
#include "logs/hub.hpp"
#include "logs/news_matches.hpp"
#include "logs/searches.hpp"
#include "logs/store.hpp"
#include "net/blocking_pool.hpp"
#include "net/channel.hpp"

namespace p2p::logs {

/// What it takes to read logs; all of it outlives every request, and the store the pool.
struct LogAccess {
  Store& store;
  Hub& hub;
  net::BlockingPool& pool;
  Searches& searches;
  const Clock& clock;
};

/// How long somebody's expression is looked for in the newest records before it is another one's turn.
inline constexpr std::chrono::milliseconds kLiveSearchBudget{100};
inline constexpr std::size_t kLiveMessageRecords = 500;
inline constexpr std::size_t kLiveMessageBytes = 64 << 10;
/// Messages follow each other at least this far apart unless they are full; after a few records, at least the time of
/// these.
inline constexpr std::chrono::milliseconds kLiveInterval{10};
inline constexpr std::chrono::milliseconds kLiveIntervalPerRecord{1};
/// With more than this unsent, nothing further is read for the client; it goes on from the store later.
inline constexpr std::size_t kLiveQueuedBytes = 64 << 10;
/// What a channel must take at most: that, and a message that ends with a record at its longest in JSON.
inline constexpr std::size_t kLiveChannelBytes = 2 << 20;

/// Searches the store, where that holds up nobody but `asker`; `given_up` may be null (searches.hpp).
boost::asio::awaitable<Result<Page>> find_stored(LogAccess access, std::string asker, Searches::GivenUp given_up,
                                                 Query query);
/// Likewise the newest records that a hub has, for kLiveSearchBudget, but for one record at least.
boost::asio::awaitable<Result<NewsMatches>> find_live(Searches& searches, std::string asker, Searches::GivenUp given_up,
                                                      Filter filter, Hub::News news, std::uint64_t position);

/// Runs on the channel's executor until the client leaves, errs, or the task is cancelled.
boost::asio::awaitable<void> serve_live(LogAccess access, net::ChannelPtr channel);

}  // namespace p2p::logs
