// The MySQL side of the process: the pool, the writers, and the stores on top of them.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "app/attendance_store.hpp"
#include "app/booking_ledger.hpp"
#include "app/catalogue_store.hpp"
#include "app/credential_store.hpp"
#include "app/family_store.hpp"
#include "app/housekeeping.hpp"
#include "app/identity_store.hpp"
#include "app/login_states.hpp"
#include "app/message_store.hpp"
#include "app/people_store.hpp"
#include "app/push_store.hpp"
#include "app/reconcile.hpp"
#include "app/seal_audit.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "runtime/metrics.hpp"
#include "server/config.hpp"
#include "store/mysql/message_store.hpp"
#include "store/mysql/pool.hpp"
#include "store/mysql/writer_pool.hpp"

namespace zl::server {

/// How the serving account connects.
mysql::ConnectionConfig connection_config(const MysqlConfig& config);

class MysqlSide {
 public:
  /// Checks the database first; throws std::runtime_error with the faults where the server may not start on it.
  MysqlSide(const MysqlConfig& config, const base::Clock& clock, base::Random& random, runtime::Metrics& metrics);

  app::CatalogueStore& catalogue() { return *catalogue_; }
  app::ChangeFeed& changes() { return *changes_; }
  app::PeopleStore& people() { return *people_; }
  app::AccountStore& accounts() { return *accounts_; }
  app::AttendanceStore& attendance() { return *attendance_; }
  app::AuditStore& audit() { return *audit_; }
  app::BookingLedger& ledger() { return *ledger_; }
  app::ReconcilerLease& lease() { return *lease_; }
  app::Retention& retention() { return *retention_; }
  app::CredentialStore& credentials() { return *credentials_; }
  app::LoginStates& logins() { return *logins_; }
  /// Of the service account with this appid.
  std::unique_ptr<app::IdentityStore> create_identities(std::string appid);
  app::FamilyStore& families() { return *families_; }
  app::PushStore& pushes() { return *pushes_; }
  app::AuditSealer& sealer() { return *sealer_; }
  /// See mysql::outdate_gates.
  boost::asio::awaitable<base::Outcome<std::uint64_t>> outdate_gates();
  /// To the people of the service account with this appid.
  std::unique_ptr<app::MessageStore> create_messages(std::string appid, mysql::NoticeTemplates notices);
  const std::string& booking_id_secret() const { return booking_id_secret_; }

  /// Whether MySQL answers and takes writes, by those who ask it every second anyway. The writers connect when somebody
  /// books, and nobody is sent to a process that says it is not ready: what they found last would never be found out to
  /// be over.
  bool up() const { return pool_.up() && writable_.load(std::memory_order_relaxed); }

  /// Commits what is queued and closes the connections, while the loops still run.
  void stop();

 private:
  const std::string booking_id_secret_;
  base::Random& random_;
  std::atomic<bool> writable_{true};
  std::shared_ptr<mysql::Reached> reached_ = std::make_shared<mysql::Reached>();
  mysql::ConnectionPool pool_;
  mysql::WriterPool writers_;
  std::unique_ptr<app::CatalogueStore> catalogue_;
  std::unique_ptr<app::ChangeFeed> changes_;
  std::unique_ptr<app::PeopleStore> people_;
  std::unique_ptr<app::AccountStore> accounts_;
  std::unique_ptr<app::AttendanceStore> attendance_;
  std::unique_ptr<app::AuditStore> audit_;
  std::unique_ptr<app::BookingLedger> ledger_;
  std::unique_ptr<app::ReconcilerLease> lease_;
  std::unique_ptr<app::Retention> retention_;
  std::unique_ptr<app::CredentialStore> credentials_;
  std::unique_ptr<app::LoginStates> logins_;
  std::unique_ptr<app::FamilyStore> families_;
  std::unique_ptr<app::PushStore> pushes_;
  std::unique_ptr<app::AuditSealer> sealer_;
};

}  // namespace zl::server
