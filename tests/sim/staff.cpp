// What the staff do: publish, change, cancel, and stand at the door.
#include <algorithm>
#include <type_traits>
#include <utility>

#include "sim/clients.hpp"

namespace zl::sim {
namespace {

constexpr int tries_at_door = 3;

const base::AccountId staff = test::id_of<base::AccountId>(9);

app::Claims claims_of(domain::Role role) {
  app::Claims claims;
  claims.account = staff;
  claims.role = role;
  if (role == domain::Role::staff) claims.station = test::id_of<base::StationId>(1);
  return claims;
}

template <class T>
std::string_view outcome_name(const base::Outcome<T>& outcome) {
  if (outcome.is_unknown()) return "unknown";
  return outcome ? "done" : base::name(outcome.refused().code);
}

}  // namespace

void Clients::plan_staff() {
  const Plan& plan = setting_.plan;
  const auto some_time = [this, &plan](int times, void (Clients::*what)()) {
    for (int i = 0; i < times; ++i) {
      setting_.schedule.at(setting_.chance.between(600'000, plan.faults_end_ms * 1000), nobody,
                           [this, what] { (this->*what)(); });
    }
  };
  some_time(plan.publishes, &Clients::publish);
  some_time(plan.capacity_changes, &Clients::change_capacity);
  some_time(plan.activity_cancels, &Clients::cancel_activity);
  for (int i = 0; i < plan.check_ins; ++i) {
    setting_.schedule.at(setting_.chance.between(2'000'000, plan.faults_end_ms * 1000), nobody,
                         [this] { check_in(tries_at_door); });
  }
  if (plan.opening_moves > 0) {
    setting_.schedule.at(setting_.chance.between(300'000, plan.opens_ms * 1000), nobody, [this] { move_opening(); });
  }
}

template <class T>
void Clients::order(const Errand& errand,
                    const std::function<boost::asio::awaitable<base::Outcome<T>>(Server&, app::Actor)>& request,
                    const std::function<void(const base::Outcome<T>*)>& then) {
  using Outcome = base::Outcome<T>;
  history_.orders.push_back({errand, actor(staff.bytes, std::string(domain::role_name(errand.role)))});
  Order& given = history_.orders.back();
  const Server* server = ask<Outcome>(
      errand.action, [&](Server& at) { return request(at, given.by); },
      [this, &given, then](const Outcome& answer) {
        given.ending = answer ? Ending::booked : answer.is_unknown() ? Ending::unknown : Ending::turned_away;
        setting_.seen.add(given.errand.role == domain::Role::staff ? "door answers" : "staff answers",
                          outcome_name(answer));
        if constexpr (std::is_same_v<T, app::CheckInAnswer>) given.by_another = answer && answer->earlier;
        then(&answer);
      },
      [&given, then] {
        given.ending = Ending::lost;
        then(nullptr);
      });
  if (server != nullptr) return;
  given.ending = Ending::never_arrived;
  then(nullptr);
}

void Clients::publish() {
  std::vector<base::ActivityId> drafts;
  for (const base::ActivityId& id : mysql_.activity_ids()) {
    if (mysql_.activity(id).publication == domain::Publication::draft) drafts.push_back(id);
  }
  if (drafts.empty()) return;
  const base::ActivityId id = setting_.chance.pick(drafts);
  order<domain::Activity>(
      {.action = "activity.publish", .subject = id.bytes},
      [id](Server& at, app::Actor by) {
        return at.manage.publish(id, claims_of(domain::Role::town_admin), std::move(by));
      },
      [this](const auto* answer) {
        if (answer != nullptr && *answer) return;
        setting_.schedule.after_us(setting_.chance.between(100'000, 1'000'000), nobody, [this] {
          if (!over()) publish();
        });
      });
}

void Clients::change_capacity() {
  const base::ActivityId id = any_activity();
  const int capacity = setting_.chance.number(1, 6);
  order<domain::Activity>(
      {.action = "activity.update", .subject = id.bytes},
      [id, capacity](Server& at, app::Actor by) {
        const app::ActivityEntry* entry = at.catalogue().current().activity(id);
        domain::Activity wanted = entry->activity;
        wanted.capacity = capacity;
        return at.manage.update_activity(std::move(wanted), false, entry->activity.version,
                                         claims_of(domain::Role::town_admin), std::move(by));
      },
      [](const auto*) {});
}

void Clients::cancel_activity() {
  const base::ActivityId id = any_activity();
  order<domain::Activity>(
      {.action = "activity.cancel", .subject = id.bytes},
      [id](Server& at, app::Actor by) {
        return at.manage.cancel(id, "reason", claims_of(domain::Role::town_admin), std::move(by));
      },
      [this, id](const auto* answer) {
        const bool done = answer != nullptr && *answer;
        if (done && mysql_.ledger().taken(id) > 0) complain("told of a cancelled activity that has bookings");
      });
}

void Clients::move_opening() {
  const std::int64_t opens_ms = setting_.chance.between(500, setting_.plan.opens_ms + 2000);
  order<domain::Programme>(
      {.action = "programme.update", .subject = mysql_.programme().id.bytes},
      [this, opens_ms](Server& at, app::Actor by) {
        domain::Programme wanted = *at.catalogue().current().programme(mysql_.programme().id)->programme;
        const std::uint64_t version = wanted.version;
        wanted.opens_at = start_of_run + base::Milliseconds(opens_ms);
        return at.manage.update_programme(std::move(wanted), version, claims_of(domain::Role::town_admin),
                                          std::move(by));
      },
      [](const auto*) {});
}

/// Somebody comes to the door with a booking that was told.
void Clients::check_in(int tries_left) {
  std::vector<std::size_t> told;
  for (std::size_t i = 0; i < history_.wishes.size(); ++i) {
    if (history_.wishes[i].told) told.push_back(i);
  }
  if (told.empty()) return;
  const Wish& wish = history_.wishes[setting_.chance.pick(told)];
  const domain::Booking* row = mysql_.ledger().find(wish.booking_id);
  if (row == nullptr) return complain("a booking that was told is gone");
  const base::SessionId session = mysql_.activity(row->activity_id).sessions.front().id;
  order<app::CheckInAnswer>(
      {.action = "check_in.create", .subject = wish.booking_id.bytes, .role = domain::Role::staff},
      [&](Server& at, app::Actor by) {
        return at.door.check_in(session, wish.booking_id, "door-" + wish.key, claims_of(domain::Role::staff),
                                std::move(by));
      },
      [this, tries_left](const auto* answer) {
        if (answer != nullptr && *answer) {
          const base::CheckInId id = (*answer)->check_in.id;
          history_.check_ins_told.push_back(id);
          if (setting_.chance.percent(setting_.plan.undo_percent)) undo(id, tries_at_door);
          return;
        }
        const bool nobody_knows = answer == nullptr || answer->is_unknown();
        if (nobody_knows && tries_left > 0 && !over()) check_in(tries_left - 1);
      });
}

/// It was the wrong child.
void Clients::undo(const base::CheckInId& id, int tries_left) {
  order<base::Done>(
      {.action = "check_in.undo", .subject = id.bytes, .role = domain::Role::staff},
      [id](Server& at, app::Actor by) { return at.door.undo(id, claims_of(domain::Role::staff), std::move(by)); },
      [this, id, tries_left](const auto* answer) {
        if (answer != nullptr && *answer) {
          history_.undone_told.push_back(id);
        } else if (tries_left > 0 && !over()) {
          undo(id, tries_left - 1);
        }
      });
}

}  // namespace zl::sim
