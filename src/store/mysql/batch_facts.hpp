// What a batch is decided by: from the writer's memory alone, or read under the batch's locks.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "app/booking_ledger.hpp"
#include "base/random.hpp"
#include "store/mysql/batch_plan.hpp"
#include "store/mysql/booking_statements.hpp"
#include "store/mysql/connection.hpp"
#include "store/mysql/held_memory.hpp"

namespace zl::mysql {

/// For one batch, which outlives it. Each recalling or reading is for a transaction of its own. A reading takes the
/// batch's locks: the guards of the programmes, then the seats, each by id.
class FactReader {
 public:
  FactReader(const std::vector<app::LedgerItem>& items, SharedHeldMemory& memory, base::Random& random);
  FactReader(const FactReader&) = delete;
  FactReader& operator=(const FactReader&) = delete;
  /// forget(), where neither was called.
  ~FactReader();

  /// What the memory knows: enough to accept items, and nothing is read or locked. It is true, and so are seats for
  /// all, where the transaction's claim() and claim_seats() pass. Nothing where the memory does not know enough, or
  /// where another lane has just decided about one of these people. Why an item is refused may be as with read().
  std::optional<BatchFacts> recall(const Transaction& transaction);
  /// After recall(): the statement that locks the guards, and fails where somebody else has booked meanwhile.
  std::string claim() const;

  /// Runs `insertion`, which inserts the bookings of all items, in the same packet before the locks; then what caps and
  /// overlap rules look at, without those bookings, and the seats: enough to accept items. Why an item is refused may
  /// be that it is refused by what was cancelled meanwhile; read_exactly() tells.
  BatchFacts read(Transaction& transaction, std::vector<std::string> insertion);

  /// All of the facts, before anything is inserted.
  BatchFacts read_exactly(Transaction& transaction);

  /// After read(), to be run before the COMMIT where there is one: leaves marks at guards.
  std::optional<std::string> marking() const;

  /// The transaction of the last recall() or read() is committed, with all items.
  void committed();
  /// That of the last recall() was refused, and it is known that it had no effect.
  void rejected();
  /// What became of it is something else.
  void forget();

 private:
  void start(std::uint64_t session);
  void choose_marks(const std::map<base::ProgrammeId, MemoryMark>& marks);
  std::string held_in(const std::vector<base::ProgrammeId>& programmes) const;
  struct Ways {
    std::vector<base::ProgrammeId> reading;
    std::vector<base::ProgrammeId> loading;
  };
  Ways ways(std::uint64_t session);
  std::vector<base::ProgrammeId> remember(const Ways& ways, const std::vector<std::vector<HeldRow>>& loaded,
                                          BatchFacts& facts);
  void remove_own(std::vector<HeldRow>& held) const;
  void end();

  const std::vector<app::LedgerItem>& items_;
  SharedHeldMemory& memory_;
  base::Random& random_;
  std::unordered_set<base::BookingId> own_;
  bool begun_ = false;                         ///< the memory was told that the guards are held
  std::vector<base::ProgrammeId> programmes_;  ///< all
  std::vector<base::ProgrammeId> ruled_;       ///< those with caps or overlap rules
  std::vector<base::ActivityId> activities_;
  BatchPeople people_;
  bool entered_ = false;                   ///< the memory was told of the people
  std::vector<ExpectedMark> kept_;         ///< marks under which the last recall() or read() was decided, and that stay
  std::vector<base::ProgrammeId> marked_;  ///< whose guards get mark_
  MemoryMark mark_;
  std::map<base::ProgrammeId, std::uint64_t> commits_;  ///< of the guards, as the last read() found them
};

}  // namespace zl::mysql
