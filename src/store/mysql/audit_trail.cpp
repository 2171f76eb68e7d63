#include "store/mysql/audit_trail.hpp"

#include <utility>

#include "store/mysql/hash_fields.hpp"

namespace zl::mysql {

AuditRecord audit_record(const app::Actor& actor, std::string_view action, const base::Bytes16& subject,
                         base::Instant at, std::string detail) {
  AuditRecord record;
  record.at = at;
  record.actor_id = actor.id;
  record.actor_role = actor.role;
  record.action = action;
  record.subject = subject;
  record.detail = std::move(detail);
  record.address = actor.address;
  record.request_id = actor.request_id;
  return record;
}

runtime::Digest audit_hash(const AuditHead& head, const AuditRecord& record) {
  std::string bytes(runtime::view(head.hash));
  append_hash_field(bytes, head.chain_id.raw());
  append_hash_field(bytes, head.seq + 1);
  append_hash_field(bytes, static_cast<std::uint64_t>(record.at.unix_ms));
  append_hash_field(bytes, record.actor_id.raw());
  append_hash_field(bytes, record.actor_role);
  append_hash_field(bytes, record.action);
  append_hash_field(bytes, base::AccountId{record.subject}.raw());
  append_hash_field(bytes, record.detail);
  append_hash_field(bytes, record.address);
  append_hash_field(bytes, record.request_id);
  return runtime::sha256(bytes);
}

AuditTrail::AuditTrail(base::Random& random) : random_(random) {
  lost();
}

Fragment AuditTrail::append(const AuditRecord& record) {
  const runtime::Digest hash = audit_hash(head_, record);
  Values row;
  row.row(head_.chain_id, head_.seq + 1, record.at, record.actor_id, record.actor_role, record.action, record.subject,
          record.detail, record.address, record.request_id, head_.hash, hash);
  head_.seq += 1;
  head_.hash = hash;
  return row.fragment();
}

void AuditTrail::lost() {
  committed_ = AuditHead{random_.next_id<base::ChainId>()};
  head_ = committed_;
}

}  // namespace zl::mysql
