// Seals the audit: each minute the heads of all its chains are written down, in a chain of their own, and the newest
// seal is logged, so that it leaves the machine with the logs. Whoever cuts a chain or writes it anew contradicts them.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "base/outcome.hpp"
#include "base/time.hpp"
#include "runtime/task_group.hpp"

namespace zl::app {

namespace asio = boost::asio;

struct AuditSeal {
  std::uint64_t number = 0;
  std::string hash;  ///< 64 hex digits
};

/// Port: the seals.
class AuditSealer {
 public:
  virtual ~AuditSealer() = default;

  /// Writes down the heads that moved since they were sealed last, unless a seal is younger than half a minute: several
  /// processes seal in turns then. The newest seal, whoever made it; nothing where there is none. Several at once and a
  /// second run after an unknown outcome do no harm.
  virtual asio::awaitable<base::Outcome<std::optional<AuditSeal>>> seal() = 0;
};

/// Seals each minute until the group stops, first of all what was left unsealed by those before.
asio::awaitable<void> keep_sealed(AuditSealer& sealer, runtime::TaskGroup& group);

}  // namespace zl::app
