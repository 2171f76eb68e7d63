// What one seed is about: how large the town is, and which faults it has, how often. Seeds differ in kind and not only
// in detail: each fault is left out of half of them, so that none hides what another would show.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "domain/rules.hpp"
#include "sim/chance.hpp"

namespace zl::sim {

/// Mistakes that a programmer is likely to make, put behind the ports on purpose: the simulation has to find each.
enum class Bug {
  none = 0,
  unknown_commit_is_refused,    ///< a COMMIT without an answer is taken for a failure, and its hold is given back
  rebuild_without_fence,        ///< a gate is built anew while grants of the old one can still commit
  seat_returned_by_count,       ///< a cancelled seat comes back as often as somebody says so
  fence_ignored,                ///< the ledger takes a grant whose hold was given back
  id_per_process,               ///< a retry at another process makes another booking
  confirmed_before_commit,      ///< the client is told before the ledger has answered
  run_id_ignored,               ///< a gate that Redis lost writes of is trusted
  sold_out_told_of_held_seats,  ///< seats that others only hold are told as sold
  held_told_as_booked,          ///< … and a family's own holds as its bookings
  opens_late,                   ///< the gate goes on saying "not open" after the opening
  late_grant_of_what_was_held,  ///< a hold that was there before the late answer goes as if it were new
  seats_remembered,             ///< polls take a programme for unchanged as long as its gate is not built anew
  audited_again,                ///< what is found done already is told in the audit as if it were done now
  audited_after_commit,         ///< the audit's row has a transaction of its own, when the booking's is known
  audited_as_the_first,         ///< whoever is first in a group commit made all its bookings, says the audit
  capacity_not_audited,         ///< a new capacity has no row in the audit
  published_before_commit,      ///< the staff are told "published" though nobody knows of the COMMIT
};

inline constexpr std::array all_bugs{Bug::unknown_commit_is_refused,
                                     Bug::rebuild_without_fence,
                                     Bug::seat_returned_by_count,
                                     Bug::fence_ignored,
                                     Bug::id_per_process,
                                     Bug::confirmed_before_commit,
                                     Bug::run_id_ignored,
                                     Bug::sold_out_told_of_held_seats,
                                     Bug::held_told_as_booked,
                                     Bug::opens_late,
                                     Bug::late_grant_of_what_was_held,
                                     Bug::seats_remembered,
                                     Bug::audited_again,
                                     Bug::audited_after_commit,
                                     Bug::audited_as_the_first,
                                     Bug::capacity_not_audited,
                                     Bug::published_before_commit};

std::string_view name(Bug bug);

/// Chances are in permille of the calls concerned.
struct Faults {
  int slow = 0;            ///< a call takes up to 300 ms
  int very_slow = 0;       ///< a call takes up to 4 s: longer than its time-out
  int redis_reset = 0;     ///< the connection ends around a call
  int mysql_lost = 0;      ///< the connection ends before COMMIT
  int commit_unknown = 0;  ///< the connection ends after COMMIT was sent
  int commit_late = 0;     ///< … and COMMIT takes effect long after everybody gave up
  int news_lost = 0;
  int client_lost = 0;          ///< a client's request or its answer is lost
  std::string_view crash_step;  ///< where a process ends often; empty: nowhere
  bool crash_after_step = false;
  int crash_at_call = 0;  ///< the server process ends just before or just after a call took effect
  int stalls = 0;         ///< times a process is stopped and goes on, in this run
  int redis_restarts = 0;
  int redis_stalls = 0;
  int mysql_restarts = 0;
  int mysql_stalls = 0;
  int clock_jumps = 0;
};

struct Plan {
  std::uint64_t seed = 0;
  int servers = 1;
  int loops = 1;  ///< links to Redis in a process
  int users = 4;
  std::vector<int> capacities;  ///< of the activities published from the start
  int drafts = 0;               ///< activities that may be published later
  domain::Rules rules;
  bool overlapping = false;  ///< the activities meet at the same time
  std::int64_t opens_ms = 0;
  std::optional<std::int64_t> closes_ms;
  std::int64_t faults_end_ms = 0;
  int presses = 0;
  int places = 100;  ///< in the writers' queue
  int retry_percent = 0;
  int cancel_percent = 0;
  int double_percent = 0;     ///< of requests that arrive twice, at two processes
  int other_use_percent = 0;  ///< of keys that are used again for something else
  int check_ins = 0;
  int undo_percent = 0;  ///< of check-ins that are taken back
  int capacity_changes = 0;
  int activity_cancels = 0;
  int publishes = 0;
  int opening_moves = 0;
  Faults faults;
};

inline constexpr base::Milliseconds hold_ttl{5000};
inline constexpr base::Milliseconds reconcile_interval{500};
inline constexpr base::Milliseconds seats_poll_interval{400};
inline constexpr base::Milliseconds redis_timeout{1000};
inline constexpr base::Milliseconds longest_clock_jump{4000};

/// The steps of the use cases, between which a process may end.
std::span<const std::string_view> crash_steps();

Plan draw_plan(std::uint64_t seed);

}  // namespace zl::sim
