// One credential of the account (access token, page ticket) for all callers of all processes.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>

#include "app/credential_store.hpp"
#include "base/clock.hpp"
#include "base/outcome.hpp"
#include "base/random.hpp"
#include "runtime/task_group.hpp"

namespace zl::wechat {

/// What the platform gave.
struct Fetched {
  std::string value;
  base::Milliseconds lifetime{0};  ///< from the moment the question was sent
};
struct FetchFault {
  bool passing = false;         ///< worth another try in a moment
  base::Milliseconds pause{0};  ///< better not asked again before; 0 leaves it to the keeper
  std::string detail;           ///< for the log
};
using FetchAnswer = std::variant<Fetched, FetchFault>;

/// Where a credential comes from. To fetch twice does no harm.
class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  virtual boost::asio::awaitable<FetchAnswer> fetch() = 0;
};

struct CredentialKeeperConfig {
  std::string name;                       ///< in the store
  base::Milliseconds margin{300'000};     ///< renewed when less is left: what the platform itself overlaps
  base::Milliseconds caller_wait{6'000};  ///< for a renewal under way
  base::Milliseconds renewal_limit{
      20'000};                            ///< of a renewal with all its tries; the turn is taken for 1.5 times as long
  base::Milliseconds first_pause{1'000};  ///< after a failure, doubled with each up to pause_max
  base::Milliseconds pause_max{60'000};
  std::size_t waiters_max = 10'000;
};

/// Thread-safe. However many callers find it cold, the fleet asks the platform once. Outlives the group's tasks.
class CredentialKeeper {
 public:
  struct Parts {
    app::CredentialStore& store;
    CredentialSource& source;
    runtime::TaskGroup& group;
    runtime::Sleeper& sleeper;  ///< the group's, but in a simulation
    const base::Clock& clock;
    base::Random& random;
  };

  CredentialKeeper(Parts parts, CredentialKeeperConfig config) : parts_(parts), config_(std::move(config)) {}
  CredentialKeeper(const CredentialKeeper&) = delete;
  CredentialKeeper& operator=(const CredentialKeeper&) = delete;

  /// The value, renewed first where it is due. Refused{unavailable} with the seconds to wait where it can't be had.
  boost::asio::awaitable<base::Outcome<std::string>> get();

  /// `used` was refused by the platform: lets it lapse, here and in the store, where it still is the current one. A
  /// value that the platform has since given again is not discarded a second time within a minute.
  boost::asio::awaitable<void> discard(std::string used);

 private:
  struct Flight;
  struct Held {
    std::string value;
    base::SteadyTime renew_at;
  };
  struct Renewed {
    std::string value;
    base::SteadyTime lapses_at;
  };
  using Renewal = base::Outcome<Renewed>;

  std::variant<std::string, base::Refused, std::shared_ptr<Flight>> current_or_flight();
  boost::asio::awaitable<void> fly(std::shared_ptr<Flight> flight);
  void land(const std::shared_ptr<Flight>& flight, const Renewal& renewal);

  boost::asio::awaitable<Renewal> renew();
  boost::asio::awaitable<base::Outcome<std::optional<Renewed>>> find_fresh();
  boost::asio::awaitable<Renewal> renew_in_turn(app::RenewalTurn turn, base::SteadyTime deadline);
  boost::asio::awaitable<Renewal> store(app::RenewalTurn turn, Renewed renewed);
  boost::asio::awaitable<std::variant<Renewed, FetchFault>> fetch_with_tries(base::SteadyTime deadline);

  const Parts parts_;
  const CredentialKeeperConfig config_;

  std::mutex mutex_;
  std::optional<Held> held_;         ///< under mutex_
  std::shared_ptr<Flight> flight_;   ///< under mutex_; the renewal under way
  std::string discarded_;            ///< under mutex_; the last value that the platform refused
  base::SteadyTime believed_until_;  ///< under mutex_; discarded_ was given again: not discarded before
  base::SteadyTime paused_until_;    ///< under mutex_; no renewal before
  int failures_ = 0;                 ///< under mutex_; in a row
};

}  // namespace zl::wechat
