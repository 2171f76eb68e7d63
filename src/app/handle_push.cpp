#include "app/handle_push.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "app/reply_text.hpp"
#include "runtime/log.hpp"

namespace zl::app {
namespace {

// In the order of PushContent.
constexpr const char* kinds[] = {"said",         "followed",  "unfollowed",      "scanned",
                                 "menu_pressed", "delivered", "consent_changed", "other"};

/// Messages without words, which a person sends and waits for an answer to; events are nobody's questions.
bool is_message(std::string_view kind) {
  static constexpr std::string_view messages[] = {"image", "voice", "video", "shortvideo", "location", "link"};
  return std::ranges::find(messages, kind) != std::end(messages);
}

base::Refused begin_anew() {
  return {base::Code::unavailable, "the push is to be repeated", {}, 1};
}

}  // namespace

PushMetrics PushMetrics::of(runtime::Metrics& metrics) {
  const auto counter = [&metrics](const char* outcome) -> runtime::Counter& {
    return metrics.counter("zhonglou_push_outcomes_total", "Pushes of the platform that were not simply dealt with",
                           {{"outcome", outcome}});
  };
  PushMetrics made{{}, counter("repeated"), counter("late"), counter("failed")};
  for (std::size_t i = 0; i < made.by_kind.size(); ++i) {
    made.by_kind[i] = &metrics.counter("zhonglou_pushes_total", "Pushes of the platform that were dealt with, by kind",
                                       {{"kind", kinds[i]}});
  }
  return made;
}

asio::awaitable<base::Outcome<std::string>> HandlePush::operator()(Push push, std::string request_id) {
  const auto work = std::make_shared<Work>(std::move(push), std::move(request_id));
  if (!parts_.group.spawn(work_on(work), "push")) co_return base::Code::overloaded;
  if (co_await work->done.wait(parts_.times.patience)) {
    if (!*work->answer) parts_.metrics.failed.add();
    co_return *work->answer;
  }
  if (!work->begun) {
    parts_.metrics.failed.add();
    co_return begin_anew();
  }
  parts_.metrics.late.add();
  co_return std::string();
}

asio::awaitable<void> HandlePush::work_on(std::shared_ptr<Work> work) {
  try {
    work->answer = co_await answer_of(*work);
  } catch (const std::exception& error) {
    runtime::log::error("push_failed", {{"request_id", work->request_id}, {"cause", error.what()}});
    work->answer = base::Outcome<std::string>(begin_anew());
  }
  work->done.set();
}

asio::awaitable<base::Outcome<std::string>> HandlePush::answer_of(Work& work) {
  const base::Outcome<PushBegun> begun = co_await begin(work);
  if (!begun) co_return begin_anew();
  if (begun->answer) parts_.metrics.repeated.add();
  if (!begun->turn) co_return begun->answer.value_or(std::string());
  work.begun = true;
  base::Outcome<Deed> deed = co_await deal_with(work);
  if (!deed) {
    (void)co_await parts_.pushes.give_up(*begun->turn);
    co_return begin_anew();
  }
  parts_.metrics.by_kind[work.push.content.index()]->add();
  base::Outcome<std::string> stands = co_await parts_.pushes.finish(*begun->turn, deed->words, std::move(deed->count));
  // It is done, and said, though a repetition may not know: that would do the same again.
  co_return stands ? std::move(stands) : std::move(deed->words);
}

asio::awaitable<base::Outcome<PushBegun>> HandlePush::begin(const Work& work) {
  // By then the turn that was found has lapsed, and either this call has the next one or another repetition has it.
  const base::SteadyTime end = parts_.clock.steady_now() + parts_.times.turn + parts_.times.look_again;
  while (true) {
    base::Outcome<PushBegun> begun = co_await parts_.pushes.begin(work.push.key, parts_.times.turn);
    if (!begun || begun->turn || begun->answer) co_return begun;
    if (parts_.group.stopping() || parts_.clock.steady_now() >= end) co_return begun;
    co_await parts_.group.sleeper().sleep_for(parts_.times.look_again);
  }
}

asio::awaitable<base::Outcome<HandlePush::Deed>> HandlePush::deal_with(const Work& work) {
  const Push& push = work.push;
  Converse& converse = parts_.converse;
  if (const auto* said = std::get_if<Said>(&push.content)) {
    co_return Deed{co_await converse.said(push, said->text, work.request_id), {}};
  }
  if (const auto* pressed = std::get_if<MenuPressed>(&push.content)) {
    co_return Deed{co_await converse.pressed(push, pressed->key), {}};
  }
  if (const auto* scanned = std::get_if<Scanned>(&push.content)) {
    co_return Deed{co_await converse.scanned(push, scanned->scene, work.request_id),
                   one(FollowEvent::scanned, scanned->scene)};
  }
  if (const auto* followed = std::get_if<Followed>(&push.content)) {
    co_return co_await bind_again(push, followed->scene, work.request_id);
  }
  if (std::holds_alternative<Unfollowed>(push.content)) co_return co_await unbind(push);
  if (const auto* other = std::get_if<OtherPush>(&push.content)) {
    co_return is_message(other->kind) ? Deed{converse.help(), {}} : Deed{};
  }
  const base::Outcome<base::Done> told = co_await pass_on(push);
  if (!told) co_return told.as<Deed>();
  co_return Deed{};
}

asio::awaitable<base::Outcome<base::Done>> HandlePush::pass_on(const Push& push) {
  if (parts_.receipts == nullptr) co_return base::Done{};
  if (const auto* delivered = std::get_if<Delivered>(&push.content)) {
    co_return co_await parts_.receipts->delivered(push.openid, delivered->reports);
  }
  if (const auto* changed = std::get_if<ConsentChanged>(&push.content)) {
    co_return co_await parts_.receipts->consent_changed(push.openid, changed->changes, push.key);
  }
  co_return base::Done{};
}

asio::awaitable<base::Outcome<HandlePush::Deed>> HandlePush::bind_again(const Push& push, std::string scene,
                                                                        std::string request_id) {
  const base::Outcome<base::Done> bound = co_await parts_.identities.rebind(push.openid, push.created_at_s);
  if (!bound) co_return bound.as<Deed>();
  if (parts_.followers != nullptr) {
    const base::Outcome<base::Done> noted =
        co_await parts_.followers->set_following(push.openid, true, push.created_at_s);
    if (!noted) co_return noted.as<Deed>();
  }
  co_return Deed{co_await parts_.converse.followed(push, scene, std::move(request_id)),
                 one(FollowEvent::followed, scene)};
}

asio::awaitable<base::Outcome<HandlePush::Deed>> HandlePush::unbind(const Push& push) {
  if (parts_.followers != nullptr) {
    const base::Outcome<base::Done> noted =
        co_await parts_.followers->set_following(push.openid, false, push.created_at_s);
    if (!noted) co_return noted.as<Deed>();
  }
  const base::Outcome<base::Done> unbound = co_await parts_.identities.unbind(push.openid, push.created_at_s);
  if (!unbound) co_return unbound.as<Deed>();
  const base::Outcome<base::Done> forgotten = co_await parts_.pushes.remember_choices(push.openid, {});
  if (!forgotten) co_return forgotten.as<Deed>();
  co_return Deed{{}, one(FollowEvent::unfollowed, {})};
}

FollowCount HandlePush::one(FollowEvent event, std::string_view scene) const {
  return {event, parts_.converse.known_scene(scene), base::civil_day(parts_.time.now(), parts_.offset_minutes)};
}

}  // namespace zl::app
