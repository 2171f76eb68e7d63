// A login's way to the platform and back: what the state is good for, when it begins anew, and who is let in.
#include "app/platform_sign_in.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <map>

#include "support/counting_random.hpp"
#include "support/engine.hpp"

namespace zl::app {
namespace {

using base::Outcome;

class FakePlatform final : public PlatformLogin {
 public:
  std::string authorize_url(const std::string& state) const override { return "https://platform/?state=" + state; }
  bool has_mini_program() const override { return with_mini; }
  asio::awaitable<Outcome<PlatformAnswer>> exchange_web_code(std::string code) override { return next(code); }
  asio::awaitable<Outcome<PlatformAnswer>> exchange_mini_code(std::string code) override { return next(code); }

  bool with_mini = true;
  std::deque<Outcome<PlatformAnswer>> answers;
  std::vector<std::string> codes;

 private:
  asio::awaitable<Outcome<PlatformAnswer>> next(std::string code) {
    codes.push_back(std::move(code));
    auto answer = answers.front();
    answers.pop_front();
    co_return answer;
  }
};

/// As the port promises, on a clock that the test moves.
class FakeStates final : public LoginStates {
 public:
  explicit FakeStates(const base::Clock& clock) : clock_(clock) {}

  asio::awaitable<Outcome<base::Done>> begin(LoginStart start, std::size_t limit,
                                             base::Milliseconds lifetime) override {
    std::size_t out = 0;
    for (const auto& [id, kept] : all) {
      out += kept.open && kept.start.address == start.address && kept.at + lifetime > clock_.steady_now() ? 1U : 0U;
    }
    if (out >= limit) co_return base::Code::too_many_requests;
    all.insert({start.id, {start, clock_.steady_now(), true}});
    co_return base::Done{};
  }

  asio::awaitable<Outcome<LoginReturn>> take(base::LoginId id, runtime::Digest browser,
                                             base::Milliseconds lifetime) override {
    LoginReturn back;
    const auto found = all.find(id);
    if (found == all.end() || found->second.start.browser != browser) co_return back;
    Kept& kept = found->second;
    const bool good = std::exchange(kept.open, false) && kept.at + lifetime > clock_.steady_now();
    back.fate = good ? LoginReturn::Fate::good : LoginReturn::Fate::spent;
    back.return_to = kept.start.return_to;
    for (const auto& [other_id, other] : all) {
      if (other.start.browser == browser && other.start.is_restart) {
        back.restarted_lately |= other.at + restart_interval > clock_.steady_now();
      }
    }
    co_return back;
  }

  struct Kept {
    LoginStart start;
    base::SteadyTime at;
    bool open;
  };
  std::map<base::LoginId, Kept> all;

 private:
  const base::Clock& clock_;
};

class FakeIdentities final : public IdentityStore {
 public:
  asio::awaitable<Outcome<domain::User>> sign_in(PlatformIdentity identity) override {
    seen.push_back(identity);
    co_return user;
  }
  asio::awaitable<Outcome<base::Done>> unbind(std::string, std::int64_t) override { co_return base::Done{}; }
  asio::awaitable<Outcome<base::Done>> rebind(std::string, std::int64_t) override { co_return base::Done{}; }
  asio::awaitable<Outcome<std::optional<base::UserId>>> user_of(std::string) override {
    co_return std::optional<base::UserId>();
  }
  asio::awaitable<Outcome<std::optional<std::string>>> openid_of(base::UserId) override {
    co_return std::optional<std::string>();
  }
  asio::awaitable<Outcome<std::uint64_t>> wipe(base::Instant) override { co_return std::uint64_t{0}; }

  Outcome<domain::User> user = domain::User{test::id_of<base::UserId>(7), "", 3, false};
  std::vector<PlatformIdentity> seen;
};

class PlatformSignInTest : public testing::Test {
 protected:
  LoginBegun begin(const std::string& browser = "", const std::string& return_to = "/page") {
    return engine_.run(use_case_.begin(browser, return_to, "10.0.0.1")).value();
  }
  Outcome<LoginResult> finish(const std::string& browser, const std::string& state, const std::string& code = "CODE") {
    return engine_.run(use_case_.finish(browser, state, code, "10.0.0.1"));
  }
  static std::string state_of(const LoginBegun& begun) { return begun.url.substr(begun.url.find('=') + 1); }
  LoginEnd end_of(const Outcome<LoginResult>& result) { return std::get<LoginTurnedAway>(result.value()).why; }

