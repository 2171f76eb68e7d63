// Civil time of the town (a fixed offset of +08:00, no time zones) and the RFC 3339 text of the HTTP contract.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rush/model.hpp"

namespace zl::rush {

inline constexpr std::int64_t day_ms = 86'400'000;
inline constexpr std::int64_t town_offset_ms = std::int64_t{480} * 60'000;

/// Reads "2026-07-06T09:00:00.000+08:00"; nothing when the text is not RFC 3339 with an offset.
std::optional<Instant> parse_instant(std::string_view text);

/// Writes milliseconds and the town's offset.
std::string format_instant(Instant instant);

/// "09:00:05.250" of the town, for people.
std::string format_clock(Instant instant);

/// "2017-03-31".
std::string format_day(Day day);

Day day_of(Instant instant);

/// The town's instant of `minutes` after midnight of `day`.
Instant instant_of(Day day, int minutes);

/// The Monday after the next one, seen from `now`: 8 to 14 days away.
Day monday_after_next(Instant now);

/// Completed years on `day`; somebody born on 29 February turns older on 1 March.
int age_on(Day birth_day, Day day);

}  // namespace zl::rush
