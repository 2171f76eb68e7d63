#include "store/redis/gate_replies.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace zl::redis {
namespace {

base::Unknown unreadable() {
  return {"redis: an answer of another shape than the functions give"};
}

// Doubles are whole and exact up to here.
constexpr double exact_limit = 9007199254740992.0;

std::int64_t number_at(const Reply& reply, std::size_t index) {
  return reply.item(index).number().value_or(0);
}

/// Whether the items [first, end) are numbers.
bool are_numbers(const Reply& reply, std::size_t first, std::size_t end) {
  for (std::size_t i = first; i < end; ++i) {
    if (!reply.item(i).number()) return false;
  }
  return true;
}

/// Reads a text from front to back. What isn't there as expected makes it bad for good, and reads as zero.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  bool bad() const { return bad_; }
  bool at_end() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

  char letter() {
    if (rest_.empty()) return fail<char>();
    const char letter = rest_.front();
    rest_.remove_prefix(1);
    return letter;
  }

  bool flag() {
    const char digit = letter();
    if (digit != '0' && digit != '1') return fail<bool>();
    return digit == '1';
  }

  /// A decimal number and the space after it, which the last one of a text doesn't have.
  std::int64_t number() {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc{} || value < 0) return fail<std::int64_t>();
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    if (!rest_.empty() && letter() != ' ') return fail<std::int64_t>();
    return value;
  }
  int small_number() { return small(number()); }
  std::uint64_t count() { return static_cast<std::uint64_t>(number()); }
  base::Instant instant() { return {number()}; }

  /// The 16 bytes of a name, after its letter.
  template <class Id>
  Id id() {
    if (rest_.size() < 16) return fail<Id>();
    const Id id = Id::from_raw(rest_.substr(0, 16));
    rest_.remove_prefix(16);
    return id;
  }
  template <class Id>
  Id name(char kind) {
    return letter() == kind ? id<Id>() : fail<Id>();
  }

  /// As gate.lua packs numbers: a big-endian double, here of a whole number that is not negative.
  std::uint64_t packed() {
    if (rest_.size() < 8) return fail<std::uint64_t>();
    std::uint64_t bits = 0;
    for (const char byte : rest_.substr(0, 8)) bits = (bits << 8U) | static_cast<unsigned char>(byte);
    const double number = std::bit_cast<double>(bits);
    if (!(number >= 0 && number <= exact_limit) || number != std::floor(number)) return fail<std::uint64_t>();
    rest_.remove_prefix(8);
    return static_cast<std::uint64_t>(number);
  }
  int packed_int() { return small(static_cast<std::int64_t>(packed())); }
  base::Instant packed_instant() { return {static_cast<std::int64_t>(packed())}; }
  domain::GrantNumber grant() {
    const std::uint64_t epoch = packed();
    return domain::GrantNumber::of(epoch, packed());
  }

  template <class T>
  T fail() {
    bad_ = true;
    rest_ = {};
    return T{};
  }

 private:
  /// A count of seats: what no int holds would come out as another, or as less than none.
  int small(std::int64_t number) {
    return number > std::numeric_limits<int>::max() ? fail<int>() : static_cast<int>(number);
  }

  std::string_view rest_;
  bool bad_ = false;
};

domain::LimitReached read_limit(Cursor& at, domain::CapScope scope) {
  const int limit = at.small_number();
  const int used = at.small_number();
  return {scope, limit, used, at.flag()};
}

domain::SoldOut read_sold_out(Cursor& at) {
  std::optional<base::Instant> when;
  if (at.rest().starts_with("- ")) {
    at.letter();
    at.letter();
  } else {
    when = at.instant();
  }
  return {when, at.flag()};
}

/// One broken rule, as gate.lua words it; `kind` is its first letter.
domain::Violation read_violation(Cursor& at, char kind) {
  switch (kind) {
    case 'C':
      return domain::Closed{at.instant()};
    case 'N':
      return domain::NotOpen{at.instant()};
    case 'b': {
      const auto id = at.id<base::BookingId>();
      return domain::AlreadyBooked{id, at.flag()};
    }
    case 't': {
      const auto id = at.id<base::ActivityId>();
      return domain::Overlaps{id, at.flag()};
    }
    case 'A':
      return read_limit(at, domain::CapScope::attendee);
    case 'U':
      return read_limit(at, domain::CapScope::user);
    case 'S':
      return read_sold_out(at);
    default:
      return at.fail<domain::Closed>();
  }
}

/// The answer to one call of book, wish by wish.
class Decisions {
 public:
  explicit Decisions(std::string_view text) : at_(text) {
    epoch_ = at_.packed();
    now_ = at_.packed_instant();
    opens_at_ = at_.packed_instant();
    arrival_ = at_.packed();
  }

  /// Whether everything was read, and all of it as expected.
  bool complete() const { return !at_.bad() && at_.at_end(); }

