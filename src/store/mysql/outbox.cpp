#include "store/mysql/outbox.hpp"

#include <algorithm>
#include <string>

#include "runtime/sha256.hpp"

namespace zl::mysql {

base::Bytes16 outbox_id(const base::BookingId& booking_id, OutboxKind kind) {
  std::string bytes(booking_id.raw());
  bytes += static_cast<char>(kind);
  const runtime::Digest digest = runtime::sha256(bytes);
  base::Bytes16 id;
  std::copy_n(digest.begin(), id.size(), id.begin());
  return id;
}

}  // namespace zl::mysql
