#include "store/redis/gate_image.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "store/redis/gate_code.hpp"
#include "store/redis/gate_replies.hpp"
#include "store/redis/keys.hpp"

namespace zl::redis {
namespace {

// Rows in one command while an image is staged, so that Redis is never busy with one for long.
constexpr std::size_t rows_at_once = 1000;

constexpr std::size_t piece_bytes = std::size_t{1} << 16;

// A staged image that nobody installs is gone after this.
constexpr int staged_seconds = 60;

/// A committed booking's record, as gate.lua reads it; its grant is the epoch's zeroth.
std::string committed_record(const app::GateBooking& booking, std::uint64_t epoch) {
  return name_of(booking.activity_id) + name_of(booking.attendee_id) + name_of(booking.user_id) +
         pack({epoch, 0, 0, 0, 0});
}

/// Field and value pairs of the `held` hash.
std::map<std::string, std::string> held_fields(const app::GateImage& image) {
  std::map<std::string, std::string> fields;
  for (const app::GateBooking& booking : image.bookings) {
    const std::string row = name_of(booking.activity_id) + name_of(booking.id);
    fields[name_of(booking.id)] = committed_record(booking, image.epoch);
    fields[name_of(booking.attendee_id)] += row;
    fields[name_of(booking.user_id)] += row;
  }
  return fields;
}

std::string joined(const std::vector<base::ActivityId>& ids) {
  std::string out;
  for (const base::ActivityId& id : ids) out += name_of(id);
  return out;
}

constexpr int no_cap = -1;

std::map<base::ActivityId, std::vector<const app::GateBooking*>> by_activity(const app::GateImage& image) {
  std::map<base::ActivityId, std::vector<const app::GateBooking*>> groups;
  for (const app::GateBooking& booking : image.bookings) groups[booking.activity_id].push_back(&booking);
  return groups;
}

Command expiry(const std::string& key) {
  return std::move(Command("EXPIRE").arg(key).arg(staged_seconds));
}

}  // namespace

std::vector<Command> staging_commands(const app::GateImage& image) {
  const ProgrammeKeys keys(image.programme_id);
  const std::string staged_held = ProgrammeKeys::staged(keys.held(), image.epoch);
  std::vector<Command> commands;
  Command& clear = commands.emplace_back("DEL");
  clear.arg(staged_held);
  for (const app::GateActivity& activity : image.activities) {
    clear.arg(ProgrammeKeys::staged(keys.seats(activity.id), image.epoch));
  }
  const auto fields = held_fields(image);
  for (auto at = fields.begin(); at != fields.end();) {
    Command& piece = commands.emplace_back("HSET", piece_bytes);
    piece.arg(staged_held);
    for (std::size_t n = 0; n < rows_at_once && at != fields.end(); ++n, ++at) piece.arg(at->first).arg(at->second);
    commands.push_back(expiry(staged_held));
  }
  for (const auto& [activity_id, bookings] : by_activity(image)) {
    const std::string staged_seats = ProgrammeKeys::staged(keys.seats(activity_id), image.epoch);
    for (std::size_t at = 0; at < bookings.size(); at += rows_at_once) {
      Command& piece = commands.emplace_back("ZADD", piece_bytes);
      piece.arg(staged_seats);
      for (std::size_t i = at; i < std::min(at + rows_at_once, bookings.size()); ++i) {
        piece.arg("+inf").arg(name_of(bookings[i]->id));
      }
      commands.push_back(expiry(staged_seats));
    }
  }
  return commands;
}

Command install_command(const app::GateImage& image, const std::string& run_id) {
  const ProgrammeKeys keys(image.programme_id);
  const auto groups = by_activity(image);
  Command command = function_call("zl_install", 3 + 2 * image.activities.size(), piece_bytes);
  command.arg(keys.gate()).arg(keys.held()).arg(ProgrammeKeys::staged(keys.held(), image.epoch));
  for (const app::GateActivity& activity : image.activities) {
    command.arg(keys.seats(activity.id)).arg(ProgrammeKeys::staged(keys.seats(activity.id), image.epoch));
  }
  command.arg(run_id).arg(image.epoch).arg(image.arrival).arg(image.opens_at.unix_ms);
  command.arg(image.rules.max_per_attendee.value_or(no_cap)).arg(image.rules.max_per_user.value_or(no_cap));
  command.arg(image.rules.forbid_overlap ? "1" : "0");
  for (const app::GateActivity& activity : image.activities) {
    const auto group = groups.find(activity.id);
    command.arg(name_of(activity.id)).arg(activity.capacity).arg(group == groups.end() ? 0 : group->second.size());
    command.arg(activity.closes_at.unix_ms).arg(joined(activity.overlapping)).arg(activity.version);
  }
  return command;
}

}  // namespace zl::redis
