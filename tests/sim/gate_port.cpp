#include "sim/gate_port.hpp"

#include <algorithm>
#include <utility>

namespace zl::sim {
namespace {

using Decision = base::Outcome<app::GateDecision>;

}  // namespace

void Link::connect() {
  const std::int64_t delay_us = setting_.chance.between(1000, 60'000);
  setting_.schedule.after_us(delay_us, owner_, [self = shared_from_this()] {
    if (self->up_) return;
    const bool answers = self->redis_.up() && self->redis_.stopped_until_us() <= self->setting_.schedule.now_us();
    if (!answers) return self->connect();
    self->up_ = true;
    self->run_ = self->redis_.run();
    ++self->generation_;
    self->last_arrival_us_ = 0;
    self->last_answer_us_ = 0;
  });
}

void Link::reset() {
  if (!up_) return;
  up_ = false;
  for (const Waiter& waiter : std::exchange(waiting_, {})) {
    if (!waiter.who.expired()) waiter.lost();
  }
  connect();
}

void Link::give_up(std::uint64_t generation) {
  if (up_ && generation == generation_) reset();
}

void Link::wait(std::weak_ptr<void> who, std::function<void()> lost) {
  constexpr std::size_t many = 32;
  if (waiting_.size() >= many) std::erase_if(waiting_, [](const Waiter& waiter) { return waiter.who.expired(); });
  waiting_.push_back({std::move(who), std::move(lost)});
}

void Link::note_time_out() {
  const std::int64_t until_us = setting_.schedule.now_us() + redis_timeout.count() * 1000;
  if (std::max({last_arrival_us_, last_answer_us_, redis_.stopped_until_us()}) > until_us) reset();
}

void Link::transmit(std::string_view call, std::function<void()> arrive) {
  Schedule& schedule = setting_.schedule;
  last_arrival_us_ = std::max(last_arrival_us_, schedule.now_us() + setting_.delay_us());
  const Message message{call, generation_, redis_.run(), std::move(arrive)};
  schedule.at(last_arrival_us_, nobody, [self = shared_from_this(), message] { self->deliver(message); });
}

void Link::deliver(const Message& message) {
  Schedule& schedule = setting_.schedule;
  if (!redis_.up() || redis_.run() != message.redis_run)
    return setting_.seen.add("redis lost a request of", message.call);
  if (redis_.stopped_until_us() > schedule.now_us()) {
    schedule.at(redis_.stopped_until_us(), nobody, [self = shared_from_this(), message] { self->deliver(message); });
    return;
  }
  const bool open = schedule.alive(owner_) && generation_ == message.generation;
  if (!open && setting_.chance.percent(50)) return setting_.seen.add("redis never saw", message.call);
  if (!open) setting_.seen.add("redis served for nobody", message.call);
  if (setting_.crash_point(owner_, "crash before", message.call)) return;
  if (open && setting_.chance.permille(setting_.faults.redis_reset)) {
    const bool arrives = setting_.chance.percent(50);
    setting_.seen.add(arrives ? "redis answer lost of" : "redis request lost of", message.call);
    if (arrives) message.arrive();
    schedule.after_us(0, owner_, [self = shared_from_this(), g = message.generation] { self->give_up(g); });
    return;
  }
  message.arrive();
  setting_.crash_point(owner_, "crash after", message.call);
}

void Link::reply(std::uint64_t generation, std::function<void()> answer) {
  Schedule& schedule = setting_.schedule;
  last_answer_us_ = std::max(last_answer_us_, schedule.now_us() + setting_.delay_us());
  schedule.at(last_answer_us_, owner_, [self = shared_from_this(), generation, answer = std::move(answer)] {
    if (self->up_ && self->generation_ == generation) answer();
  });
}

SimGate::SimGate(Setting& setting, RedisSim& redis, Owner owner, app::LateGrants& late_grants,
                 std::function<void()> announce)
    : setting_(setting), redis_(redis), late_grants_(late_grants), announce_(std::move(announce)) {
  for (int i = 0; i < setting.plan.loops; ++i) {
    links_.push_back(std::make_shared<Link>(setting, redis, owner));
    links_.back()->connect();
  }
}

Link& SimGate::any_link() const {
  if (links_.size() == 1) return *links_.front();
  return *setting_.chance.pick(links_);
}

void SimGate::reset_links() const {
  for (const auto& link : links_) link->reset();
}

bool SimGate::up() const {
  return std::ranges::all_of(links_, &Link::up);
}

/// `serve` is called at Redis with the link's run id and gives the answer; `late` with an answer that comes after the
/// call was given up.
template <class T, class Serve, class Late>
Answer<T> SimGate::ask(std::string_view call, Serve serve, Late late) {
  using Outcome = base::Outcome<T>;
  return runtime::suspend<Outcome>(
      [this, call, serve = std::move(serve), late = std::move(late)](runtime::Resumption<Outcome> resumption) {
        Link& link = any_link();
        if (!link.up()) {
          setting_.seen.add("no link for", call);
          return std::move(resumption)(base::Refused{base::Code::unavailable, "no connection to Redis", {}, 1});
        }
        setting_.seen.add("redis calls", call);
        const auto waiting = Call<Outcome>::start(setting_.schedule, std::move(resumption));
        const auto shared = link.shared_from_this();
        const std::uint64_t generation = link.generation();
        setting_.trace.note(waiting->owner(), call, "sent");
        link.wait(waiting, [weak = std::weak_ptr(waiting)] {
          if (const auto who = weak.lock()) who->answer(base::Unknown{"the link was lost"});
        });
        link.transmit(call, [&setting = setting_, &redis = redis_, call, serve, late, shared, generation,
                             run = link.run(), weak = std::weak_ptr(waiting)] {
          Outcome outcome = serve(redis, run);
          setting.stores_changed = true;
          setting.trace.note(nobody, call, "served");
          const auto who = weak.lock();
          if (!who || !who->waits()) setting.seen.add("redis served too late", call);
          shared->reply(generation, [weak, late, outcome = std::move(outcome)] {
            const auto still = weak.lock();
            if (still && still->waits()) return still->answer(outcome);
            late(outcome);
          });
        });
        const std::int64_t timeout_us = redis_timeout.count() * 1000;
        setting_.schedule.after_us(timeout_us, waiting->owner(),
                                   [&setting = setting_, call, shared, weak = std::weak_ptr(waiting)] {
                                     const auto who = weak.lock();
                                     if (!who || !who->waits()) return;
                                     setting.seen.add("redis time-out of", call);
                                     who->answer(base::Unknown{"no answer in time"});
                                     shared->note_time_out();
                                   });
      });
}

template <class T, class Serve>
Answer<T> SimGate::ask(std::string_view call, Serve serve) {
  return ask<T>(call, std::move(serve), [](const base::Outcome<T>&) {});
}

/// As the real one: who asked is told of a new hold that came too late.
Answer<app::GateDecision> SimGate::book(const domain::BookingWish& wish, std::uint64_t min_epoch) {
  const auto serve = [wish, min_epoch](RedisSim& redis, std::uint64_t run) { return redis.book(run, wish, min_epoch); };
  const auto late = [&setting = setting_, &told = late_grants_, wish](const Decision& decision) {
    const auto* granted = decision ? std::get_if<app::Granted>(&*decision) : nullptr;
    if (granted == nullptr) return;
    const bool is_new = !granted->again || setting.bug == Bug::late_grant_of_what_was_held;
    if (!is_new) return;
    setting.seen.add("late grants", "told");
    told.on_late_grants({{wish, granted->grant}});
  };
  return ask<app::GateDecision>("gate.book", serve, late);
}

void SimGate::confirm(const domain::BookingWish& wish) {
  Link& link = any_link();
  if (!link.up()) return setting_.seen.add("no link for", "gate.confirm");
  setting_.seen.add("redis calls", "gate.confirm");
  link.transmit("gate.confirm", [&setting = setting_, &redis = redis_, wish] {
    redis.confirm(wish);
    setting.stores_changed = true;
  });
}

Answer<base::Done> SimGate::remove(base::ProgrammeId programme, base::ActivityId activity,
                                   std::vector<app::HoldRef> holds, app::Unit unit) {
  return ask<base::Done>("gate.remove",
                         [programme, activity, holds = std::move(holds), unit](RedisSim& redis, std::uint64_t run) {
                           return redis.remove(run, programme, activity, holds, unit);
                         });
}

Answer<base::Done> SimGate::remove_cancelled(base::ProgrammeId programme, base::ActivityId activity,
                                             base::BookingId id) {
  return ask<base::Done>("gate.remove_cancelled", [programme, activity, id](RedisSim& redis, std::uint64_t run) {
    return redis.remove_cancelled(run, programme, activity, id);
  });
}

Answer<std::optional<app::GateVersion>> SimGate::version(base::ProgrammeId programme) {
  return ask<std::optional<app::GateVersion>>(
      "gate.version", [programme](const RedisSim& redis, std::uint64_t run) { return redis.version(run, programme); });
}

Answer<std::optional<app::GateSeats>> SimGate::seats(base::ProgrammeId programme,
                                                     std::vector<base::ActivityId> activities) {
  return ask<std::optional<app::GateSeats>>(
      "gate.seats", [programme, activities = std::move(activities)](const RedisSim& redis, std::uint64_t run) {
        return redis.seats(run, programme, activities);
      });
}

Answer<std::optional<app::GateHolders>> SimGate::holders(base::ProgrammeId programme, base::ActivityId activity) {
  return ask<std::optional<app::GateHolders>>("gate.holders",
                                              [programme, activity](const RedisSim& redis, std::uint64_t run) {
                                                return redis.holders(run, programme, activity);
                                              });
}

Answer<base::Instant> SimGate::time() {
  return ask<base::Instant>(
      "gate.time", [](const RedisSim& redis, std::uint64_t) { return base::Outcome<base::Instant>(redis.now()); });
}

void SimGate::announce_change() {
  Link& link = any_link();
  if (link.up()) link.transmit("gate.announce", announce_);
}

Answer<base::Done> SimGate::adopt(base::ProgrammeId programme, base::ActivityId activity,
                                  std::vector<app::GateBooking> bookings) {
  return ask<base::Done>("gate.adopt",
                         [programme, activity, bookings = std::move(bookings)](RedisSim& redis, std::uint64_t run) {
                           return redis.adopt(run, programme, activity, bookings);
                         });
}

Answer<base::Done> SimGate::give_back_spare(base::ProgrammeId programme, base::ActivityId activity, int count) {
  return ask<base::Done>("gate.give_back_spare", [programme, activity, count](RedisSim& redis, std::uint64_t run) {
    return redis.give_back_spare(run, programme, activity, count);
  });
}

Answer<std::vector<app::ExpiredHold>> SimGate::expired_holds(base::ProgrammeId programme,
                                                             std::vector<base::ActivityId> activities,
                                                             std::size_t limit) {
  return ask<std::vector<app::ExpiredHold>>(
      "gate.expired", [programme, activities = std::move(activities), limit](const RedisSim& redis, std::uint64_t run) {
        return redis.expired_holds(run, programme, activities, limit);
      });
}

/// The image is staged before it is installed: two ways there and back.
Answer<bool> SimGate::install(app::GateImage image) {
  const std::uint64_t run = any_link().run();
  const base::Outcome<base::Done> staged = co_await ask<base::Done>(
      "gate.stage", [](const RedisSim&, std::uint64_t) { return base::Outcome<base::Done>(base::Done{}); });
  if (!staged) co_return base::Unknown{"the image could not be staged"};
  co_return co_await ask<bool>("gate.install", [image = std::move(image), run](RedisSim& redis, std::uint64_t) {
    return redis.install(run, image);
  });
}

Answer<base::Done> SimGate::set_capacity(base::ProgrammeId programme, base::ActivityId activity, int capacity,
                                         std::uint64_t version) {
  return ask<base::Done>("gate.set_capacity", [=](RedisSim& redis, std::uint64_t run) {
    return redis.set_capacity(run, programme, activity, capacity, version);
  });
}

}  // namespace zl::sim
