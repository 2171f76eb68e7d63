#include "base/time.hpp"

namespace zl::base {
namespace {

namespace chrono = std::chrono;

/// Exactly `count` digits from the front of `text`, which is shortened by them.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<Date> take_date(std::string_view& text) {
  const auto year = take_digits(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day) return std::nullopt;
  const Date date{chrono::year(*year), chrono::month(static_cast<unsigned>(*month)),
                  chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *year < first_year || *year > last_year) return std::nullopt;
  return date;
}

/// Milliseconds since midnight.
std::optional<std::int64_t> take_time_of_day(std::string_view& text) {
  const auto hour = take_digits(text, 2);
  if (!hour || !take(text, ':')) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || !take(text, ':')) return std::nullopt;
  const auto second = take_digits(text, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  std::int64_t ms = ((std::int64_t{*hour} * 60 + *minute) * 60 + *second) * 1000;
  if (!take(text, '.')) return ms;
  int scale = 100;
  std::size_t digits = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    ms += std::int64_t{text.front() - '0'} * scale;
    scale /= 10;
    text.remove_prefix(1);
    ++digits;
  }
  if (digits == 0 || digits > 9) return std::nullopt;
  return ms;
}

std::optional<int> take_offset_minutes(std::string_view& text) {
  if (take(text, 'Z') || take(text, 'z')) return 0;
  const bool west = take(text, '-');
  if (!west && !take(text, '+')) return std::nullopt;
  const auto hours = take_digits(text, 2);
  if (!hours || !take(text, ':')) return std::nullopt;
  const auto minutes = take_digits(text, 2);
  if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const int offset = *hours * 60 + *minutes;
  return west ? -offset : offset;
}

/// Exactly `count` digits at `out`. By hand: a list of activities holds hundreds of instants, and fmt stood out in its
/// profile.
void put_digits(unsigned value, int count, char* out) {
  for (int i = count - 1; i >= 0; --i) {
    out[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

/// Over the first ten characters.
void put_date(Date date, std::string& text) {
  put_digits(static_cast<unsigned>(static_cast<int>(date.year())), 4, text.data());
  put_digits(static_cast<unsigned>(date.month()), 2, &text[5]);
  put_digits(static_cast<unsigned>(date.day()), 2, &text[8]);
}

}  // namespace

std::string format_instant(Instant instant, int offset_minutes) {
  const chrono::sys_time<Milliseconds> local{Milliseconds(instant.unix_ms) + chrono::minutes(offset_minutes)};
  const auto day = chrono::floor<chrono::days>(local);
  const Date date{day};
  const chrono::hh_mm_ss time{local - day};
  const auto magnitude = static_cast<unsigned>(offset_minutes < 0 ? -offset_minutes : offset_minutes);
  std::string text("0000-00-00T00:00:00.000+00:00");
  put_date(date, text);
  put_digits(static_cast<unsigned>(time.hours().count()), 2, &text[11]);
  put_digits(static_cast<unsigned>(time.minutes().count()), 2, &text[14]);
  put_digits(static_cast<unsigned>(time.seconds().count()), 2, &text[17]);
  put_digits(static_cast<unsigned>(time.subseconds().count()), 3, &text[20]);
  text[23] = offset_minutes < 0 ? '-' : '+';
  put_digits(magnitude / 60, 2, &text[24]);
  put_digits(magnitude % 60, 2, &text[27]);
  return text;
}

std::optional<Instant> parse_instant(std::string_view text) {
  const auto date = take_date(text);
  if (!date || (!take(text, 'T') && !take(text, 't'))) return std::nullopt;
  const auto time_ms = take_time_of_day(text);
  if (!time_ms) return std::nullopt;
  const auto offset = take_offset_minutes(text);
  if (!offset || !text.empty()) return std::nullopt;
  return start_of_day(*date, *offset) + Milliseconds(*time_ms);
}

std::string format_date(Date date) {
  std::string text("0000-00-00");
  put_date(date, text);
  return text;
}

std::optional<Date> parse_date(std::string_view text) {
  const auto date = take_date(text);
  if (!date || !text.empty()) return std::nullopt;
  return date;
}

Date civil_day(Instant instant, int offset_minutes) {
  const chrono::sys_time<Milliseconds> local{Milliseconds(instant.unix_ms) + chrono::minutes(offset_minutes)};
  return Date{chrono::floor<chrono::days>(local)};
}

Instant start_of_day(Date date, int offset_minutes) {
  const chrono::sys_time<Milliseconds> midnight{chrono::sys_days(date) - chrono::minutes(offset_minutes)};
  return {midnight.time_since_epoch().count()};
}

int age_on(Date birth_date, Date day) {
  const int years = static_cast<int>(day.year()) - static_cast<int>(birth_date.year());
  const bool birthday_ahead =
      chrono::month_day(day.month(), day.day()) < chrono::month_day(birth_date.month(), birth_date.day());
  return birthday_ahead ? years - 1 : years;
}

}  // namespace zl::base
