// The callback's cipher by other hands: node ciphers.js < JSON > JSON.
// In: {token, aes_key, appid, messages: [{plain, sealed, timestamp, nonce, signature}]}, sealed and signed by us.
// Out: {peer: [{plain, sealed, timestamp, nonce, signature}]}, the same messages sealed and signed by each peer. It ends with an
// error where a peer cannot open a message of ours, reads another text, or finds another signature.
'use strict';
const assert = require('node:assert');
const wecom = require('@wecom/crypto');
const WXBizMsgCrypt = require('wechat-crypto');

function peersOf({token, aes_key, appid}) {
  const other = new WXBizMsgCrypt(token, aes_key, appid);
  return {
    '@wecom/crypto': {
      open: (sealed) => wecom.decrypt(aes_key, sealed),
      seal: (plain) => wecom.encrypt(aes_key, plain, appid),
      sign: (message) => wecom.getSignature(token, message.timestamp, message.nonce, message.sealed),
    },
    'wechat-crypto': {
      open: (sealed) => other.decrypt(sealed),
      seal: (plain) => other.encrypt(plain),
      sign: (message) => other.getSignature(message.timestamp, message.nonce, message.sealed),
    },
  };
}

function converse(peer, given) {
  return given.messages.map((message) => {
    const opened = peer.open(message.sealed);
    assert.strictEqual(opened.message, message.plain);
    assert.strictEqual(opened.id, given.appid);
    assert.strictEqual(peer.sign(message), message.signature);
    const answer = {plain: message.plain, sealed: peer.seal(message.plain), timestamp: message.timestamp, nonce: message.nonce};
    return {...answer, signature: peer.sign(answer)};
  });
}

const given = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
const answers = {};
for (const [name, peer] of Object.entries(peersOf(given))) answers[name] = converse(peer, given);
process.stdout.write(JSON.stringify(answers));
