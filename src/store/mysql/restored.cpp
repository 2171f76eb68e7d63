#include "store/mysql/restored.hpp"

#include "domain/booking.hpp"
#include "store/mysql/audit_detail.hpp"
#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

// Lock every row of both tables, in the order of their ids. A grant number is epoch · 2^40 + arrival.
constexpr std::string_view skip_epochs = "UPDATE programmes SET epoch = epoch + ? ORDER BY id";
constexpr std::string_view raise_fences =
    "UPDATE activity_seats s JOIN programmes p ON p.id = s.programme_id SET s.fence = p.epoch * ?";

constexpr std::string_view select_newest_seal = "SELECT COALESCE(MAX(number), 0) FROM audit_seals";

}  // namespace

boost::asio::awaitable<base::Outcome<std::uint64_t>> outdate_gates(ConnectionPool& pool) {
  return pool.write([](Write& write) -> base::Outcome<std::uint64_t> {
    const std::uint64_t programmes = write.execute(sql(skip_epochs, epochs_skipped));
    write.execute(sql(raise_fences, domain::GrantNumber::of(1, 0)));
    AuditDetail detail;
    detail.add("programmes", programmes);
    detail.add("newest_seal", write.query(select_newest_seal).front().u64(0));
    write.audit({{}, "system", "", ""}, "ledger.restore", {}, detail.text());
    return programmes;
  });
}

}  // namespace zl::mysql
