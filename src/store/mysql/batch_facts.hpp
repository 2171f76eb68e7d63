// Takes a batch's locks and reads what it is decided by, from MySQL or from the writer's memory.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

#include "app/booking_ledger.hpp"
#include "store/mysql/batch_plan.hpp"
#include "store/mysql/connection.hpp"
#include "store/mysql/held_memory.hpp"

namespace zl::mysql {

/// For one batch, which outlives it. Each reading is for a transaction of its own and takes its locks: the guards of
/// the programmes, then the seats, each by id.
class FactReader {
 public:
  FactReader(const std::vector<app::LedgerItem>& items, SharedHeldMemory& memory);
  FactReader(const FactReader&) = delete;
  FactReader& operator=(const FactReader&) = delete;
  /// forget(), where neither was called.
  ~FactReader();

  /// Runs `insertion`, which inserts the bookings of all items, in the same packet before the locks; then what caps and
  /// overlap rules look at, without those bookings, and the seats: enough to accept items. Why an item is refused may
  /// be that it is refused by what was cancelled meanwhile; read_exactly() tells.
  BatchFacts read(Transaction& transaction, std::vector<std::string> insertion);

  /// All of the facts, before anything is inserted.
  BatchFacts read_exactly(Transaction& transaction);

  /// The transaction of the last read() is committed, with all items.
  void committed();
  /// What became of it is something else.
  void forget();

 private:
  std::vector<std::string> locks() const;
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
  std::unordered_set<base::BookingId> own_;
  bool begun_ = false;                         ///< the memory was told that the guards are held
  std::vector<base::ProgrammeId> programmes_;  ///< all
  std::vector<base::ProgrammeId> ruled_;       ///< those with caps or overlap rules
  std::vector<base::ActivityId> activities_;
  std::map<base::ProgrammeId, std::uint64_t> commits_;  ///< of the guards, as the last read() found them
};

}  // namespace zl::mysql
