// The emulated platform in a process of its own.
#pragma once

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/servers.hpp"

namespace zl::test {

class EmulatedPlatform {
 public:
  /// `options` as `python3 -m support.wechat_emulator` takes them.
  explicit EmulatedPlatform(std::vector<std::string> options)
      : output_(empty_output()), process_(command(std::move(options)), {output_, {}}) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (url_.empty()) {
      if (!process_.running() || std::chrono::steady_clock::now() > give_up) {
        throw std::runtime_error("the emulator did not start");
      }
      std::ifstream file(output_);
      std::string word;
      if (file >> word >> url_ && word == "ready" && file.get() == '\n') break;
      url_.clear();
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  EmulatedPlatform(const EmulatedPlatform&) = delete;
  EmulatedPlatform& operator=(const EmulatedPlatform&) = delete;
  ~EmulatedPlatform() { std::filesystem::remove(output_); }

  const std::string& url() const { return url_; }

 private:
  /// A process that was killed may have left one for the same number, with the address of an emulator that is gone.
  static std::filesystem::path empty_output() {
    const std::string name = "zhonglou_wechat_" + std::to_string(::getpid()) + ".out";
    std::filesystem::path output = std::filesystem::temp_directory_path() / name;
    std::filesystem::remove(output);
    return output;
  }
  static std::vector<std::string> command(std::vector<std::string> options) {
    std::vector<std::string> words{"/usr/bin/env",
                                   "PYTHONPATH=" + (source_dir() / "tests").string(),
                                   "PYTHONDONTWRITEBYTECODE=1",
                                   "/usr/bin/python3",
                                   "-m",
                                   "support.wechat_emulator"};
    words.insert(words.end(), options.begin(), options.end());
    return words;
  }

  std::filesystem::path output_;
  Process process_;
  std::string url_;
};

}  // namespace zl::test
