// What the platform pushes, as its documentation and its users show it.
#include "wechat/push_reader.hpp"

#include <gtest/gtest.h>

namespace zl::wechat {
namespace {

using app::Consent;
using app::Delivery;

constexpr std::string_view sender = "o9AgO5Kd5ggOC-bXrbNODIiE3bGY";

std::string message(const std::string& kind, const std::string& rest) {
  return "<xml><ToUserName><![CDATA[gh_97417a04a28d]]></ToUserName><FromUserName><![CDATA[" + std::string(sender) +
         "]]></FromUserName><CreateTime>1714037059</CreateTime><MsgType><![CDATA[" + kind + "]]></MsgType>" + rest +
         "</xml>";
}
std::string event(const std::string& name, const std::string& rest = "") {
  return message("event", "<Event><![CDATA[" + name + "]]></Event>" + rest);
}
std::string key_of(const std::string& xml) {
  return read_push(xml).value().key;
}
template <class Content>
Content content_of(const std::string& xml) {
  return std::get<Content>(read_push(xml).value().content);
}

TEST(PushReader, reads_texts_with_ids_beyond_a_double) {
  const auto push = read_push(
      message("text", "<Content><![CDATA[我的]]]]><![CDATA[>预约]]></Content><MsgId>3557254367693750277</MsgId>"));
  ASSERT_TRUE(push);
  EXPECT_EQ(push->key, "m3557254367693750277");
  EXPECT_EQ(push->openid, sender);
  EXPECT_EQ(push->account, "gh_97417a04a28d");
  EXPECT_EQ(push->created_at_s, 1'714'037'059);
  EXPECT_EQ(std::get<app::Said>(push->content).text, "我的]]>预约");
  EXPECT_NE(key_of(message("text", "<MsgId>3557254367693750278</MsgId>")), push->key);
}

TEST(PushReader, reads_the_events_that_something_is_done_about) {
  EXPECT_EQ(content_of<app::Followed>(event("subscribe")).scene, "");
  EXPECT_EQ(content_of<app::Followed>(event("subscribe", "<EventKey>qrscene_ev_42</EventKey><Ticket>t</Ticket>")).scene,
            "ev_42");
  EXPECT_EQ(content_of<app::Followed>(event("subscribe", "<EventKey>last_trade_no_4</EventKey>")).scene, "");
  EXPECT_EQ(content_of<app::Scanned>(event("SCAN", "<EventKey><![CDATA[ev_42]]></EventKey>")).scene, "ev_42");
  EXPECT_EQ(content_of<app::MenuPressed>(event("CLICK", "<EventKey>my_bookings</EventKey>")).key, "my_bookings");
  EXPECT_NO_THROW(content_of<app::Unfollowed>(event("unsubscribe")));
}

TEST(PushReader, keeps_the_names_of_what_nothing_is_done_about) {
  EXPECT_EQ(content_of<app::OtherPush>(event("LOCATION", "<Latitude>23.1</Latitude>")).kind, "LOCATION");
  EXPECT_EQ(content_of<app::OtherPush>(event("a_new_event")).kind, "a_new_event");
  EXPECT_EQ(content_of<app::OtherPush>(message("image", "<PicUrl>u</PicUrl><MsgId>1</MsgId>")).kind, "image");
}

TEST(PushReader, reads_how_template_messages_fared) {
  const auto report = [](const std::string& status) {
    return content_of<app::Delivered>(
               event("TEMPLATESENDJOBFINISH", "<MsgID>200163836</MsgID><Status><![CDATA[" + status + "]]></Status>"))
        .reports.at(0);
  };
  EXPECT_EQ(report("success").message_id, "200163836");
  EXPECT_EQ(report("success").delivery, Delivery::delivered);
  EXPECT_EQ(report("failed:user block").delivery, Delivery::blocked_by_user);
  EXPECT_EQ(report("failed: system failed").delivery, Delivery::failed);
  EXPECT_EQ(report("failed:freq limit").delivery, Delivery::failed);
  EXPECT_EQ(report("").delivery, Delivery::failed);
}

TEST(PushReader, reads_how_subscription_notices_fared) {
  const auto reports =
      content_of<app::Delivered>(
          event("subscribe_msg_sent_event",
                "<SubscribeMsgSentEvent>"
                "<List><TemplateId>T1</TemplateId><MsgID>1700827132819554304</MsgID><ErrorCode>0</ErrorCode>"
                "<ErrorStatus>success</ErrorStatus></List>"
                "<List><TemplateId>T2</TemplateId><MsgID>1700827132819554305</MsgID><ErrorCode>4</ErrorCode>"
                "<ErrorStatus>success</ErrorStatus></List></SubscribeMsgSentEvent>"))
          .reports;
  ASSERT_EQ(reports.size(), 2U);
  EXPECT_EQ(reports[0].message_id, "1700827132819554304");
  EXPECT_EQ(reports[0].template_id, "T1");
  EXPECT_EQ(reports[0].delivery, Delivery::delivered);
  EXPECT_EQ(reports[1].delivery, Delivery::failed);
}

TEST(PushReader, reads_consent_given_refused_and_withdrawn) {
  const std::string list =
      "<List><TemplateId>T1</TemplateId><SubscribeStatusString>accept</SubscribeStatusString></List>"
      "<List><TemplateId>T2</TemplateId><SubscribeStatusString>reject</SubscribeStatusString></List>"
      "<List><TemplateId>T3</TemplateId><SubscribeStatusString>later</SubscribeStatusString></List>";
  const auto changes = [&list](const std::string& name, const std::string& element) {
    return content_of<app::ConsentChanged>(event(name, "<" + element + ">" + list + "</" + element + ">")).changes;
  };
  const auto asked = changes("subscribe_msg_popup_event", "SubscribeMsgPopupEvent");
  ASSERT_EQ(asked.size(), 2U);
  EXPECT_EQ(asked[0].template_id, "T1");
  EXPECT_EQ(asked[0].consent, Consent::given);
  EXPECT_EQ(asked[1].consent, Consent::refused);
  for (const std::string element : {"SubscribeMsgChangeEvent", "SubscribeMsgPopupEvent"}) {
    const auto changed = changes("subscribe_msg_change_event", element);
    ASSERT_EQ(changed.size(), 1U) << element;
    EXPECT_EQ(changed[0].template_id, "T2");
    EXPECT_EQ(changed[0].consent, Consent::withdrawn);
  }
}

TEST(PushReader, reads_lists_up_to_their_limit) {
  std::string list;
  for (int i = 0; i < 100; ++i) {
    list += "<List><TemplateId>T</TemplateId><SubscribeStatusString>accept</SubscribeStatusString></List>";
  }
  EXPECT_EQ(content_of<app::ConsentChanged>(
                event("subscribe_msg_popup_event", "<SubscribeMsgPopupEvent>" + list + "</SubscribeMsgPopupEvent>"))
                .changes.size(),
            push_list_limit);
}

TEST(PushReader, gives_a_repeated_event_the_same_key_and_others_another) {
  const std::string click = event("CLICK", "<EventKey>a</EventKey>");
  EXPECT_EQ(key_of(click), key_of(click));
  EXPECT_LE(key_of(click).size(), 64U);
  EXPECT_NE(key_of(click), key_of(event("CLICK", "<EventKey>b</EventKey>")));
  EXPECT_NE(key_of(click), key_of(event("VIEW", "<EventKey>a</EventKey>")));
  EXPECT_NE(key_of(event("CLICK", "<EventKey>ab</EventKey>")), key_of(event("CLICKa", "<EventKey>b</EventKey>")));
  const auto finished = [](const std::string& id) {
    return key_of(event("TEMPLATESENDJOBFINISH", "<MsgID>" + id + "</MsgID><Status>success</Status>"));
  };
  EXPECT_NE(finished("200163836"), finished("200163837"));
  const auto asked = [](const std::string& id) {
    return key_of(event("subscribe_msg_popup_event",
                        "<SubscribeMsgPopupEvent><List><TemplateId>" + id +
                            "</TemplateId><SubscribeStatusString>accept</SubscribeStatusString></List>"
                            "</SubscribeMsgPopupEvent>"));
  };
  EXPECT_NE(asked("T1"), asked("T2"));
}

TEST(PushReader, refuses_pushes_that_lack_what_all_have) {
  EXPECT_FALSE(read_push(""));
  EXPECT_FALSE(read_push("<xml/>"));
  EXPECT_FALSE(read_push(message("text", "<Content>no id</Content>")));
  EXPECT_FALSE(read_push(message("text", "<Content>a</Content><MsgId>1e3</MsgId>")));
  EXPECT_FALSE(read_push(message("", "<MsgId>1</MsgId>")));
  for (const std::string time : {"", "-1", "soon", "99999999999999999999"}) {
    EXPECT_FALSE(read_push("<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName><CreateTime>" + time +
                           "</CreateTime><MsgType>event</MsgType><Event>SCAN</Event></xml>"))
        << time;
  }
  for (const std::string& openid : {std::string(), std::string("o 1"), std::string("o'1"), std::string(129, 'o')}) {
    EXPECT_FALSE(read_push("<xml><ToUserName>gh_1</ToUserName><FromUserName>" + openid +
                           "</FromUserName><CreateTime>1</CreateTime><MsgType>event</MsgType></xml>"))
        << openid;
  }
}

TEST(PushReader, takes_times_in_milliseconds_as_some_peers_send_them) {
  const auto push = read_push(
      "<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName><CreateTime>1714037059123</CreateTime>"
      "<MsgType>event</MsgType><Event>SCAN</Event></xml>");
  ASSERT_TRUE(push);
  EXPECT_EQ(push->created_at_s, 1'714'037'059'123);
}

}  // namespace
}  // namespace zl::wechat
