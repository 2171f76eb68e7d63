// Users, attendees and staff accounts as values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

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

inline constexpr std::array<Role, 4> all_roles{Role::town_admin, Role::station_admin, Role::staff, Role::auditor};

/// As roles are called on the wire, on the command line and in the audit table.
constexpr std::string_view role_name(Role role) {
  switch (role) {
    case Role::town_admin:
      return "town_admin";
    case Role::station_admin:
      return "station_admin";
    case Role::staff:
      return "staff";
    case Role::auditor:
      return "auditor";
  }
  return "";
}

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
