// Users, attendees and staff accounts as values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/id.hpp"
#include "base/time.hpp"

namespace zl::domain {

struct User {
  base::UserId id;
  std::string nickname;
  std::uint32_t version = 1;  ///< tokens of lower versions are void
  bool blocked = false;
};

enum class Relation { parent = 1, grandparent, guardian, self, other };

struct Attendee {
  base::AttendeeId id;
  std::string name;
  base::Date birth_date{};
  Relation relation = Relation::parent;  ///< of the user who looks at it
  std::string notes;
  std::uint64_t version = 1;
};

enum class Role { town_admin = 1, station_admin, staff, auditor };

/// A staff member's account. Every role but town_admin and a town-wide auditor is bound to a station and its points.
struct Account {
  base::AccountId id;
  std::string username;
  Role role = Role::staff;
  std::optional<base::StationId> station_id;
  bool blocked = false;
  std::uint32_t version = 1;  ///< tokens of lower versions are void; also the ETag's number
};

}  // namespace zl::domain
