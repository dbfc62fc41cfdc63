import {cut, footer, jsonPost, judgeStatus, numberLines, plain, type Format} from './format.ts';

/** Of the 40,000 characters that Slack shows. Bytes. */
const LONGEST = 12_000;

/** Slack reads `&` as the begin of an escaped character; `plain` has taken the others away. */
const escaped = (text: string): string => plain(text).replaceAll('&', '&amp;');

/**
 * An incoming webhook of Slack. Its key is in the address; nothing is signed. A refusal has another status than 200,
 * and a word in its body that says why. Source: api.slack.com/messaging/webhooks.
 */
export const slack: Format = {
  post(alert, {url}) {
    const lines = [
      `*${escaped(alert.title)}*`,
      escaped(alert.text),
      ...numberLines(alert, escaped).map((line) => `• ${line}`),
      footer(alert, escaped),
    ];
    return jsonPost(url.reveal(), {text: cut(lines.join('\n'), LONGEST)});
  },
  judge(answer) {
    const verdict = judgeStatus(answer);
    if (!verdict || verdict.verdict === 'taken') return {verdict: 'taken'};
    const word = /^[a-z_]{3,60}$/.exec(answer.body.trim())?.[0];
    return word === undefined ? verdict : {...verdict, reason: `${verdict.reason}: ${word}`};
  },
};
