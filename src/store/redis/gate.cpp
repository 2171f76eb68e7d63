#include "store/redis/gate.hpp"

#include <algorithm>
#include <charconv>

#include "base/crash_point.hpp"
#include "runtime/loops.hpp"
#include "store/redis/gate_image.hpp"
#include "store/redis/gate_replies.hpp"
#include "store/redis/keys.hpp"

namespace zl::redis {

Link& RedisGate::link() const {
  return *links_[runtime::Loops::current()];
}

GateQueue& RedisGate::queue() const {
  return *queues_[runtime::Loops::current()];
}

RedisGate::RedisGate(std::vector<Link*> links, base::Milliseconds hold_ttl, base::Milliseconds late_after)
    : hold_ttl_(hold_ttl), late_after_(late_after), links_(std::move(links)) {
  for (Link* link : links_) queues_.push_back(std::make_shared<GateQueue>(*link, hold_ttl));
}

void RedisGate::tell(app::LateGrants& late_grants) {
  for (const auto& queue : queues_) queue->tell(late_grants);
}

RedisGate::Answer<app::GateDecision> RedisGate::book(const domain::BookingWish& wish, std::uint64_t min_epoch) {
  return queue().book(wish, min_epoch);
}

bool RedisGate::is_late(base::SteadyTime now) const {
  const std::optional<base::SteadyTime> since = link().waits_since();
  return since && now - *since > late_after_;
}

void RedisGate::confirm(const domain::BookingWish& wish) {
  queue().confirm(wish);
}

/// Whatever was confirmed before is sent before.
boost::asio::awaitable<Reply> RedisGate::call(Command command) {
  queue().send_confirmations();
  return link().call(std::move(command));
}

RedisGate::Answer<base::Done> RedisGate::change(Command command) {
  const Reply reply = co_await call(std::move(command));
  co_return read_change(reply);
}

RedisGate::Answer<base::Done> RedisGate::remove(base::ProgrammeId programme_id, base::ActivityId activity_id,
                                                std::vector<app::HoldRef> holds, app::Unit unit) {
  const ProgrammeKeys keys(programme_id);
  Command command = function_call("zl_remove", 3);
  command.arg(keys.gate()).arg(keys.held()).arg(keys.seats(activity_id));
  command.arg(link().run_id()).arg(name_of(activity_id)).arg(unit == app::Unit::stays ? "stays" : "returns");
  for (const app::HoldRef& hold : holds) command.arg(name_of(hold.id)).arg(pack(hold.grant));
  return change(std::move(command));
}

RedisGate::Answer<base::Done> RedisGate::remove_cancelled(base::ProgrammeId programme_id, base::ActivityId activity_id,
                                                          base::BookingId id) {
  const ProgrammeKeys keys(programme_id);
  Command command = function_call("zl_remove", 3);
  command.arg(keys.gate()).arg(keys.held()).arg(keys.seats(activity_id));
  command.arg(link().run_id()).arg(name_of(activity_id)).arg("returns").arg(name_of(id)).arg("*");
  return change(std::move(command));
}

RedisGate::Answer<base::Done> RedisGate::adopt(base::ProgrammeId programme_id, base::ActivityId activity_id,
                                               std::vector<app::GateBooking> bookings) {
  const ProgrammeKeys keys(programme_id);
  Command command = function_call("zl_adopt", 3);
  command.arg(keys.gate()).arg(keys.held()).arg(keys.seats(activity_id)).arg(link().run_id()).arg(name_of(activity_id));
  for (const app::GateBooking& booking : bookings) {
    command.arg(name_of(booking.id)).arg(name_of(booking.attendee_id)).arg(name_of(booking.user_id));
  }
  return change(std::move(command));
}

RedisGate::Answer<base::Done> RedisGate::give_back_spare(base::ProgrammeId programme_id, base::ActivityId activity_id,
                                                         int count) {
  Command command = function_call("zl_give_back_spare", 1);
  command.arg(ProgrammeKeys(programme_id).gate()).arg(link().run_id()).arg(name_of(activity_id)).arg(count);
  return change(std::move(command));
}

RedisGate::Answer<base::Done> RedisGate::set_capacity(base::ProgrammeId programme_id, base::ActivityId activity_id,
                                                      int capacity, std::uint64_t version) {
  Command command = function_call("zl_set_capacity", 1);
  command.arg(ProgrammeKeys(programme_id).gate()).arg(link().run_id()).arg(name_of(activity_id));
  command.arg(capacity).arg(version);
  return change(std::move(command));
}

RedisGate::Answer<std::optional<app::GateVersion>> RedisGate::version(base::ProgrammeId programme_id) {
  const std::string run_id = link().run_id();
  const std::string key = ProgrammeKeys(programme_id).gate();
  const Reply reply = co_await call(Command::of({"HMGET", key, "run", "epoch", "changes"}));
  co_return read_version(reply, run_id);
}

RedisGate::Answer<std::optional<app::GateSeats>> RedisGate::seats(base::ProgrammeId programme_id,
                                                                  std::vector<base::ActivityId> activities) {
  const ProgrammeKeys keys(programme_id);
  Command command = function_call("zl_seats", 1 + activities.size());
  command.arg(keys.gate());
  for (const base::ActivityId& id : activities) command.arg(keys.seats(id));
  command.arg(link().run_id());
  for (const base::ActivityId& id : activities) command.arg(name_of(id));
  const Reply reply = co_await call(std::move(command));
  co_return read_seats(reply);
}

RedisGate::Answer<std::optional<app::GateHolders>> RedisGate::holders(base::ProgrammeId programme_id,
                                                                      base::ActivityId activity_id) {
  const ProgrammeKeys keys(programme_id);
  Command command = function_call("zl_holders", 3);
  command.arg(keys.gate()).arg(keys.held()).arg(keys.seats(activity_id)).arg(link().run_id()).arg(name_of(activity_id));
  const Reply reply = co_await call(std::move(command));
  co_return read_holders(reply);
}

RedisGate::Answer<std::vector<app::ExpiredHold>> RedisGate::expired_holds(base::ProgrammeId programme_id,
                                                                          std::vector<base::ActivityId> activities,
                                                                          std::size_t limit) {
  const ProgrammeKeys keys(programme_id);
  Command command = function_call("zl_expired", 2 + activities.size());
  command.arg(keys.gate()).arg(keys.held());
  for (const base::ActivityId& id : activities) command.arg(keys.seats(id));
  command.arg(link().run_id()).arg(limit).arg(hold_ttl_.count());
  for (const base::ActivityId& id : activities) command.arg(name_of(id));
  const Reply reply = co_await call(std::move(command));
  co_return read_expired(reply);
}

RedisGate::Answer<base::Instant> RedisGate::time() {
  const Reply reply = co_await call(Command::of({"TIME"}));
  co_return read_time(reply);
}

void RedisGate::announce_change() {
  link().send(Command::of({"PUBLISH", news_channel, "change"}));
}

boost::asio::awaitable<bool> RedisGate::stage(Command command) {
  const Reply reply = co_await call(std::move(command));
  co_return reply.kind() == Reply::Kind::integer;
}

/// The image is put together under staged keys, in pieces, and takes the live keys' place in one call.
RedisGate::Answer<bool> RedisGate::install(app::GateImage image) {
  // Read once: were Redis to restart half-way, this image names the Redis it was staged on, and so counts as lost.
  const std::string run_id = link().run_id();
  for (Command& command : staging_commands(image)) {
    if (!co_await stage(std::move(command))) co_return base::Unknown{"redis: the image could not be staged"};
  }
  ZL_CRASH_POINT("gate.staged");
  const Reply reply = co_await call(install_command(image, run_id));
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
