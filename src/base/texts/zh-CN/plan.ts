import type {plan as en} from '../en/plan.ts';

export const plan: typeof en = {
  headerIncomplete: (p) => `模型文件头没有说明其结构：${p.field} 为 ${p.value}。`,
};
