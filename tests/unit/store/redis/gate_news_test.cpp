// What gates publish, taken apart; what is not understood is left out.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "store/redis/gate.hpp"
#include "support/samples.hpp"

namespace zl::redis {
namespace {

using test::id_of;

const std::string programme_hex = id_of<base::ProgrammeId>(1).hex();
const std::string activity_hex = id_of<base::ActivityId>(2).hex();

struct News final : app::SeatNews {
  void on_seats(const base::ProgrammeId& programme_id, const app::SeatCount& count) override {
    programme = programme_id;
    seats.push_back(count);
  }
  void on_change() override { ++changes; }

  base::ProgrammeId programme;
  std::vector<app::SeatCount> seats;
  int changes = 0;
};

TEST(GateNews, tell_of_seats_and_changes) {
  News news;
  dispatch_news("change", news);
  EXPECT_EQ(news.changes, 1);
  dispatch_news("seats " + programme_hex + " " + activity_hex + " 3 9 8 10", news);
  ASSERT_EQ(news.seats.size(), 1U);
  EXPECT_EQ(news.programme, id_of<base::ProgrammeId>(1));
  EXPECT_EQ(news.seats[0].activity_id, id_of<base::ActivityId>(2));
  EXPECT_EQ(news.seats[0].version, (app::GateVersion{3, 9}));
  EXPECT_EQ(news.seats[0].used, 8);
  EXPECT_EQ(news.seats[0].capacity, 10);
}

TEST(GateNews, of_another_shape_are_left_out) {
  News news;
  const std::string ids = programme_hex + " " + activity_hex;
  for (const std::string& payload :
       {std::string(), std::string("changed"), std::string("seats"), "seats " + ids + " 3 9 8",
        "seats " + ids + " 3 9 8 10 1", "seats " + ids + " 3 9 8 x", "seats " + ids + " 3 9 8x 10",
        "seats " + ids + " 3 9 -8 10", "seats x " + activity_hex + " 3 9 8 10",
        "seats " + programme_hex + " x 3 9 8 10", "seets " + ids + " 3 9 8 10", "seats  " + ids + " 3 9 8",
        std::string(1000, ' ')}) {
    dispatch_news(payload, news);
  }
  EXPECT_TRUE(news.seats.empty());
  EXPECT_EQ(news.changes, 0);
}

}  // namespace
}  // namespace zl::redis
