#include "runtime/log.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <limits>
#include <thread>
#include <vector>

namespace zl::runtime {
namespace {

constexpr std::int64_t instant_ms = 1'783'299'600'123;  // 2026-07-06T09:00:00.123+08:00

std::string line(LogFormat format, log::Fields fields) {
  const LogConfig config{LogLevel::info, format, {}, 480};
  return log::format_line(config, instant_ms, LogLevel::info, "booked", fields);
}

TEST(LogLine, text_holds_time_level_event_and_fields) {
  EXPECT_EQ(line(LogFormat::text, {{"request_id", "a1"}, {"seats", 3}, {"ms", 1.5}, {"retry", false}}),
            "2026-07-06T09:00:00.123+08:00 info booked request_id=a1 seats=3 ms=1.5 retry=false");
}

TEST(LogLine, json_holds_time_level_event_and_fields) {
  EXPECT_EQ(line(LogFormat::json, {{"request_id", "a1"}, {"seats", -3}, {"ms", 1.5}, {"retry", true}}),
            R"({"at":"2026-07-06T09:00:00.123+08:00","level":"info","event":"booked",)"
            R"("request_id":"a1","seats":-3,"ms":1.5,"retry":true})");
}

struct Escape {
  std::string_view value;
  std::string_view text;
  std::string_view json;
};

class LogEscape : public testing::TestWithParam<Escape> {};

TEST_P(LogEscape, no_value_can_end_its_line_or_field) {
  const auto& [value, text, json] = GetParam();
  EXPECT_EQ(line(LogFormat::text, {{"v", value}}), "2026-07-06T09:00:00.123+08:00 info booked v=" + std::string(text));
  EXPECT_EQ(line(LogFormat::json, {{"v", value}}),
            R"({"at":"2026-07-06T09:00:00.123+08:00","level":"info","event":"booked","v":)" + std::string(json) + "}");
}

INSTANTIATE_TEST_SUITE_P(
    values, LogEscape,
    testing::Values(Escape{"", R"("")", R"("")"}, Escape{"two words", R"("two words")", R"("two words")"},
                    Escape{"a=b", R"("a=b")", R"("a=b")"}, Escape{"say \"hi\"", R"("say \"hi\"")", R"("say \"hi\"")"},
                    Escape{"back\\slash", R"("back\\slash")", R"("back\\slash")"},
                    Escape{"x\n2026 error forged", R"("x\n2026 error forged")", R"("x\n2026 error forged")"},
                    Escape{"x\r\x1b[2J", R"("x\x0d\x1b[2J")", R"("x\u000d\u001b[2J")"},
                    Escape{std::string_view("a\0b", 3), R"("a\x00b")", R"("a\u0000b")"},
                    Escape{"\x7f", R"("\x7f")", R"("\u007f")"}, Escape{"钟楼", R"("钟楼")", R"("钟楼")"},
                    Escape{"\xc2\x9b", R"("\xc2\x9b")", R"("\u00c2\u009b")"},
                    Escape{"\xe2\x80\xae", R"("\xe2\x80\xae")", R"("\u00e2\u0080\u00ae")"},
                    Escape{"\xff", R"("\xff")", R"("\u00ff")"}));

TEST(LogLine, long_values_are_cut_between_letters) {
  std::string value(4095, 'a');
  value += "钟楼";
  EXPECT_TRUE(line(LogFormat::text, {{"v", value}}).ends_with("v=" + std::string(4095, 'a')));
}

TEST(LogLine, numbers_keep_their_range_and_stay_json) {
  EXPECT_TRUE(
      line(LogFormat::json, {{"v", std::numeric_limits<std::uint64_t>::max()}}).ends_with("18446744073709551615}"));
  EXPECT_TRUE(
      line(LogFormat::json, {{"v", std::numeric_limits<std::int64_t>::min()}}).ends_with("-9223372036854775808}"));
  EXPECT_TRUE(line(LogFormat::json, {{"v", std::numeric_limits<double>::quiet_NaN()}}).ends_with("null}"));
}

class LogFile : public testing::Test {
 public:
  LogFile() : path_(testing::TempDir() + "zl_log_test_" + std::to_string(::getpid())) { std::remove(path_.c_str()); }
  ~LogFile() override {
    log::shutdown();
    std::remove(path_.c_str());
  }

 protected:
  std::vector<std::string> lines() const {
    std::ifstream file(path_);
    std::vector<std::string> read;
    for (std::string line; std::getline(file, line);) read.push_back(line);
    return read;
  }

  const std::string path_;
};

TEST_F(LogFile, shutdown_writes_everything_and_lower_levels_never) {
  log::init({LogLevel::warning, LogFormat::json, path_, 480});
  EXPECT_FALSE(log::enabled(LogLevel::info));
  log::info("too_low");
  log::warning("kept", {{"n", 1}});
  log::error("kept_too");
  EXPECT_EQ(log::dropped(), 0U);
  log::shutdown();
  log::critical("after_the_end");
  const auto written = lines();
  ASSERT_EQ(written.size(), 2U);
  EXPECT_TRUE(written[0].ends_with(R"("event":"kept","n":1})"));
}

TEST_F(LogFile, lines_of_many_threads_stay_whole) {
  log::init({LogLevel::info, LogFormat::text, path_, 480});
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 500; ++i) log::info("line", {{"thread", t}, {"end", "here"}});
    });
  }
  for (auto& thread : threads) thread.join();
  log::shutdown();
  const auto written = lines();
  EXPECT_EQ(written.size(), 2000U);
  for (const auto& text : written) EXPECT_TRUE(text.ends_with(" end=here")) << text;
}

TEST_F(LogFile, a_file_that_cannot_be_opened_is_an_error) {
  EXPECT_THROW(log::init({LogLevel::info, LogFormat::text, "/dev/null/log", 480}), std::runtime_error);
}

}  // namespace
}  // namespace zl::runtime
