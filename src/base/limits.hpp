// Bounds of the domain. What a deployment may change is in its module's configuration instead.
#pragma once

#include <cstddef>
#include <cstdint>

namespace zl::base::limits {

// Texts, in Unicode code points.
inline constexpr std::size_t title_length = 100;
inline constexpr std::size_t name_length = 50;
inline constexpr std::size_t nickname_length = 50;
inline constexpr std::size_t venue_length = 100;
inline constexpr std::size_t area_length = 50;
inline constexpr std::size_t description_length = 4000;
inline constexpr std::size_t notes_length = 500;
inline constexpr std::size_t reason_length = 500;
inline constexpr std::size_t openid_length = 128;

// Accounts, in bytes.
inline constexpr std::size_t username_min = 3;
inline constexpr std::size_t username_max = 32;
inline constexpr std::size_t password_min = 10;
inline constexpr std::size_t password_max = 128;
inline constexpr std::size_t idempotency_key_min = 8;
inline constexpr std::size_t idempotency_key_max = 64;

// Activities.
inline constexpr int capacity_min = 1;
inline constexpr int capacity_max = 100'000;
inline constexpr int age_max = 150;
inline constexpr std::size_t sessions_per_activity = 60;
inline constexpr int cap_max = 1000;           ///< max_per_attendee, max_per_user
inline constexpr int cancel_hours_max = 8760;  ///< a year
inline constexpr std::size_t activities_per_programme = 500;
inline constexpr int session_hours_max = 24;

// People.
inline constexpr std::size_t attendees_per_user = 10;

// Lists.
inline constexpr std::size_t page_default = 50;
inline constexpr std::size_t page_max = 200;

// Rosters as files, in each process.
inline constexpr std::size_t export_page = 1000;  ///< bookings that are read at a time
inline constexpr std::size_t exports_at_once = 4;

}  // namespace zl::base::limits
