// Port: which pushes were dealt with and how they were answered, for all processes; the platform repeats a push until
// it is answered. Also what was told to whom as numbers to choose from, and how many followed from where.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/id.hpp"
#include "base/outcome.hpp"
#include "base/time.hpp"

namespace zl::app {

namespace asio = boost::asio;

/// The turn to deal with a push. A later turn of the same push has a higher number.
struct PushTurn {
  std::string key;
  std::uint64_t number = 0;
};

/// One of them, or neither: then somebody else is dealing with it.
struct PushBegun {
  std::optional<PushTurn> turn;
  std::optional<std::string> answer;
};

enum class FollowEvent { followed = 1, unfollowed, scanned };

/// One more of a day's events; it names no person.
struct FollowCount {
  FollowEvent event = FollowEvent::followed;
  std::string scene;  ///< of the QR code, at most 64 bytes of ASCII; empty where there was none of ours
  base::Date day{};
};

/// Refused: unavailable, overloaded. Everything may be unknown, and may then be repeated.
class PushStore {
 public:
  virtual ~PushStore() = default;

  /// Takes the turn for `duration` by the store's clock, where the push was not answered and nobody's turn lasts.
  virtual asio::awaitable<base::Outcome<PushBegun>> begin(std::string key, base::Milliseconds duration) = 0;

  /// Keeps the answer (at most reply_limit_bytes) and counts, once; the answer that stands, which is another's where
  /// the turn had lapsed and that other was first.
  virtual asio::awaitable<base::Outcome<std::string>> finish(PushTurn turn, std::string answer,
                                                             std::optional<FollowCount> count) = 0;

  /// Ends the turn without an answer, so that a repetition begins anew.
  virtual asio::awaitable<base::Outcome<base::Done>> give_up(PushTurn turn) = 0;

  /// What the numbers 1, 2, … stand for from now on; none forgets them.
  virtual asio::awaitable<base::Outcome<base::Done>> remember_choices(std::string openid,
                                                                      std::vector<base::BookingId> choices) = 0;
  /// Those remembered since then; none where there aren't any.
  virtual asio::awaitable<base::Outcome<std::vector<base::BookingId>>> choices(std::string openid,
                                                                               base::Instant since) = 0;
};

}  // namespace zl::app
