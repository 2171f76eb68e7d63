// Cursors, and pages of lists in memory.
#include "http/paging.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "http/endpoint_support.hpp"
#include "runtime/base64url.hpp"
#include "support.hpp"

namespace zl::http {
namespace {

using Pointers = std::vector<std::string>;

Place place(std::int64_t at, std::uint8_t id) {
  Place made{{at}, {}};
  made.id.back() = id;
  return made;
}

TEST(Cursor, is_opened_only_for_its_own_list) {
  const std::string cursor = write_cursor(List::activities, place(-5, 7));
  EXPECT_EQ(cursor.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"),
            std::string::npos);
  EXPECT_TRUE(open_cursor(List::activities, cursor).has_value());
  EXPECT_FALSE(open_cursor(List::programmes, cursor).has_value());
  for (const std::string_view malformed : {"", "nonsense", "a", "=", "YQ==", "%00"}) {
    EXPECT_FALSE(open_cursor(List::activities, malformed).has_value()) << malformed;
  }
  EXPECT_FALSE(open_cursor(List::activities, std::string(204, 'Y')).has_value());
}

TEST(Cursor, of_another_length_names_the_parameter) {
  Request request = a_request();
  const std::string query = "cursor=" + write_cursor(List::activities, "short");
  request.query = query;
  Faults faults;
  QueryReader reader(request, faults);
  EXPECT_FALSE(read_place_page(reader, List::activities).after.has_value());
  EXPECT_FALSE(read_id_page<base::BookingId>(reader, List::activities).after.has_value());
  EXPECT_EQ(pointers(faults), (Pointers{"?cursor", "?cursor"}));
}

TEST(Page, has_50_items_unless_the_request_says_otherwise) {
  Request request = a_request();
  Faults faults;
  QueryReader none(request, faults);
  EXPECT_EQ(read_page(none, List::roster).limit, 50U);
  request.query = "limit=200";
  QueryReader most(request, faults);
  EXPECT_EQ(read_page(most, List::roster).limit, 200U);
  EXPECT_EQ(pointers(faults), Pointers());
  for (const std::string_view wrong : {"limit=0", "limit=201", "limit=ten", "limit="}) {
    faults.clear();
    request.query = wrong;
    QueryReader reader(request, faults);
    read_page(reader, List::roster);
    EXPECT_EQ(pointers(faults), Pointers{"?limit"}) << wrong;
  }
}

struct Item {
  Place place;
};

Place place_of(const Item& item) {
  return item.place;
}

/// All pages of a list of places, by the cursors that they hand out; places of odd ids are left out.
std::vector<Place> all_pages(const std::vector<std::shared_ptr<const Item>>& items, std::size_t limit) {
  std::vector<Place> seen;
  std::string query = "limit=" + std::to_string(limit);
  while (true) {
    Request request = a_request();
    request.query = query;
    Faults faults;
    QueryReader reader(request, faults);
    const PlacePage page = read_place_page(reader, List::activities);
    const auto shown =
        select_page(List::activities, items, page, [](const Item& item) { return item.place.id.back() % 2 == 0; });
    std::string body;
    JsonWriter json(body, 0);
    write_page(json, shown, [&](const Item& item) {
      json.value(item.place.at.unix_ms);
      seen.push_back(item.place);
    });
    const std::size_t on_page = shown.items.size();
    EXPECT_LE(on_page, limit);
    const boost::json::object answer = parsed(body);
    EXPECT_EQ(answer.at("items").as_array().size(), on_page);
    if (answer.at("next_cursor").is_null()) return seen;
    query = "limit=" + std::to_string(limit) + "&cursor=" + std::string(answer.at("next_cursor").as_string());
  }
}

TEST(Pages, fit_together_without_gaps_or_repeats) {
  std::vector<std::shared_ptr<const Item>> items;
  std::vector<Place> wanted;
  for (std::uint8_t i = 0; i < 23; ++i) {
    items.push_back(std::make_shared<const Item>(Item{place(-3 + i / 4, i)}));
    if (i % 2 == 0) wanted.push_back(items.back()->place);
  }
  for (std::size_t limit = 1; limit <= 13; ++limit) EXPECT_EQ(all_pages(items, limit), wanted) << limit;
  EXPECT_TRUE(all_pages({}, 5).empty());
}

}  // namespace
}  // namespace zl::http
