// Keeps what this process holds in memory up with MySQL: the catalogue, voided tokens, cached attendees. Changes are
// told by news at once and polled for every second from the numbered change table.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <deque>
#include <set>
#include <unordered_map>

#include "app/attendee_cache.hpp"
#include "app/catalogue.hpp"
#include "app/catalogue_store.hpp"
#include "app/people_store.hpp"
#include "app/tokens.hpp"
#include "base/clock.hpp"
#include "runtime/event.hpp"
#include "runtime/task_group.hpp"

namespace zl::app {

class FollowChanges {
 public:
  struct Parts {
    CatalogueStore& store;
    ChangeFeed& feed;
    AccountStore& accounts;
    CatalogueHolder& catalogue;
    VoidedTokenList& voided;
    AttendeeCache& attendees;
    const base::Clock& clock;
    runtime::TaskGroup& group;
    base::Milliseconds longest_token;
  };

  explicit FollowChanges(Parts parts) : parts_(parts) {}

  /// Reads everything; to be done before the first request.
  asio::awaitable<base::Outcome<base::Done>> load();

  /// Polls until the group stops, at once when `wake()` was called.
  asio::awaitable<void> keep();

  /// Any thread: somebody published that something changed.
  void wake() { woken_.set(); }

  /// One look at the feed. What could not be read is read by the next one.
  asio::awaitable<void> poll();

  /// Reads one programme, or the stations, into the catalogue now, so that who changed it sees it; false where the
  /// store did not answer. Any loop.
  asio::awaitable<bool> refresh_programme(base::ProgrammeId id);
  asio::awaitable<bool> refresh_stations();

 private:
  void apply(const Change& change);
  bool is_new(const Change& change);

  Parts parts_;
  runtime::Event woken_{1};

  // The poller's own:
  std::uint64_t settled_ = 0;  ///< everything up to here was seen, and is too old for stragglers
  struct Seen {
    std::uint64_t seq = 0;
    base::SteadyTime at;
  };
  std::deque<Seen> recent_;  ///< ascending by time seen
  std::set<std::uint64_t> recent_seqs_;
  std::set<base::Bytes16> unread_programmes_;  ///< changed, and not read since; of at most one feed's answers
  bool unread_stations_ = false;
};

}  // namespace zl::app
