// What the staff do: publish, change, cancel, and stand at the door.
#include <algorithm>
#include <utility>

#include "sim/clients.hpp"

namespace zl::sim {
namespace {

const app::Actor admin{test::id_of<base::AccountId>(9), "town_admin", "127.0.0.1", "request"};

app::Claims claims_of(domain::Role role) {
  app::Claims claims;
  claims.account = test::id_of<base::AccountId>(9);
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
                         [this] { check_in(3); });
  }
  if (plan.opening_moves > 0) {
    setting_.schedule.at(setting_.chance.between(300'000, plan.opens_ms * 1000), nobody, [this] { move_opening(); });
  }
}

void Clients::publish() {
  using Outcome = base::Outcome<domain::Activity>;
  std::vector<base::ActivityId> drafts;
  for (const base::ActivityId& id : mysql_.activity_ids()) {
    if (mysql_.activity(id).publication == domain::Publication::draft) drafts.push_back(id);
  }
  if (drafts.empty()) return;
  const base::ActivityId id = setting_.chance.pick(drafts);
  const auto again = [this] {
    setting_.schedule.after_us(setting_.chance.between(100'000, 1'000'000), nobody, [this] {
      if (!over()) publish();
    });
  };
  const Server* server = ask<Outcome>(
      "publish", [id](Server& at) { return at.manage.publish(id, claims_of(domain::Role::town_admin), admin); },
      [this, again](const Outcome& answer) {
        setting_.seen.add("staff answers", outcome_name(answer));
        if (!answer) again();
      },
      again);
  if (server == nullptr) again();
}

void Clients::change_capacity() {
  using Outcome = base::Outcome<domain::Activity>;
  const base::ActivityId id = any_activity();
  const int capacity = setting_.chance.number(1, 6);
  ask<Outcome>(
      "change capacity",
      [id, capacity](Server& at) {
        const app::ActivityEntry* entry = at.catalogue().current().activity(id);
        domain::Activity wanted = entry->activity;
        wanted.capacity = capacity;
        return at.manage.update_activity(std::move(wanted), false, entry->activity.version,
                                         claims_of(domain::Role::town_admin), admin);
      },
      [this](const Outcome& answer) { setting_.seen.add("staff answers", outcome_name(answer)); }, [] {});
}

void Clients::cancel_activity() {
  using Outcome = base::Outcome<domain::Activity>;
  const base::ActivityId id = any_activity();
  history_.activity_cancels_asked.push_back(id);
  ask<Outcome>(
      "cancel activity",
      [id](Server& at) { return at.manage.cancel(id, "reason", claims_of(domain::Role::town_admin), admin); },
      [this, id](const Outcome& answer) {
        setting_.seen.add("staff answers", outcome_name(answer));
        if (answer && mysql_.ledger().taken(id) > 0) complain("told of a cancelled activity that has bookings");
      },
      [] {});
}

void Clients::move_opening() {
  using Outcome = base::Outcome<domain::Programme>;
  const std::int64_t opens_ms = setting_.chance.between(500, setting_.plan.opens_ms + 2000);
  ask<Outcome>(
      "move opening",
      [this, opens_ms](Server& at) {
        domain::Programme wanted = *at.catalogue().current().programme(mysql_.programme().id)->programme;
        const std::uint64_t version = wanted.version;
        wanted.opens_at = start_of_run + base::Milliseconds(opens_ms);
        return at.manage.update_programme(std::move(wanted), version, claims_of(domain::Role::town_admin), admin);
      },
      [this](const Outcome& answer) { setting_.seen.add("staff answers", outcome_name(answer)); }, [] {});
}

/// Somebody comes to the door with a booking that was told.
void Clients::check_in(int tries_left) {
  using Outcome = base::Outcome<app::CheckInAnswer>;
  std::vector<std::size_t> told;
  for (std::size_t i = 0; i < history_.wishes.size(); ++i) {
    if (history_.wishes[i].told) told.push_back(i);
  }
  if (told.empty()) return;
  const Wish& wish = history_.wishes[setting_.chance.pick(told)];
  const domain::Booking* row = mysql_.ledger().find(wish.booking_id);
  if (row == nullptr) return complain("a booking that was told is gone");
  const base::SessionId session = mysql_.activity(row->activity_id).sessions.front().id;
  const auto again = [this, tries_left] {
    if (tries_left > 0 && !over()) check_in(tries_left - 1);
  };
  ask<Outcome>(
      "check in",
      [&](Server& at) {
        return at.door.check_in(session, wish.booking_id, "door-" + wish.key, claims_of(domain::Role::staff), admin);
      },
      [this, again](const Outcome& answer) {
        setting_.seen.add("door answers", outcome_name(answer));
        if (answer) {
          history_.check_ins_told.push_back(answer->check_in.id);
        } else if (answer.is_unknown()) {
          again();
        }
      },
      again);
}

}  // namespace zl::sim
