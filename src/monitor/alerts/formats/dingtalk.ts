import {createHmac} from 'node:crypto';
import {cut, footer, jsonPost, judgeCode, numberLines, plainMarkdown, type Format} from './format.ts';

/** Too many at once, or the service itself is busy. Source: open.dingtalk.com, error codes of custom robots. */
const BUSY = [-1, 130_101, 410_100];
/** Of the 20,000 bytes that a message may have. */
const LONGEST = 5000;

/**
 * A custom robot of a DingTalk group. Signed in the address: `sign` is `HMAC-SHA256(secret, "<ms>\n<secret>")`.
 * Source: open.dingtalk.com/document/robots/custom-robot-access.
 */
export const dingtalk: Format = {
  post(alert, {url, secret, nowMs}) {
    const address = new URL(url.reveal());
    if (secret) {
      const key = secret.reveal();
      const sign = createHmac('sha256', key).update(`${nowMs}\n${key}`).digest('base64');
      address.searchParams.set('timestamp', String(nowMs));
      address.searchParams.set('sign', sign);
    }
    const title = plainMarkdown(alert.title);
    const lines = [
      `#### ${title}`,
      plainMarkdown(alert.text),
      ...numberLines(alert, plainMarkdown).map((line) => `- ${line}`),
      `> ${footer(alert, plainMarkdown)}`,
    ];
    return jsonPost(address.href, {
      msgtype: 'markdown',
      markdown: {title, text: cut(lines.join('\n\n'), LONGEST)},
    });
  },
  judge: (answer) => judgeCode(answer, {code: ['errcode'], message: 'errmsg'}, BUSY),
};
