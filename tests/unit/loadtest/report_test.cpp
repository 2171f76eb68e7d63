#include "rush/report.hpp"

#include <gtest/gtest.h>

#include "rush/assets.hpp"

namespace zl::rush {
namespace {

Findings small_rush() {
  Findings findings;
  Activity activity;
  activity.title = "</script><b>painting";
  activity.capacity = 1;
  findings.evidence.programme.activities = {activity};
  Press press;
  press.outcome = Outcome::granted;
  press.code = "granted";
  press.booking_id = "b1";
  press.decided_at = 800;
  press.sends = 1;
  findings.evidence.presses = {press};
  findings.evidence.after = {{.activity = 0, .booking_id = "b1", .user_id = {}, .attendee_id = {}, .decided_at = 800}};
  findings.statistics = summarise(findings.evidence.programme, findings.evidence.presses, {});
  findings.audit = audit(findings.evidence);
  return findings;
}

TEST(ReportTest, the_text_ends_with_the_seats_and_the_verdict) {
  const std::string text = report_text(small_rush());
  EXPECT_TRUE(text.ends_with("\n1 of 1 seats sold, last seat after 0.8 s\nPASS\n")) << text;
}

TEST(ReportTest, a_failed_rush_names_its_reasons_in_the_last_line) {
  Findings findings = small_rush();
  findings.evidence.after.clear();
  findings.audit = audit(findings.evidence);
  const std::string text = report_text(findings);
  EXPECT_TRUE(text.ends_with("\nFAIL: every 201 in the roster (1)\n")) << text;
}

TEST(ReportTest, the_page_holds_everything_and_asks_nobody) {
  const std::string page = report_html(small_rush());
  EXPECT_NE(page.find(chart_library()), std::string::npos);
  EXPECT_EQ(page.find("</script><b>"), std::string::npos);
  EXPECT_EQ(page.find("<script src"), std::string::npos);
  EXPECT_EQ(page.find("<link"), std::string::npos);
  EXPECT_EQ(page.find("/*DATA*/"), std::string::npos);
}

TEST(ReportTest, a_rush_of_nothing_can_be_reported) {
  EXPECT_NE(report_text({}).find("0 of 0 seats sold\n"), std::string::npos);
  EXPECT_FALSE(report_html({}).empty());
}

}  // namespace
}  // namespace zl::rush
