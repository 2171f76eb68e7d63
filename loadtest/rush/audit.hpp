// The audit of a rush: what the parents were told, held against what the rosters say. Pure: evidence in, findings out.
#pragma once

#include <string>
#include <vector>

#include "rush/model.hpp"

namespace zl::rush {

/// How long after a cancelling was told a process may still say `sold_out` from memory: the design lets a mark that is
/// not refreshed live for one second, and the answer of the cancelling travels as well.
inline constexpr std::int64_t seat_return_grace_ms = 2000;

struct Evidence {
  Programme programme;
  std::vector<Press> presses;
  std::vector<RosterEntry> before;  ///< rosters as the rush found them
  std::vector<RosterEntry> after;
  bool strangers_may_book = false;  ///< true where others may press too: a programme that exists already
};

struct Check {
  std::string name;
  std::string counted;  ///< what was looked at, so that an empty run shows
  std::vector<std::string> faults;
};

struct Audit {
  std::vector<Check> checks;
  std::size_t sold = 0;      ///< active bookings in the rosters
  std::size_t capacity = 0;  ///< of all activities
  bool passed() const;
};

/// Makes every check, in this order: something was booked; sold <= capacity; no attendee twice in an activity; every
/// 201 in the roster unless its client cancelled; no entry that nobody was told of unless its client gave up; no
/// `sold_out` before the last seat was taken; the programme's caps and overlaps.
Audit audit(const Evidence& evidence);

}  // namespace zl::rush
