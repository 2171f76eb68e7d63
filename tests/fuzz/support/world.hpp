// A whole server process without sockets of its own and without stores: the engine of tests/support, every other use
// case on stores in memory, and the dispatcher before them. Two worlds made alike answer alike, byte by byte.
#pragma once

#include <string>
#include <vector>

#include "app/booking_ids.hpp"
#include "app/check_in.hpp"
#include "app/follow_changes.hpp"
#include "app/login_throttle.hpp"
#include "app/manage_accounts.hpp"
#include "app/manage_catalogue.hpp"
#include "app/manage_people.hpp"
#include "app/sign_in.hpp"
#include "fuzz/support/stores.hpp"
#include "http/connection.hpp"
#include "http/dispatcher.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/guard.hpp"

namespace zl::fuzz {

/// The same bytes in every run.
class CountedRandom final : public base::Random {
 public:
  void fill(std::span<std::uint8_t> bytes) override {
    for (std::uint8_t& byte : bytes)
      byte = static_cast<std::uint8_t>((state_ = state_ * 2862933555777941757U + 3037000493U) >> 56U);
  }

 private:
  std::uint64_t state_ = 1;
};

/// Station 1 with its point 2 and the other station 3; programme 1 with the activities 1 (two seats, one taken), 2 (one
/// seat) and the draft 3; users 1 and 2, each with the child of that number; a staff account for each role. Ids are
/// those of test::id_of.
class World {
 public:
  World();

  /// Whether a request has changed something since it was made.
  bool touched() const;

  /// `text` with what can't be guessed put in: {user}, {other}, {town}, {station}, {staff}, {auditor} (tokens),
  /// {booking} (of user 1) and {ticket} (its ticket).
  std::string fill_in(std::string_view text) const;

  test::Engine engine;
  http::Dispatcher& dispatcher() { return dispatcher_; }

 private:
  http::Api make_api();
  void furnish();
  std::string token(std::uint64_t account, std::optional<domain::Role> role) const;

  int writes_ = 0;
  int writes_at_start_ = 0;
  int gate_calls_at_start_ = 0;
  CountedRandom random_;
  CatalogueInMemory catalogue_store_{engine, writes_};
  PeopleInMemory people_store_{engine, writes_};
  AccountsInMemory account_store_{writes_};
  AttendanceInMemory attendance_store_{engine, writes_};
  runtime::BlockingPool password_pool_;  ///< stopped: hashing a password takes a thousand times as long as all the rest
  runtime::BlockingPool export_pool_;    ///< likewise
  runtime::BoundedCount exports_{1};
  app::TokenKeys keys_;
  app::VoidedTokenList voided_;
  app::LoginThrottle throttle_;
  app::FollowChanges changes_;
  app::SignIn sign_in_;
  app::ManagePeople people_;
  app::ManageCatalogue manage_catalogue_;
  app::ManageAccounts accounts_;
  app::CheckInDesk door_;
  http::Api api_;
  http::Dispatcher dispatcher_;
  std::vector<std::pair<std::string, std::string>> words_;
};

/// Small enough for inputs to reach beyond them.
http::ConnectionOptions small_limits();

/// What the server writes to a client who sends the pieces one after the other, each when the server has done with the
/// one before, and then ends its side. Fails where the connection does not end then.
std::string exchange(World& world, const std::vector<std::string_view>& pieces);

}  // namespace zl::fuzz
