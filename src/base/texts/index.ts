/**
 * Every text that a person reads, in two catalogues that the compiler keeps equal.
 * JSON output is never translated.
 */
import {en} from './en/index.ts';
import {zhCN} from './zh-CN/index.ts';

export type Texts = typeof en;
export type Language = 'en' | 'zh-CN';

/** A text whose language is chosen only when it is shown. */
export type Say = (texts: Texts) => string;

const catalogues: Record<Language, Texts> = {en, 'zh-CN': zhCN};

export const textsFor = (language: Language): Texts => catalogues[language];

/** The language that a locale such as `zh_CN.UTF-8` asks for; English when it asks for none we have. */
export function languageOf(locale: string | undefined): Language {
  return /^zh\b|^zh[_-]/i.test(locale ?? '') ? 'zh-CN' : 'en';
}

/** `--lang` wins, then the usual order of POSIX locale variables. */
export function chooseLanguage(flag: string | undefined, env: NodeJS.ProcessEnv): Language {
  const wanted = [flag, env.BERTH_LANG, env.LC_ALL, env.LC_MESSAGES, env.LANG];
  return languageOf(wanted.find((value) => value !== undefined && value !== ''));
}

/** A text in every language, for a reader that is elsewhere. */
export type Translated = Readonly<Record<Language, string>>;

export const inEveryLanguage = (say: Say): Translated => ({en: say(en), 'zh-CN': say(zhCN)});

export const sayAgain =
  (translated: Translated): Say =>
  (texts) =>
    translated[texts === zhCN ? 'zh-CN' : 'en'];
