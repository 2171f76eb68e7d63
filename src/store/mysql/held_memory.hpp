// What a writer remembers of the active bookings of programmes, so that it need not read them before each commit.
//
// A programme's guard counts the group commits that insert its bookings, and is locked by each. A writer that finds the
// count as its own last commit left it knows that nobody has inserted any since. What it remembers may then still hold
// bookings that were cancelled meanwhile: it may be too strict, never too generous, and whoever would be refused by it
// is decided once more by what is committed.
//
// A guard also carries a mark. A commit that has read under the guard leaves a fresh one, and the memory that knows all
// of the programme from there on keeps it. Who finds that mark again knows all that was committed, without having read
// the count: a batch may be decided beforehand and go to the server as one packet, whose claim on the guard fails
// where the mark is another. Batches of several lanes may be on the way under one mark, in any order, as long as they
// are for different people: then neither changes what the other was decided by. Whoever commits a batch for people of
// whom another lane may have decided, or without knowing all, leaves a fresh mark.
//
// The lanes of a writer share a memory. Only what is known to be committed comes into it, so a lane that holds a guard
// may find that the lane before it has not noted its commit yet: SharedHeldMemory::wait_for() waits a moment for that,
// and who has waited in vain reads.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "app/booking_ledger.hpp"
#include "base/id.hpp"
#include "store/mysql/batch_plan.hpp"

namespace zl::mysql {

/// At a programme's guard: whose knowledge is complete. Random, so that no other memory ever has the same.
using MemoryMark = base::Id<struct MemoryMarkTag>;

/// For one thread at a time.
class HeldMemory {
 public:
  static constexpr std::size_t load_limit = 10'000;    ///< rows; a programme with more is read for each commit
  static constexpr std::size_t total_limit = 100'000;  ///< bookings remembered, of all programmes: about 20 MB

  explicit HeldMemory(std::size_t limit = total_limit) : limit_(limit) {}

  /// Forgets everything where the session is a new one: the server may have been restored since. Every session of the
  /// process has a number of its own.
  void on_session(std::uint64_t session);

  enum class Way {
    remembered = 1,  ///< ask held_by(), once the count is known to be expected()
    load,            ///< read the whole programme, at most `load_limit` rows, for load()
    read,            ///< read what the batch's people hold
  };
  Way way(const base::ProgrammeId& id) const;

  /// True where nobody has inserted a booking since our last commit; `commits` counts the one under way.
  bool is_ours(const base::ProgrammeId& id, std::uint64_t commits) const;

  /// All active bookings of the programme, read under its guard; more than `load_limit` are not taken.
  void load(const base::ProgrammeId& id, const std::vector<HeldRow>& rows);
  bool remembers(const base::ProgrammeId& id) const;

  /// Adds what the attendee or the user of a wish hold in its programme; what both do, twice.
  void held_by(const domain::BookingWish& wish, std::vector<HeldRow>& held) const;

  /// A group commit of ours left the programme's guard at `commits`. False where a later one was told of before: then
  /// nothing of this one is to be added.
  bool committed(const base::ProgrammeId& id, std::uint64_t commits);
  /// A booking of it; after committed() or committed_under().
  void add(const domain::BookingWish& wish);

  /// The commit that was told of last left this mark at the guard.
  void mark(const base::ProgrammeId& id, const MemoryMark& mark);
  /// What the guard carries as long as nothing is missing here; nothing where something may be.
  std::optional<MemoryMark> mark_of(const base::ProgrammeId& id) const;
  /// A group commit of ours found this mark. False where another has been noted since: then nothing is to be added.
  bool committed_under(const base::ProgrammeId& id, const MemoryMark& mark);

  /// There are seats of this activity; rows of activity_seats are never deleted.
  void note_seats(const base::ProgrammeId& id, const base::ActivityId& activity);
  bool knows_seats(const base::ProgrammeId& id, const base::ActivityId& activity) const;

  /// What is held goes, and the count stays.
  void drop(const base::ProgrammeId& id);
  void forget(const base::ProgrammeId& id);

 private:
  struct Programme {
    std::uint64_t commits = 0;       ///< as our last commit left it
    bool quiet = false;              ///< nobody else came between our last two commits
    bool large = false;              ///< beyond a limit
    bool complete = false;           ///< the maps are all that is held
    std::optional<MemoryMark> mark;  ///< only where complete
    std::unordered_set<base::ActivityId> seats;
    std::unordered_map<base::AttendeeId, std::vector<domain::HeldBooking>> by_attendee;
    std::unordered_map<base::UserId, std::vector<domain::HeldBooking>> by_user;
    std::size_t bookings = 0;
    std::uint64_t used = 0;  ///< greater: later
  };

  void put(Programme& programme, const domain::HeldBooking& held);
  void give_up(Programme& programme);
  void make_room();

  const std::size_t limit_;
  std::vector<std::uint64_t> sessions_;  ///< the newest that are known
  std::size_t bookings_ = 0;
  std::uint64_t uses_ = 0;
  std::unordered_map<base::ProgrammeId, Programme> programmes_;
};

/// For whom a batch books; each once, in order.
struct BatchPeople {
  std::vector<base::AttendeeId> attendees;
  std::vector<base::UserId> users;
};

/// A memory for several threads. `mutex` protects it, and is held for moments only.
class SharedHeldMemory {
 public:
  /// How long a lane that holds a guard waits for the one before it.
  static constexpr std::chrono::milliseconds patience{20};

  std::mutex mutex;
  HeldMemory held;  // under mutex

  /// A lane holds these programmes' guards, and what comes of its commit is not noted yet. Under mutex.
  void begin(const std::vector<base::ProgrammeId>& ids);
  /// It is noted. Under mutex.
  void end(const std::vector<base::ProgrammeId>& ids);

  /// Waits until the memory is up to date with a guard that the caller holds and has counted up to `commits`, or no
  /// lane is left that could bring it there, or the patience ends.
  void wait_for(std::unique_lock<std::mutex>& lock, const base::ProgrammeId& id, std::uint64_t commits);

  /// A lane is about to send a batch for these people. False, and nothing has changed, where somebody of them is in
  /// another lane's. Under mutex; the people outlive leave().
  bool enter(const BatchPeople& people);
  void leave(const BatchPeople& people);

 private:
  std::condition_variable ended_;
  std::map<base::ProgrammeId, int> under_way_;  // under mutex
  std::vector<const BatchPeople*> entered_;     // under mutex
};

}  // namespace zl::mysql
