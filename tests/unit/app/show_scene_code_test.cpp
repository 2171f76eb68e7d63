// Whose code may be shown to whom, and for how long.
#include "app/show_scene_code.hpp"

#include <gtest/gtest.h>

#include "app/scenes.hpp"
#include "support/manual_clock.hpp"
#include "support/samples.hpp"
#include "unit/wechat/support.hpp"

namespace zl::app {
namespace {

using base::Code;
using base::Milliseconds;
using test::id_of;

/// Gives a code of every scene, and remembers what was asked for.
class CodesOfAll final : public SceneCodes {
 public:
  asio::awaitable<base::Outcome<SceneCode>> code_of(std::string scene, std::optional<Milliseconds> lifetime) override {
    scenes.push_back(scene);
    lifetimes.push_back(lifetime);
    co_return SceneCode{"t", "u", "i", {}};
  }
  std::vector<std::string> scenes;
  std::vector<std::optional<Milliseconds>> lifetimes;
};

class ShowSceneCodeTest : public ::testing::Test {
 protected:
  ShowSceneCodeTest() {
    clock_.set_wall(test::opening);
    CatalogueContent content;
    domain::Station station;
    station.id = id_of<base::StationId>(1);
    station.name = "站";
    content.stations = {station};
    content.programmes = {test::sample_programme()};
    content.activities = {test::sample_activity(1, 10), test::sample_activity(2, 10)};
    content.activities[1].publication = domain::Publication::cancelled;
    catalogue_.update([&content](const Catalogue&) { return Catalogue(content); });
  }

  base::Outcome<SceneCode> of_station(std::uint64_t number, const Claims& who) {
    return loop_.run(show_.of_station(id_of<base::StationId>(number), who));
  }
  base::Outcome<SceneCode> of_session(std::uint64_t number, const Claims& who) {
    return loop_.run(show_.of_session(id_of<base::SessionId>(number), who));
  }
  static Claims admin_of(std::uint64_t station) {
    Claims claims;
    claims.role = domain::Role::station_admin;
    claims.station = id_of<base::StationId>(station);
    return claims;
  }

  test::ManualLoop loop_;
  test::ManualClock clock_;
  CatalogueHolder catalogue_;
  CodesOfAll codes_;
  ShowSceneCode show_{codes_, catalogue_, clock_};
};

TEST_F(ShowSceneCodeTest, a_station_s_code_is_permanent) {
  ASSERT_TRUE(of_station(1, admin_of(1)));
  EXPECT_EQ(codes_.scenes, std::vector{scene_name(id_of<base::StationId>(1))});
  EXPECT_FALSE(codes_.lifetimes[0]);
}

TEST_F(ShowSceneCodeTest, a_session_s_code_outlives_its_end_by_an_hour) {
  ASSERT_TRUE(of_session(1, admin_of(1)));
  EXPECT_EQ(codes_.scenes, std::vector{scene_name(id_of<base::SessionId>(1))});
  EXPECT_EQ(codes_.lifetimes[0], std::chrono::hours(24 * 14 + 1 + 1 + 1));
}

TEST_F(ShowSceneCodeTest, what_is_over_or_cancelled_has_none) {
  EXPECT_EQ(of_session(2, admin_of(1)).refused().code, Code::invalid_state);
  clock_.set_wall(test::opening + std::chrono::hours(24 * 14 + 2));
  EXPECT_EQ(of_session(1, admin_of(1)).refused().code, Code::invalid_state);
  clock_.set_wall(test::opening + std::chrono::hours(24 * 14 + 2) - Milliseconds(1));
  EXPECT_TRUE(of_session(1, admin_of(1)));
}

TEST_F(ShowSceneCodeTest, is_for_the_station_s_own_people) {
  EXPECT_EQ(of_station(1, admin_of(2)).refused().code, Code::forbidden);
  EXPECT_EQ(of_session(1, admin_of(2)).refused().code, Code::forbidden);
  EXPECT_EQ(of_station(9, admin_of(2)).refused().code, Code::not_found);
  EXPECT_EQ(of_session(9, admin_of(2)).refused().code, Code::not_found);
  EXPECT_TRUE(codes_.scenes.empty());
}

}  // namespace
}  // namespace zl::app
