// Values for tests: ids by number, a programme and its activities.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "app/booking_ledger.hpp"
#include "base/id.hpp"
#include "base/time.hpp"
#include "domain/booking.hpp"
#include "domain/catalogue.hpp"

namespace zl::test {

/// The id that ends in `number`, big-endian, so that ids are ordered as their numbers are.
template <class IdType>
IdType id_of(std::uint64_t number) {
  IdType id;
  for (std::size_t i = 0; i < 8; ++i) id.bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  return id;
}

/// 2026-07-06T09:00:00+08:00, a Monday: when the sample programme opens.
inline constexpr base::Instant opening{1'783'299'600'000};
inline constexpr int town_offset_minutes = 480;

inline const auto sample_programme_id = id_of<base::ProgrammeId>(1);

/// Opens at `opening` for a week, without caps.
inline domain::Programme sample_programme() {
  domain::Programme programme;
  programme.id = sample_programme_id;
  programme.station_id = id_of<base::StationId>(1);
  programme.title = "暑期班";
  programme.opens_at = opening;
  programme.closes_at = opening + std::chrono::hours(24 * 7);
  return programme;
}

/// Published, for ages 6 to 12; one session of an hour, two weeks and `number` hours after the opening, so that no two
/// overlap.
inline domain::Activity sample_activity(std::uint64_t number, int capacity) {
  domain::Activity activity;
  activity.id = id_of<base::ActivityId>(number);
  activity.programme_id = sample_programme_id;
  activity.title = "活动" + std::to_string(number);
  activity.age_min = 6;
  activity.age_max = 12;
  activity.capacity = capacity;
  const base::Instant start = opening + std::chrono::hours(24 * 14 + static_cast<int>(number));
  activity.sessions = {{id_of<base::SessionId>(number), {start, start + std::chrono::hours(1)}, "一楼"}};
  activity.publication = domain::Publication::published;
  return activity;
}

/// The wish of user and attendee `person` for an activity, under a booking id of its own.
inline domain::BookingWish sample_wish(std::uint64_t booking, std::uint64_t activity, std::uint64_t person) {
  return {id_of<base::BookingId>(booking), id_of<base::ActivityId>(activity), sample_programme_id,
          id_of<base::AttendeeId>(person), id_of<base::UserId>(person)};
}

inline const app::Actor sample_actor{id_of<base::AccountId>(9), "user", "127.0.0.1", "request"};

}  // namespace zl::test
