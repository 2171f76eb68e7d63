// Configurations. The first byte chooses the purpose; then a TOML document, and behind a zero byte options, one a line.
// Whatever stands there, it is accepted or its faults are named; what is accepted keeps the rules and is read as the
// same when it is written as a document. Secrets never show.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "fuzz/support/fuzz.hpp"
#include "server/config.hpp"
#include "server/config_text.hpp"
#include "server/text_forms.hpp"

namespace zl::fuzz {
namespace {

using server::Config;
using server::Fault;
using server::Loaded;
using server::Purpose;
using server::Setting;
using server::Values;

constexpr Purpose purposes[] = {Purpose::serve, Purpose::migrate, Purpose::create_admin, Purpose::wechat};

/// A file that holds a text, without a place on any disk.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view text) : descriptor_(::memfd_create("config", MFD_CLOEXEC)) {
    require(::write(descriptor_, text.data(), text.size()) == static_cast<ssize_t>(text.size()), "a file in memory");
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { ::close(descriptor_); }

  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  const int descriptor_;
};

Loaded load(std::string_view document, std::vector<std::string> options, Purpose purpose) {
  const MemoryFile file(document);
  server::Sources sources;
  sources.file = file.path();
  sources.options = std::move(options);
  return server::load_config(sources, purpose);
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

bool is_secret(const Setting& setting) {
  return std::holds_alternative<server::SecretType>(setting.type);
}

/// Everything but the secrets, which stay where they were given.
std::string document_of(const Values& values) {
  std::string document;
  std::string_view section;
  for (const Setting& setting : server::settings()) {
    if (is_secret(setting)) continue;
    if (server::section_of(setting.key) != section) {
      section = server::section_of(setting.key);
      document.append("[").append(section).append("]\n");
    }
    document.append(server::name_in_section(setting.key))
        .append(" = ")
        .append(server::toml_text(values.value(setting.key)))
        .append("\n");
  }
  return document;
}

void check_rules_hold(const Config& config) {
  require(config.http.io_threads >= 1, "at least one loop");
  require(!config.auth.dev_login || server::is_loopback(config.http.address), "anybody is let in on loopback only");
  require(config.mysql.item_deadline_ms < config.booking.hold_ttl_ms, "an item ends before its hold");
  require(config.redis.command_timeout_ms < config.booking.hold_ttl_ms, "a command ends before its hold");
  require(!config.http.public_url.empty() || server::is_loopback(config.http.address), "an address for the world");
  require(!config.wechat.enabled || !config.wechat.appid.empty(), "an account that is used has a name");
  require(config.auth.token_key.empty() || config.auth.token_key.size() == 32, "a key of 32 bytes");
}

/// Of a kind that does not stand in a text by chance.
bool is_remarkable(std::string_view text) {
  const auto is_letter_or_digit = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return text.size() >= 16 && std::ranges::all_of(text, is_letter_or_digit);
}

/// Secrets given as options that stand nowhere else in the input.
std::vector<std::string> secrets_in(const std::vector<std::string>& options, std::string_view input) {
  std::vector<std::string> secrets;
  for (const std::string& option : options) {
    const std::size_t equals = std::min(option.find('='), option.size() - 1);
    const Setting* setting = server::find_setting(std::string_view(option).substr(0, equals));
    const std::string secret = option.substr(equals + 1);
    const bool once = input.find(secret) == input.rfind(secret);
    if (setting != nullptr && is_secret(*setting) && is_remarkable(secret) && once) secrets.push_back(secret);
  }
  return secrets;
}

void check_secrets_stay_hidden(const Loaded& loaded, const std::vector<std::string>& secrets) {
  const std::string shown = server::describe(loaded.faults) + server::describe(loaded.values);
  for (const std::string& secret : secrets)
    require(shown.find(secret) == std::string::npos, "a secret does not show", shown);
}

void check_config(std::string_view input, Purpose purpose) {
  const std::size_t end = std::min(input.find('\0'), input.size());
  const std::vector<std::string> options = lines_of(input.substr(std::min(end + 1, input.size())));
  const Loaded loaded = load(input.substr(0, end), options, purpose);
  for (const Fault& fault : loaded.faults) require(!fault.text.empty() && !fault.origin.empty(), "a fault says where");
  check_secrets_stay_hidden(loaded, secrets_in(options, input));
  if (!loaded.faults.empty()) return;
  check_rules_hold(loaded.config);

  std::vector<std::string> secrets;
  for (const Setting& setting : server::settings()) {
    if (is_secret(setting)) secrets.push_back(std::string(setting.key) + "=" + loaded.values.text(setting.key));
  }
  const std::string written = document_of(loaded.values);
  const Loaded again = load(written, secrets, purpose);
  require(again.faults.empty(), "what was accepted is accepted when written", written + server::describe(again.faults));
  for (const Setting& setting : server::settings()) {
    require(again.values.value(setting.key) == loaded.values.value(setting.key), "a value comes back", setting.key);
  }
  require(again.config.http == loaded.config.http && again.config.auth == loaded.config.auth, "the same configuration");
}

}  // namespace

void feed(std::string_view input) {
  const auto purpose = purposes[take_choice(input, std::size(purposes))];
  check_config(input, purpose);
}

}  // namespace zl::fuzz
