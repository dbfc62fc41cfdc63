import {createHmac} from 'node:crypto';
import type {Alert} from '../alert.ts';
import {cut, footer, jsonPost, judgeCode, numberLines, plain, type Format} from './format.ts';

/** Too many at once. Source: open.feishu.cn, error codes of custom bots. */
const BUSY = [9499, 11_232];
/** Of the 20 KB that a request may have. */
const LONGEST = 5000;

const COLOURS: Record<Alert['state'], string> = {bad: 'red', good: 'green', test: 'blue'};

/**
 * A custom bot of a Feishu or Lark group. Signed in the body: `sign` is `HMAC-SHA256("<s>\n<secret>", "")`. Other than
 * DingTalk's, that text is the key, and what is signed with it is empty.
 * Source: open.feishu.cn/document/client-docs/bot-v3/add-custom-bot.
 */
export const feishu: Format = {
  post(alert, {url, secret, nowMs}) {
    const timestamp = String(Math.floor(nowMs / 1000));
    const signed = secret && {
      timestamp,
      sign: createHmac('sha256', `${timestamp}\n${secret.reveal()}`).digest('base64'),
    };
    const content = [plain(alert.text), ...numberLines(alert, plain), footer(alert, plain)].join('\n');
    return jsonPost(url.reveal(), {
      ...signed,
      msg_type: 'interactive',
      card: {
        header: {
          title: {tag: 'plain_text', content: plain(alert.title)},
          template: COLOURS[alert.state],
        },
        elements: [{tag: 'div', text: {tag: 'plain_text', content: cut(content, LONGEST)}}],
      },
    });
  },
  judge: (answer) => judgeCode(answer, {code: ['code', 'StatusCode'], message: 'msg'}, BUSY),
};
