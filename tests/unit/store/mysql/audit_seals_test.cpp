// The seals' canonical form.
#include "store/mysql/audit_seals.hpp"

#include <gtest/gtest.h>

namespace zl::mysql {
namespace {

std::string field(std::string_view bytes) {
  std::string out(3, '\0');
  out += static_cast<char>(bytes.size());
  out += bytes;
  return out;
}

SealedHead a_head() {
  SealedHead head{2, {1}, base::ChainId{{0x33}}, 5, {}};
  head.head[0] = 0x44;
  return head;
}

TEST(SealHash, IsOverTheSealBeforeAndEachFieldWithItsLength) {
  runtime::Digest before{};
  before[31] = 7;
  const auto number = [](char low) { return field(std::string(7, '\0') + low); };
  const std::string bytes = std::string(runtime::view(before)) + number(2) + number(1) +
                            field(base::ChainId{{0x33}}.raw()) + number(5) + field(runtime::view(a_head().head));
  EXPECT_EQ(seal_hash(before, a_head()), runtime::sha256(bytes));
}

TEST(SealHash, DiffersWithEveryField) {
  const runtime::Digest seal = seal_hash({}, a_head());
  SealedHead other = a_head();
  other.number = 3;
  EXPECT_NE(seal_hash({}, other), seal);
  other = a_head();
  other.at = {2};
  EXPECT_NE(seal_hash({}, other), seal);
  other = a_head();
  other.seq = 6;
  EXPECT_NE(seal_hash({}, other), seal);
  other = a_head();
  other.head[1] = 1;
  EXPECT_NE(seal_hash({}, other), seal);
  EXPECT_NE(seal_hash(seal, a_head()), seal);
}

TEST(DigestOf, TakesThe32BytesOfAColumn) {
  const runtime::Digest digest = runtime::sha256("x");
  EXPECT_EQ(digest_of(runtime::view(digest)), digest);
}

}  // namespace
}  // namespace zl::mysql
