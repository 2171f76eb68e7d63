#include "http/routes.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "http/endpoints.hpp"

namespace zl::http {
namespace {

using domain::Role;

constexpr std::uint8_t bit(Role role) {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(role));
}

template <class... Roles>
constexpr Caller staff(Roles... roles) {
  return {Caller::Kind::staff, static_cast<std::uint8_t>((bit(roles) | ...))};
}

constexpr Caller anyone{Caller::Kind::anyone, 0};
constexpr Caller user{Caller::Kind::user, 0};
constexpr Caller either{Caller::Kind::either, 0};
constexpr Caller town = staff(Role::town_admin);
constexpr Caller admins = staff(Role::town_admin, Role::station_admin);
constexpr Caller readers = staff(Role::town_admin, Role::station_admin, Role::auditor);
constexpr Caller inspectors = staff(Role::town_admin, Role::auditor);
constexpr Caller door = staff(Role::town_admin, Role::station_admin, Role::staff);
constexpr Caller all_staff = staff(Role::town_admin, Role::station_admin, Role::staff, Role::auditor);

constexpr int password_cost = 10;
constexpr int login_cost = 10;  // asks the platform, and writes
constexpr int export_cost = 10;
// All pushes come from a few addresses of the platform, or from that of a proxy which thousands of parents share: a
// limit by address would turn them away in a rush, and after three times the platform tells the parent that we are
// broken. What a forger costs is bounded by the limits on connections and bodies.
constexpr int platform_cost = 0;
constexpr std::size_t method_count = static_cast<std::size_t>(Method::other) + 1;

constexpr Route table[] = {
    {Method::post, "/api/v1/login/dev", anyone, Body::json, login_dev},
    {Method::get, "/api/v1/login/wechat", anyone, Body::none, login_platform, "return_to", login_cost},
    {Method::get, "/api/v1/login/wechat/callback", anyone, Body::none, login_platform_return, "code state", login_cost,
     true},
    {Method::get, "/api/v1/login/wechat/ended", anyone, Body::none, get_login_page, "why return_to", 1, true},
    {Method::post, "/api/v1/login/wechat-mini", anyone, Body::json, login_mini, {}, login_cost},
    {Method::post, "/api/v1/logout", either, Body::none, logout, "everywhere"},

    {Method::get, "/api/v1/me", user, Body::none, get_me},
    {Method::post, "/api/v1/me/attendees", user, Body::json, create_attendee},
    {Method::patch, "/api/v1/me/attendees/{}", user, Body::merge_patch, update_attendee},
    {Method::delete_, "/api/v1/me/attendees/{}", user, Body::none, delete_attendee},

    {Method::get, "/api/v1/stations", anyone, Body::none, list_stations},
    {Method::get, "/api/v1/stations/{}", anyone, Body::none, get_station},
    {Method::get, "/api/v1/programmes", anyone, Body::none, list_programmes, "station_id cursor limit"},
    {Method::get, "/api/v1/programmes/{}", anyone, Body::none, get_programme},
    {Method::get, "/api/v1/activities", anyone, Body::none, list_activities,
     "programme_id station_id kind state age from to q cursor limit"},
    {Method::get, "/api/v1/activities/{}", anyone, Body::none, get_activity},
    {Method::get, "/api/v1/time", anyone, Body::none, get_time},

    {Method::post, "/api/v1/activities/{}/bookings", user, Body::json, create_booking},
    {Method::get, "/api/v1/me/bookings", user, Body::none, list_my_bookings, "cursor limit"},
    {Method::get, "/api/v1/bookings/{}", user, Body::none, get_booking},
    {Method::delete_, "/api/v1/bookings/{}", user, Body::none, cancel_booking},

    {Method::post, "/api/v1/admin/login", anyone, Body::json, login_staff, {}, password_cost},

    {Method::get, "/api/v1/admin/stations", readers, Body::none, admin_list_stations, "cursor limit"},
    {Method::post, "/api/v1/admin/stations", town, Body::json, admin_create_station},
    {Method::get, "/api/v1/admin/stations/{}", readers, Body::none, admin_get_station},
    {Method::patch, "/api/v1/admin/stations/{}", admins, Body::merge_patch, admin_update_station},

    {Method::get, "/api/v1/admin/programmes", readers, Body::none, admin_list_programmes, "station_id cursor limit"},
    {Method::post, "/api/v1/admin/programmes", admins, Body::json, admin_create_programme},
    {Method::get, "/api/v1/admin/programmes/{}", readers, Body::none, admin_get_programme},
    {Method::patch, "/api/v1/admin/programmes/{}", admins, Body::merge_patch, admin_update_programme},

    {Method::get, "/api/v1/admin/activities", readers, Body::none, admin_list_activities,
     "programme_id station_id kind state status cursor limit"},
    {Method::post, "/api/v1/admin/activities", admins, Body::json, admin_create_activity},
    {Method::get, "/api/v1/admin/activities/{}", readers, Body::none, admin_get_activity},
    {Method::patch, "/api/v1/admin/activities/{}", admins, Body::merge_patch, admin_update_activity},
    {Method::post, "/api/v1/admin/activities/{}/publish", admins, Body::none, admin_publish_activity},
    {Method::post, "/api/v1/admin/activities/{}/cancel", admins, Body::json, admin_cancel_activity},

    {Method::get, "/api/v1/admin/activities/{}/roster", all_staff, Body::none, admin_get_roster, "cursor limit"},
    {Method::get, "/api/v1/admin/activities/{}/roster.csv", all_staff, Body::none, admin_roster_csv, {}, export_cost},
    {Method::get, "/api/v1/admin/activities/{}/roster.xlsx", all_staff, Body::none, admin_roster_xlsx, {}, export_cost},
    {Method::post, "/api/v1/admin/check-ins", door, Body::json, admin_check_in},
    {Method::delete_, "/api/v1/admin/check-ins/{}", door, Body::none, admin_undo_check_in},

    {Method::get, "/api/v1/admin/stations/{}/wechat-qr", readers, Body::none, admin_get_station_code},
    {Method::get, "/api/v1/admin/sessions/{}/wechat-qr", readers, Body::none, admin_get_session_code},

    {Method::get, "/api/v1/admin/users", inspectors, Body::none, admin_list_accounts, "cursor limit"},
    {Method::post, "/api/v1/admin/users", town, Body::json, admin_create_account},
    {Method::patch, "/api/v1/admin/users/{}", town, Body::merge_patch, admin_update_account},
    {Method::get, "/api/v1/admin/audit", inspectors, Body::none, admin_list_audit,
     "actor subject action from to cursor limit"},

    {Method::get, "/api/v1/wechat/js-config", anyone, Body::none, get_js_config, "url"},
    {Method::get, "/MP_verify_{}.txt", anyone, Body::none, get_verify_file},
    {Method::get, "/api/v1/wechat/callback", anyone, Body::none, check_wechat_url, "signature timestamp nonce echostr",
     platform_cost, true},
    {Method::post, "/api/v1/wechat/callback", anyone, Body::signed_xml, take_wechat_push,
     "signature timestamp nonce openid encrypt_type msg_signature", platform_cost, true},

    {Method::get, "/api/v1/openapi.json", anyone, Body::none, get_contract},
    {Method::get, "/problems/{}", anyone, Body::none, get_problem_page},
    {Method::get, "/healthz", anyone, Body::none, get_health},
    {Method::get, "/readyz", anyone, Body::none, get_readiness},
    {Method::get, "/metrics", anyone, Body::none, get_metrics},
};

/// The path up to its next slash, without the slash before it; the path is shortened by both.
std::string_view take_segment(std::string_view& path) {
  path.remove_prefix(1);
  const std::size_t end = std::min(path.find('/'), path.size());
  const std::string_view segment = path.substr(0, end);
  path.remove_prefix(end);
  return segment;
}

/// What stands in a segment where its pattern has "{}"; empty where it doesn't fit.
std::string_view inside_of(std::string_view segment, std::string_view pattern) {
  const std::size_t mark = pattern.find("{}");
  const std::string_view before = pattern.substr(0, mark);
  const std::string_view behind = pattern.substr(mark + 2);
  if (segment.size() <= before.size() + behind.size()) return {};
  if (!segment.starts_with(before) || !segment.ends_with(behind)) return {};
  return segment.substr(before.size(), segment.size() - before.size() - behind.size());
}

std::string_view allowed(Method method) {
  return method == Method::get ? "GET, HEAD" : method_name(method);
}

/// The table as a tree of segments.
class RouteTree {
 public:
  struct Node {
    std::vector<std::pair<std::string_view, std::unique_ptr<Node>>> children;
    std::vector<std::pair<std::string_view, std::unique_ptr<Node>>> patterns;  ///< children with "{}" inside
    std::unique_ptr<Node> any;                                                 ///< the child for "{}"
    std::array<const Route*, method_count> by_method{};                        ///< of the paths that end here
    std::string allow;
  };

