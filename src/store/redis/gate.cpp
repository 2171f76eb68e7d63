#include "store/redis/gate.hpp"

#include <charconv>
#include <map>

#include "runtime/loops.hpp"
#include "runtime/sha256.hpp"
#include "store/redis/function_files.hpp"
#include "store/redis/gate_replies.hpp"
#include "store/redis/keys.hpp"

namespace zl::redis {
namespace {

/// gate.lua under a version of its own, made from its text: a changed text never meets functions of the old one.
struct GateCode {
  GateCode() {
    code = function_files().front().text;
    const runtime::Digest digest = runtime::sha256(code);
    version = base::to_hex({reinterpret_cast<const char*>(digest.data()), 4});
    constexpr std::string_view placeholder = "VERSION";
    for (std::size_t at = code.find(placeholder); at != std::string::npos; at = code.find(placeholder, at)) {
      code.replace(at, placeholder.size(), version);
    }
  }

  std::string code;
  std::string version;
};

const GateCode& gate_code() {
  static const GateCode code;
  return code;
}

// Rows in one command while an image is staged, so that Redis is never busy with one for long.
constexpr std::size_t rows_at_once = 1000;

constexpr std::size_t piece_bytes = std::size_t{1} << 16;

// A staged image that nobody installs is gone after this.
constexpr int staged_seconds = 60;

Command function(std::string_view name, std::size_t keys, std::size_t bytes = 512) {
  Command command("FCALL", bytes);
  command.arg(std::string(name) + "_" + gate_code().version).arg(keys);
  return command;
}

/// A committed booking's record, as gate.lua reads it; its grant is the epoch's zeroth.
std::string committed_record(const app::GateBooking& booking, std::uint64_t epoch) {
  return "c" + booking.activity_id.hex() + booking.attendee_id.hex() + booking.user_id.hex() + ";" +
         format_grant(domain::GrantNumber::of(epoch, 0)) + ";0;0;0";
}

/// Field and value pairs of the `held` hash.
std::map<std::string, std::string> held_fields(const app::GateImage& image) {
  std::map<std::string, std::string> fields;
  for (const app::GateBooking& booking : image.bookings) {
    const std::string id = booking.id.hex();
    fields["b:" + id] = committed_record(booking, image.epoch);
    fields["a:" + booking.attendee_id.hex()] += booking.activity_id.hex() + id;
    fields["u:" + booking.user_id.hex()] += id;
  }
  return fields;
}

std::string joined(const std::vector<base::ActivityId>& ids) {
  std::string out;
  for (const base::ActivityId& id : ids) out += id.hex();
  return out;
}

std::string cap_text(const std::optional<int>& cap) {
  return cap ? std::to_string(*cap) : std::string();
}

std::map<base::ActivityId, std::vector<const app::GateBooking*>> by_activity(const app::GateImage& image) {
  std::map<base::ActivityId, std::vector<const app::GateBooking*>> groups;
  for (const app::GateBooking& booking : image.bookings) groups[booking.activity_id].push_back(&booking);
  return groups;
}

Command expiry(const std::string& key) {
  return std::move(Command("EXPIRE").arg(key).arg(staged_seconds));
}

/// Clears what an earlier attempt left, then writes the image piece by piece; no piece is without its expiry for longer
/// than it takes to send it.
std::vector<Command> staging_commands(const app::GateImage& image, const ProgrammeKeys& keys) {
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
        piece.arg("+inf").arg(bookings[i]->id.hex() + bookings[i]->attendee_id.hex());
      }
      commands.push_back(expiry(staged_seats));
    }
  }
  return commands;
}

Command install_command(const app::GateImage& image, const ProgrammeKeys& keys, const std::string& run_id) {
  const auto groups = by_activity(image);
  Command command = function("zl_install", 3 + 2 * image.activities.size(), piece_bytes);
  command.arg(keys.gate()).arg(keys.held()).arg(ProgrammeKeys::staged(keys.held(), image.epoch));
  for (const app::GateActivity& activity : image.activities) {
    command.arg(keys.seats(activity.id)).arg(ProgrammeKeys::staged(keys.seats(activity.id), image.epoch));
  }
  command.arg(run_id).arg(image.epoch).arg(image.arrival).arg(image.opens_at.unix_ms);
  command.arg(cap_text(image.rules.max_per_attendee)).arg(cap_text(image.rules.max_per_user));
  command.arg(image.rules.forbid_overlap ? "1" : "0");
  for (const app::GateActivity& activity : image.activities) {
    const auto group = groups.find(activity.id);
    command.arg(activity.id.hex()).arg(activity.capacity).arg(group == groups.end() ? 0 : group->second.size());
    command.arg(activity.closes_at.unix_ms).arg(joined(activity.overlapping));
  }
  return command;
}

}  // namespace

