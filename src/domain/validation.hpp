// What may be entered: bounds on every field of what people create. Each fault names field and limit.
#pragma once

#include <string>
#include <vector>

#include "base/outcome.hpp"
#include "base/time.hpp"
#include "domain/catalogue.hpp"
#include "domain/people.hpp"

namespace zl::domain {

using Faults = std::vector<base::FieldError>;

/// A line of text: well-formed UTF-8, min..max code points without outer spaces, no control characters.
void check_text(std::string_view text, std::string_view pointer, std::size_t min, std::size_t max, bool line_breaks,
                Faults& out);
void check_number(std::int64_t value, std::string_view pointer, std::int64_t min, std::int64_t max, Faults& out);

Faults check_station(const Station& station);
Faults check_programme(const Programme& programme);
/// Sessions need not be sorted, but must be many enough for the kind, end after they start and not meet at the same
/// time.
Faults check_activity(const Activity& activity);
/// `today` is the civil day on which it is entered: nobody is born later, or more than limits::age_max years before.
Faults check_attendee(const Attendee& attendee, base::Date today);
Faults check_username(std::string_view username);
Faults check_password(std::string_view password);
/// Every role but town_admin and auditor needs a station; town_admin has none.
Faults check_account(const Account& account);

}  // namespace zl::domain
