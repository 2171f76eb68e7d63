#include "http/request.hpp"

#include "http/wire_names.hpp"

namespace zl::http {

std::string_view method_name(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::head:
      return "HEAD";
    case Method::post:
      return "POST";
    case Method::patch:
      return "PATCH";
    case Method::delete_:
      return "DELETE";
    case Method::other:
      return "other";
  }
  return "other";
}

app::Actor Request::actor() const {
  app::Actor actor;
  actor.id = claims->account;
  actor.role = claims->role ? name_of(*claims->role) : std::string_view("user");
  actor.address = address;
  actor.request_id = request_id;
  return actor;
}

bool if_match_holds(std::string_view if_match, std::uint64_t version) {
  if (if_match == "*") return true;
  return if_match == "\"" + std::to_string(version) + "\"";
}

}  // namespace zl::http
