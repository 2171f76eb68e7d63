// Every statement that reads of people, accounts and rosters fails once (reading_faults.hpp says what has to hold).
#include <algorithm>

#include "reading_faults.hpp"
#include "store/mysql/attendance_store.hpp"
#include "store/mysql/credential_store.hpp"
#include "store/mysql/family_store.hpp"
#include "store/mysql/identity_store.hpp"
#include "store/mysql/push_store.hpp"

namespace zl::test {
namespace {

using PeopleReadingFaultsTest = ReadingFaultsTest;

TEST_F(PeopleReadingFaultsTest, OfAnAttendee) {
  const base::UserId user = a_user();
  const base::UserId other = a_user();
  const auto child = a_child_of({user, other});
  a_child_of({user});
  const auto activity = an_activity(10);
  EXPECT_TRUE(book(an_item(activity, child, other)).is_done());
  const auto family = mysql::create_family_store(*pool_);
  fail_each_statement_of(
      1, [&] { return people_->facts(child); },
      [&](const std::optional<app::AttendeeFacts>& facts) {
        ASSERT_TRUE(facts);
        EXPECT_EQ(facts->birth_date, base::parse_date("2017-05-04"));
        EXPECT_TRUE(std::ranges::is_permutation(facts->guardians, std::vector{user, other}));
      });
  fail_each_statement_of(
      1, [&] { return people_->attendees_of(user); },
      [](const std::vector<domain::Attendee>& attendees) { EXPECT_EQ(attendees.size(), 2U); });
  fail_each_statement_of(
      1, [&] { return family->seats_in(user, programme_, activity); },
      [&](const std::vector<app::FamilySeat>& seats) {
        ASSERT_EQ(seats.size(), 1U);
        EXPECT_EQ(seats[0].attendee_id, child);
      });
}

TEST_F(PeopleReadingFaultsTest, OfUsersAndAccounts) {
  const base::UserId user = a_user();
  app::AccountWithHash account;
  account.account.id = random_.next_id<base::AccountId>();
  account.account.username = account.account.id.hex();
  account.password_hash = "hash";
  EXPECT_TRUE(wait(accounts_->create(account, admin_, std::nullopt)).is_done());
  fail_each_statement_of(
      1, [&] { return people_->find_user(user); },
      [&](const std::optional<domain::User>& found) { EXPECT_EQ(found.value().id, user); });
  fail_each_statement_of(
      1, [&] { return accounts_->find(account.account.id); },
      [&](const std::optional<domain::Account>& found) {
        EXPECT_EQ(found.value().username, account.account.username);
      });
  fail_each_statement_of(
      1, [&] { return accounts_->find_by_username(account.account.username); },
      [&](const std::optional<app::AccountWithHash>& found) { EXPECT_EQ(found.value().password_hash, "hash"); });
  const auto all = ids<base::AccountId>("SELECT id FROM accounts ORDER BY id");
  fail_each_statement_of(
      1, [&] { return accounts_->list(std::nullopt, all.size()); },
      [&](const app::AccountPage& page) {
        EXPECT_EQ(ids_of(page.items), all);
        EXPECT_FALSE(page.more);
      });
}

TEST_F(PeopleReadingFaultsTest, OfTokensThatAreVoid) {
  const base::Instant now = clock_.wall_now();
  const base::UserId user = a_user();
  EXPECT_TRUE(wait(accounts_->end_all_tokens(base::AccountId{user.bytes}, admin_)).is_done());
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(wait(accounts_->end_token(random_.next_id<base::TokenId>(), {now.unix_ms + 1}, admin_)).is_done());
  }
  const auto ended = ids<base::TokenId>("SELECT id FROM ended_tokens");
  const std::uint64_t all_raised = number(sql("SELECT COUNT(*) FROM users WHERE raised_at >= ?", now)) +
                                   number(sql("SELECT COUNT(*) FROM accounts WHERE raised_at >= ?", now));
  fail_each_statement_of(
      2, [&] { return accounts_->voided_since(now); },
      [&](const app::VoidedTokens& voided) {
        const auto raised =
            std::ranges::find(voided.raised, base::AccountId{user.bytes}, &app::VoidedTokens::Raised::account_id);
        ASSERT_NE(raised, voided.raised.end());
        EXPECT_EQ(raised->version, 2U);
        EXPECT_EQ(voided.raised.size(), all_raised);
        std::vector<base::TokenId> found;
        found.reserve(voided.ended.size());
        for (const auto& token : voided.ended) found.push_back(token.token_id);
        EXPECT_TRUE(std::ranges::is_permutation(found, ended));
      });
}

TEST_F(PeopleReadingFaultsTest, OfWhoWasAtASession) {
  const auto door = mysql::create_attendance_store(process().writers, *pool_);
  const auto activity = an_activity(10);
  const auto session = ids<base::SessionId>(sql("SELECT id FROM sessions WHERE activity_id = ?", activity)).front();
  const app::LedgerItem came = booked(activity, a_user());
  booked(activity, a_user());
  const auto check_in = random_.next_id<base::CheckInId>();
  EXPECT_TRUE(wait(door->check_in({check_in, came.wish.id, session, activity, programme_, {5}, admin_})).is_done());
  fail_each_statement_of(
      2, [&] { return door->roster(activity, std::nullopt, 10); },
      [&](const app::RosterPage& page) {
        EXPECT_FALSE(page.more);
        EXPECT_EQ(page.items.size(), 2U);
        for (const app::RosterEntry& entry : page.items) {
          EXPECT_EQ(entry.attendance.size(), entry.booking.id == came.wish.id ? 1U : 0U);
        }
      });
  fail_each_statement_of(
      2, [&] { return door->confirmed(activity, std::nullopt, 10); },
      [&](const app::RosterPage& page) { EXPECT_EQ(page.items.size(), 2U); });
  fail_each_statement_of(
      1, [&] { return door->activity_of(check_in); },
      [&](const std::optional<base::ActivityId>& found) { EXPECT_EQ(found, activity); });
}

TEST_F(PeopleReadingFaultsTest, OfWhatIsKnownByAnOpenid) {
  const auto identities = mysql::create_identity_store(*pool_, random_, "wx1");
  const auto pushes = mysql::create_push_store(*pool_);
  const auto credentials = mysql::create_credential_store(*pool_);
  const std::string openid = random_.next_id<base::TokenId>().hex();
  const base::UserId user = wait(identities->sign_in({"wx1", openid, ""}))->id;
  const std::vector<base::BookingId> choices{base::BookingId{{1}}, base::BookingId{{2}}};
  EXPECT_TRUE(wait(pushes->remember_choices(openid, choices)).is_done());
  db_.execute(sql("INSERT INTO credentials (name, value) VALUES (?, 'secret')", openid));
  fail_each_statement_of(
      1, [&] { return identities->sign_in({"wx1", openid, ""}); },
      [&](const domain::User& found) { EXPECT_EQ(found.id, user); });
  fail_each_statement_of(
      1, [&] { return identities->user_of(openid); },
      [&](const std::optional<base::UserId>& found) { EXPECT_EQ(found, user); });
  fail_each_statement_of(
      1, [&] { return identities->openid_of(user); },
      [&](const std::optional<std::string>& found) { EXPECT_EQ(found, openid); });
  fail_each_statement_of(
      1, [&] { return pushes->choices(openid, {0}); },
      [&](const std::vector<base::BookingId>& found) { EXPECT_EQ(found, choices); });
  fail_each_statement_of(
      1, [&] { return credentials->find(openid); },
      [](const std::optional<app::Credential>& found) { EXPECT_EQ(found.value().value, "secret"); });
}

}  // namespace
}  // namespace zl::test