  void platform_says(PlatformAnswer answer) { platform_.answers.emplace_back(std::move(answer)); }

  test::Engine engine_;
  TokenKeys keys_{std::string(32, 'k'), {}};
  test::CountingRandom random_;
  FakePlatform platform_;
  FakeStates states_{engine_.clock};
  FakeIdentities identities_;
  PlatformSignIn use_case_{{platform_,
                            identities_,
                            states_,
                            {keys_, engine_.clock, random_, base::Milliseconds(60'000)},
                            random_,
                            base::Milliseconds(600'000),
                            3}};
};

const PlatformIdentity somebody{"wx1", "o1", "u1"};

TEST_F(PlatformSignInTest, a_login_that_comes_back_is_a_token_and_the_page_that_was_asked_for) {
  const auto begun = begin();
  EXPECT_EQ(state_of(begun).size(), 32U);
  EXPECT_NE(begun.browser, state_of(begun));
  platform_says(somebody);
  const auto result = finish(begun.browser, state_of(begun)).value();
  const auto& entered = std::get<LoginEntered>(result);
  EXPECT_EQ(entered.return_to, "/page");
  const auto claims = keys_.check(entered.signed_in.token, engine_.clock.wall_now());
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->user(), test::id_of<base::UserId>(7));
  EXPECT_EQ(claims->version, 3U);
  EXPECT_EQ(identities_.seen.at(0).unionid, "u1");
}

TEST_F(PlatformSignInTest, a_state_is_good_once_and_the_second_time_begins_anew_without_a_code) {
  const auto begun = begin();
  platform_says(somebody);
  ASSERT_TRUE(finish(begun.browser, state_of(begun)));
  const auto again = std::get<LoginBegun>(finish(begun.browser, state_of(begun)).value());
  EXPECT_EQ(again.browser, begun.browser);
  EXPECT_NE(state_of(again), state_of(begun));
  EXPECT_EQ(platform_.codes.size(), 1U);
}

TEST_F(PlatformSignInTest, a_state_is_bound_to_its_browser) {
  const auto mine = begin();
  const auto other = begin();
  for (const std::string& browser : {std::string(), std::string("x"), other.browser, state_of(mine)}) {
    EXPECT_EQ(end_of(finish(browser, state_of(mine))), LoginEnd::foreign) << browser;
  }
  EXPECT_TRUE(platform_.codes.empty());
  platform_says(somebody);
  EXPECT_TRUE(std::holds_alternative<LoginEntered>(finish(mine.browser, state_of(mine)).value()));
}

TEST_F(PlatformSignInTest, a_browser_keeps_what_it_was_given_and_nothing_that_is_not_ours) {
  const auto first = begin();
  EXPECT_EQ(begin(first.browser).browser, first.browser);
  EXPECT_NE(begin("nonsense").browser, "nonsense");
}

TEST_F(PlatformSignInTest, an_old_state_begins_anew) {
  const auto begun = begin();
  engine_.clock.advance(base::Milliseconds(600'000));
  EXPECT_TRUE(std::holds_alternative<LoginBegun>(finish(begun.browser, state_of(begun)).value()));
  EXPECT_TRUE(platform_.codes.empty());
}

TEST_F(PlatformSignInTest, a_spent_code_begins_anew_once_a_minute_and_keeps_the_page) {
  const auto begun = begin();
  platform_says(PlatformRefusal::restart);
  const auto again = std::get<LoginBegun>(finish(begun.browser, state_of(begun)).value());
  platform_says(PlatformRefusal::restart);
  const auto failed = finish(again.browser, state_of(again));
  EXPECT_EQ(end_of(failed), LoginEnd::failed_again);
  EXPECT_EQ(std::get<LoginTurnedAway>(failed.value()).return_to, "/page");

  const auto by_hand = begin(begun.browser);
  platform_says(PlatformRefusal::restart);
  EXPECT_EQ(end_of(finish(by_hand.browser, state_of(by_hand))), LoginEnd::failed_again);

  engine_.clock.advance(LoginStates::restart_interval);
  const auto later = begin(begun.browser);
  platform_says(PlatformRefusal::restart);
  EXPECT_TRUE(std::holds_alternative<LoginBegun>(finish(later.browser, state_of(later)).value()));
}

TEST_F(PlatformSignInTest, who_does_not_agree_is_told_so_and_no_code_is_asked_about) {
  const auto begun = begin();
  EXPECT_EQ(end_of(finish(begun.browser, state_of(begun), "")), LoginEnd::declined);
  EXPECT_TRUE(platform_.codes.empty());
}

TEST_F(PlatformSignInTest, previews_and_blocked_people_are_turned_away) {
  const auto turned_away = [this] {
    const auto begun = begin();
    return end_of(finish(begun.browser, state_of(begun)));
  };
  platform_says(PlatformRefusal::virtual_user);
  EXPECT_EQ(turned_away(), LoginEnd::virtual_user);
  platform_says(PlatformRefusal::blocked);
  EXPECT_EQ(turned_away(), LoginEnd::blocked);
  EXPECT_TRUE(identities_.seen.empty());
  platform_says(somebody);
  identities_.user = domain::User{test::id_of<base::UserId>(7), "", 3, true};
  EXPECT_EQ(turned_away(), LoginEnd::blocked);
  platform_says(somebody);
  identities_.user = base::Code::forbidden;
  EXPECT_EQ(turned_away(), LoginEnd::blocked);
}

TEST_F(PlatformSignInTest, an_address_has_so_many_logins_out_and_no_more) {
  const auto first = begin();
  begin();
  begin();
  EXPECT_EQ(engine_.run(use_case_.begin("", "/", "10.0.0.1")).refused().code, base::Code::too_many_requests);
  EXPECT_TRUE(engine_.run(use_case_.begin("", "/", "10.0.0.2")));
  EXPECT_EQ(end_of(finish(first.browser, state_of(first), "")), LoginEnd::declined);
  EXPECT_TRUE(engine_.run(use_case_.begin("", "/", "10.0.0.1")));
}

TEST_F(PlatformSignInTest, outages_are_passed_on) {
  const auto begun = begin();
  platform_.answers.emplace_back(base::Code::unavailable);
  EXPECT_EQ(finish(begun.browser, state_of(begun)).refused().code, base::Code::unavailable);
  const auto again = begin();
  platform_says(somebody);
  identities_.user = base::Unknown{"lost"};
  EXPECT_TRUE(finish(again.browser, state_of(again)).is_unknown());
}

TEST_F(PlatformSignInTest, what_the_platform_names_has_to_be_an_openid) {
  for (const std::string& openid : {std::string(), std::string("a b"), std::string("张"), std::string(129, 'o')}) {
    const auto begun = begin();
    platform_says(PlatformIdentity{"wx1", openid, ""});
    EXPECT_EQ(finish(begun.browser, state_of(begun)).refused().code, base::Code::unavailable);
  }
  EXPECT_TRUE(identities_.seen.empty());
  const auto begun = begin();
  platform_says(PlatformIdentity{"wx1", "o1", std::string(129, 'u')});
  EXPECT_TRUE(finish(begun.browser, state_of(begun)));
  EXPECT_EQ(identities_.seen.at(0).unionid, "");
}

TEST_F(PlatformSignInTest, a_mini_program_gets_a_token_or_is_told_why_not) {
  platform_says(somebody);
  EXPECT_TRUE(engine_.run(use_case_.mini("CODE")));
  platform_says(PlatformRefusal::restart);
  EXPECT_EQ(engine_.run(use_case_.mini("CODE")).refused().code, base::Code::unauthorized);
  platform_says(PlatformRefusal::blocked);
  EXPECT_EQ(engine_.run(use_case_.mini("CODE")).refused().code, base::Code::forbidden);
  platform_.with_mini = false;
  EXPECT_EQ(engine_.run(use_case_.mini("CODE")).refused().code, base::Code::not_found);
}

TEST(LocalPage, is_a_path_of_this_site_that_no_browser_reads_otherwise) {
  for (const std::string_view page :
       {"/", "/a", "/a/b?c=d&e#f", "/a//b", "/%2F%2Fevil.example", "/apiary", "/?x=/api/"}) {
    EXPECT_TRUE(is_local_page(page)) << page;
  }
  for (const std::string_view page : {"", "a", "//evil.example", "/\\evil.example", "/a\\b", "https://evil.example",
                                      "/a b", "/a\tb", "/a\r\nb", "/\x7f", "/活动", "/api", "/api/v1/logout"}) {
    EXPECT_FALSE(is_local_page(page)) << page;
  }
  EXPECT_TRUE(is_local_page("/" + std::string(511, 'a')));
  EXPECT_FALSE(is_local_page("/" + std::string(512, 'a')));
}

}  // namespace
}  // namespace zl::app
