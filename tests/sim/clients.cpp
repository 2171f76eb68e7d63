#include "sim/clients.hpp"

#include <algorithm>

namespace zl::sim {
namespace {

constexpr std::string_view secret = "0123456789abcdef0123456789abcdef";
constexpr int tries = 4;

// What another process did may be unknown to this one for as long as a sold-out mark lives.
constexpr std::int64_t old_knowledge_ms = 2000;

}  // namespace

Clients::Clients(Setting& setting, MysqlSim& mysql, std::function<Server*()> any_server)
    : setting_(setting), mysql_(mysql), any_server_(std::move(any_server)), ids_(secret) {
  const auto users = static_cast<std::uint64_t>(setting.plan.users);
  for (std::uint64_t user = 1; user <= users; ++user) {
    add_child(10 * user, {user});
    // The second child has two parents, who may both press for it.
    add_child(10 * user + 1, {user, user % users + 1});
  }
}

void Clients::add_child(std::uint64_t number, const std::vector<std::uint64_t>& users) {
  app::AttendeeFacts facts{test::id_of<base::AttendeeId>(number), *base::parse_date("2016-07-06"), {}};
  for (const std::uint64_t user : users) {
    facts.guardians.push_back(test::id_of<base::UserId>(user));
    children_.push_back({facts.id, facts.guardians.back()});
  }
  mysql_.put_attendee(std::move(facts));
}

void Clients::complain(std::string text) {
  if (complaint_.empty()) complaint_ = std::move(text);
}

app::Actor Clients::actor(const base::Bytes16& who, std::string role) {
  const std::string number = std::to_string(++last_actor_);
  return {base::AccountId{who}, std::move(role), "10.0.0." + number, "request-" + number};
}

base::ActivityId Clients::any_activity() {
  return setting_.chance.pick(mysql_.activity_ids());
}

void Clients::begin() {
  plan_presses();
  plan_staff();
}

void Clients::plan_presses() {
  const Plan& plan = setting_.plan;
  for (int i = 0; i < plan.presses; ++i) {
    // Half of the town presses within a second of the opening.
    const std::int64_t open_ms = std::max<std::int64_t>(plan.opens_ms, 500);
    const std::int64_t when_ms = setting_.chance.percent(50) ? setting_.chance.between(open_ms - 200, open_ms + 800)
                                                             : setting_.chance.between(500, plan.faults_end_ms);
    setting_.schedule.at(when_ms * 1000 + setting_.chance.between(0, 999), nobody, [this] { press_any(); });
  }
}

void Clients::press_any() {
  Chance& chance = setting_.chance;
  const Child child = chance.pick(children_);
  if (!history_.wishes.empty() && chance.percent(setting_.plan.other_use_percent)) {
    const auto which = static_cast<std::size_t>(chance.next() % history_.wishes.size());
    setting_.seen.add("clients", "key used for something else");
    return press(history_.wishes[which], any_activity(), child.id, 0);
  }
  Wish wish;
  wish.user_id = child.user;
  wish.key = "key-" + std::to_string(history_.wishes.size() + 1000);
  wish.booking_id = ids_.booking(wish.user_id, wish.key);
  history_.wishes.push_back(std::move(wish));
  Wish& made = history_.wishes.back();
  const base::ActivityId activity = any_activity();
  press(made, activity, child.id, tries);
  if (chance.percent(setting_.plan.double_percent)) {
    setting_.seen.add("clients", "request delivered twice");
    press(made, activity, child.id, 0);
  }
}

void Clients::press(Wish& wish, const base::ActivityId& activity, const base::AttendeeId& attendee, int tries_left) {
  wish.attempts.push_back({activity, attendee, {}});
  Attempt& attempt = wish.attempts.back();
  if (setting_.chance.permille(setting_.faults.client_lost)) {
    setting_.seen.add("clients", "request lost");
    attempt.ending = Ending::never_arrived;
    return go_on(wish, attempt, tries_left);
  }
  setting_.schedule.after_us(setting_.chance.between(100, 30'000), nobody,
                             [this, &wish, &attempt, tries_left] { arrive(wish, attempt, tries_left); });
}

void Clients::arrive(Wish& wish, Attempt& attempt, int tries_left) {
  using Outcome = base::Outcome<app::BookAnswer>;
  const domain::Booking* row = mysql_.ledger().find(wish.booking_id);
  attempt.by = actor(wish.user_id.bytes, "user");
  attempt.asked_us = setting_.schedule.now_us();
  attempt.was_booked = row != nullptr && domain::is_active(row->state) &&
                       setting_.now_ms() - *mysql_.committed_ms(wish.booking_id) > old_knowledge_ms;
  const Server* server = ask<Outcome>(
      "book",
      [&](Server& at) { return at.book(wish.user_id, attempt.activity_id, attempt.attendee_id, wish.key, attempt.by); },
      [this, &wish, &attempt, tries_left](Outcome answer) { answered(wish, attempt, tries_left, std::move(answer)); },
      [this, &wish, &attempt, tries_left] {
        attempt.ending = Ending::lost;
        setting_.seen.add("answers", "lost");
        go_on(wish, attempt, tries_left);
      });
  if (server != nullptr) {
    attempt.server = server->owner();
    return;
  }
  attempt.ending = Ending::never_arrived;
  go_on(wish, attempt, tries_left);
}

void Clients::answered(Wish& wish, Attempt& attempt, int tries_left, base::Outcome<app::BookAnswer> answer) {
  if (answer.is_unknown()) {
    attempt.ending = Ending::unknown;
    setting_.seen.add("answers", "unknown");
  } else if (answer.is_refused()) {
    const base::Code code = answer.refused().code;
    const bool outage = code == base::Code::overloaded || code == base::Code::unavailable;
    attempt.ending = outage ? Ending::turned_away : Ending::refused;
    setting_.seen.add("answers", base::name(code));
  } else if (const auto* booked = std::get_if<app::Booked>(&*answer)) {
    attempt.ending = Ending::booked;
    setting_.seen.add("answers", booked->earlier ? "booked earlier" : "booked");
    told_booked(wish, attempt, booked->booking);
  } else {
    attempt.ending = Ending::refused;
    told_refused(wish, attempt, std::get<domain::Refusal>(*answer));
  }
  const bool reaches_client = !setting_.chance.permille(setting_.faults.client_lost);
  if (reaches_client) return go_on(wish, attempt, tries_left);
  setting_.seen.add("clients", "answer lost");
  Attempt unheard = attempt;
  unheard.ending = Ending::lost;
  go_on(wish, unheard, tries_left);
}

void Clients::told_booked(Wish& wish, const Attempt& attempt, const domain::Booking& booking) {
  const domain::Booking* row = mysql_.ledger().find(wish.booking_id);
  if (booking.id != wish.booking_id) return complain("told of a booking under another id than the key's");
  if (row == nullptr) return complain("told of a booking that is not in the ledger");
  if (booking.activity_id != attempt.activity_id || booking.attendee_id != attempt.attendee_id) {
    return complain("told of a booking of something else");
  }
  const domain::Receipt& receipt = booking.receipt;
  const bool sane = receipt.arrival && *receipt.arrival > 0 && receipt.remaining && *receipt.remaining >= 0;
  if (!sane) return complain("a receipt without arrival or remaining seats");
  if (!wish.told) wish.told = receipt;
  const bool same = wish.told->arrival == receipt.arrival && wish.told->decided_at == receipt.decided_at &&
                    wish.told->remaining == receipt.remaining;
  if (!same) complain("two receipts for one booking");
}

void Clients::told_refused(const Wish& wish, const Attempt& attempt, const domain::Refusal& refusal) {
  setting_.seen.add("answers", base::name(domain::top_code(refusal.violations)));
  setting_.trace.note(attempt.server, "refused", base::name(domain::top_code(refusal.violations)));
  const bool from_memory = !refusal.receipt.arrival;
  if (from_memory) setting_.seen.add("answers", "from memory");
  for (const domain::Violation& violation : refusal.violations) {
    if (!domain::is_provisional(violation))
      setting_.seen.add("told for certain", base::name(domain::code_of(violation)));
  }
  history_.refusals.push_back({wish.booking_id, wish.user_id, attempt.activity_id, attempt.attendee_id,
                               attempt.asked_us, setting_.schedule.now_us(), from_memory, refusal.violations});
  const domain::Booking* row = mysql_.ledger().find(wish.booking_id);
  const bool still = row != nullptr && domain::is_active(row->state);
  const bool same = still && row->activity_id == attempt.activity_id && row->attendee_id == attempt.attendee_id;
  // A clock that goes back over the opening is not asked about: memory refuses by it, and no ledger is read for that.
  const bool clock_went_back =
      setting_.plan.faults.clock_jumps > 0 && domain::top_code(refusal.violations) == base::Code::not_open;
  if (attempt.was_booked && same && !clock_went_back) {
    complain("a key whose booking stands was refused: " +
             std::string(base::name(domain::top_code(refusal.violations))));
  }
}

/// What a client does after an answer, or without one.
void Clients::go_on(Wish& wish, const Attempt& attempt, int tries_left) {
  Chance& chance = setting_.chance;
  const std::int64_t later_us = chance.between(50'000, 2'000'000);
  switch (attempt.ending) {
    case Ending::booked:
      if (chance.percent(setting_.plan.cancel_percent)) {
        setting_.schedule.after_us(later_us, nobody, [this, &wish] { cancel(wish, tries); });
      }
      return;
    case Ending::never_arrived:
    case Ending::turned_away:
    case Ending::unknown:
    case Ending::lost:
      if (tries_left == 0 || !chance.percent(setting_.plan.retry_percent)) return;
      break;
    case Ending::refused:
      if (tries_left == 0 || !chance.percent(15)) return;
      break;
    case Ending::open:
      return;
  }
  setting_.seen.add("clients", "tried again");
  setting_.schedule.after_us(later_us, nobody,
                             [this, &wish, activity = attempt.activity_id, attendee = attempt.attendee_id, tries_left] {
                               if (!over()) press(wish, activity, attendee, tries_left - 1);
                             });
}

void Clients::cancel(Wish& wish, int tries_left) {
  if (over()) return;
  using Outcome = base::Outcome<domain::Booking>;
  wish.cancels.push_back({});
  Attempt& attempt = wish.cancels.back();
  attempt.by = actor(wish.user_id.bytes, "user");
  const auto again = [this, &wish, tries_left] {
    if (tries_left == 0 || !setting_.chance.percent(setting_.plan.retry_percent)) return;
    setting_.schedule.after_us(setting_.chance.between(50'000, 2'000'000), nobody,
                               [this, &wish, tries_left] { cancel(wish, tries_left - 1); });
  };
  const Server* server = ask<Outcome>(
      "cancel", [&](Server& at) { return at.cancel(wish.user_id, wish.booking_id, attempt.by); },
      [this, &wish, &attempt, again](const Outcome& answer) {
        attempt.ending = answer ? Ending::booked : answer.is_unknown() ? Ending::unknown : Ending::turned_away;
        setting_.seen.add("cancel answers", answer ? "done" : answer.is_unknown() ? "unknown" : "refused");
        if (!answer) return again();
        const domain::Booking* row = mysql_.ledger().find(wish.booking_id);
        if (row == nullptr || domain::is_active(row->state))
          complain("told of a cancellation that is not in the ledger");
        // Some press the button twice.
        if (setting_.chance.percent(setting_.plan.double_percent)) again();
      },
      [&attempt, again] {
        attempt.ending = Ending::lost;
        again();
      });
  if (server == nullptr) attempt.ending = Ending::never_arrived;
}

void Clients::lose(Owner server) {
  std::vector<std::function<void()>> lost;
  for (auto at = open_.begin(); at != open_.end();) {
    if (at->second.server != server) {
      ++at;
      continue;
    }
    lost.push_back(std::move(at->second.lost));
    at = open_.erase(at);
  }
  for (const auto& tell : lost) tell();
}

const Attempt& Clients::press_fresh(const base::ActivityId& activity) {
  const std::uint64_t number = ++fresh_;
  add_child(number, {number});
  Wish wish;
  wish.user_id = test::id_of<base::UserId>(number);
  wish.key = "key-" + std::to_string(number);
  wish.booking_id = ids_.booking(wish.user_id, wish.key);
  history_.wishes.push_back(std::move(wish));
  Wish& made = history_.wishes.back();
  made.attempts.push_back({activity, test::id_of<base::AttendeeId>(number), {}});
  arrive(made, made.attempts.back(), 0);
  return made.attempts.back();
}

}  // namespace zl::sim
