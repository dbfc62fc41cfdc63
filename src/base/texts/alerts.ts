import {alerts as en} from './en/alerts.ts';
import {alerts as zhCN} from './zh-CN/alerts.ts';
import type {Language, Texts} from './index.ts';

const catalogues: Record<Language, Texts['alerts']> = {en, 'zh-CN': zhCN};

/** The texts of alerts alone: a watch needs no others in Chinese, and is to stay small. */
export const alertTextsFor = (language: Language): Texts['alerts'] => catalogues[language];
