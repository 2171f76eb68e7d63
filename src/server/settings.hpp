// The table of everything that can be configured. Reading, checking, the template and the documentation follow from it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace zl::server {

/// A whole number, bounds included. The unit is for people; where a key needs one, its name ends in it.
struct IntegerType {
  std::int64_t standard;
  std::int64_t least;
  std::int64_t most;
  std::string_view unit;
};

struct FlagType {
  bool standard;
};

/// What a text, or each text of a list, has to be.
enum class TextForm {
  any = 1,
  required,            ///< not empty
  ip_address,          ///< IPv4 or IPv6, as a literal
  network,             ///< an address, or a network in CIDR form: "10.0.0.0/8"
  socket_path,         ///< empty, or a path of at most 107 bytes, as unix(7) has room for
  origin,              ///< empty, or "https://host" with an optional port (RFC 6454, as a browser sends it)
  address,             ///< empty, or an origin with or without a path and a query: "https://host/path?a=b"
  verify_file,         ///< "MP_verify_NAME.txt=CONTENT", both of letters and digits
  one_of_the_choices,  ///< TextType::choices
};

struct TextType {
  std::string_view standard;
  TextForm form;
  std::span<const std::string_view> choices = {};
};

/// Texts; empty by default. In a variable or an option they are separated by commas.
struct ListType {
  TextForm form;
};

/// The work that a configuration is read for.
/// `operate` is what operators do with both stores beside the server: verify, restored.
enum class Purpose { serve = 1, migrate, create_admin, wechat, operate };

enum class SecretForm {
  password = 1,
  key,  ///< 64 lower-case hex digits: 32 bytes
};

/// Never shown, and never taken from an option, which others see. `KEY_file` names a file that holds it, which the
/// world must not be able to read.
struct SecretType {
  SecretForm form;
  std::span<const Purpose> used_by;  ///< read for nothing else, so that each account sees its own secrets only
  bool required;                     ///< by those that use it
};

struct Setting {
  std::string_view key;  ///< "http.port"
  std::variant<IntegerType, FlagType, TextType, ListType, SecretType> type;
  std::string_view what;          ///< one sentence
  std::string_view larger = {};   ///< one sentence on what a larger number does
  std::string_view smaller = {};  ///< one sentence on what a smaller number does
};

/// The settings whose keys begin with `name` and a dot.
struct Section {
  std::string_view name;
  std::string_view what;
};

/// In the order of the template.
std::span<const Section> sections();

/// In the order of their sections.
std::span<const Setting> settings();

/// Nothing where no setting has this key.
const Setting* find_setting(std::string_view key);

std::string_view section_of(std::string_view key);
std::string_view name_in_section(std::string_view key);

/// What the value may be, for people: "a whole number from 0 to 65535".
std::string limit_text(const Setting& setting);

/// The value of a setting; a secret is a text, of the form that its type says.
using Value = std::variant<std::int64_t, bool, std::string, std::vector<std::string>>;

/// The default; a secret's is the empty text.
Value default_value(const Setting& setting);

/// As TOML writes it. Never called with a secret.
std::string toml_text(const Value& value);

}  // namespace zl::server
