import type {Alert} from '../alert.ts';
import {cut, footer, jsonPost, judgeCode, numberLines, plainMarkdown, type Format} from './format.ts';

/** Busy, and more than 20 messages a minute. Source: developer.work.weixin.qq.com, global error codes. */
const BUSY = [-1, 45_009];

const COLOURS: Record<Alert['state'], string> = {bad: 'warning', good: 'info', test: 'comment'};
/** Longest Markdown that it takes. Bytes. */
const LONGEST = 4096;

/**
 * A robot of a WeCom group. Its key is in the address; nothing is signed.
 * Source: developer.work.weixin.qq.com/document/path/91770.
 */
export const wecom: Format = {
  post(alert, {url}) {
    const lines = [
      `**<font color="${COLOURS[alert.state]}">${plainMarkdown(alert.title)}</font>**`,
      plainMarkdown(alert.text),
      ...numberLines(alert, plainMarkdown).map((line) => `> ${line}`),
      footer(alert, plainMarkdown),
    ];
    return jsonPost(url.reveal(), {msgtype: 'markdown', markdown: {content: cut(lines.join('\n'), LONGEST)}});
  },
  judge: (answer) => judgeCode(answer, {code: ['errcode'], message: 'errmsg'}, BUSY),
};
