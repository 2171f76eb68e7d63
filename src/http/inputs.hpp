// What may stand in bodies: one function for each, as openapi.json describes it. Faults of form and of bounds are all
// collected; what was read is only to be used where there are none.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/id.hpp"
#include "base/time.hpp"
#include "domain/catalogue.hpp"
#include "domain/people.hpp"
#include "http/json_reader.hpp"

namespace zl::http {

struct DevLogin {
  std::string openid;
  std::string nickname;
};
DevLogin read_dev_login(std::string_view body, Faults& faults);

/// The code of a mini-program's login.
std::string read_mini_login(std::string_view body, Faults& faults);

struct StaffLogin {
  std::string username;
  std::string password;
};
StaffLogin read_staff_login(std::string_view body, Faults& faults);

base::AttendeeId read_booking(std::string_view body, Faults& faults);
std::string read_cancel_reason(std::string_view body, Faults& faults);

/// Either a booking or a ticket.
struct CheckInWish {
  base::SessionId session_id;
  std::optional<base::BookingId> booking_id;
  std::string ticket;
};
CheckInWish read_check_in(std::string_view body, Faults& faults);

struct AccountInput {
  domain::Account account;
  std::string password;
};
AccountInput read_account(std::string_view body, Faults& faults);

/// `today` bounds the birth date.
domain::Attendee read_attendee(std::string_view body, base::Date today, Faults& faults);
domain::Station read_station(std::string_view body, Faults& faults);
domain::Programme read_programme(std::string_view body, Faults& faults);
domain::Activity read_activity(std::string_view body, Faults& faults);

/// A merge-patch (RFC 7396) that was checked as far as it can be without knowing what it changes. How the new fields
/// fit to the ones that stay is for the use case to judge.
using Patch = JsonMembers;
bool has_member(const Patch& patch, std::string_view name);

Patch read_attendee_patch(std::string_view body, base::Date today, Faults& faults);
Patch read_station_patch(std::string_view body, Faults& faults);
Patch read_programme_patch(std::string_view body, Faults& faults);
Patch read_activity_patch(std::string_view body, Faults& faults);
Patch read_account_patch(std::string_view body, Faults& faults);

void merge(const Patch& patch, domain::Attendee& attendee);
void merge(const Patch& patch, domain::Station& station);
void merge(const Patch& patch, domain::Programme& programme);
void merge(const Patch& patch, domain::Activity& activity);
/// The new password is in `account.password`, empty where it stays.
void merge(const Patch& patch, AccountInput& account);

}  // namespace zl::http
