// Clients of the platform by other hands, run against the emulator at the address given: node clients.js URL PEER.
// It ends with an error where a client does not understand the emulator, or is not understood. In the environment:
// APPID, SECRET, TOKEN and AES_KEY of the account; person o1 follows it.
'use strict';
const assert = require('node:assert');
const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const [url, peer] = process.argv.slice(2);
const {APPID, SECRET, TOKEN, AES_KEY} = process.env;
const PAGE = 'https://town.example/page?a=1&b=钟楼';

async function control(name, given = {}) {
  const response = await fetch(`${url}/emulator/${name}`, {method: 'POST', body: JSON.stringify(given)});
  assert.strictEqual(response.status, 200, await response.clone().text());
  return response.json();
}

async function requests(path) {
  return (await control('report')).requests[path] ?? 0;
}

function signed(ticket, config) {
  const text = `jsapi_ticket=${ticket}&noncestr=${config.nonceStr}&timestamp=${config.timestamp}&url=${PAGE}`;
  return crypto.createHash('sha1').update(text).digest('hex');
}

const DATA = {thing1: {value: '钢琴课'}, time2: {value: '2026年9月5日 09:00'}};
const MENU = {button: [{type: 'click', name: '我的预约', key: 'my_bookings'},
                       {name: '更多', sub_button: [{type: 'view', name: '报名', url: 'https://town.example/'}]}]};

async function refused(promise, code) {
  await assert.rejects(promise, (error) => {
    assert.strictEqual(Number(error.code), code, error.message);
    assert.match(error.message, /rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}/);
    return true;
  });
}

async function coWechatApi() {
  const WechatApi = require('co-wechat-api');
  const api = new WechatApi(APPID, SECRET);
  for (const name of ['prefix', 'mpPrefix']) api[name] = `${url}/cgi-bin/`;
  api.snsPrefix = `${url}/sns/`;

  const sent = await api.sendTemplate('o1', 'TEMPLATE', 'https://town.example/', undefined, DATA);
  assert.match(String(sent.msgid), /^\d{17,}$/);  // read with all its digits
  await refused(api.sendTemplate('o9', 'TEMPLATE', '', undefined, DATA), 40003);
  await refused(api.sendTemplate('o1', 'NOTICE', '', undefined, DATA), 40037);
  await refused(api.sendTemplate('o1', 'TEMPLATE', '', undefined, {thing1: {value: ''}}), 47003);
  assert.deepStrictEqual((await api.getAllPrivateTemplate()).template_list.map((item) => item.template_id), ['TEMPLATE']);

  // A void token is noticed, renewed, and the call replayed.
  const before = await requests('/cgi-bin/token');
  await control('kill_tokens');
  assert.strictEqual((await api.sendTemplate('o1', 'TEMPLATE', '', undefined, DATA)).errcode, 0);
  assert.strictEqual(await requests('/cgi-bin/token'), before + 1);

  for (const scene of [42, 's.0123456789abcdef0123456789abcdef']) {
    const temporary = await api.createTmpQRCode(scene, 1800);
    assert.strictEqual(temporary.expire_seconds, 1800);
    assert.ok(api.showQRCodeURL(temporary.ticket).startsWith(url) && temporary.url);
    const permanent = await api.createLimitQRCode(scene);
    assert.ok(permanent.ticket && permanent.url && !('expire_seconds' in permanent));
  }
  await refused(api.createLimitQRCode(100001), 40053);

  assert.strictEqual((await api.createMenu(MENU)).errmsg, 'ok');
  assert.deepStrictEqual(JSON.parse(JSON.stringify((await api.getMenu()).menu.button.map((item) => item.name))),
                         ['我的预约', '更多']);
  await refused(api.createMenu({menu: MENU}), 40016);
  await api.removeMenu();
  await refused(api.getMenu(), 46003);

  const config = await api.getJsConfig({url: PAGE, jsApiList: ['scanQRCode']});
  assert.strictEqual(config.signature, signed((await api.getLatestTicket()).ticket, config));

  const {code} = await control('code', {openid: 'o1', mini: true});
  assert.strictEqual((await fetch(`${api.snsPrefix}jscode2session?appid=${APPID}&secret=${SECRET}&js_code=${code}` +
                                  '&grant_type=authorization_code').then((answer) => answer.json())).openid, 'o1');
}

async function nodeEasywechat() {
  const {OfficialAccount} = require('node-easywechat');
  const cache = fs.mkdtempSync(path.join(os.tmpdir(), 'zl-easywechat-'));
  try {
    const app = new OfficialAccount({app_id: APPID, secret: SECRET, token: TOKEN, aes_key: AES_KEY,
                                     use_stable_access_token: true, file_cache: {path: cache},
                                     http: {baseURL: `${url}/`}});
    const client = app.getClient();
    const post = async (path, body) => (await client.postJson(path, body)).toObject();
    const message = {touser: 'o1', template_id: 'TEMPLATE', data: DATA};

    assert.strictEqual((await post('cgi-bin/message/template/send', message)).errcode, 0);
    assert.strictEqual((await post('cgi-bin/message/template/send', message)).errcode, 0);
    assert.strictEqual(await requests('/cgi-bin/stable_token'), 1);

    const tokens = app.getAccessToken();
    const first = await tokens.getToken();
    assert.strictEqual(await tokens.getStableAccessToken(), first);  // the same while it is valid
    const forced = await tokens.getStableAccessToken(true);
    assert.notStrictEqual(forced, first);
    assert.strictEqual(await tokens.getStableAccessToken(true), forced);  // too soon: no other
    await control('kill_tokens');
    assert.strictEqual((await post('cgi-bin/message/template/send', message)).errcode, 40001);
    await tokens.refresh();
    assert.strictEqual((await post('cgi-bin/message/template/send', message)).errcode, 0);

    const notice = {...message, template_id: 'NOTICE'};
    assert.strictEqual((await post('cgi-bin/message/subscribe/bizsend', notice)).errcode, 43101);
    await control('consent', {openid: 'o1', template_id: 'NOTICE'});
    assert.strictEqual((await post('cgi-bin/message/subscribe/bizsend', notice)).errcode, 0);

    assert.strictEqual((await post('cgi-bin/menu/create', MENU)).errcode, 0);
    const qr = await post('cgi-bin/qrcode/create', {expire_seconds: 60, action_name: 'QR_STR_SCENE',
                                                    action_info: {scene: {scene_str: 'x.1'}}});
    assert.ok(qr.ticket && qr.url);

    const config = await app.getUtils().buildJsSdkConfig(PAGE, ['scanQRCode']);
    assert.strictEqual(config.signature, signed(await app.getTicket().getTicket(), config));

    // The web authorization with its provider, whose hosts are the platform's own and so are set here.
    const login = app.getOAuth().redirect('https://town.example/back').replace('https://open.weixin.qq.com', url);
    assert.strictEqual((await fetch(login, {redirect: 'manual'})).status, 200);
  } finally {
    fs.rmSync(cache, {recursive: true});
  }
}

const PEERS = {'co-wechat-api': coWechatApi, 'node-easywechat': nodeEasywechat};
PEERS[peer]().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
