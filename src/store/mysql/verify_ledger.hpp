// Examines the ledger: counters against rows, rules, what names what, and the audit's chains. All of it in one
// snapshot, so that the server may go on writing; large tables stay in the database or are read in pages.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "app/verify.hpp"
#include "app/verify_gates.hpp"
#include "base/time.hpp"
#include "runtime/sha256.hpp"
#include "store/mysql/connection.hpp"

namespace zl::mysql {

/// A seal as a log tells of it.
struct KnownSeal {
  std::uint64_t number = 0;
  runtime::Digest seal{};
};

/// `config` with the patience that reading whole tables needs.
ConnectionConfig for_verifying(ConnectionConfig config);

/// A report for each check. Reads only; the serving account's rights suffice. Throws SqlError. The connection is one of
/// for_verifying(), and of no use for anything else afterwards.
std::vector<app::CheckReport> verify_ledger(Connection& connection, const std::optional<KnownSeal>& known);

/// The programmes whose gates are kept true at `now`, which are those that can be booked, will be at once, or could be
/// lately; with their published activities.
std::vector<app::GateToVerify> programmes_to_verify(Connection& connection, base::Instant now);

}  // namespace zl::mysql