  base::Outcome<app::GateDecision> next(const base::ActivityId& activity_id) {
    switch (at_.letter()) {
      case 'g':
        return granted(activity_id);
      case 'a':
        return granted_again(activity_id);
      case 'r':
        return refused(activity_id);
      case 'c':
        return base::Refused{
            base::Code::idempotency_conflict, "this Idempotency-Key was used for another booking", {}, 0};
      case 'l':
        return app::GateDecision(app::GateLost{});
      default:
        return at_.fail<app::GateDecision>();
    }
  }

 private:
  app::SeatCount seats(const base::ActivityId& activity_id) {
    const std::uint64_t change = at_.packed();
    const int used = at_.packed_int();
    return {activity_id, {epoch_, change}, used, at_.packed_int()};
  }

  /// Not negative, though Redis' clock may have gone back since.
  std::optional<base::Milliseconds> back_since() {
    const base::Instant came_back_at = at_.packed_instant();
    if (came_back_at == base::Instant{}) return std::nullopt;
    return std::max(now_ - came_back_at, base::Milliseconds(0));
  }

  domain::Receipt receipt_of_now(const app::SeatCount& seats) const {
    domain::Receipt receipt;
    receipt.arrival = arrival_;
    receipt.decided_at = now_;
    receipt.opens_at = opens_at_;
    receipt.remaining = std::max(seats.capacity - seats.used, 0);
    return receipt;
  }

  app::GateDecision granted(const base::ActivityId& activity_id) {
    ++arrival_;
    const app::SeatCount count = seats(activity_id);
    return app::Granted{domain::GrantNumber::of(epoch_, arrival_), receipt_of_now(count), count, false, back_since()};
  }

  app::GateDecision granted_again(const base::ActivityId& activity_id) {
    ++arrival_;
    domain::Receipt receipt;
    receipt.arrival = at_.packed();
    receipt.decided_at = at_.packed_instant();
    receipt.opens_at = opens_at_;
    receipt.remaining = at_.packed_int();
    const app::SeatCount count = seats(activity_id);
    return app::Granted{domain::GrantNumber::of(epoch_, arrival_), receipt, count, true, back_since()};
  }

  app::GateDecision refused(const base::ActivityId& activity_id) {
    ++arrival_;
    const app::SeatCount count = seats(activity_id);
    domain::Refusal refusal{{}, receipt_of_now(count)};
    for (char kind = at_.letter(); kind != ';' && !at_.bad(); kind = at_.letter()) {
      refusal.violations.push_back(read_violation(at_, kind));
    }
    if (refusal.violations.empty()) return at_.fail<app::GateDecision>();  // a refusal names a rule
    domain::sort_by_weight(refusal.violations);
    return app::GateRefused{std::move(refusal), count};
  }

  Cursor at_;
  std::uint64_t epoch_ = 0;
  base::Instant now_;
  base::Instant opens_at_;
  std::uint64_t arrival_ = 0;  ///< of the last decision read
};

}  // namespace

std::string pack(std::initializer_list<std::uint64_t> numbers) {
  std::string out;
  for (const std::uint64_t number : numbers) {
    const auto bits = std::bit_cast<std::uint64_t>(static_cast<double>(number));
    for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(bits >> static_cast<unsigned>(shift));
  }
  return out;
}

std::string pack(domain::GrantNumber grant) {
  return pack({grant.epoch(), grant.arrival()});
}

std::vector<base::Outcome<app::GateDecision>> read_decisions(const Reply& reply,
                                                             const std::vector<base::ActivityId>& activities) {
  using Decision = base::Outcome<app::GateDecision>;
  if (const auto none = no_answer<app::GateDecision>(reply)) return std::vector<Decision>(activities.size(), *none);
  if (reply.text() == "lost") {
    return std::vector<Decision>(activities.size(), Decision(app::GateDecision(app::GateLost{})));
  }
  Decisions answer(reply.text());
  std::vector<Decision> out;
  out.reserve(activities.size());
  for (const base::ActivityId& activity_id : activities) out.push_back(answer.next(activity_id));
  if (!answer.complete()) out.assign(activities.size(), Decision(unreadable()));
  return out;
}

base::Outcome<base::Done> read_change(const Reply& reply) {
  if (auto none = no_answer<base::Done>(reply)) return *std::move(none);
  if (reply.text() == "OK") return base::Done{};
  if (reply.text() == "used") return base::Refused{base::Code::invalid_state, "more seats are taken", {}, 0};
  if (reply.text() == "lost") return base::Refused{base::Code::unavailable, "the gate is lost", {}, 1};
  return unreadable();
}

base::Outcome<std::optional<app::GateVersion>> read_version(const Reply& reply, const std::string& run_id) {
  using Result = std::optional<app::GateVersion>;
  if (auto none = no_answer<Result>(reply)) return *std::move(none);
  if (reply.items().size() != 3) return unreadable();
  if (reply.item(0).text() != run_id || reply.item(0).is_nil()) return Result();
  if (!are_numbers(reply, 1, 3)) return unreadable();
  return Result({static_cast<std::uint64_t>(number_at(reply, 1)), static_cast<std::uint64_t>(number_at(reply, 2))});
}

