// Ports: users with their attendees, and staff accounts, in MySQL.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <vector>

#include "app/catalogue_store.hpp"
#include "base/id.hpp"
#include "base/outcome.hpp"
#include "domain/people.hpp"

namespace zl::app {

/// What a booking needs to know of an attendee.
struct AttendeeFacts {
  base::AttendeeId id;
  base::Date birth_date{};
  std::vector<base::UserId> guardians;
};

class PeopleStore {
 public:
  virtual ~PeopleStore() = default;

  /// The user of an openid, made where there is none; the nickname is set where not empty.
  virtual asio::awaitable<base::Outcome<domain::User>> sign_in(const std::string& openid,
                                                               const std::string& nickname) = 0;
  virtual asio::awaitable<base::Outcome<std::optional<domain::User>>> find_user(const base::UserId& id) = 0;

  virtual asio::awaitable<base::Outcome<std::vector<domain::Attendee>>> attendees_of(const base::UserId& user_id) = 0;
  virtual asio::awaitable<base::Outcome<std::optional<AttendeeFacts>>> facts(const base::AttendeeId& id) = 0;

  /// Refused: invalid_state where the user has as many attendees as allowed, already_booked is never told; a second
  /// child of the same name and birth date is Refused{invalid_request} with the field named; unauthorized where nobody
  /// can log in as this user any more.
  virtual asio::awaitable<base::Outcome<Created<domain::Attendee>>> create_attendee(
      const base::UserId& user_id, const domain::Attendee& attendee, const Actor& actor,
      std::optional<CreationMark> mark) = 0;
  /// Refused: not_found where it isn't the user's; version_mismatch; invalid_state for a new
  /// birth date while bookings are active.
  virtual asio::awaitable<base::Outcome<domain::Attendee>> update_attendee(const base::UserId& user_id,
                                                                           const domain::Attendee& attendee,
                                                                           std::uint64_t expected_version,
                                                                           const Actor& actor) = 0;
  /// Refused: not_found; invalid_state while the attendee has active bookings.
  virtual asio::awaitable<base::Outcome<base::Done>> delete_attendee(const base::UserId& user_id,
                                                                     const base::AttendeeId& id,
                                                                     const Actor& actor) = 0;
};

struct AccountWithHash {
  domain::Account account;
  std::string password_hash;
};

struct AccountPage {
  std::vector<domain::Account> items;
  bool more = false;
};

/// A token version that rose, or a token that was ended, at most one token lifetime ago.
struct VoidedTokens {
  struct Raised {
    base::AccountId account_id;
    std::uint32_t version = 0;
  };
  struct Ended {
    base::TokenId token_id;
    base::Instant expires_at;
  };
  std::vector<Raised> raised;
  std::vector<Ended> ended;
};

class AccountStore {
 public:
  virtual ~AccountStore() = default;

  virtual asio::awaitable<base::Outcome<std::optional<AccountWithHash>>> find_by_username(
      const std::string& username) = 0;
  virtual asio::awaitable<base::Outcome<std::optional<domain::Account>>> find(const base::AccountId& id) = 0;
  virtual asio::awaitable<base::Outcome<AccountPage>> list(std::optional<base::AccountId> after, std::size_t limit) = 0;

  /// Refused{invalid_state} where the user name is taken.
  virtual asio::awaitable<base::Outcome<Created<domain::Account>>> create(const AccountWithHash& account,
                                                                          const Actor& actor,
                                                                          std::optional<CreationMark> mark) = 0;
  /// Raises the version, which voids the account's tokens. An empty hash keeps the password.
  virtual asio::awaitable<base::Outcome<domain::Account>> update(const AccountWithHash& account,
                                                                 std::uint64_t expected_version,
                                                                 const Actor& actor) = 0;

  /// Voids every token of a user or a staff account.
  virtual asio::awaitable<base::Outcome<base::Done>> end_all_tokens(const base::AccountId& id, const Actor& actor) = 0;
  virtual asio::awaitable<base::Outcome<base::Done>> end_token(const base::TokenId& id, base::Instant expires_at,
                                                               const Actor& actor) = 0;
  /// What rose or ended since then.
  virtual asio::awaitable<base::Outcome<VoidedTokens>> voided_since(base::Instant since) = 0;
};

}  // namespace zl::app
