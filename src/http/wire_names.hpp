// How enums are called on the wire. Both directions read the same table.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "domain/booking.hpp"
#include "domain/catalogue.hpp"
#include "domain/people.hpp"
#include "domain/violation.hpp"

namespace zl::app {
enum class LoginEnd;  // of platform_sign_in.hpp, which would bring coroutines into every view
}

namespace zl::http {

template <class Enum>
struct WireName {
  Enum value;
  std::string_view name;
};

/// Every value of an enum with its name, in the order of the contract.
template <class Enum>
std::span<const WireName<Enum>> wire_names();

template <>
std::span<const WireName<domain::Role>> wire_names();
template <>
std::span<const WireName<domain::Relation>> wire_names();
template <>
std::span<const WireName<domain::Kind>> wire_names();
template <>
std::span<const WireName<domain::Publication>> wire_names();
template <>
std::span<const WireName<domain::PublicState>> wire_names();
template <>
std::span<const WireName<domain::BookingState>> wire_names();
template <>
std::span<const WireName<domain::CapScope>> wire_names();
template <>
std::span<const WireName<app::LoginEnd>> wire_names();

template <class Enum>
std::string_view name_of(Enum value) {
  for (const WireName<Enum>& known : wire_names<Enum>()) {
    if (known.value == value) return known.name;
  }
  return {};
}

template <class Enum>
std::optional<Enum> value_named(std::string_view name) {
  for (const WireName<Enum>& known : wire_names<Enum>()) {
    if (known.name == name) return known.value;
  }
  return std::nullopt;
}

/// All names, for the limit of a fault: "class, camp".
template <class Enum>
std::string names_of() {
  std::string all;
  for (const WireName<Enum>& known : wire_names<Enum>()) {
    if (!all.empty()) all += ", ";
    all += known.name;
  }
  return all;
}

}  // namespace zl::http
