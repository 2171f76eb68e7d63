// The settings' values once all sources are laid over each other, each checked against its row of the table.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/settings.hpp"
#include "server/sources.hpp"

namespace zl::server {

/// Every setting's value and where it came from.
class Values {
 public:
  /// Every setting at its default.
  Values();

  std::int64_t integer(std::string_view key) const { return get<std::int64_t>(key); }
  bool flag(std::string_view key) const { return get<bool>(key); }
  const std::string& text(std::string_view key) const { return get<std::string>(key); }
  const std::vector<std::string>& list(std::string_view key) const { return get<std::vector<std::string>>(key); }

  const Value& value(std::string_view key) const { return entry(key).value; }
  /// For people: "default", or a source as in Given::origin.
  const std::string& origin(std::string_view key) const { return entry(key).origin; }

  void set(std::string_view key, Value value, std::string origin);

 private:
  struct Entry {
    Value value;
    std::string origin;
  };

  const Entry& entry(std::string_view key) const;

  template <class T>
  const T& get(std::string_view key) const {
    return std::get<T>(entry(key).value);
  }

  std::map<std::string, Entry, std::less<>> entries_;  // one per setting, always
};

/// Lays what was given over the defaults and reads the files of the secrets that `purpose` uses; other secrets stay
/// empty. What is unknown, of a wrong type or out of bounds goes to `faults`, all of it, and leaves the value as it
/// was.
Values resolve(std::span<const Given> given, Purpose purpose, std::vector<Fault>& faults);

/// A fault for every secret that `purpose` requires and that has no value, unless its file has a fault of its own
/// already.
void check_secrets(const Values& values, Purpose purpose, std::vector<Fault>& faults);

}  // namespace zl::server
