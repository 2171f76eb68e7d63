// The audit's seals: one row for each head that moved, all rows in one chain.
//
// A row's seal is SHA-256(prev_seal ‖ F(number) ‖ F(at) ‖ F(chain_id) ‖ F(seq) ‖ F(head)), with F as in
// audit_trail.hpp. Rows are for ever, as the audit's: at most one a minute for each thread that writes.
#pragma once

#include <cstdint>
#include <memory>

#include "app/seal_audit.hpp"
#include "base/id.hpp"
#include "runtime/sha256.hpp"
#include "store/mysql/pool.hpp"

namespace zl::mysql {

/// A row of audit_seals, without what follows from the one before.
struct SealedHead {
  std::uint64_t number = 0;
  base::Instant at;
  base::ChainId chain_id;
  std::uint64_t seq = 0;
  runtime::Digest head{};
};

runtime::Digest seal_hash(const runtime::Digest& prev_seal, const SealedHead& row);

/// The 32 bytes of a BINARY(32) column.
runtime::Digest digest_of(std::string_view raw);

std::unique_ptr<app::AuditSealer> create_audit_sealer(ConnectionPool& pool);

}  // namespace zl::mysql
