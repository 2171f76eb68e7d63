// What is said and checked on a new connection before it is used. Decided in values; session.hpp does the talking.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "store/redis/endpoint.hpp"
#include "store/redis/reply.hpp"
#include "store/redis/resp.hpp"

namespace zl::redis {

/// A library of Redis Functions. Its name carries its version: the same name is the same code.
struct Library {
  std::string name;
  std::string code;
};

/// One greeting of one connection: take the commands, send them in one write, feed the replies in order, look at
/// state(). First pipeline: AUTH, CLIENT SETNAME and, for commands, INFO server, ROLE, CONFIG GET, FUNCTION LIST; a
/// second one loads what is missing. Demands a master that never evicts keys.
class Greeting {
 public:
  enum class State { talking = 1, done, failed };

  /// `listens`: a connection that only subscribes checks nothing and loads nothing.
  enum class Purpose { commands = 1, listens };

  Greeting(const Endpoint& endpoint, std::vector<Library> libraries, Purpose purpose);

  /// What is to be sent now; empty while replies are awaited.
  std::vector<Command> take_commands();

  void on_reply(const Reply& reply);

  State state() const { return state_; }

  /// Why it failed, for the log; never holds a secret.
  const std::string& failure() const { return failure_; }

  /// Oddities that don't stop the greeting, for the log.
  const std::vector<std::string>& warnings() const { return warnings_; }

  /// Known when done; empty for a connection that listens.
  const std::string& run_id() const { return run_id_; }

 private:
  enum class Step { auth = 1, name, server, role, policy, library, load };
  struct Awaited {
    Step step;
    std::size_t library = 0;
  };

  void ask(Step step, Command command, std::size_t library = 0);
  void fail(std::string reason);
  void check(const Awaited& awaited, const Reply& reply);
  void check_server(const Reply& reply);
  void check_role(const Reply& reply);
  void check_policy(const Reply& reply);
  void check_library(std::size_t library, const Reply& reply);
  void load_missing();

  std::vector<Library> libraries_;
  std::vector<std::size_t> missing_;  ///< indices into libraries_
  std::vector<Command> commands_;
  std::vector<Awaited> awaited_;
  std::size_t answered_ = 0;
  State state_ = State::talking;
  std::string failure_;
  std::vector<std::string> warnings_;
  std::string run_id_;
};

}  // namespace zl::redis
