// What `zhonglou wechat` does; each answers with the status of the process and prints for an operator.
#pragma once

#include "server/cli.hpp"
#include "server/config.hpp"

namespace zl::server {

/// Prints what is right, worth knowing and wrong with the account's set-up; 1 where something is wrong. Asks the
/// platform and our own public address; needs neither MySQL nor a running server, though it says where that is missing.
int check_wechat(const Config& config);

/// Sets the menu; what the platform would refuse is said before anything is sent.
int set_wechat_menu(const Config& config, const WechatMenu& wanted);

int show_wechat_code(const Config& config, const WechatCode& wanted);

}  // namespace zl::server
