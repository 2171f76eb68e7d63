#include "server/values.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/invariant.hpp"
#include "base/text.hpp"
#include "server/text_forms.hpp"

namespace zl::server {
namespace {

constexpr std::string_view file_suffix = "_file";
constexpr std::size_t secret_limit_bytes = 4096;

/// A value, or why there is none.
struct Read {
  std::optional<Value> value;
  std::string why;
};

Read wrong(const Setting& setting, std::string_view found) {
  return {std::nullopt, "must be " + limit_text(setting) + ", not " + std::string(found)};
}

std::string_view type_name(const Value& value) {
  constexpr std::string_view names[] = {"a whole number", "true or false", "a text", "a list of texts"};
  return names[value.index()];
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto comma = text.find(',');
    parts.emplace_back(base::trimmed(text.substr(0, comma)));
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return parts;
}

/// Without what an editor or `echo` leaves around a secret.
std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// Turns a text from the environment or an option into the type that the setting has.
struct Parse {
  std::string_view text;

  std::optional<Value> operator()(const IntegerType&) const {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
  }
  std::optional<Value> operator()(const FlagType&) const {
    if (text == "true") return true;
    if (text == "false") return false;
    return std::nullopt;
  }
  std::optional<Value> operator()(const TextType&) const { return std::string(text); }
  std::optional<Value> operator()(const ListType&) const { return split(text); }
  std::optional<Value> operator()(const SecretType&) const { return std::string(text); }
};

/// True where the value has the setting's type and keeps to its bounds.
struct Fits {
  const Value& value;

  bool operator()(const IntegerType& type) const {
    const auto* number = std::get_if<std::int64_t>(&value);
    return number != nullptr && *number >= type.least && *number <= type.most;
  }
  bool operator()(const FlagType&) const { return std::holds_alternative<bool>(value); }
  bool operator()(const TextType& type) const {
    const auto* text = std::get_if<std::string>(&value);
    return text != nullptr && has_form(*text, type.form, type.choices);
  }
  bool operator()(const ListType& type) const {
    const auto* texts = std::get_if<std::vector<std::string>>(&value);
    return texts != nullptr && std::ranges::all_of(*texts, [&](const auto& text) { return has_form(text, type.form); });
  }
  bool operator()(const SecretType& type) const {
    const auto* text = std::get_if<std::string>(&value);
    return text != nullptr && (text->empty() || has_form(*text, type.form));
  }
};

bool is_secret(const Setting& setting) {
  return std::holds_alternative<SecretType>(setting.type);
}

bool uses(Purpose purpose, const SecretType& secret) {
  return std::ranges::find(secret.used_by, purpose) != secret.used_by.end();
}

Read read_value(const Setting& setting, const Given& given) {
  if (const auto* unusable = std::get_if<Unusable>(&given.value)) return wrong(setting, unusable->what);
  std::optional<Value> value;
  if (const auto* written = std::get_if<Written>(&given.value)) {
    value = std::visit(Parse{written->text}, setting.type);
    if (!value) return wrong(setting, toml_text(Value(written->text)));
  } else {
    value = std::get<Value>(given.value);
  }
  if (std::visit(Fits{*value}, setting.type)) return {std::move(value), {}};
  if (is_secret(setting)) return wrong(setting, "what is given");
  const bool of_the_type = value->index() == default_value(setting).index();
  return wrong(setting, of_the_type ? toml_text(*value) : std::string(type_name(*value)));
}

/// The trimmed content of a secret's file.
Read read_secret_file(const Setting& setting, const Given& given) {
  const auto* written = std::get_if<Written>(&given.value);
  const auto* value = std::get_if<Value>(&given.value);
  const auto* text = value != nullptr ? std::get_if<std::string>(value) : nullptr;
  if (written == nullptr && text == nullptr) return {std::nullopt, "must be the path of a file"};
  const std::string& path = written != nullptr ? written->text : *text;

  std::string why;
  const auto content = read_small_file(path, secret_limit_bytes, why);
  if (!content) return {std::nullopt, "names " + path + ", which " + why};
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0 || (status.st_mode & S_IROTH) != 0) {
    return {std::nullopt, "names " + path + ", which everybody may read: chmod o-rwx it"};
  }
  std::string secret(without_blanks(*content));
  if (secret.empty()) return {std::nullopt, "names " + path + ", which is empty"};
  Value result(std::move(secret));
  if (!std::visit(Fits{result}, setting.type)) {
    return {std::nullopt, "names " + path + ", which must hold " + limit_text(setting)};
  }
  return {std::move(result), {}};
}

/// The setting that a key means, and whether it means the file of a secret.
struct Meaning {
  const Setting* setting;
  bool by_file;
};

Meaning meaning_of(std::string_view key) {
  if (const auto* setting = find_setting(key)) return {setting, false};
  if (!key.ends_with(file_suffix)) return {nullptr, false};
  const auto* setting = find_setting(key.substr(0, key.size() - file_suffix.size()));
  return {setting != nullptr && is_secret(*setting) ? setting : nullptr, true};
}

/// True where the same source gives the secret in its other form too: which one counts would be a guess.
bool given_twice(std::span<const Given> all, const Given& given, const Meaning& meaning) {
  return std::ranges::any_of(all, [&](const Given& other) {
    const auto its = meaning_of(other.key);
    return other.kind == given.kind && its.setting == meaning.setting && its.by_file != meaning.by_file;
  });
}

}  // namespace