std::vector<Library> gate_libraries() {
  return {{"zhonglou_gate_" + gate_code().version, gate_code().code}};
}

Link& RedisGate::link() const {
  return *links_[runtime::Loops::current()];
}

RedisGate::Answer<app::GateDecision> RedisGate::book(const domain::BookingWish& wish, std::uint64_t min_epoch) {
  const ProgrammeKeys keys(wish.programme_id);
  const base::ActivityId activity_id = wish.activity_id;
  Command command = function("zl_book", 3);
  command.arg(keys.gate()).arg(keys.held()).arg(keys.seats(activity_id));
  command.arg(link().run_id()).arg(min_epoch).arg(wish.id.hex()).arg(activity_id.hex());
  command.arg(wish.attendee_id.hex()).arg(wish.user_id.hex()).arg(hold_ttl_.count());
  const Reply reply = co_await link().call(std::move(command));
  co_return read_decision(reply, activity_id);
}

void RedisGate::confirm(const domain::BookingWish& wish) {
  const ProgrammeKeys keys(wish.programme_id);
  Command command = function("zl_confirm", 2);
  command.arg(keys.held()).arg(keys.seats(wish.activity_id)).arg(wish.id.hex()).arg(wish.attendee_id.hex());
  link().send(std::move(command));
}

RedisGate::Answer<base::Done> RedisGate::change(Command command) {
  const Reply reply = co_await link().call(std::move(command));
  co_return read_change(reply);
}

RedisGate::Answer<base::Done> RedisGate::remove(base::ProgrammeId programme_id, base::ActivityId activity_id,
                                                std::vector<app::HoldRef> holds, app::Unit unit) {
  const ProgrammeKeys keys(programme_id);
  Command command = function("zl_remove", 3);
  command.arg(keys.gate()).arg(keys.held()).arg(keys.seats(activity_id));
  command.arg(link().run_id()).arg(activity_id.hex()).arg(unit == app::Unit::stays ? "stays" : "returns");
  for (const app::HoldRef& hold : holds) command.arg(hold.id.hex()).arg(format_grant(hold.grant));
  return change(std::move(command));
}

RedisGate::Answer<base::Done> RedisGate::remove_cancelled(base::ProgrammeId programme_id, base::ActivityId activity_id,
                                                          base::BookingId id) {
  const ProgrammeKeys keys(programme_id);
  Command command = function("zl_remove", 3);
  command.arg(keys.gate()).arg(keys.held()).arg(keys.seats(activity_id));
  command.arg(link().run_id()).arg(activity_id.hex()).arg("returns").arg(id.hex()).arg("*");
  return change(std::move(command));
}

RedisGate::Answer<base::Done> RedisGate::adopt(base::ProgrammeId programme_id, base::ActivityId activity_id,
                                               std::vector<app::GateBooking> bookings) {
  const ProgrammeKeys keys(programme_id);
  Command command = function("zl_adopt", 3);
  command.arg(keys.gate()).arg(keys.held()).arg(keys.seats(activity_id)).arg(link().run_id()).arg(activity_id.hex());
  for (const app::GateBooking& booking : bookings) {
    command.arg(booking.id.hex()).arg(booking.attendee_id.hex()).arg(booking.user_id.hex());
  }
  return change(std::move(command));
}

RedisGate::Answer<base::Done> RedisGate::give_back_spare(base::ProgrammeId programme_id, base::ActivityId activity_id,
                                                         int count) {
  Command command = function("zl_give_back_spare", 1);
  command.arg(ProgrammeKeys(programme_id).gate()).arg(link().run_id()).arg(activity_id.hex()).arg(count);
  return change(std::move(command));
}