base::Outcome<std::optional<app::GateSeats>> read_seats(const Reply& reply) {
  using Result = std::optional<app::GateSeats>;
  if (auto none = no_answer<Result>(reply)) return *std::move(none);
  if (reply.item(0).text() == "lost") return Result();
  constexpr std::size_t head = 4;
  if (reply.item(0).text() != "seats" || !are_numbers(reply, 1, head)) return unreadable();
  const auto epoch = static_cast<std::uint64_t>(number_at(reply, 1));
  app::GateSeats seats{{epoch, static_cast<std::uint64_t>(number_at(reply, 3))}, {number_at(reply, 2)}, {}};
  for (std::size_t i = head; i < reply.items().size(); ++i) {
    Cursor at(reply.item(i).text());
    app::GateCount count;
    count.seats.activity_id = at.name<base::ActivityId>('t');
    count.seats.version = {epoch, at.count()};
    count.seats.used = at.small_number();
    count.seats.capacity = at.small_number();
    count.pending = at.number();
    count.spare = at.small_number();
    if (at.bad() || !at.at_end()) return unreadable();
    seats.activities.push_back(count);
  }
  return Result(std::move(seats));
}

base::Outcome<std::optional<app::GateHolders>> read_holders(const Reply& reply) {
  using Result = std::optional<app::GateHolders>;
  if (auto none = no_answer<Result>(reply)) return *std::move(none);
  if (reply.item(0).text() == "lost") return Result();
  constexpr std::size_t head = 4;
  if (reply.item(0).text() != "holders" || !are_numbers(reply, 1, head)) return unreadable();
  app::GateHolders holders;
  holders.version = {static_cast<std::uint64_t>(number_at(reply, 1)), static_cast<std::uint64_t>(number_at(reply, 2))};
  if (number_at(reply, 3) > 0) holders.sold_out_at = base::Instant{number_at(reply, 3)};
  holders.holders.reserve(reply.items().size() - head);
  for (std::size_t i = head; i < reply.items().size(); ++i) {
    Cursor at(reply.item(i).text());
    const auto id = at.name<base::BookingId>('b');
    const auto attendee_id = at.name<base::AttendeeId>('a');
    const char state = at.letter();
    const domain::GrantNumber grant = at.grant();
    if (at.bad() || !at.at_end() || (state != 'p' && state != 'c')) return unreadable();
    holders.holders.push_back({id, attendee_id, grant, state == 'p'});
  }
  return Result(std::move(holders));
}

std::vector<app::LateGrant> read_late_grants(const Reply& reply, const std::vector<domain::BookingWish>& wishes) {
  std::vector<base::ActivityId> activities;
  activities.reserve(wishes.size());
  for (const domain::BookingWish& wish : wishes) activities.push_back(wish.activity_id);
  const std::vector<base::Outcome<app::GateDecision>> decisions = read_decisions(reply, activities);
  std::vector<app::LateGrant> grants;
  for (std::size_t i = 0; i < wishes.size(); ++i) {
    const auto* granted = decisions[i] ? std::get_if<app::Granted>(&*decisions[i]) : nullptr;
    if (granted == nullptr) continue;
    const auto before = std::ranges::find(grants, wishes[i].id, [](const auto& late) { return late.wish.id; });
    if (before != grants.end()) {
      before->grant = granted->grant;
    } else if (!granted->again) {
      grants.push_back({wishes[i], granted->grant});
    }
  }
  return grants;
}

base::Outcome<std::vector<app::ExpiredHold>> read_expired(const Reply& reply) {
  using Result = std::vector<app::ExpiredHold>;
  if (auto none = no_answer<Result>(reply)) return *std::move(none);
  if (reply.item(0).text() == "lost") return Result();
  if (reply.item(0).text() != "expired") return unreadable();
  Result expired;
  for (std::size_t i = 1; i < reply.items().size(); ++i) {
    Cursor at(reply.item(i).text());
    const auto activity_id = at.name<base::ActivityId>('t');
    const auto id = at.name<base::BookingId>('b');
    const domain::GrantNumber grant = at.grant();
    if (at.bad() || !at.at_end()) return unreadable();
    expired.push_back({{id, grant}, activity_id});
  }
  return expired;
}

base::Outcome<base::Instant> read_time(const Reply& reply) {
  if (auto none = no_answer<base::Instant>(reply)) return *std::move(none);
  const auto seconds = reply.item(0).number();
  const auto microseconds = reply.item(1).number();
  constexpr std::int64_t farthest_s = std::int64_t{1} << 40;  // thirty thousand years: no clock, and still milliseconds
  if (!seconds || !microseconds || *seconds < 0 || *seconds > farthest_s) return unreadable();
  return base::Instant{*seconds * 1000 + *microseconds / 1000};
}

}  // namespace zl::redis
