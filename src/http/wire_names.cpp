#include "http/wire_names.hpp"

#include <array>

#include "app/platform_sign_in.hpp"
#include "domain/kinds/kind.hpp"

namespace zl::http {
namespace {

constexpr std::array<WireName<domain::Role>, 4> roles{{
    {domain::Role::town_admin, domain::role_name(domain::Role::town_admin)},
    {domain::Role::station_admin, domain::role_name(domain::Role::station_admin)},
    {domain::Role::staff, domain::role_name(domain::Role::staff)},
    {domain::Role::auditor, domain::role_name(domain::Role::auditor)},
}};

constexpr std::array<WireName<domain::Relation>, 5> relations{{
    {domain::Relation::parent, "parent"},
    {domain::Relation::grandparent, "grandparent"},
    {domain::Relation::guardian, "guardian"},
    {domain::Relation::self, "self"},
    {domain::Relation::other, "other"},
}};

constexpr std::array<WireName<domain::Publication>, 3> publications{{
    {domain::Publication::draft, "draft"},
    {domain::Publication::published, "published"},
    {domain::Publication::cancelled, "cancelled"},
}};

constexpr std::array<WireName<domain::PublicState>, 6> public_states{{
    {domain::PublicState::scheduled, "scheduled"},
    {domain::PublicState::open, "open"},
    {domain::PublicState::full, "full"},
    {domain::PublicState::closed, "closed"},
    {domain::PublicState::finished, "finished"},
    {domain::PublicState::cancelled, "cancelled"},
}};

constexpr std::array<WireName<domain::BookingState>, 4> booking_states{{
    {domain::BookingState::confirmed, "confirmed"},
    {domain::BookingState::waitlisted, "waitlisted"},
    {domain::BookingState::offered, "offered"},
    {domain::BookingState::cancelled, "cancelled"},
}};

constexpr std::array<WireName<domain::CapScope>, 2> cap_scopes{{
    {domain::CapScope::attendee, "attendee"},
    {domain::CapScope::user, "user"},
}};

constexpr std::array<WireName<app::LoginEnd>, 5> login_ends{{
    {app::LoginEnd::declined, "declined"},
    {app::LoginEnd::foreign, "foreign"},
    {app::LoginEnd::failed_again, "failed_again"},
    {app::LoginEnd::virtual_user, "virtual_user"},
    {app::LoginEnd::blocked, "blocked"},
}};

}  // namespace

template <>
std::span<const WireName<domain::Role>> wire_names() {
  return roles;
}
template <>
std::span<const WireName<domain::Relation>> wire_names() {
  return relations;
}
template <>
std::span<const WireName<domain::Kind>> wire_names() {
  // The kinds' own table has their names.
  static const std::array<WireName<domain::Kind>, 2> kinds{{
      {domain::Kind::class_, domain::policy_of(domain::Kind::class_).name},
      {domain::Kind::camp, domain::policy_of(domain::Kind::camp).name},
  }};
  return kinds;
}
template <>
std::span<const WireName<domain::Publication>> wire_names() {
  return publications;
}
template <>
std::span<const WireName<domain::PublicState>> wire_names() {
  return public_states;
}
template <>
std::span<const WireName<domain::BookingState>> wire_names() {
  return booking_states;
}
template <>
std::span<const WireName<domain::CapScope>> wire_names() {
  return cap_scopes;
}
template <>
std::span<const WireName<app::LoginEnd>> wire_names() {
  return login_ends;
}

}  // namespace zl::http
