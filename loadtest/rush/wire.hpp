// The answers of the HTTP contract that a rush reads, as values of the model.
#pragma once

#include <boost/json/value.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rush/model.hpp"

namespace zl::rush {

/// What one answer to a press says.
struct Verdict {
  Outcome outcome = Outcome::unknown;
  std::string code;  ///< "granted", the problem's code, or "http <status>"
  std::string booking_id;
  std::optional<Instant> decided_at;
  bool told_sold_out = false;
};

/// Judges an answer to POST /activities/{id}/bookings. Definite are 200 and 201 and every problem but `outcome_unknown`
/// and `internal`; an answer that cannot be read is unknown.
Verdict judge(unsigned status, std::string_view body);

/// These read objects of the contract; they throw std::exception when the answer is not what the contract says.
Activity read_activity(const boost::json::value& value);
Programme read_programme(const boost::json::value& value);
RosterEntry read_roster_entry(const boost::json::value& value, std::size_t activity);

/// Tells the id of each activity on a page of the list, and how many seats nobody holds; throws as those above.
void read_seats(std::string_view page, const std::function<void(std::string_view id, int remaining)>& tell);

/// The text at `key`, or nothing where it is missing or null.
std::optional<std::string> read_text(const boost::json::value& value, std::string_view key);

}  // namespace zl::rush