  RouteTree() {
    for (const Route& route : table) {
      Node* node = &root_;
      for (std::string_view rest = route.pattern; !rest.empty();) node = &child(*node, take_segment(rest));
      node->by_method[static_cast<std::size_t>(route.method)] = &route;
      if (!node->allow.empty()) node->allow += ", ";
      node->allow += allowed(route.method);
    }
  }

  /// Null where no pattern fits. A segment that is named goes before one that may be any.
  const Node* find(std::string_view path, std::array<std::string_view, 2>& parameters) const {
    return find(root_, path, parameters, 0);
  }

 private:
  static Node& child(Node& node, std::string_view segment) {
    if (segment == "{}") {
      if (!node.any) node.any = std::make_unique<Node>();
      return *node.any;
    }
    auto& named = segment.find("{}") == std::string_view::npos ? node.children : node.patterns;
    for (const auto& [name, next] : named) {
      if (name == segment) return *next;
    }
    return *named.emplace_back(segment, std::make_unique<Node>()).second;
  }

  static const Node* find(const Node& node, std::string_view rest, std::array<std::string_view, 2>& parameters,
                          std::size_t count) {
    if (rest.empty()) return node.allow.empty() ? nullptr : &node;
    if (rest.front() != '/') return nullptr;
    const std::string_view segment = take_segment(rest);
    for (const auto& [name, next] : node.children) {
      if (name != segment) continue;
      if (const Node* found = find(*next, rest, parameters, count)) return found;
    }
    if (segment.empty() || count == parameters.size()) return nullptr;
    for (const auto& [pattern, next] : node.patterns) {
      const std::string_view inside = inside_of(segment, pattern);
      if (inside.empty()) continue;
      parameters[count] = inside;
      if (const Node* found = find(*next, rest, parameters, count + 1)) return found;
    }
    if (!node.any) return nullptr;
    parameters[count] = segment;
    return find(*node.any, rest, parameters, count + 1);
  }

  Node root_;
};

}  // namespace

std::span<const Route> routes() {
  return table;
}

Match find_route(Method method, std::string_view path, std::array<std::string_view, 2>& parameters) {
  static const RouteTree tree;
  Match match;
  const RouteTree::Node* node = tree.find(path, parameters);
  if (node == nullptr) return match;
  if (method == Method::head) method = Method::get;
  match.route = node->by_method[static_cast<std::size_t>(method)];
  if (match.route == nullptr) {
    match.allow = node->allow;
  } else {
    match.index = static_cast<std::size_t>(match.route - table);
  }
  return match;
}

}  // namespace zl::http
