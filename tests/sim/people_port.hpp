// A server's way to the attendees; nothing else of people is asked for by the engine.
#pragma once

#include "sim/mysql_ports.hpp"

namespace zl::sim {

class SimPeople final : public app::PeopleStore {
 public:
  SimPeople(Setting& setting, MysqlSim& mysql) : pool_(setting, mysql) {}

  Answer<std::optional<app::AttendeeFacts>> facts(const base::AttendeeId& id) override;

  Answer<domain::User> sign_in(const std::string& openid, const std::string& nickname) override;
  Answer<std::optional<domain::User>> find_user(const base::UserId& id) override;
  Answer<std::vector<domain::Attendee>> attendees_of(const base::UserId& user_id) override;
  Answer<app::Created<domain::Attendee>> create_attendee(const base::UserId& user_id, const domain::Attendee& attendee,
                                                         const app::Actor& actor,
                                                         std::optional<app::CreationMark> mark) override;
  Answer<domain::Attendee> update_attendee(const base::UserId& user_id, const domain::Attendee& attendee,
                                           std::uint64_t expected_version, const app::Actor& actor) override;
  Answer<base::Done> delete_attendee(const base::UserId& user_id, const base::AttendeeId& id,
                                     const app::Actor& actor) override;

 private:
  Pool pool_;
};

}  // namespace zl::sim
