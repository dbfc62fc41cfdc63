/**
 * What nano says. Each step is one token, or several of which sampling chooses one. A piece must differ from
 * every other piece in both languages, because the token just said is all that decides the next one.
 */
export type Step = readonly Piece[];

/** A word token's text, or one byte of a character that is spelled in bytes. */
export type Piece = string | number;

const say = (...pieces: string[]): Step[] => pieces.map((piece) => [piece]);

/** A character as its UTF-8 bytes, one token each. Real models do this too, so streams must cope with it. */
const spell = (character: string): Step[] => [...new TextEncoder().encode(character)].map((byte) => [byte]);

export const ENGLISH: readonly Step[] = [
  ['This is', 'Here is'],
  ...say(' Berth', "'s", ' built', '-in', ' stand', '-in model '),
  ...spell('🚢'),
  ...say(': it', ' proves', ' the path', ', not', ' the', ' answers', '.\n\n'),
  ...say('Every', ' word', ' comes', ' through', ' the real', ' engine', ', gateway', ' and', ' stream'),
  ...say(', but', ' none', ' of', ' them', ' was', ' learned', '. '),
  ['To get', 'For'],
  ...say(' real answers', ', deploy', ' real weights', ':\n\n'),
  ...say('`berth deploy', ' --model', ' qwen', '3-4b', '-instruct-', '2507`'),
];

/** Said between two notices by an engine that was told to go on past the end of the turn. */
export const AGAIN = {english: '\n\n', chinese: '\n\n\n'} as const;

export const CHINESE: readonly Step[] = [
  ['这是', '您看到的是'],
  ...say(' Berth（'),
  ...spell('泊'),
  ...say('位）', '内置', '的', '替身', '模型', '：', '它', '证明', '整条', '链路', '畅通'),
  ...say('，', '并不', '真正', '回答', '问题', '。\n\n'),
  ...say('每个', '字', '都', '真实地', '经过', '引擎', '、', '网关', '和', '流式', '输出'),
  ...say('，但', '没有', '一个', '是', '学来的', '。'),
  ['想要', '要得到'],
  ...say('真实的', '答案', '，请', '部署', '真实的权重', '：\n\n'),
  ...say('`berth', ' deploy --', 'model qwen3', '-4b', '-instruct', '-2507`'),
];
