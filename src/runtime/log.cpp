#include "runtime/log.hpp"

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <stdexcept>

namespace zl::runtime::log {
namespace {

constexpr std::size_t queue_lines = 8192;

/// One opening of the log: spdlog's queue with its thread, and the logger in front of it.
struct Channel {
  explicit Channel(LogConfig c) : config(std::move(c)) {
    logger->set_pattern("%v");
    logger->set_level(spdlog::level::trace);
    logger->flush_on(spdlog::level::trace);
  }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  /// Writes out the queue while the logger is still there.
  ~Channel() { pool.reset(); }

  spdlog::sink_ptr open() const {
    if (config.file.empty()) return std::make_shared<spdlog::sinks::stderr_sink_mt>();
    try {
      return std::make_shared<spdlog::sinks::basic_file_sink_mt>(config.file);
    } catch (const spdlog::spdlog_ex& exception) {
      throw std::runtime_error(exception.what());
    }
  }

  const LogConfig config;
  const spdlog::sink_ptr sink = open();
  std::shared_ptr<spdlog::details::thread_pool> pool = std::make_shared<spdlog::details::thread_pool>(queue_lines, 1U);
  std::shared_ptr<spdlog::async_logger> logger =
      std::make_shared<spdlog::async_logger>("zhonglou", sink, pool, spdlog::async_overflow_policy::overrun_oldest);
};

// The level is looked at first and alone: a line below it costs one relaxed load.
std::atomic<LogLevel> level_now = LogLevel::off;

std::mutex channel_mutex;
std::shared_ptr<Channel> channel;  // under channel_mutex

std::shared_ptr<Channel> current_channel() {
  const std::lock_guard lock(channel_mutex);
  return channel;
}

void write(LogLevel level, std::string_view event, Fields fields) {
  if (!enabled(level)) return;
  const std::shared_ptr<Channel> open = current_channel();
  if (!open) return;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const std::int64_t unix_ms = std::chrono::floor<std::chrono::milliseconds>(now).count();
  open->logger->log(spdlog::level::info,
                    spdlog::string_view_t(format_line(open->config, unix_ms, level, event, fields)));
}

}  // namespace

void init(const LogConfig& config) {
  auto opened = std::make_shared<Channel>(config);
  {
    const std::lock_guard lock(channel_mutex);
    channel.swap(opened);
  }
  level_now.store(config.level, std::memory_order_relaxed);
}

void shutdown() {
  level_now.store(LogLevel::off, std::memory_order_relaxed);
  std::shared_ptr<Channel> closing;
  {
    const std::lock_guard lock(channel_mutex);
    channel.swap(closing);
  }
  // The last reference, held here or by a thread in write(), writes out the queue.
}

bool enabled(LogLevel level) {
  return level >= level_now.load(std::memory_order_relaxed) && level != LogLevel::off;
}

std::uint64_t dropped() {
  const std::shared_ptr<Channel> open = current_channel();
  return open ? open->pool->overrun_counter() : 0;
}

void debug(std::string_view event, Fields fields) {
  write(LogLevel::debug, event, fields);
}
void info(std::string_view event, Fields fields) {
  write(LogLevel::info, event, fields);
}
void warning(std::string_view event, Fields fields) {
  write(LogLevel::warning, event, fields);
}
void error(std::string_view event, Fields fields) {
  write(LogLevel::error, event, fields);
}
void critical(std::string_view event, Fields fields) {
  write(LogLevel::critical, event, fields);
}

}  // namespace zl::runtime::log
