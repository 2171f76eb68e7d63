#include "store/mysql/booked_entries.hpp"

namespace zl::mysql {
namespace {

/// What comes before the first space; it goes from `line` with the space.
std::string_view take_word(std::string_view& line) {
  const std::size_t end = line.find(' ');
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
  return word;
}

std::optional<BookedEntry> entry_of(std::string_view line) {
  const auto booking_id = base::BookingId::parse(take_word(line));
  const auto activity_id = base::ActivityId::parse(take_word(line));
  const auto attendee_id = base::AttendeeId::parse(take_word(line));
  const auto user_id = base::UserId::parse(take_word(line));
  const std::string_view address = take_word(line);
  if (!booking_id || !activity_id || !attendee_id || !user_id || !address.starts_with('@')) return std::nullopt;
  return BookedEntry{*booking_id,      *activity_id, *attendee_id, *user_id, std::string(address.substr(1)),
                     std::string(line)};
}

}  // namespace

void append_line(std::string& detail, const BookedEntry& entry) {
  base::append_hex(detail, entry.booking_id.raw());
  detail += ' ';
  base::append_hex(detail, entry.activity_id.raw());
  detail += ' ';
  base::append_hex(detail, entry.attendee_id.raw());
  detail += ' ';
  base::append_hex(detail, entry.user_id.raw());
  detail += " @";
  detail += entry.address;
  detail += ' ';
  detail += entry.request_id;
  detail += '\n';
}

std::vector<std::optional<BookedEntry>> read_booked(std::string_view detail) {
  std::vector<std::optional<BookedEntry>> entries;
  while (!detail.empty()) {
    const std::size_t end = detail.find('\n');
    entries.push_back(entry_of(detail.substr(0, end)));
    detail.remove_prefix(end == std::string_view::npos ? detail.size() : end + 1);
  }
  return entries;
}

}  // namespace zl::mysql
