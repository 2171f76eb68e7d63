// Port: the seats of a user's children, whoever of the family booked them.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "base/id.hpp"
#include "base/outcome.hpp"

namespace zl::app {

namespace asio = boost::asio;

/// An active booking of a child, whoever of the family made it.
struct FamilySeat {
  base::BookingId booking_id;
  base::AttendeeId attendee_id;
  std::string attendee_name;
};

/// Reads. Refused: unavailable, overloaded.
class FamilyStore {
 public:
  virtual ~FamilyStore() = default;

  /// The active bookings that a user's attendees hold in an activity, in the order of the attendees' names.
  virtual asio::awaitable<base::Outcome<std::vector<FamilySeat>>> seats_in(base::UserId user,
                                                                           base::ProgrammeId programme,
                                                                           base::ActivityId activity) = 0;
};

}  // namespace zl::app
