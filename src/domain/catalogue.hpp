// Stations, programmes, activities and sessions as values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/id.hpp"
#include "base/time.hpp"
#include "domain/rules.hpp"

namespace zl::domain {

struct Station {
  base::StationId id;
  std::optional<base::StationId> parent_id;  ///< set for a service point
  std::string name;
  std::string area;  ///< may be empty
  std::uint64_t version = 1;
};

struct Programme {
  base::ProgrammeId id;
  base::StationId station_id;
  std::string title;
  base::Instant opens_at;
  base::Instant closes_at;
  Rules rules;
  std::uint64_t version = 1;
};

struct Session {
  base::SessionId id;
  Interval time;
  std::string venue;
};

enum class Kind { class_ = 1, camp };

/// What an administrator decided about an activity; what a visitor sees is derived by `public_state`.
enum class Publication { draft = 1, published, cancelled };

struct Activity {
  base::ActivityId id;
  base::ProgrammeId programme_id;
  Kind kind = Kind::class_;
  std::string title;
  std::string description;
  int age_min = 0;
  int age_max = 0;
  int capacity = 0;
  int seats_taken = 0;            ///< active bookings in the ledger when it was read
  std::vector<Session> sessions;  ///< ordered by start; never empty
  Publication publication = Publication::draft;
  std::string cancel_reason;
  std::uint64_t version = 1;

  base::Instant first_start() const { return sessions.front().time.starts_at; }
  base::Instant last_end() const;
  std::vector<Interval> intervals() const;
};

/// Booking ends at the programme's closing or at the activity's first start, whichever comes first.
base::Instant booking_ends_at(const Programme& programme, const Activity& activity);

/// First start less the programme's cancel_hours.
base::Instant cancel_until(const Programme& programme, const Activity& activity);

/// All that an activity's public state depends on, beside its seats and the time.
struct Timetable {
  Publication publication = Publication::draft;
  base::Instant opens_at;
  base::Instant booking_ends_at;
  base::Instant last_end;
};
Timetable timetable_of(const Programme& programme, const Activity& activity);

enum class PublicState { scheduled = 1, open, full, closed, finished, cancelled };

/// What visitors are shown for a published or cancelled activity. `remaining` may be unknown.
PublicState public_state(const Timetable& times, std::optional<int> remaining, base::Instant now);
PublicState public_state(const Programme& programme, const Activity& activity, std::optional<int> remaining,
                         base::Instant now);

}  // namespace zl::domain
