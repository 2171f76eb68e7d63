// Shared credentials in memory, as the port promises them, on a clock that the test moves.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "app/credential_store.hpp"
#include "base/clock.hpp"
#include "support/fate.hpp"

namespace zl::test {

class CredentialStoreModel final : public app::CredentialStore {
 public:
  template <class T>
  using Answer = boost::asio::awaitable<base::Outcome<T>>;

  struct Entry {
    std::string value;
    base::SteadyTime lapses_at;
    std::uint64_t turn = 0;
    base::SteadyTime turn_until;
  };

  explicit CredentialStoreModel(const base::Clock& clock) : clock_(clock) {}

  Answer<std::optional<app::Credential>> find(std::string name) override {
    return serve<std::optional<app::Credential>>(find_calls, [this, name] { return found(name); });
  }

  Answer<std::optional<app::RenewalTurn>> take_turn(std::string name, base::Milliseconds duration) override {
    return serve<std::optional<app::RenewalTurn>>(take_calls, [this, name, duration] { return taken(name, duration); });
  }

  Answer<bool> put(std::string name, app::RenewalTurn turn, app::Credential credential) override {
    return serve<bool>(put_calls, [this, name, turn, credential] {
      Entry& entry = entries[name];
      if (entry.turn != turn.number) return base::Outcome<bool>(false);
      entry.value = credential.value;
      entry.lapses_at = clock_.steady_now() + credential.lifetime;
      entry.turn_until = {};
      return base::Outcome<bool>(true);
    });
  }

  Answer<base::Done> end_turn(std::string name, app::RenewalTurn turn) override {
    return serve<base::Done>(end_calls, [this, name, turn] {
      Entry& entry = entries[name];
      if (entry.turn == turn.number) entry.turn_until = {};
      return base::Outcome<base::Done>(base::Done{});
    });
  }

  Answer<base::Done> expire(std::string name, std::string value) override {
    return serve<base::Done>(expire_calls, [this, name, value] {
      Entry& entry = entries[name];
      if (entry.value == value) entry.lapses_at = {};
      return base::Outcome<base::Done>(base::Done{});
    });
  }

 private:
  base::Outcome<std::optional<app::Credential>> found(const std::string& name) {
    const Entry& entry = entries[name];
    if (entry.value.empty()) return std::optional<app::Credential>();
    const auto left = std::chrono::floor<base::Milliseconds>(entry.lapses_at - clock_.steady_now());
    return std::optional(app::Credential{entry.value, left});
  }

  base::Outcome<std::optional<app::RenewalTurn>> taken(const std::string& name, base::Milliseconds duration) {
    Entry& entry = entries[name];
    if (clock_.steady_now() < entry.turn_until) return std::optional<app::RenewalTurn>();
    entry.turn_until = clock_.steady_now() + duration;
    return std::optional(app::RenewalTurn{++entry.turn});
  }

  const base::Clock& clock_;

 public:
  Trace trace;
  std::map<std::string, Entry> entries;
  Calls find_calls{trace, "find"};
  Calls take_calls{trace, "take_turn"};
  Calls put_calls{trace, "put"};
  Calls end_calls{trace, "end_turn"};
  Calls expire_calls{trace, "expire"};
};

}  // namespace zl::test
