#include "app/scenes.hpp"

#include <gtest/gtest.h>

namespace zl::app {
namespace {

const base::StationId station{{0xAB, 1}};
const base::SessionId session{{0xCD, 2}};

TEST(ScenesTest, come_back_as_they_were_given) {
  EXPECT_EQ(scene_name(station), "s.ab010000000000000000000000000000");
  EXPECT_EQ(scene_name(session), "x.cd020000000000000000000000000000");
  EXPECT_EQ(std::get<base::StationId>(parse_scene(scene_name(station)).value()), station);
  EXPECT_EQ(std::get<base::SessionId>(parse_scene(scene_name(session)).value()), session);
}

TEST(ScenesTest, know_no_other_names) {
  const std::string hex = station.hex();
  for (const std::string& name : {std::string(), std::string("s."), hex, "S." + hex, "b." + hex, "s." + hex + "0",
                                  "s." + hex.substr(1), "x.AB" + hex.substr(2), "qrscene_s." + hex, "s. " + hex}) {
    EXPECT_FALSE(parse_scene(name)) << name;
  }
}

}  // namespace
}  // namespace zl::app