Values::Values() {
  for (const auto& setting : settings()) entries_.emplace(setting.key, Entry{default_value(setting), "default"});
}

const Values::Entry& Values::entry(std::string_view key) const {
  const auto found = entries_.find(key);
  base::invariant(found != entries_.end(), "the key is one of the table's");
  return found->second;
}

void Values::set(std::string_view key, Value value, std::string origin) {
  const auto found = entries_.find(key);
  base::invariant(found != entries_.end(), "the key is one of the table's");
  found->second = {std::move(value), std::move(origin)};
}

Values resolve(std::span<const Given> given, Purpose purpose, std::vector<Fault>& faults) {
  Values values;
  for (const auto& one : given) {
    const auto meaning = meaning_of(one.key);
    if (meaning.setting == nullptr) {
      faults.push_back({one.key, one.origin, "is not a setting"});
      continue;
    }
    if (meaning.by_file && given_twice(given, one, meaning)) {
      faults.push_back(
          {one.key, one.origin, "stands beside " + std::string(meaning.setting->key) + ": give one of both"});
      continue;
    }
    const auto* secret = std::get_if<SecretType>(&meaning.setting->type);
    if (secret != nullptr && !meaning.by_file && one.kind == SourceKind::option) {
      // Whoever may log in to the machine reads the arguments of its processes.
      faults.push_back({one.key, one.origin, "would stand in the process's arguments: use " + one.key + "_file"});
      continue;
    }
    if (secret != nullptr && !uses(purpose, *secret)) {
      values.set(meaning.setting->key, std::string(), one.origin);
      continue;
    }
    auto read = meaning.by_file ? read_secret_file(*meaning.setting, one) : read_value(*meaning.setting, one);
    if (read.value) {
      values.set(meaning.setting->key, *std::move(read.value), one.origin);
    } else {
      faults.push_back({one.key, one.origin, read.why});
    }
  }
  return values;
}

void check_secrets(const Values& values, Purpose purpose, std::vector<Fault>& faults) {
  for (const auto& setting : settings()) {
    const auto* secret = std::get_if<SecretType>(&setting.type);
    if (secret == nullptr || !secret->required || !uses(purpose, *secret)) continue;
    if (!values.text(setting.key).empty()) continue;
    const std::string key(setting.key);
    const auto names_it = [&](const Fault& fault) { return fault.subject == key || fault.subject == key + "_file"; };
    if (std::ranges::any_of(faults, names_it)) continue;
    faults.push_back({key, values.origin(key), "is missing: give it, or a file that holds it as " + key + "_file"});
  }
}

}  // namespace zl::server
