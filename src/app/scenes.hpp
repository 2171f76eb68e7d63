// What the platform's QR codes stand for: the names ("scenes") that we give them and that come back when they are
// scanned. Here alone, for those who make the codes and those who read them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/id.hpp"

namespace zl::app {

/// A station's code hangs at its door; a session's lets those in who booked it.
using Scene = std::variant<base::StationId, base::SessionId>;

/// "s.<32 hex digits>" and "x.<32 hex digits>". The platform takes 64 characters.
inline std::string scene_name(const base::StationId& station) {
  return "s." + station.hex();
}
inline std::string scene_name(const base::SessionId& session) {
  return "x." + session.hex();
}

/// Nothing where the name is none of ours. Whether there is such a station or session is not looked at.
inline std::optional<Scene> parse_scene(std::string_view name) {
  if (name.starts_with("s.")) {
    if (const auto station = base::StationId::parse(name.substr(2))) return Scene(*station);
  } else if (name.starts_with("x.")) {
    if (const auto session = base::SessionId::parse(name.substr(2))) return Scene(*session);
  }
  return std::nullopt;
}

}  // namespace zl::app
