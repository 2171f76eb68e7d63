#include "store/mysql/verify_ledger.hpp"

#include "app/reconcile.hpp"
#include "store/mysql/ledger_checks.hpp"
#include "store/mysql/sql.hpp"
#include "store/mysql/verify_audit.hpp"

namespace zl::mysql {
namespace {

// Index activity_seats_programme; locks nothing.
constexpr std::string_view select_kept =
    "SELECT p.id, s.activity_id FROM programmes p JOIN activity_seats s ON s.programme_id = p.id "
    "WHERE p.opens_at <= ? AND p.closes_at >= ? AND s.open = 1 ORDER BY p.id, s.activity_id";

}  // namespace

ConnectionConfig for_verifying(ConnectionConfig config) {
  config.autocommit = true;
  config.io_timeout_s = 3600;
  config.statement_timeout_s = 0;
  config.idle_timeout_s = 3600;
  return config;
}

std::vector<app::CheckReport> verify_ledger(Connection& connection, const std::optional<KnownSeal>& known) {
  connection.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
  connection.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY");
  std::vector<app::CheckReport> reports = check_ledger(connection);
  reports.push_back(check_chains(connection));
  reports.push_back(check_seals(connection, known));
  connection.execute("COMMIT");
  return reports;
}

std::vector<app::GateToVerify> programmes_to_verify(Connection& connection, base::Instant now) {
  std::vector<app::GateToVerify> programmes;
  for (const Row row :
       connection.query(sql(select_kept, now + app::upkeep_before_opening, now - app::upkeep_after_closing))) {
    const auto id = row.id<base::ProgrammeId>(0);
    if (programmes.empty() || programmes.back().programme_id != id) programmes.push_back({id, {}});
    programmes.back().activities.push_back(row.id<base::ActivityId>(1));
  }
  return programmes;
}

}  // namespace zl::mysql
