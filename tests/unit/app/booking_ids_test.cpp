#include "app/booking_ids.hpp"

#include <gtest/gtest.h>

#include <set>

#include "support/samples.hpp"

namespace zl::app {
namespace {

using test::id_of;

const std::string secret = "0123456789abcdef0123456789abcdef";

TEST(BookingIds, are_the_same_in_every_process) {
  const BookingIds here(secret);
  const BookingIds there(secret);
  const auto user = id_of<base::UserId>(1);
  EXPECT_EQ(here.booking(user, "key-0001"), there.booking(user, "key-0001"));
  EXPECT_EQ(here.ticket(here.booking(user, "key-0001")), there.ticket(there.booking(user, "key-0001")));
  EXPECT_EQ(here.creation({user.bytes}, "POST /a", "key-0001"), there.creation({user.bytes}, "POST /a", "key-0001"));
}

TEST(BookingIds, differ_by_user_key_secret_and_purpose) {
  const BookingIds ids(secret);
  const BookingIds others("another secret of thirty-two byte");
  const auto user = id_of<base::UserId>(1);
  const std::set<base::Bytes16> all = {
      ids.booking(user, "key-0001").bytes,
      ids.booking(user, "key-0002").bytes,
      ids.booking(id_of<base::UserId>(2), "key-0001").bytes,
      others.booking(user, "key-0001").bytes,
      ids.check_in({user.bytes}, "key-0001").bytes,
      ids.creation({user.bytes}, "", "key-0001"),
      ids.creation({user.bytes}, "key-0001", ""),
      ids.creation({user.bytes}, "key-000", "1"),
  };
  EXPECT_EQ(all.size(), 8U);
}

TEST(Ticket, opens_to_its_booking) {
  const BookingIds ids(secret);
  const base::BookingId id = ids.booking(id_of<base::UserId>(1), "key-0001");
  const std::string ticket = ids.ticket(id);
  EXPECT_TRUE(ticket.starts_with("z1."));
  EXPECT_EQ(ids.open_ticket(ticket), id);
}

TEST(Ticket, opens_to_nothing_with_any_character_changed) {
  const BookingIds ids(secret);
  const std::string ticket = ids.ticket(id_of<base::BookingId>(7));
  for (std::size_t i = 0; i < ticket.size(); ++i) {
    for (const char other : {'0', 'a', 'A', '.', '\0'}) {
      std::string forged = ticket;
      forged[i] = other;
      if (forged != ticket) EXPECT_EQ(ids.open_ticket(forged), std::nullopt) << i;
    }
  }
}

TEST(Ticket, opens_to_nothing_when_truncated_or_longer) {
  const BookingIds ids(secret);
  const std::string ticket = ids.ticket(id_of<base::BookingId>(7));
  for (std::size_t length = 0; length < ticket.size(); ++length) {
    EXPECT_EQ(ids.open_ticket(ticket.substr(0, length)), std::nullopt) << length;
  }
  EXPECT_EQ(ids.open_ticket(ticket + "0"), std::nullopt);
  EXPECT_EQ(ids.open_ticket(" " + ticket), std::nullopt);
}

TEST(Ticket, of_another_town_or_another_booking_is_none) {
  const BookingIds ids(secret);
  const std::string ticket = ids.ticket(id_of<base::BookingId>(7));
  EXPECT_EQ(BookingIds("another secret of thirty-two byte").open_ticket(ticket), std::nullopt);
  const std::string other = ids.ticket(id_of<base::BookingId>(8));
  EXPECT_EQ(ids.open_ticket(ticket.substr(0, 36) + other.substr(36)), std::nullopt);
}

}  // namespace
}  // namespace zl::app
