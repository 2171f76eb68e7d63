#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "closed_loop/answers.hpp"
#include "closed_loop/requests.hpp"

namespace zl::closed_loop {
namespace {

TEST(ClosedLoopAnswers, end_where_their_length_says) {
  Answers answers;
  EXPECT_EQ(answers.put("HTTP/1.1 409 Conflict\r\nContent-Type: a\r\nContent-Length: 4\r\n\r\nfull"), 409);
  EXPECT_EQ(answers.put("HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n"), 201);
  EXPECT_EQ(answers.put("HTTP/1.1 204 No Content\r\n\r\n"), 204);
}

TEST(ClosedLoopAnswers, end_behind_their_last_chunk) {
  Answers answers;
  EXPECT_EQ(answers.put("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"), 200);
}

TEST(ClosedLoopAnswers, are_put_together_from_any_parts) {
  for (const std::string_view whole :
       {"HTTP/1.1 409 Conflict\r\nContent-Length: 4\r\n\r\nfull",
        "HTTP/1.1 409 Conflict\r\nTransfer-Encoding: chunked\r\n\r\n1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n"}) {
    for (std::size_t cut = 1; cut < whole.size(); ++cut) {
      Answers answers;
      ASSERT_EQ(answers.put(whole.substr(0, cut)), std::nullopt) << cut;
      ASSERT_EQ(answers.put(whole.substr(cut)), 409) << cut;
    }
    Answers byte_by_byte;
    for (std::size_t i = 0; i + 1 < whole.size(); ++i) ASSERT_EQ(byte_by_byte.put(whole.substr(i, 1)), std::nullopt);
    EXPECT_EQ(byte_by_byte.put(whole.substr(whole.size() - 1)), 409);
  }
}

TEST(ClosedLoopAnswers, are_broken_where_they_are_not_one_answer) {
  Answers answers;
  EXPECT_EQ(answers.put("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab"), 0) << "more than its length";
  EXPECT_EQ(answers.put("SSH-2.0-x\r\n\r\n"), 0);
  EXPECT_EQ(answers.put("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n"), 0);
}

/// A file that is gone with the test.
class File {
 public:
  explicit File(std::string_view text)
      : path_(std::filesystem::temp_directory_path() /
              ("closed-loop-" + std::to_string(::getpid()) + "-" + std::to_string(++made))) {
    std::ofstream(path_) << text;
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { std::filesystem::remove(path_); }

  std::string path() const { return path_; }

 private:
  static inline int made = 0;
  std::filesystem::path path_;
};

TEST(ClosedLoopRequests, walk_everybody_through_one_activity_after_the_other) {
  const File people("token1\tchild1\ntoken2\tchild2\n");
  const File activities("chess\ndance\n");
  const auto requests = requests_of("walk", people.path(), activities.path());
  const auto is_of = [&](std::size_t number, std::string_view activity, std::string_view person) {
    const std::string_view request = requests->at(number);
    return request.find("/activities/" + std::string(activity) + "/bookings ") != std::string_view::npos &&
           request.find("Bearer token" + std::string(person) + "\r\n") != std::string_view::npos &&
           request.find("Idempotency-Key: bench-" + std::string(activity) + "\r\n") != std::string_view::npos &&
           request.ends_with("{\"attendee_id\":\"child" + std::string(person) + "\"}");
  };
  EXPECT_TRUE(is_of(0, "chess", "1"));
  EXPECT_TRUE(is_of(1, "chess", "2"));
  EXPECT_TRUE(is_of(2, "dance", "1"));
  EXPECT_TRUE(is_of(3, "dance", "2"));
  EXPECT_TRUE(is_of(4, "dance", "1")) << "all activities are booked: the last is asked for again";
}

TEST(ClosedLoopRequests, go_round_in_a_file_of_pairs) {
  const File pairs("chess\ttoken\tchild\ndance\ttoken\tchild\n");
  const auto requests = requests_of("pairs", pairs.path(), "");
  EXPECT_EQ(requests->at(0), requests->at(2));
  EXPECT_NE(requests->at(0), requests->at(1));
  EXPECT_NE(requests->at(0).find("Content-Length: 23\r\n\r\n{\"attendee_id\":\"child\"}"), std::string_view::npos);
}

TEST(ClosedLoopRequests, name_the_line_of_a_file_that_is_wrong) {
  const File pairs("chess\ttoken\tchild\ndance\ttoken\n");
  try {
    (void)requests_of("pairs", pairs.path(), "");
    FAIL() << "two fields are not three";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find(", line 2: 3 fields"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace zl::closed_loop
