#include "sim/plan.hpp"

namespace zl::sim {
namespace {

constexpr std::array<std::string_view, 23> steps{"people.facts",
                                                 "gate.book",
                                                 "ledger.commit",
                                                 "gate.confirm",
                                                 "gate.remove",
                                                 "ledger.find",
                                                 "gate.remove_cancelled",
                                                 "gate.expired",
                                                 "ledger.fence",
                                                 "ledger.seats_taken",
                                                 "ledger.active_bookings",
                                                 "gate.holders",
                                                 "ledger.rebuild_image",
                                                 "gate.stage",
                                                 "gate.install",
                                                 "catalogue.publish",
                                                 "catalogue.cancel",
                                                 "catalogue.update_activity",
                                                 "gate.set_capacity",
                                                 "catalogue.load_programme",
                                                 "gate.announce",
                                                 "attendance.check_in",
                                                 "attendance.undo"};

/// What has to happen so that a process can end there.
void make_room_for(std::string_view step, Plan& plan) {
  const bool publishes = step == "catalogue.publish" || step == "gate.announce" || step == "catalogue.load_programme";
  if (publishes) plan.drafts = plan.publishes = 2;
  if (step == "catalogue.cancel") plan.activity_cancels = 2;
  if (step == "catalogue.update_activity" || step == "gate.set_capacity") plan.capacity_changes = 4;
  if (step == "attendance.check_in" || step == "attendance.undo") plan.check_ins = 6;
  if (step == "attendance.undo") plan.undo_percent = 80;
  if (step == "gate.remove_cancelled") plan.cancel_percent = 60;
  if (step == "ledger.fence") {  // of holds that nobody comes back for, while faults still happen
    plan.opens_ms = -60'000;
    plan.faults_end_ms = 14'000;
    plan.retry_percent = 10;
    plan.faults.commit_unknown = 150;
  }
}

Faults draw_faults(Chance& chance) {
  const auto sometimes = [&chance](int low, int high) { return chance.percent(50) ? chance.number(low, high) : 0; };
  Faults faults;
  if (chance.percent(5)) return faults;
  faults.slow = sometimes(10, 200);
  faults.very_slow = sometimes(2, 30);
  faults.redis_reset = sometimes(5, 60);
  faults.mysql_lost = sometimes(5, 60);
  faults.commit_unknown = sometimes(10, 120);
  faults.commit_late = sometimes(10, 60);
  faults.news_lost = sometimes(100, 900);
  faults.client_lost = sometimes(10, 100);
  faults.crash_at_call = sometimes(2, 25);
  if (chance.percent(50)) {
    faults.crash_step = steps[static_cast<std::size_t>(chance.number(0, steps.size() - 1))];
    faults.crash_after_step = chance.percent(50);
  }
  faults.stalls = sometimes(1, 4);
  faults.redis_restarts = sometimes(1, 4);
  faults.redis_stalls = sometimes(1, 2);
  faults.mysql_restarts = sometimes(1, 2);
  faults.mysql_stalls = sometimes(1, 2);
  faults.clock_jumps = sometimes(1, 3);
  return faults;
}

void draw_rules(Chance& chance, Plan& plan) {
  if (chance.percent(40)) plan.rules.max_per_attendee = chance.number(1, 2);
  if (chance.percent(40)) plan.rules.max_per_user = chance.number(1, 3);
  plan.rules.forbid_overlap = chance.percent(40);
  plan.rules.cancel_hours = 24;
  plan.overlapping = chance.percent(50);
}

void draw_times(Chance& chance, Plan& plan) {
  plan.faults_end_ms = chance.number(5000, 14'000);
  plan.opens_ms = chance.percent(50) ? chance.number(1000, 4000) : -60'000;
  if (chance.percent(10)) plan.closes_ms = chance.number(4500, 9000);
}

}  // namespace

std::string_view name(Bug bug) {
  switch (bug) {
    case Bug::none:
      return "none";
    case Bug::unknown_commit_is_refused:
      return "unknown_commit_is_refused";
    case Bug::rebuild_without_fence:
      return "rebuild_without_fence";
    case Bug::seat_returned_by_count:
      return "seat_returned_by_count";
    case Bug::fence_ignored:
      return "fence_ignored";
    case Bug::id_per_process:
      return "id_per_process";
    case Bug::confirmed_before_commit:
      return "confirmed_before_commit";
    case Bug::run_id_ignored:
      return "run_id_ignored";
    case Bug::sold_out_told_of_held_seats:
      return "sold_out_told_of_held_seats";
    case Bug::held_told_as_booked:
      return "held_told_as_booked";
    case Bug::opens_late:
      return "opens_late";
    case Bug::late_grant_of_what_was_held:
      return "late_grant_of_what_was_held";
    case Bug::seats_remembered:
      return "seats_remembered";
    case Bug::audited_again:
      return "audited_again";
    case Bug::audited_after_commit:
      return "audited_after_commit";
    case Bug::audited_as_the_first:
      return "audited_as_the_first";
    case Bug::capacity_not_audited:
      return "capacity_not_audited";
    case Bug::published_before_commit:
      return "published_before_commit";
  }
  return "";
}

std::span<const std::string_view> crash_steps() {
  return steps;
}

Plan draw_plan(std::uint64_t seed) {
  Chance chance(seed);
  Plan plan;
  plan.seed = seed;
  plan.servers = chance.number(1, 3);
  plan.loops = chance.number(1, 2);
  plan.users = chance.number(3, 8);
  const int activities = chance.number(1, 3);
  for (int i = 0; i < activities; ++i) plan.capacities.push_back(chance.number(1, 5));
  draw_rules(chance, plan);
  draw_times(chance, plan);
  plan.presses = chance.number(10, 80);
  plan.places = chance.percent(10) ? chance.number(1, 3) : 100;
  plan.retry_percent = chance.number(30, 95);
  plan.cancel_percent = chance.number(0, 60);
  plan.double_percent = chance.percent(50) ? chance.number(5, 40) : 0;
  plan.other_use_percent = chance.percent(30) ? chance.number(2, 20) : 0;
  plan.check_ins = chance.percent(40) ? chance.number(1, 6) : 0;
  plan.capacity_changes = chance.percent(30) ? chance.number(1, 4) : 0;
  plan.activity_cancels = chance.percent(20) ? 1 : 0;
  plan.drafts = chance.percent(30) ? chance.number(1, 2) : 0;
  plan.publishes = plan.drafts;
  plan.opening_moves = plan.opens_ms > 0 && chance.percent(20) ? 1 : 0;
  plan.faults = draw_faults(chance);
  plan.undo_percent = chance.number(0, 50);
  make_room_for(plan.faults.crash_step, plan);
  return plan;
}

}  // namespace zl::sim
