// The greeting, step by step.
#include "store/redis/greeting.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/invariant.hpp"

namespace zl::redis {

namespace {

constexpr std::string_view client_name = "zhonglou";

/// The value of a line "name:value" of INFO; empty where there is none.
std::string_view info_value(std::string_view info, std::string_view name) {
  while (!info.empty()) {
    const std::string_view line = info.substr(0, info.find("\r\n"));
    if (line.starts_with(name) && line.substr(name.size()).starts_with(':')) return line.substr(name.size() + 1);
    info.remove_prefix(std::min(info.size(), line.size() + 2));
  }
  return {};
}

/// True where the account or the provider doesn't let us ask.
bool not_for_us(const Reply& reply) {
  return reply.error_code() == "NOPERM" || reply.text().starts_with("ERR unknown command");
}

}  // namespace

Greeting::Greeting(const Endpoint& endpoint, std::vector<Library> libraries, Purpose purpose)
    : libraries_(std::move(libraries)) {
  if (!endpoint.password.empty()) {
    Command auth("AUTH");
    if (!endpoint.username.empty()) auth.arg(endpoint.username);
    ask(Step::auth, std::move(auth.arg(endpoint.password)));
  }
  ask(Step::name, Command::of({"CLIENT", "SETNAME", client_name}));
  if (purpose == Purpose::listens) return;
  ask(Step::server, Command::of({"INFO", "server"}));
  ask(Step::role, Command::of({"ROLE"}));
  ask(Step::policy, Command::of({"CONFIG", "GET", "maxmemory-policy"}));
  for (std::size_t i = 0; i < libraries_.size(); ++i) {
    ask(Step::library, Command::of({"FUNCTION", "LIST", "LIBRARYNAME", libraries_[i].name}), i);
  }
}

std::vector<Command> Greeting::take_commands() {
  return std::exchange(commands_, {});
}

void Greeting::ask(Step step, Command command, std::size_t library) {
  commands_.push_back(std::move(command));
  awaited_.push_back({step, library});
}

void Greeting::fail(std::string reason) {
  state_ = State::failed;
  failure_ = std::move(reason);
}

void Greeting::on_reply(const Reply& reply) {
  if (state_ == State::failed) return;  // answers to the rest of the pipeline
  base::invariant(answered_ < awaited_.size(), "a greeting gets one reply for each of its commands");
  const Awaited awaited = awaited_[answered_];
  ++answered_;
  check(awaited, reply);
  if (state_ == State::failed || answered_ < awaited_.size()) return;
  if (missing_.empty()) {
    state_ = State::done;
  } else {
    load_missing();
  }
}

void Greeting::check(const Awaited& awaited, const Reply& reply) {
  switch (awaited.step) {
    case Step::auth:
      if (reply.is_error()) fail("AUTH refused: " + reply.text());
      return;
    case Step::name:
      if (!reply.is_error()) return;
      if (!not_for_us(reply)) return fail("CLIENT SETNAME refused: " + reply.text());
      warnings_.push_back("CLIENT SETNAME not allowed: " + reply.text());
      return;
    case Step::server:
      return check_server(reply);
    case Step::role:
      return check_role(reply);
    case Step::policy:
      return check_policy(reply);
    case Step::library:
      return check_library(awaited.library, reply);
    case Step::load:
      // Another process may have been faster; the name carries the version, so it loaded the same.
      if (reply.is_error() && !reply.text().ends_with("already exists")) {
        fail("FUNCTION LOAD of " + libraries_[awaited.library].name + " failed: " + reply.text());
      }
      return;
  }
}

void Greeting::check_server(const Reply& reply) {
  run_id_ = info_value(reply.is_error() ? std::string_view() : std::string_view(reply.text()), "run_id");
  if (run_id_.empty()) fail("INFO server told no run_id: " + (reply.is_error() ? reply.text() : "no such line"));
}

void Greeting::check_role(const Reply& reply) {
  if (reply.is_error()) return fail("ROLE refused: " + reply.text());
  const std::string& role = reply.item(0).text();
  if (role != "master") fail("this Redis is not a master; its role is '" + role + "'");
}

void Greeting::check_policy(const Reply& reply) {
  const std::string& policy = reply.item(1).text();
  if (policy == "noeviction") return;
  if (!policy.empty()) {
    return fail("maxmemory-policy is '" + policy + "', which may drop bookings' keys; it must be 'noeviction'");
  }
  if (reply.is_error() && !not_for_us(reply)) return fail("CONFIG GET refused: " + reply.text());
  warnings_.push_back("maxmemory-policy can't be read, it must be 'noeviction': " + reply.text());
}

void Greeting::check_library(std::size_t library, const Reply& reply) {
  if (reply.is_error()) return fail("FUNCTION LIST refused: " + reply.text());
  if (reply.items().empty()) missing_.push_back(library);
}

void Greeting::load_missing() {
  for (const std::size_t library : missing_) {
    ask(Step::load, Command::of({"FUNCTION", "LOAD", libraries_[library].code}), library);
  }
  missing_.clear();
}

}  // namespace zl::redis
