// Calendar arithmetic is std::chrono's; only the text forms are written here.
#include "rush/instant.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>

namespace zl::rush {
namespace {

namespace chrono = std::chrono;

constexpr std::int64_t second_ms = 1000;
constexpr std::int64_t minute_ms = 60 * second_ms;

std::optional<int> digits(std::string_view text, std::size_t from, std::size_t count) {
  if (from + count > text.size()) {
    return std::nullopt;
  }
  int value = 0;
  const char* begin = text.data() + from;
  const char* end = begin + count;
  if (*begin < '0' || *begin > '9') {
    return std::nullopt;
  }
  const auto [stopped, error] = std::from_chars(begin, end, value);
  return error == std::errc{} && stopped == end ? std::optional(value) : std::nullopt;
}

std::optional<std::int64_t> parse_offset_ms(std::string_view text) {
  if (text == "Z" || text == "z") {
    return 0;
  }
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') {
    return std::nullopt;
  }
  const auto hours = digits(text, 1, 2);
  const auto minutes = digits(text, 4, 2);
  if (!hours || !minutes) {
    return std::nullopt;
  }
  const std::int64_t size_ms = (*hours * 60 + *minutes) * minute_ms;
  return text[0] == '-' ? -size_ms : size_ms;
}

/// Milliseconds of ".25" or ".250123"; `used` is how many characters it took.
std::int64_t parse_fraction_ms(std::string_view text, std::size_t& used) {
  std::int64_t ms = 0;
  std::int64_t unit_ms = 100;
  for (used = 1; used < text.size() && text[used] >= '0' && text[used] <= '9'; ++used) {
    ms += (text[used] - '0') * unit_ms;
    unit_ms /= 10;
  }
  return ms;
}

chrono::year_month_day civil(Day day) {
  return chrono::sys_days(chrono::days(day));
}

Day day_number(const chrono::year_month_day& date) {
  return static_cast<Day>(chrono::sys_days(date).time_since_epoch().count());
}

std::int64_t ms_of_day(Instant instant) {
  return instant + town_offset_ms - day_of(instant) * day_ms;
}

}  // namespace

std::optional<Instant> parse_instant(std::string_view text) {
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':') {
    return std::nullopt;
  }
  const auto year = digits(text, 0, 4);
  const auto month = digits(text, 5, 2);
  const auto day = digits(text, 8, 2);
  const auto hour = digits(text, 11, 2);
  const auto minute = digits(text, 14, 2);
  const auto second = digits(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) {
    return std::nullopt;
  }
  const chrono::year_month_day date{chrono::year(*year), chrono::month(static_cast<unsigned>(*month)),
                                    chrono::day(static_cast<unsigned>(*day))};
  std::size_t fraction_size = 0;
  const std::int64_t fraction_ms = text[19] == '.' ? parse_fraction_ms(text.substr(19), fraction_size) : 0;
  const auto offset_ms = parse_offset_ms(text.substr(19 + fraction_size));
  if (!date.ok() || !offset_ms) {
    return std::nullopt;
  }
  return day_number(date) * day_ms + (*hour * 60 + *minute) * minute_ms + *second * second_ms + fraction_ms -
         *offset_ms;
}

std::string format_instant(Instant instant) {
  return fmt::format("{}T{}+08:00", format_day(day_of(instant)), format_clock(instant));
}

std::string format_clock(Instant instant) {
  const std::int64_t ms = ms_of_day(instant);
  return fmt::format("{:02}:{:02}:{:02}.{:03}", ms / 3'600'000, ms / minute_ms % 60, ms / second_ms % 60,
                     ms % second_ms);
}

std::string format_day(Day day) {
  const auto date = civil(day);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

Day day_of(Instant instant) {
  const auto since_epoch = chrono::milliseconds(instant + town_offset_ms);
  return static_cast<Day>(chrono::floor<chrono::days>(since_epoch).count());
}

Instant instant_of(Day day, int minutes) {
  return day * day_ms + minutes * minute_ms - town_offset_ms;
}

Day monday_after_next(Instant now) {
  const Day today = day_of(now);
  const chrono::weekday weekday{chrono::sys_days(chrono::days(today))};
  const int days_to_next_monday = 8 - static_cast<int>(weekday.iso_encoding());
  return today + days_to_next_monday + 7;
}

int age_on(Day birth_day, Day day) {
  const auto birth = civil(birth_day);
  const auto date = civil(day);
  const int years = static_cast<int>(date.year()) - static_cast<int>(birth.year());
  const bool birthday_to_come =
      date.month() < birth.month() || (date.month() == birth.month() && date.day() < birth.day());
  return birthday_to_come ? years - 1 : years;
}

}  // namespace zl::rush
