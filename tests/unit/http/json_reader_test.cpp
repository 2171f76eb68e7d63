// Members by name: types, presence, and every fault with its pointer.
#include "http/json_reader.hpp"

#include <gtest/gtest.h>

#include "support.hpp"

namespace zl::http {
namespace {

class ObjectReaderTest : public testing::Test {
 protected:
  ObjectReader& read(std::string_view body) {
    faults_.clear();
    members_ = read_object(body, faults_).value();
    reader_.emplace(members_, "", faults_);
    return *reader_;
  }

  Faults faults_;
  JsonMembers members_;
  std::optional<ObjectReader> reader_;
};

TEST_F(ObjectReaderTest, reads_what_is_right) {
  ObjectReader& reader = read(R"({"name":" 　小明 ","count":7,"on":true,"day":"2018-02-28",
      "at":"2026-07-06T09:00:00Z","id":"0b1c2d3e4f5061728394a5b6c7d8e9f0","role":"staff","user":" x "})");
  std::string name;
  std::string user;
  int count = 0;
  bool on = false;
  base::Date day{};
  base::Instant at;
  base::StationId id;
  domain::Role role = domain::Role::auditor;
  EXPECT_TRUE(reader.text("name", Need::required, name));
  EXPECT_TRUE(reader.text_as_sent("user", Need::required, user));
  EXPECT_TRUE(reader.integer("count", Need::required, count));
  EXPECT_TRUE(reader.boolean("on", Need::required, on));
  EXPECT_TRUE(reader.date("day", Need::required, day));
  EXPECT_TRUE(reader.instant("at", Need::required, at));
  EXPECT_TRUE(reader.id("id", Need::required, id));
  EXPECT_TRUE(reader.choice("role", Need::required, role));
  reader.finish();
  EXPECT_TRUE(faults_.empty());
  EXPECT_EQ(name, "小明");
  EXPECT_EQ(user, " x ");
  EXPECT_EQ(count, 7);
  EXPECT_TRUE(on);
  EXPECT_EQ(base::format_date(day), "2018-02-28");
  EXPECT_EQ(base::format_instant(at, 480), "2026-07-06T17:00:00.000+08:00");
  EXPECT_EQ(id.hex(), "0b1c2d3e4f5061728394a5b6c7d8e9f0");
  EXPECT_EQ(role, domain::Role::staff);
}

TEST_F(ObjectReaderTest, collects_every_fault_and_leaves_the_values_alone) {
  ObjectReader& reader = read(R"({"text":7,"number":"7","flag":1,"id":"F","role":"king","colour":"red","a/b":1})");
  std::string text = "kept";
  int number = 5;
  bool flag = true;
  base::StationId id;
  domain::Role role = domain::Role::auditor;
  EXPECT_FALSE(reader.text("text", Need::optional, text));
  EXPECT_FALSE(reader.integer("number", Need::optional, number));
  EXPECT_FALSE(reader.boolean("flag", Need::optional, flag));
  EXPECT_FALSE(reader.id("id", Need::optional, id));
  EXPECT_FALSE(reader.choice("role", Need::optional, role));
  EXPECT_FALSE(reader.text("missing", Need::required, text));
  EXPECT_FALSE(reader.text("absent", Need::optional, text));
  reader.finish();
  EXPECT_EQ(pointers(faults_),
            (std::vector<std::string>{"/text", "/number", "/flag", "/id", "/role", "/missing", "/colour", "/a~1b"}));
  EXPECT_EQ(faults_[1].limit, "integer");
  EXPECT_EQ(faults_[4].limit, "town_admin, station_admin, staff, auditor");
  EXPECT_EQ(text, "kept");
  EXPECT_EQ(number, 5);
}

TEST_F(ObjectReaderTest, null_is_a_fault_unless_the_reader_takes_it) {
  ObjectReader& reader = read(R"({"name":null,"area":null,"cap":null,"parent":null})");
  std::string name;
  std::string area = "城南";
  std::optional<int> cap = 3;
  std::optional<base::StationId> parent = base::StationId{};
  EXPECT_FALSE(reader.text("name", Need::optional, name));
  EXPECT_TRUE(reader.text_or_null("area", area));
  EXPECT_TRUE(reader.integer_or_null("cap", cap));
  EXPECT_TRUE(reader.id_or_null("parent", parent));
  EXPECT_EQ(pointers(faults_), (std::vector<std::string>{"/name"}));
  EXPECT_EQ(area, "");
  EXPECT_FALSE(cap.has_value());
  EXPECT_FALSE(parent.has_value());
}

TEST_F(ObjectReaderTest, integers_are_integers_and_large_ones_stay_out_of_bounds) {
  for (const std::string_view wrong : {"1.5", "1.0", "1e2", "\"1\"", "true", "[]", "1000000000000000000000000000000"}) {
    int number = 0;
    EXPECT_FALSE(read("{\"n\":" + std::string(wrong) + "}").integer("n", Need::required, number)) << wrong;
    EXPECT_EQ(pointers(faults_), (std::vector<std::string>{"/n"})) << wrong;
  }
  int number = 0;
  EXPECT_TRUE(read(R"({"n":9223372036854775808})").integer("n", Need::required, number));
  EXPECT_EQ(number, std::numeric_limits<int>::max());
  EXPECT_TRUE(read(R"({"n":-9223372036854775808})").integer("n", Need::required, number));
  EXPECT_EQ(number, std::numeric_limits<int>::min());
}

TEST_F(ObjectReaderTest, only_objects_have_members) {
  for (const std::string_view body : {"[]", "null", "7", "\"x\"", "true", "", "{"}) {
    Faults faults;
    EXPECT_FALSE(read_object(body, faults).has_value()) << body;
    EXPECT_EQ(pointers(faults), (std::vector<std::string>{""})) << body;
  }
}

TEST_F(ObjectReaderTest, names_fifty_faults_at_most) {
  std::string body = "{";
  for (int i = 0; i < 200; ++i) body += (i == 0 ? "\"x" : ",\"x") + std::to_string(i) + "\":1";
  read(body + "}").finish();
  EXPECT_EQ(faults_.size(), 50U);
}

}  // namespace
}  // namespace zl::http
