// Takes a batch's locks and reads what it is decided by, from MySQL or from the writer's memory.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "app/booking_ledger.hpp"
#include "store/mysql/batch_plan.hpp"
#include "store/mysql/connection.hpp"
#include "store/mysql/held_memory.hpp"

namespace zl::mysql {

/// For one batch, which outlives it. Each reading is for a transaction of its own and begins with the locks: the guards
/// of the programmes, then the seats, each by id.
class FactReader {
 public:
  FactReader(const std::vector<app::LedgerItem>& items, HeldMemory& memory);

  /// What caps and overlap rules look at, and the seats: enough to accept items. Why an item is refused may be that it
  /// is committed already, or that it is refused by what was cancelled meanwhile; read_exactly() tells.
  BatchFacts read(Transaction& transaction);

  /// All of the facts.
  BatchFacts read_exactly(Transaction& transaction);

  /// The transaction of the last read() is committed, with all items.
  void committed();
  /// What became of it is something else.
  void forget();

 private:
  std::vector<std::string> locks() const;
  std::string held_in(const std::vector<base::ProgrammeId>& programmes) const;
  std::vector<base::ProgrammeId> unknown_after(const std::vector<base::ProgrammeId>& loaded,
                                               const std::vector<base::ProgrammeId>& read);

  const std::vector<app::LedgerItem>& items_;
  HeldMemory& memory_;
  std::vector<base::ProgrammeId> programmes_;  ///< all
  std::vector<base::ProgrammeId> ruled_;       ///< those with caps or overlap rules
  std::vector<base::ActivityId> activities_;
  std::map<base::ProgrammeId, std::uint64_t> commits_;  ///< of the guards, as the last read() found them
};

}  // namespace zl::mysql
