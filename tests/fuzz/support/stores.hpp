// The stores that the engine of tests/support has no fakes of: in memory, answered at once, on one loop. They refuse as
// the ports say and count what they were told to change.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/attendance_store.hpp"
#include "app/catalogue_store.hpp"
#include "app/people_store.hpp"
#include "support/engine.hpp"

namespace zl::fuzz {

using test::Answer;

/// Stations, programmes and activities are the engine's content.
class CatalogueInMemory final : public app::CatalogueStore, public app::ChangeFeed {
 public:
  CatalogueInMemory(test::Engine& engine, int& writes) : engine_(engine), writes_(writes) {}

  Answer<app::CatalogueContent> load() override;
  Answer<std::vector<domain::Station>> load_stations() override;
  Answer<app::ProgrammeContent> load_programme(const base::ProgrammeId& id) override;
  Answer<app::Created<domain::Station>> create_station(const domain::Station& station, const app::Actor& actor,
                                                       std::optional<app::CreationMark> mark) override;
  Answer<domain::Station> update_station(const domain::Station& station, std::uint64_t expected_version,
                                         const app::Actor& actor) override;
  Answer<app::Created<domain::Programme>> create_programme(const domain::Programme& programme, const app::Actor& actor,
                                                           std::optional<app::CreationMark> mark) override;
  Answer<domain::Programme> update_programme(const domain::Programme& programme, std::uint64_t expected_version,
                                             const app::Actor& actor) override;
  Answer<app::Created<domain::Activity>> create_activity(const domain::Activity& activity, const app::Actor& actor,
                                                         std::optional<app::CreationMark> mark) override;
  Answer<domain::Activity> update_activity(const domain::Activity& activity, std::uint64_t expected_version,
                                           const app::Actor& actor) override;
  Answer<domain::Activity> publish(const base::ActivityId& id, const app::Actor& actor) override;
  Answer<domain::Activity> cancel(const base::ActivityId& id, const std::string& reason, const app::Actor& actor,
                                  base::Instant now) override;

  Answer<std::vector<app::Change>> changes_since(std::uint64_t seq, std::size_t limit) override;
  Answer<std::uint64_t> newest() override;

 private:
  base::Outcome<domain::Activity> set_publication(const base::ActivityId& id, domain::Publication publication);

  test::Engine& engine_;
  int& writes_;
};

/// Users and their attendees; what a booking asks about attendees is the engine's.
class PeopleInMemory final : public app::PeopleStore {
 public:
  PeopleInMemory(test::Engine& engine, int& writes) : engine_(engine), writes_(writes) {}

  Answer<domain::User> sign_in(const std::string& openid, const std::string& nickname) override;
  Answer<std::optional<domain::User>> find_user(const base::UserId& id) override;
  Answer<std::vector<domain::Attendee>> attendees_of(const base::UserId& user_id) override;
  Answer<std::optional<app::AttendeeFacts>> facts(const base::AttendeeId& id) override;
  Answer<app::Created<domain::Attendee>> create_attendee(const base::UserId& user_id, const domain::Attendee& attendee,
                                                         const app::Actor& actor,
                                                         std::optional<app::CreationMark> mark) override;
  Answer<domain::Attendee> update_attendee(const base::UserId& user_id, const domain::Attendee& attendee,
                                           std::uint64_t expected_version, const app::Actor& actor) override;
  Answer<base::Done> delete_attendee(const base::UserId& user_id, const base::AttendeeId& id,
                                     const app::Actor& actor) override;

  std::map<base::UserId, domain::User> users;
  std::map<base::UserId, std::vector<domain::Attendee>> attendees;

 private:
  test::Engine& engine_;
  int& writes_;
};

class AccountsInMemory final : public app::AccountStore {
 public:
  explicit AccountsInMemory(int& writes) : writes_(writes) {}

  Answer<std::optional<app::AccountWithHash>> find_by_username(const std::string& username) override;
  Answer<std::optional<domain::Account>> find(const base::AccountId& id) override;
  Answer<app::AccountPage> list(std::optional<base::AccountId> after, std::size_t limit) override;
  Answer<app::Created<domain::Account>> create(const app::AccountWithHash& account, const app::Actor& actor,
                                               std::optional<app::CreationMark> mark) override;
  Answer<domain::Account> update(const app::AccountWithHash& account, std::uint64_t expected_version,
                                 const app::Actor& actor) override;
  Answer<base::Done> end_all_tokens(const base::AccountId& id, const app::Actor& actor) override;
  Answer<base::Done> end_token(const base::TokenId& id, base::Instant expires_at, const app::Actor& actor) override;
  Answer<app::VoidedTokens> voided_since(base::Instant since) override;

  std::map<base::AccountId, domain::Account> accounts;

 private:
  int& writes_;
};

class AttendanceInMemory final : public app::AttendanceStore, public app::AuditStore {
 public:
  AttendanceInMemory(test::Engine& engine, int& writes) : engine_(engine), writes_(writes) {}

  Answer<app::CheckInResult> check_in(app::CheckInItem item) override;
  Answer<std::optional<base::ActivityId>> activity_of(const base::CheckInId& id) override;
  Answer<base::Done> undo(const base::CheckInId& id, const app::Actor& actor) override;
  Answer<app::RosterPage> roster(const base::ActivityId& activity_id, std::optional<base::BookingId> after,
                                 std::size_t limit) override;
  Answer<app::RosterPage> confirmed(const base::ActivityId& activity_id, std::optional<base::BookingId> after,
                                    std::size_t limit) override {
    return roster(activity_id, after, limit);  // which has the active ones alone
  }
  Answer<app::AuditPage> list(const app::AuditQuery& query) override;

 private:
  std::optional<app::CheckIn> of_booking(const base::BookingId& booking_id, const base::SessionId& session_id) const;

  test::Engine& engine_;
  int& writes_;
  std::map<base::CheckInId, std::pair<app::CheckIn, base::ActivityId>> check_ins_;
};

}  // namespace zl::fuzz
