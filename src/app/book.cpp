#include "app/book.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/crash_point.hpp"
#include "domain/decision.hpp"
#include "runtime/log.hpp"

namespace zl::app {
namespace {

constexpr base::Milliseconds rebuild_wait{2000};
constexpr base::Milliseconds clock_grain{10};  // Redis' clock tells whole milliseconds, and no two clocks run alike

double seconds_since(base::SteadyTime start, const base::Clock& clock) {
  return std::chrono::duration<double>(clock.steady_now() - start).count();
}

bool same_wish(const domain::Booking& booking, const domain::BookingWish& wish) {
  return booking.activity_id == wish.activity_id && booking.attendee_id == wish.attendee_id &&
         booking.user_id == wish.user_id;
}

bool has(const std::vector<domain::Violation>& violations, base::Code code) {
  return std::ranges::any_of(violations, [code](const auto& v) { return domain::code_of(v) == code; });
}

/// Whether the stores have to be asked before these are told.
bool needs_reading(const std::vector<domain::Violation>& violations) {
  return has(violations, base::Code::closed) || has(violations, base::Code::ineligible);
}

/// The gate, which has the newest rules, saw none of these broken: it has missed a booking, or the rules that this
/// process knows are a moment old. Neither lasts.
void make_provisional(std::vector<domain::Violation>& violations) {
  for (domain::Violation& violation : violations) {
    if (auto* limit = std::get_if<domain::LimitReached>(&violation)) limit->provisional = true;
    if (auto* overlap = std::get_if<domain::Overlaps>(&violation)) overlap->provisional = true;
  }
}

base::Refused no_room() {
  return {base::Code::overloaded, "the queues are full", {}, 1};
}

base::Refused conflict() {
  return {base::Code::idempotency_conflict, "this Idempotency-Key was used for another booking", {}, 0};
}

}  // namespace

asio::awaitable<base::Outcome<BookAnswer>> Book::operator()(base::UserId user, base::ActivityId activity_id,
                                                            base::AttendeeId attendee_id, std::string idempotency_key,
                                                            Actor actor) {
  auto begun = begin(user, activity_id, attendee_id, idempotency_key);
  if (auto* answer = std::get_if<base::Outcome<BookAnswer>>(&begun)) co_return std::move(*answer);
  co_return co_await finish(std::get<Underway>(std::move(begun)), std::move(actor));
}

std::variant<base::Outcome<BookAnswer>, Book::Underway> Book::begin(const base::UserId& user,
                                                                    const base::ActivityId& activity_id,
                                                                    const base::AttendeeId& attendee_id,
                                                                    std::string_view idempotency_key) {
  const std::shared_ptr<const Catalogue> snapshot = parts_.catalogue.share();
  const ActivityEntry* entry = snapshot->activity(activity_id);
  const base::BookingId id = parts_.ids.booking(user, idempotency_key);
  if (entry == nullptr || entry->activity.publication == domain::Publication::draft) {
    Underway unknown;
    unknown.target_.wish = {id, activity_id, {}, attendee_id, user};
    return unknown;
  }
  const base::SteadyTime now = parts_.clock.steady_now();
  entry->seats->touch(now);

  const domain::BookingWish wish{id, activity_id, entry->programme->id, attendee_id, user};
  const std::optional<base::Date> birth_date = parts_.attendees.birth_date(attendee_id, user);
  Violations violations;
  if (birth_date) violations = known_violations(wish, *entry, *birth_date, now);
  if (!violations.empty() && !needs_reading(violations)) {
    base::Outcome<BookAnswer> refused = refusal_of_memory(*entry, std::move(violations), now);
    count(refused);
    return refused;
  }
  Underway underway;
  if (birth_date && violations.empty()) {
    std::optional<runtime::CountGuard> place = parts_.admission.admit(wish, now);
    if (!place) {
      base::Outcome<BookAnswer> overloaded = no_room();
      count(overloaded);
      return overloaded;
    }
    underway.place_.emplace(*std::move(place));
  }
  underway.target_ = {wish, entry->programme, std::shared_ptr<const ActivityEntry>(snapshot, entry), {}};
  underway.birth_date_ = birth_date;
  underway.violations_ = std::move(violations);
  return underway;
}

/// Whoever presses while nothing has to be read waits for gate and commit in this frame: each frame more is memory that
/// has left the caches when the answer comes.
asio::awaitable<base::Outcome<BookAnswer>> Book::finish(Underway underway, Actor actor) {
  underway.target_.actor = std::move(actor);
  const Target& target = underway.target_;
  std::optional<base::Outcome<BookAnswer>> answer;
  if (!underway.place_) answer = co_await read_first(underway);
  if (!answer) {
    ZL_CRASH_POINT("book.place_taken");
    base::Outcome<GateDecision> decision = co_await ask_gate(target);
    if (!decision) {
      answer = decision.as<BookAnswer>();
    } else if (auto* refused = std::get_if<GateRefused>(&*decision)) {
      answer = BookAnswer(std::move(refused->refusal));
    } else {
      answer = co_await commit(target, std::get<Granted>(std::move(*decision)), *std::move(underway.place_), true);
    }
  }
  count(*answer);
  co_return *std::move(answer);
}

void Book::count(const base::Outcome<BookAnswer>& answer) const {
  if (answer.is_done() && std::holds_alternative<Booked>(*answer)) return parts_.metrics.granted.add();
  base::Code code = base::Code::outcome_unknown;
  if (answer.is_done()) code = domain::top_code(std::get<domain::Refusal>(*answer).violations);
  if (answer.is_refused()) code = answer.refused().code;
  parts_.metrics.refused[static_cast<std::size_t>(code)]->add();
}

/// What the stores are asked before the gate may be: the answer where they give one, else the place is taken.
asio::awaitable<std::optional<base::Outcome<BookAnswer>>> Book::read_first(Underway& underway) {
  const Target& target = underway.target_;
  if (target.entry == nullptr) co_return co_await refuse_unknown(target.wish);
  Violations violations = std::move(underway.violations_);
  base::Date birth_date = underway.birth_date_.value_or(base::Date());
  if (!underway.birth_date_) {
    const base::Outcome<AttendeeFacts> facts = co_await read_facts(target.wish.attendee_id, target.wish.user_id);
    if (!facts) co_return facts.as<BookAnswer>();
    birth_date = facts->birth_date;
    violations = known_violations(target.wish, *target.entry, birth_date, parts_.clock.steady_now());
  }
  if (!violations.empty()) {
    std::optional<base::Outcome<BookAnswer>> told =
        co_await refuse_after_reading(target, birth_date, std::move(violations));
    if (told) co_return told;
  }
  std::optional<runtime::CountGuard> place = parts_.admission.admit(target.wish, parts_.clock.steady_now());
  if (!place) co_return base::Outcome<BookAnswer>(no_room());
  underway.place_.emplace(*std::move(place));
  co_return std::nullopt;
}

asio::awaitable<base::Outcome<AttendeeFacts>> Book::read_facts(base::AttendeeId id, base::UserId user) {
  const AttendeeCache::Ticket ticket = parts_.attendees.ticket(id);
  base::Outcome<std::optional<AttendeeFacts>> read = co_await parts_.people.facts(id);
  if (!read) co_return read.as<AttendeeFacts>();
  if (!*read) co_return base::Code::not_found;
  AttendeeFacts facts = **read;
  parts_.attendees.keep(facts, ticket);
  if (std::ranges::find(facts.guardians, user) == facts.guardians.end()) co_return base::Code::not_found;
  co_return facts;
}

/// What memory knows to be broken. Near opening and closing time is the gate's to tell, and so is what it may hold
/// already.
Book::Violations Book::known_violations(const domain::BookingWish& wish, const ActivityEntry& entry,
                                        base::Date birth_date, base::SteadyTime now) const {
  Violations out;
  const domain::Activity& activity = entry.activity;
  const domain::Programme& programme = *entry.programme;
  const base::Instant time = parts_.time.at(now);
  if (activity.publication == domain::Publication::cancelled) {
    out.emplace_back(domain::Closed{std::min(time, domain::booking_ends_at(programme, activity))});
  } else if (parts_.time.synchronised()) {
    Violations early;
    domain::check_time(programme, activity, time - clock_margin, early);
    domain::check_time(programme, activity, time + clock_margin, out);
    if (early.size() != out.size() || (!out.empty() && early.front().index() != out.front().index())) out.clear();
  }
  domain::check_age(activity, birth_date, parts_.offset_minutes, out);
  const auto sold_out = entry.seats->known_sold_out(wish.id, wish.attendee_id, now);
  if (sold_out) out.emplace_back(domain::SoldOut{sold_out->sold_out_at, false});
  return out;
}

asio::awaitable<std::optional<base::Outcome<BookAnswer>>> Book::refuse_after_reading(const Target& target,
                                                                                     base::Date birth_date,
                                                                                     Violations violations) {
  if (has(violations, base::Code::ineligible)) {
    const base::Outcome<AttendeeFacts> fresh = co_await read_facts(target.wish.attendee_id, target.wish.user_id);
    if (!fresh) co_return fresh.as<BookAnswer>();
    if (fresh->birth_date != birth_date) {
      violations = known_violations(target.wish, *target.entry, fresh->birth_date, parts_.clock.steady_now());
      if (violations.empty()) co_return std::nullopt;
    }
  }
  // Before "closed", and before an age that may have been another one at booking.
  if (needs_reading(violations)) {
    if (std::optional<base::Outcome<BookAnswer>> told = co_await told_before(target.wish)) co_return told;
  }
  co_return refusal_of_memory(*target.entry, std::move(violations), parts_.clock.steady_now());
}

/// Another process may know an activity already that was published a moment ago, and have booked it.
asio::awaitable<base::Outcome<BookAnswer>> Book::refuse_unknown(domain::BookingWish wish) {
  if (std::optional<base::Outcome<BookAnswer>> told = co_await told_before(wish)) co_return *std::move(told);
  co_return base::Code::not_found;
}

/// What may exist is never refused from memory: the ledger says whether the same key booked before. Nothing where it
/// did not.
asio::awaitable<std::optional<base::Outcome<BookAnswer>>> Book::told_before(domain::BookingWish wish) {
  const base::Outcome<std::optional<domain::Booking>> found = co_await parts_.ledger.find(wish.id);
  if (!found) co_return found.as<BookAnswer>();
  if (!*found) co_return std::nullopt;
  if (!same_wish(**found, wish)) co_return conflict();
  co_return BookAnswer(Booked{**found, true});
}

BookAnswer Book::refusal_of_memory(const ActivityEntry& entry, Violations violations, base::SteadyTime now) const {
  if (violations.size() > 1) domain::sort_by_weight(violations);
  domain::Receipt receipt;
  receipt.decided_at = parts_.time.at(now);
  // The gate's clock is only estimated here; nobody is told that seats were gone before the last one went.
  if (const auto* sold_out = std::get_if<domain::SoldOut>(&violations.back());
      sold_out != nullptr && sold_out->sold_out_at) {
    receipt.decided_at = std::max(receipt.decided_at, *sold_out->sold_out_at);
  }
  receipt.opens_at = entry.programme->opens_at;
  receipt.remaining = entry.seats->remaining();
  return domain::Refusal{std::move(violations), receipt};
}

/// Granted or refused; a lost gate is mended once. Without an answer nothing was booked: a hold at most, which comes
/// back.
asio::awaitable<base::Outcome<GateDecision>> Book::ask_gate(const Target& target) {
  const base::SteadyTime start = parts_.clock.steady_now();
  for (int attempt = 0; attempt < 2; ++attempt) {
    const base::SteadyTime asked_at = parts_.clock.steady_now();
    base::Outcome<GateDecision> decision = co_await parts_.gate.book(target.wish, target.entry->seats->epoch());
    if (decision.is_unknown()) {
      co_return base::Refused{base::Code::unavailable, "the gate did not answer: " + decision.unknown().cause, {}, 1};
    }
    if (!decision) co_return decision;
    if (!std::holds_alternative<GateLost>(*decision)) {
      parts_.metrics.gate.observe(seconds_since(start, parts_.clock));
      const auto* granted = std::get_if<Granted>(&*decision);
      parts_.seats.learn(target.wish.programme_id,
                         granted != nullptr ? granted->seats : std::get<GateRefused>(*decision).seats, asked_at);
      co_return decision;
    }
    const base::Outcome<base::Done> mended = co_await parts_.keeper.mend(target.wish.programme_id, rebuild_wait);
    if (!mended && mended.is_refused() && mended.refused().code == base::Code::not_found) break;
    if (!mended) co_return mended.as<GateDecision>();
  }
  co_return base::Refused{base::Code::unavailable, "the gate is being rebuilt", {}, 1};
}

asio::awaitable<base::Outcome<BookAnswer>> Book::commit(const Target& target, Granted granted,
                                                        runtime::CountGuard place, bool may_ask_again) {
  ZL_CRASH_POINT("book.granted");
  const base::SteadyTime start = parts_.clock.steady_now();
  base::Outcome<LedgerAnswer> answer = base::Code::unavailable;
  std::optional<LedgerBooked> earlier;
  if (granted.again && may_ask_again) earlier = co_await booked_before(target.wish);
  if (earlier) {
    answer = LedgerAnswer(*std::move(earlier));
  } else {
    LedgerItem item{target.wish, granted.grant, granted.receipt, target.entry->policy, target.actor};
    answer = co_await parts_.ledger.book(std::move(place), std::move(item));
  }
  parts_.metrics.ledger.observe(seconds_since(start, parts_.clock));
  if (answer.is_unknown()) co_return answer.as<BookAnswer>();
  if (!answer) {
    // Nothing was written now, but where the id was held before, an earlier call may have booked: then its deadline
    // decides. A retry that is on its way has a newer grant, which this leaves alone.
    if (!granted.again) parts_.group.spawn(give_back(target.wish, granted.grant, Unit::returns), "give_back");
    co_return answer.as<BookAnswer>();
  }

  if (auto* booked = std::get_if<LedgerBooked>(&*answer)) {
    ZL_CRASH_POINT("book.known");
    if (domain::is_active(booked->booking.state)) {
      parts_.gate.confirm(target.wish);
      ZL_CRASH_POINT("book.confirmed");
    } else {
      parts_.group.spawn(give_back(target.wish, granted.grant, Unit::returns), "give_back");
    }
    if (const auto left = old_marks_left(granted, start)) co_await parts_.group.sleeper().sleep_for(*left);
    co_return BookAnswer(Booked{std::move(booked->booking), booked->earlier});
  }
  if (std::holds_alternative<LedgerFenced>(*answer) && may_ask_again) {
    parts_.metrics.fenced.add();
    ZL_CRASH_POINT("book.fenced");
    std::optional<runtime::CountGuard> next_place = parts_.ledger.take_place(target.wish.programme_id, Turn::again);
    if (!next_place) co_return no_room();
    base::Outcome<GateDecision> decision = co_await ask_gate(target);
    if (!decision) co_return decision.as<BookAnswer>();
    if (auto* refused = std::get_if<GateRefused>(&*decision)) co_return BookAnswer(std::move(refused->refusal));
    Granted again = std::get<Granted>(std::move(*decision));
    co_return co_await commit(target, std::move(again), std::move(*next_place), false);
  }
  if (std::holds_alternative<LedgerFenced>(*answer)) {
    // A new grant below the fence: the gate missed a change of the programme, and has to be built anew.
    (void)co_await parts_.keeper.mend(target.wish.programme_id, rebuild_wait);
    co_return base::Refused{base::Code::unavailable, "the grant was fenced twice", {}, 1};
  }

  ZL_CRASH_POINT("book.denied");
  const bool full = std::holds_alternative<LedgerFull>(*answer);
  // An earlier call with the same hold may still commit, by rules that it read before or after this one: then, too, the
  // deadline decides.
  if (full || !granted.again) {
    parts_.group.spawn(give_back(target.wish, granted.grant, full ? Unit::stays : Unit::returns), "give_back");
  }
  std::vector<domain::Violation> violations;
  if (full) {
    parts_.metrics.gate_too_generous.add();
    runtime::log::warning("gate_too_generous", {{"activity_id", target.wish.activity_id.hex()}});
    violations.emplace_back(domain::SoldOut{});
  } else if (auto* refused = std::get_if<LedgerRefused>(&*answer)) {
    violations = std::move(refused->violations);
    make_provisional(violations);
  } else {
    violations.emplace_back(domain::Closed{granted.receipt.decided_at});
  }
  co_return BookAnswer(refusal_of_ledger(target, std::move(violations), granted.receipt));
}

/// A process that has heard nothing since the seat came back may still say from memory that all are gone, also to whom
/// it was given since: they are told of it once every such mark has lapsed.
std::optional<base::Milliseconds> Book::old_marks_left(const Granted& granted, base::SteadyTime granted_at) const {
  if (!granted.back_since || !parts_.seats.marks(granted.seats.capacity)) return std::nullopt;
  const base::SteadyTime lapsed_at = granted_at + sold_out_lapse + clock_grain - *granted.back_since;
  const base::SteadyTime::duration left = lapsed_at - parts_.clock.steady_now();
  if (left <= left.zero()) return std::nullopt;
  return std::chrono::ceil<base::Milliseconds>(left);
}

/// A grant that comes again is mostly of a key that has booked already. As a duplicate it would spoil the group commit
/// of all who press now, so it is looked for first; where nothing is found, or nobody answers, the commit tells.
asio::awaitable<std::optional<LedgerBooked>> Book::booked_before(domain::BookingWish wish) {
  const base::Outcome<std::optional<domain::Booking>> found = co_await parts_.ledger.find(wish.id);
  if (!found || !*found || !same_wish(**found, wish)) co_return std::nullopt;
  co_return LedgerBooked{**found, true};
}

/// A hold that the ledger refused. Lost on the way it ends by its deadline.
asio::awaitable<void> Book::give_back(domain::BookingWish wish, domain::GrantNumber grant, Unit unit) {
  std::vector<HoldRef> holds{{wish.id, grant}};
  (void)co_await parts_.gate.remove(wish.programme_id, wish.activity_id, std::move(holds), unit);
  ZL_CRASH_POINT("book.given_back");
}

domain::Refusal Book::refusal_of_ledger(const Target& target, std::vector<domain::Violation> violations,
                                        const domain::Receipt& receipt) const {
  domain::sort_by_weight(violations);
  domain::Refusal refusal{std::move(violations), receipt};
  refusal.receipt.remaining = target.entry->seats->remaining();
  return refusal;
}

}  // namespace zl::app
