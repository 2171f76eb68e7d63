// Port: the family behind an account of the platform, as the chat needs it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/id.hpp"
#include "base/outcome.hpp"
#include "domain/people.hpp"

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

  /// Nothing where the openid is not bound to a user.
  virtual asio::awaitable<base::Outcome<std::optional<domain::User>>> user_of(std::string openid) = 0;

  /// The active bookings that a user's attendees hold in an activity, in the order of the attendees' names.
  virtual asio::awaitable<base::Outcome<std::vector<FamilySeat>>> seats_in(base::UserId user,
                                                                           base::ProgrammeId programme,
                                                                           base::ActivityId activity) = 0;
};

}  // namespace zl::app
