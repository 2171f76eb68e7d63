// Port: credentials that a fleet of processes shares and one of them renews at a time.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "base/outcome.hpp"
#include "base/time.hpp"

namespace zl::app {

namespace asio = boost::asio;

struct Credential {
  std::string value;               ///< a secret
  base::Milliseconds lifetime{0};  ///< what is left of it, by the store's clock; at most 0 where it has lapsed
};

/// Counts the turns that were taken to renew one credential. A later turn's number is higher, and only the holder of
/// the latest may store.
struct RenewalTurn {
  std::uint64_t number = 0;
};

/// All times are by the store's clock, so that the hosts' clocks don't matter. `name` says which credential of which
/// account: 1 to 64 bytes of ASCII. Refused: unavailable, overloaded. Everything may be unknown, and may then be
/// repeated.
class CredentialStore {
 public:
  virtual ~CredentialStore() = default;

  /// The credential, lapsed or not; nothing before the first.
  virtual asio::awaitable<base::Outcome<std::optional<Credential>>> find(std::string name) = 0;

  /// The turn to renew, for `duration`; nothing while another's lasts.
  virtual asio::awaitable<base::Outcome<std::optional<RenewalTurn>>> take_turn(std::string name,
                                                                               base::Milliseconds duration) = 0;

  /// Stores and ends the turn. False, and nothing changes, where a later turn was taken: this one outlived its time.
  virtual asio::awaitable<base::Outcome<bool>> put(std::string name, RenewalTurn turn, Credential credential) = 0;

  /// Ends the turn without a credential; nothing changes where a later one was taken.
  virtual asio::awaitable<base::Outcome<base::Done>> end_turn(std::string name, RenewalTurn turn) = 0;

  /// Lets a credential lapse that was found void; nothing changes where another value is stored by now.
  virtual asio::awaitable<base::Outcome<base::Done>> expire(std::string name, std::string value) = 0;
};

}  // namespace zl::app
