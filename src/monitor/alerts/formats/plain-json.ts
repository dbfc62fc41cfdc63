import {createHmac} from 'node:crypto';
import {jsonPost, judgeStatus, type Format} from './format.ts';

/**
 * The alert as JSON, for a program of one's own. With a secret, `x-berth-signature` is
 * `sha256=<hex of HMAC-SHA256(secret, "<ms>.<body>")>` and `x-berth-timestamp` those milliseconds.
 */
export const plainJson: Format = {
  post(alert, {url, secret, nowMs}) {
    const {atMs, ...rest} = alert;
    const post = jsonPost(url.reveal(), {schema: 'berth.alert/1', at: new Date(atMs).toISOString(), ...rest});
    if (!secret) return post;
    const signature = createHmac('sha256', secret.reveal()).update(`${nowMs}.${post.body}`).digest('hex');
    return {
      ...post,
      headers: {
        ...post.headers,
        'x-berth-timestamp': String(nowMs),
        'x-berth-signature': `sha256=${signature}`,
      },
    };
  },
  judge: (answer) => judgeStatus(answer) ?? {verdict: 'taken'},
};
