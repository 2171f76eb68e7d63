// The program: reads the command line and the configuration, and does what it was asked to.
#include <cstdlib>
#include <iostream>

#include "base/crash_point.hpp"
#include "runtime/private_memory.hpp"
#include "server/cli.hpp"
#include "server/commands.hpp"
#include "server/config.hpp"
#include "server/config_check.hpp"
#include "server/config_text.hpp"
#include "server/operator_commands.hpp"
#include "server/wechat_commands.hpp"

namespace zl::server {
namespace {

/// What each command does; the status of the process.
struct Run {
  Sources sources;

  int operator()(const Serve&) const {
    return with_config(Purpose::serve, [](const Config& config) { return serve(config); });
  }
  int operator()(const Migrate&) const {
    return with_config(Purpose::migrate, [](const Config& config) { return migrate(config); });
  }
  int operator()(const AdminCreate& wanted) const {
    return with_config(Purpose::create_admin, [&wanted](const Config& config) { return create_admin(config, wanted); });
  }
  int operator()(const WechatCheck&) const {
    return with_config(Purpose::wechat, [](const Config& config) { return check_wechat(config); });
  }
  int operator()(const WechatMenu& wanted) const {
    return with_config(Purpose::wechat, [&wanted](const Config& config) { return set_wechat_menu(config, wanted); });
  }
  int operator()(const WechatCode& wanted) const {
    return with_config(Purpose::wechat, [&wanted](const Config& config) { return show_wechat_code(config, wanted); });
  }
  int operator()(const Verify& wanted) const {
    return with_config(
        Purpose::operate, [&wanted](const Config& config) { return verify(config, wanted); }, could_not_verify);
  }
  int operator()(const Restored&) const {
    return with_config(Purpose::operate, [](const Config& config) { return restored(config); });
  }
  int operator()(const ConfigCheck&) const { return check_config(sources, std::cout, std::cerr); }
  int operator()(const ConfigTemplate&) const {
    std::cout << config_template();
    return 0;
  }

 private:
  template <class F>
  int with_config(Purpose purpose, F command, int status_of_faults = 1) const {
    const Loaded loaded = load_config(sources, purpose);
    if (loaded.faults.empty()) return command(loaded.config);
    std::cerr << describe(loaded.faults);
    return status_of_faults;
  }
};

int run(int count, const char* const* arguments) {
  const auto parsed = parse_arguments(count, arguments);
  if (const auto* usage = std::get_if<Usage>(&parsed)) {
    (usage->status == 0 ? std::cout : std::cerr) << usage->text;
    return usage->status;
  }
  const auto& command = std::get<Command>(parsed);
  return std::visit(Run{sources_of(command, environment_variables())}, command.action);
}

#if defined(ZL_CRASH_POINTS) && ZL_CRASH_POINTS
int print_crash_points() {
  for (const std::string_view name : base::crash_points) std::cout << name << '\n';
  return 0;
}
#endif

}  // namespace
}  // namespace zl::server

int main(int count, char** arguments) {
#if defined(ZL_CRASH_POINTS) && ZL_CRASH_POINTS
  if (count == 2 && std::string_view(arguments[1]) == "crash-points") return zl::server::print_crash_points();
  // NOLINTNEXTLINE(concurrency-mt-unsafe): before any thread
  if (const char* const orders = std::getenv("ZL_CRASH_ORDERS")) zl::base::take_crash_orders_from(orders);
#endif
  zl::runtime::keep_memory_private();
  return zl::server::run(count, arguments);
}
