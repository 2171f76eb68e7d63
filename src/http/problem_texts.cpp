#include "http/problem_texts.hpp"

namespace zl::http {
namespace {

constexpr CodeTexts invalid_request{
    {"请求有误", "Invalid request"},
    {"请求内容有误，请按提示修改。", "The request is not as described; see errors."},
    {"请求不符合接口说明；errors 逐项指出错在哪里。", "The request is not as described. `errors` says where and why."}};
constexpr CodeTexts unauthorized{
    {"需要登录", "Not logged in"},
    {"请重新登录。", "Log in first: there is no valid token."},
    {"没有令牌，或令牌是伪造的、过期的、已注销的；登录失败也是如此。",
     "There was no token, or one that is forged, expired or ended. A failed login answers so too."}};
constexpr CodeTexts forbidden{
    {"没有权限", "Forbidden"},
    {"您没有权限进行此操作。", "This account may not do that."},
    {"账号的类型、角色或所属服务站不允许此操作；用 cookie 写入时，来源必须是本站页面。",
     "The account's kind, role or station does not allow it; with the cookie, a write must come from the own pages."}};
constexpr CodeTexts ineligible{
    {"年龄不符", "Not eligible"},
    {"参加人的年龄不符合本活动的要求。", "The attendee's age does not fit this activity."},
    {"年龄按第一场活动当天的周岁计算，上下限都包含在内。",
     "Ages are completed years on the day of the first session; both bounds are inclusive."}};
constexpr CodeTexts not_found{
    {"未找到", "Not found"},
    {"没有找到，或者不属于您。", "There is no such thing, or not for this caller."},
    {"地址或编号不存在，或者不属于调用者。", "The path or the id is unknown, or belongs to somebody else."}};
constexpr CodeTexts method_not_allowed{{"方法不支持", "Method not allowed"},
                                       {"此地址不支持这种请求方法。", "This path has other methods."},
                                       {"Allow 列出了此地址支持的方法。", "`Allow` lists the methods of the path."}};
constexpr CodeTexts request_timeout{
    {"请求超时", "Request timeout"},
    {"请求没有及时送达，请重试。", "The request did not arrive in time."},
    {"请求头或正文发送得太慢，连接已关闭。", "Header or body came too slowly; the connection was closed."}};
constexpr CodeTexts length_required{{"缺少长度", "Length required"},
                                    {"请求缺少正文长度。", "The body needs Content-Length or chunked coding."},
                                    {"带正文的请求需要 Content-Length 或 chunked 编码。",
                                     "A request with a body needs Content-Length or `Transfer-Encoding: chunked`."}};
constexpr CodeTexts too_large{
    {"正文过大", "Too large"},
    {"请求正文过大。", "The body is too long."},
    {"正文超过了服务器的上限（http.body_limit_bytes）。", "The body is longer than http.body_limit_bytes."}};
constexpr CodeTexts unsupported_media_type{{"内容类型不支持", "Unsupported media type"},
                                           {"不支持这种内容类型。", "This call takes another content type."},
                                           {"请使用接口说明中的内容类型，通常是 application/json。",
                                            "Send the content type that the contract names, mostly application/json."}};
constexpr CodeTexts header_too_large{
    {"请求头过大", "Header too large"},
    {"请求头过大。", "The header is too long."},
    {"请求头超过了服务器的上限（http.header_limit_bytes）。", "The header is longer than http.header_limit_bytes."}};
constexpr CodeTexts not_open{{"尚未开始", "Not open yet"},
                             {"还没有到开始时间。", "It has not begun yet."},
                             {"预约或签到还没有开始；opens_at 是开始时间，以服务器时钟为准。",
                              "Booking or check-in has not begun; `opens_at` says when, by the server's clock."}};
constexpr CodeTexts closed{
    {"已经截止", "Closed"},
    {"已经截止。", "It has ended."},
    {"预约或取消的时间已过，或者活动已取消。", "Booking or cancelling has ended, or the activity was cancelled."}};
constexpr CodeTexts sold_out{
    {"名额已满", "Sold out"},
    {"名额已满。", "No seat is left."},
    {"名额已经约满；有人取消后会立即放出。", "All seats are taken; one that is given back can be booked at once."}};
constexpr CodeTexts already_booked{
    {"已经预约", "Already booked"},
    {"这位参加人已经预约了本活动。", "The attendee has booked this activity already."},
    {"同一位参加人在一个活动中只能有一个有效预约，不论由哪位家长预约。",
     "An attendee holds one active booking of an activity, whichever parent booked it."}};
constexpr CodeTexts limit_reached{
    {"已达上限", "Limit reached"},
    {"已达到本期的预约上限。", "The programme's limit of bookings is reached."},
    {"本期规定了每位参加人和每个家庭的预约上限；scope 说明是哪一种。",
     "The programme limits bookings per attendee and per family; `scope` says which limit it was."}};
constexpr CodeTexts overlaps{
    {"时间冲突", "Overlapping times"},
    {"与这位参加人已预约的活动时间冲突。", "It meets at the time of another activity that the attendee has booked."},
    {"本期不允许同一位参加人预约时间重叠的活动。",
     "The programme does not let an attendee book activities that meet at the same time."}};
constexpr CodeTexts already_checked_in{
    {"已经签到", "Already checked in"},
    {"本场已经签到。", "The attendee was checked in to this session before."},
    {"id 和 at 是第一次签到的编号与时间。", "`id` and `at` are those of the first check-in."}};
constexpr CodeTexts wrong_session{
    {"场次不符", "Wrong session"},
    {"这个预约不属于本场活动。", "The booking is for another activity."},
    {"预约的活动与签到场次的活动不同。", "The booking and the session belong to different activities."}};
constexpr CodeTexts invalid_state{
    {"当前状态不允许", "Not in this state"},
    {"当前状态不允许此操作。", "The present state does not allow that."},
    {"操作与当前状态不符，例如已取消的活动不能修改。",
     "The call does not fit the present state; a cancelled activity, for example, does not change."}};
constexpr CodeTexts in_progress{
    {"正在处理", "In progress"},
    {"同一请求正在处理，请稍后重试。", "The same request is being worked on; try again soon."},
    {"相同的 Idempotency-Key 正在处理中。", "A call with the same Idempotency-Key has not ended yet."}};
constexpr CodeTexts version_mismatch{
    {"版本不符", "Version mismatch"},
    {"内容已被他人修改，请刷新后重试。", "It was changed meanwhile, or If-Match is missing."},
    {"If-Match 缺失，或者不是当前版本的 ETag。", "If-Match is missing or is not the ETag of the current version."}};
constexpr CodeTexts idempotency_conflict{
    {"幂等键冲突", "Idempotency conflict"},
    {"这个 Idempotency-Key 已用于其他内容。", "This Idempotency-Key was used with other content."},
    {"同一个键只能用于同样的内容；新的请求请使用新的键。",
     "A key stands for one content; another wish needs another key."}};
constexpr CodeTexts too_many_requests{{"请求过于频繁", "Too many requests"},
                                      {"请求过于频繁，请稍后再试。", "Too many requests; try again later."},
                                      {"超过了每位用户或每个地址的频率上限；Retry-After 是等待的秒数。",
                                       "Over the limit per user or address; `Retry-After` says for how many seconds."}};
constexpr CodeTexts internal{
    {"服务器错误", "Internal error"},
    {"服务器出现错误。", "The server made a mistake."},
    {"服务器内部错误；反馈时请提供 request_id。", "A fault of the server; tell the request_id when you report it."}};
constexpr CodeTexts overloaded{
    {"服务器繁忙", "Overloaded"},
    {"服务器繁忙，请稍后重试；您的操作没有生效。", "Too much is going on; nothing was changed, try again soon."},
    {"队列已满，没有作任何更改。", "A queue is full; nothing was changed."}};
constexpr CodeTexts unavailable{
    {"暂时不可用", "Unavailable"},
    {"服务暂时不可用，请稍后重试；您的操作没有生效。", "The service is unavailable for now; nothing was changed."},
    {"存储暂时没有应答，没有作任何更改。", "A store does not answer; nothing was changed."}};
constexpr CodeTexts outcome_unknown{
    {"结果未知", "Outcome unknown"},
    {"暂时不知道结果，请用同一个请求重试。", "It may or may not have happened: send the same request again."},
    {"操作可能已经生效；请用相同的 Idempotency-Key 重试，即可得到真实结果。",
     "It may have taken effect; the same call with the same Idempotency-Key tells what happened."}};

}  // namespace

const CodeTexts& texts_of(base::Code code) {
  switch (code) {
    case base::Code::invalid_request:
      return invalid_request;
    case base::Code::unauthorized:
      return unauthorized;
    case base::Code::forbidden:
      return forbidden;
    case base::Code::ineligible:
      return ineligible;
    case base::Code::not_found:
      return not_found;
    case base::Code::method_not_allowed:
      return method_not_allowed;
    case base::Code::request_timeout:
      return request_timeout;
    case base::Code::length_required:
      return length_required;
    case base::Code::too_large:
      return too_large;
    case base::Code::unsupported_media_type:
      return unsupported_media_type;
    case base::Code::header_too_large:
      return header_too_large;
    case base::Code::not_open:
      return not_open;
    case base::Code::closed:
      return closed;
    case base::Code::sold_out:
      return sold_out;
    case base::Code::already_booked:
      return already_booked;
    case base::Code::limit_reached:
      return limit_reached;
    case base::Code::overlaps:
      return overlaps;
    case base::Code::already_checked_in:
      return already_checked_in;
    case base::Code::wrong_session:
      return wrong_session;
    case base::Code::invalid_state:
      return invalid_state;
    case base::Code::in_progress:
      return in_progress;
    case base::Code::version_mismatch:
      return version_mismatch;
    case base::Code::idempotency_conflict:
      return idempotency_conflict;
    case base::Code::too_many_requests:
      return too_many_requests;
    case base::Code::internal:
      return internal;
    case base::Code::overloaded:
      return overloaded;
    case base::Code::unavailable:
      return unavailable;
    case base::Code::outcome_unknown:
      return outcome_unknown;
  }
  return internal;
}

}  // namespace zl::http
