// The route table says the same as the contract: paths, methods, bodies, query parameters, callers and roles.
#include "http/routes.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>

#include "http/openapi_files.hpp"
#include "http/wire_names.hpp"
#include "support.hpp"

namespace zl::http {
namespace {

namespace json = boost::json;

constexpr std::string_view methods[] = {"get", "post", "patch", "delete"};

std::string_view name_of(Method method) {
  switch (method) {
    case Method::get:
      return "get";
    case Method::post:
      return "post";
    case Method::patch:
      return "patch";
    case Method::delete_:
      return "delete";
    case Method::head:
    case Method::other:
      return "";
  }
  return "";
}

/// The contract's path as the table writes it.
std::string pattern_of(std::string_view path, const json::object& item) {
  std::string pattern = item.contains("servers") ? "" : "/api/v1";
  bool in_name = false;
  for (const char c : path) {
    if (c == '}') in_name = false;
    if (!in_name) pattern.push_back(c);
    if (c == '{') in_name = true;
  }
  return pattern;
}

std::string text(const json::value& value) {
  return std::string(value.as_string());
}

class RoutesTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const auto& [path, item] : document_.at("paths").as_object()) {
      for (const std::string_view method : methods) {
        if (!item.as_object().contains(method)) continue;
        operations_[{std::string(method), pattern_of(path, item.as_object())}] = item.at(method).as_object();
      }
    }
  }

  const json::object& operation(const Route& route) {
    return operations_.at({std::string(name_of(route.method)), std::string(route.pattern)});
  }

  json::object parameter(const json::value& entry) const {
    if (!entry.as_object().contains("$ref")) return entry.as_object();
    const std::string reference = text(entry.at("$ref"));
    const std::string name = reference.substr(reference.rfind('/') + 1);
    return document_.at("components").at("parameters").at(name).as_object();
  }

  std::set<std::string> query_names(const json::object& operation) const {
    std::set<std::string> names;
    if (!operation.contains("parameters")) return names;
    for (const json::value& entry : operation.at("parameters").as_array()) {
      const json::object described = parameter(entry);
      if (text(described.at("in")) == "query") names.insert(text(described.at("name")));
    }
    return names;
  }

  json::object document_ = parsed(openapi_files().front().text);
  std::map<std::pair<std::string, std::string>, json::object> operations_;
};

TEST_F(RoutesTest, every_operation_has_a_route_and_every_route_an_operation) {
  std::set<std::pair<std::string, std::string>> routed;
  for (const Route& route : routes()) {
    EXPECT_TRUE(routed.emplace(name_of(route.method), route.pattern).second) << route.pattern;
  }
  std::set<std::pair<std::string, std::string>> described;
  for (const auto& [key, operation] : operations_) described.insert(key);
  EXPECT_EQ(routed, described);
}

TEST_F(RoutesTest, callers_are_those_of_the_contract) {
  for (const Route& route : routes()) {
    const json::object& described = operation(route);
    const bool needs_login = !described.at("security").as_array().empty();
    EXPECT_EQ(needs_login, route.caller.kind != Caller::Kind::anyone) << route.pattern;
    EXPECT_EQ(described.contains("x-roles"), route.caller.kind == Caller::Kind::staff) << route.pattern;
    if (!described.contains("x-roles")) continue;
    std::set<std::string> expected;
    for (const json::value& role : described.at("x-roles").as_array()) expected.insert(text(role));
    std::set<std::string> allowed;
    for (const WireName<domain::Role>& role : wire_names<domain::Role>()) {
      if ((route.caller.roles & (1U << static_cast<unsigned>(role.value))) != 0) allowed.emplace(role.name);
    }
    EXPECT_EQ(allowed, expected) << route.pattern;
  }
}

TEST_F(RoutesTest, bodies_and_query_parameters_are_those_of_the_contract) {
  for (const Route& route : routes()) {
    const json::object& described = operation(route);
    Body body = Body::none;
    if (described.contains("requestBody")) {
      const json::object& content = described.at("requestBody").at("content").as_object();
      body = content.contains("text/xml")                       ? Body::signed_xml
             : content.contains("application/merge-patch+json") ? Body::merge_patch
                                                                : Body::json;
    }
    EXPECT_EQ(route.body, body) << route.pattern;
    std::istringstream names{std::string(route.query)};
    const std::set<std::string> taken{std::istream_iterator<std::string>(names), {}};
    EXPECT_EQ(taken, query_names(described)) << route.pattern;
    EXPECT_EQ(route.open_query, described.contains("x-open-query")) << route.pattern;
  }
}

Match find(Method method, std::string_view path) {
  std::array<std::string_view, 2> parameters{};
  return find_route(method, path, parameters);
}

TEST_F(RoutesTest, parameters_are_the_segments_as_sent) {
  std::array<std::string_view, 2> parameters{};
  const Match match = find_route(Method::post, "/api/v1/admin/activities/a%2Fb/publish", parameters);
  ASSERT_NE(match.route, nullptr);
  EXPECT_EQ(match.route->pattern, "/api/v1/admin/activities/{}/publish");
  EXPECT_EQ(&routes()[match.index], match.route);
  EXPECT_EQ(parameters[0], "a%2Fb");
}

TEST_F(RoutesTest, a_part_of_a_segment_may_be_a_parameter) {
  std::array<std::string_view, 2> parameters{};
  const Match match = find_route(Method::get, "/MP_verify_a1B2.txt", parameters);
  ASSERT_NE(match.route, nullptr);
  EXPECT_EQ(match.route->pattern, "/MP_verify_{}.txt");
  EXPECT_EQ(parameters[0], "a1B2");
  EXPECT_EQ(find(Method::post, "/MP_verify_a1B2.txt").allow, "GET, HEAD");
  for (const std::string_view path :
       {"/MP_verify_.txt", "/MP_verify_a", "/MP_verify_.tx", "/MP_verify_a.txt/", "/x.txt"}) {
    EXPECT_EQ(find(Method::get, path).route, nullptr) << path;
    EXPECT_EQ(find(Method::post, path).allow, "") << path;
  }
}

TEST_F(RoutesTest, another_method_is_told_the_ones_there_are) {
  EXPECT_EQ(find(Method::post, "/api/v1/me").allow, "GET, HEAD");
  EXPECT_EQ(find(Method::other, "/api/v1/me/attendees/x").allow, "PATCH, DELETE");
  EXPECT_EQ(find(Method::get, "/api/v1/me/attendees").allow, "POST");
  EXPECT_EQ(find(Method::head, "/api/v1/login/dev").allow, "POST");
}

TEST_F(RoutesTest, head_is_served_as_get) {
  ASSERT_NE(find(Method::head, "/api/v1/time").route, nullptr);
  EXPECT_EQ(find(Method::head, "/api/v1/time").route, find(Method::get, "/api/v1/time").route);
}

TEST_F(RoutesTest, paths_are_matched_to_the_letter) {
  for (const std::string_view path :
       {"", "/", "/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v2/time", "/api/v1/time/", "/api/v1//time",
        "/api/v1/admin/users/", "/api/v1/me/attendees/a/b", "/API/v1/time", "/problems/", "*", "api/v1/time"}) {
    const Match match = find(Method::get, path);
    EXPECT_EQ(match.route, nullptr) << path;
    EXPECT_EQ(match.allow, "") << path;
  }
}

}  // namespace
}  // namespace zl::http
