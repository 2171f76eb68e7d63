// Instants, civil dates and their text forms. Instants are UTC milliseconds; the town's offset is fixed.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace zl::base {

using Milliseconds = std::chrono::milliseconds;

/// A point in time: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
struct Instant {
  std::int64_t unix_ms = 0;

  auto operator<=>(const Instant&) const = default;
  Instant operator+(Milliseconds d) const { return {unix_ms + d.count()}; }
  Instant operator-(Milliseconds d) const { return {unix_ms - d.count()}; }
  Milliseconds operator-(Instant other) const { return Milliseconds(unix_ms - other.unix_ms); }
};

using Date = std::chrono::year_month_day;

/// Years 1900 to 2199 are accepted for instants and dates.
inline constexpr int first_year = 1900;
inline constexpr int last_year = 2199;

/// RFC 3339 with milliseconds and the offset: "2026-07-06T09:00:00.000+08:00".
std::string format_instant(Instant instant, int offset_minutes);

/// RFC 3339 date-time; an offset is required, fractions beyond milliseconds are cut, a leap second is refused.
std::optional<Instant> parse_instant(std::string_view text);

/// "2026-07-06"
std::string format_date(Date date);

/// RFC 3339 full-date that exists in the calendar.
std::optional<Date> parse_date(std::string_view text);

/// The civil day of an instant at an offset.
Date civil_day(Instant instant, int offset_minutes);

/// Midnight at which a civil day starts at an offset.
Instant start_of_day(Date date, int offset_minutes);

/// Completed years on a day. Somebody born on 29 February turns older on 1 March of common years.
int age_on(Date birth_date, Date day);

}  // namespace zl::base
