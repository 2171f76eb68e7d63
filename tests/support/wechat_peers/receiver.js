// The account's callback by another hand, co-wechat, on a free port: node receiver.js. It prints "ready URL", answers
// each push with a text that tells what it read of it, and ends when its standard input does. TOKEN, AES_KEY and APPID
// come from the environment.
'use strict';
const http = require('node:http');
const wechat = require('co-wechat');

const {TOKEN, AES_KEY, APPID} = process.env;

const told = (message) => JSON.stringify({type: message.MsgType, event: message.Event, key: message.EventKey,
                                          content: message.Content, id: message.MsgId, from: message.FromUserName,
                                          list: message.SubscribeMsgPopupEvent});
const middleware = wechat({token: TOKEN, appid: APPID, encodingAESKey: AES_KEY}).middleware(async (message) => told(message));

const server = http.createServer(async (request, response) => {
  // What the middleware wants of Koa.
  const address = new URL(request.url, 'http://localhost');
  const ctx = {req: request, request: {}, method: request.method, query: Object.fromEntries(address.searchParams), status: 200};
  try {
    await middleware(ctx);
  } catch (error) {
    console.error(error);
    ctx.status = 500;
  }
  response.writeHead(ctx.status);
  response.end(ctx.body ?? '');
});
server.listen(0, '127.0.0.1', () => console.log(`ready http://127.0.0.1:${server.address().port}/callback`));
process.stdin.resume().on('end', () => process.exit(0));
