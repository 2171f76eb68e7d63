// What error numbers mean, and what follows from a pair of ids.
#include "store/mysql/connection.hpp"

#include <gtest/gtest.h>

#include "runtime/sha256.hpp"
#include "store/mysql/outbox.hpp"

namespace zl::mysql {
namespace {

TEST(FaultOf, TellsApartWhatCallersTreatDifferently) {
  EXPECT_EQ(fault_of(1062), SqlFault::duplicate);
  EXPECT_EQ(fault_of(4025), SqlFault::constraint);
  EXPECT_EQ(fault_of(3819), SqlFault::constraint);
  EXPECT_EQ(fault_of(1213), SqlFault::deadlock);
  EXPECT_EQ(fault_of(1205), SqlFault::lock_timeout);
  EXPECT_EQ(fault_of(1969), SqlFault::statement_timeout);
  for (const int code : {1053, 1317, 1927, 2002, 2006, 2013}) EXPECT_EQ(fault_of(code), SqlFault::lost) << code;
  EXPECT_EQ(fault_of(1290), SqlFault::unwritable);
  EXPECT_EQ(fault_of(1064), SqlFault::other);
}

TEST(OutboxId, FollowsFromBookingAndKind) {
  const base::BookingId booking{{7}};
  const base::Bytes16 id = outbox_id(booking, OutboxKind::cancelled_by_station);
  const runtime::Digest digest = runtime::sha256(std::string(booking.raw()) + '\x03');
  EXPECT_TRUE(std::equal(id.begin(), id.end(), digest.begin()));
  EXPECT_NE(id, outbox_id(booking, OutboxKind::booked));
}

}  // namespace
}  // namespace zl::mysql
