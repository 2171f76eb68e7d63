// What the clients asked for and what they were told, for the judge.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/booking_ledger.hpp"
#include "base/id.hpp"
#include "domain/booking.hpp"
#include "domain/people.hpp"
#include "sim/schedule.hpp"

namespace zl::sim {

enum class Ending {
  open = 1,       ///< no answer yet
  never_arrived,  ///< no server saw it
  booked,
  refused,      ///< for its rules, or because the key was used for something else
  turned_away,  ///< 503 that says: nothing was done
  unknown,      ///< 503 outcome_unknown
  lost,         ///< the server ended before it answered
};

/// One request for a seat under a wish's key.
struct Attempt {
  base::ActivityId activity_id;
  base::AttendeeId attendee_id;
  app::Actor by;  ///< the request's id is its own
  Owner server = nobody;
  bool was_booked = false;  ///< the key's booking was active when this attempt arrived
  std::int64_t asked_us = 0;
  Ending ending = Ending::open;
};

/// Everything under one Idempotency-Key of one user.
struct Wish {
  base::UserId user_id;
  std::string key;
  base::BookingId booking_id;  ///< as every process has to make it
  std::deque<Attempt> attempts;
  std::optional<domain::Receipt> told;  ///< with the first answer that said booked
  std::deque<Attempt> cancels;          ///< requests to cancel; `booked` stands for done
};

/// An answer that gave the rules which a wish breaks.
struct ToldRefusal {
  base::BookingId booking_id;
  base::UserId user_id;
  base::ActivityId activity_id;
  base::AttendeeId attendee_id;
  std::int64_t asked_us = 0;
  std::int64_t told_us = 0;
  bool from_memory = false;
  std::vector<domain::Violation> violations;
};

/// What somebody of the staff wants done.
struct Errand {
  std::string_view action;  ///< as the audit calls it
  base::Bytes16 subject{};  ///< of a check-in, its booking
  domain::Role role = domain::Role::town_admin;
};

/// One request for it.
struct Order {
  Errand errand;
  app::Actor by;
  Ending ending = Ending::open;  ///< `booked` stands for done
  bool by_another = false;       ///< … and was done before, by another request
};

/// Whether somebody with this answer, or without one, can't know that nothing was done.
inline bool may_have_done_it(Ending ending) {
  return ending == Ending::booked || ending == Ending::unknown || ending == Ending::lost || ending == Ending::open;
}

struct History {
  std::deque<Wish> wishes;
  std::vector<ToldRefusal> refusals;
  std::vector<base::CheckInId> check_ins_told;
  std::vector<base::CheckInId> undone_told;
  std::deque<Order> orders;
};

}  // namespace zl::sim