RedisGate::Answer<base::Done> RedisGate::set_capacity(base::ProgrammeId programme_id, base::ActivityId activity_id,
                                                      int capacity) {
  Command command = function("zl_set_capacity", 1);
  command.arg(ProgrammeKeys(programme_id).gate()).arg(link().run_id()).arg(activity_id.hex()).arg(capacity);
  return change(std::move(command));
}

RedisGate::Answer<std::optional<app::GateSeats>> RedisGate::seats(base::ProgrammeId programme_id,
                                                                  std::vector<base::ActivityId> activities) {
  const ProgrammeKeys keys(programme_id);
  Command command = function("zl_seats", 1 + activities.size());
  command.arg(keys.gate());
  for (const base::ActivityId& id : activities) command.arg(keys.seats(id));
  command.arg(link().run_id());
  for (const base::ActivityId& id : activities) command.arg(id.hex());
  const Reply reply = co_await link().call(std::move(command));
  co_return read_seats(reply);
}

RedisGate::Answer<std::optional<app::GateHolders>> RedisGate::holders(base::ProgrammeId programme_id,
                                                                      base::ActivityId activity_id) {
  const ProgrammeKeys keys(programme_id);
  Command command = function("zl_holders", 3);
  command.arg(keys.gate()).arg(keys.held()).arg(keys.seats(activity_id)).arg(link().run_id()).arg(activity_id.hex());
  const Reply reply = co_await link().call(std::move(command));
  co_return read_holders(reply);
}

RedisGate::Answer<std::vector<app::ExpiredHold>> RedisGate::expired_holds(base::ProgrammeId programme_id,
                                                                          std::vector<base::ActivityId> activities,
                                                                          std::size_t limit) {
  const ProgrammeKeys keys(programme_id);
  Command command = function("zl_expired", 2 + activities.size());
  command.arg(keys.gate()).arg(keys.held());
  for (const base::ActivityId& id : activities) command.arg(keys.seats(id));
  command.arg(link().run_id()).arg(limit);
  for (const base::ActivityId& id : activities) command.arg(id.hex());
  const Reply reply = co_await link().call(std::move(command));
  co_return read_expired(reply);
}

RedisGate::Answer<base::Instant> RedisGate::time() {
  const Reply reply = co_await link().call(Command::of({"TIME"}));
  co_return read_time(reply);
}

void RedisGate::announce_change() {
  link().send(Command::of({"PUBLISH", news_channel, "change"}));
}

boost::asio::awaitable<bool> RedisGate::stage(Command command) {
  const Reply reply = co_await link().call(std::move(command));
  co_return reply.kind() == Reply::Kind::integer;
}

/// The image is put together under staged keys, in pieces, and takes the live keys' place in one call.
RedisGate::Answer<bool> RedisGate::install(app::GateImage image) {
  const ProgrammeKeys keys(image.programme_id);
  // Read once: were Redis to restart half-way, this image names the Redis it was staged on, and so counts as lost.
  const std::string run_id = link().run_id();
  for (Command& command : staging_commands(image, keys)) {
    if (!co_await stage(std::move(command))) co_return base::Unknown{"redis: the image could not be staged"};
  }
  const Reply reply = co_await link().call(install_command(image, keys, run_id));
  if (auto none = no_answer<bool>(reply)) co_return *std::move(none);
  co_return reply.number() == 1;
}

void dispatch_news(std::string_view payload, app::SeatNews& news) {
  if (payload == "change") return news.on_change();
  std::vector<std::string_view> word;
  for (std::size_t at = 0; at <= payload.size() && word.size() < 8;) {
    const std::size_t end = std::min(payload.find(' ', at), payload.size());
    word.push_back(payload.substr(at, end - at));
    at = end + 1;
  }
  if (word.size() != 7 || word[0] != "seats") return;
  std::uint64_t numbers[4] = {};
  for (std::size_t i = 0; i < 4; ++i) {
    const std::string_view text = word[3 + i];
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), numbers[i]);
    if (error != std::errc{} || end != text.data() + text.size()) return;
  }
  const auto programme = base::ProgrammeId::parse(word[1]);
  const auto activity = base::ActivityId::parse(word[2]);
  if (!programme || !activity) return;
  news.on_seats(*programme,
                {*activity, {numbers[0], numbers[1]}, static_cast<int>(numbers[2]), static_cast<int>(numbers[3])});
}

}  // namespace zl::redis
