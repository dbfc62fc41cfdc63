import type {config as en} from '../en/config.ts';

export const config: typeof en = {
  unreadable: ({path, reason}) => `无法读取 ${path}：${reason}。`,
  syntax: ({message}) => `不是有效的 YAML：${message}`,
  notAMapping: '这里应为“键: 值”形式的内容。',
  unknownKey: ({key, meant, known}) =>
    `没有“${key}”这个设置${meant === '' ? `。此处可用的设置：${known}。` : `。您是不是要写“${meant}”？`}`,
  notAllowed: ({key, given, allowed}) => `${key} 不能是“${given}”。可用的值：${allowed}。`,
  wholeNumber: '整数',
  list: '列表（每一项以“-”开头）',
  textValue: '文本（请加引号）',
  keysBelow: '缩进书写的下级设置',
  notEmpty: '非空文本',
  atLeast: ({least}) => `不小于 ${least}`,
  atMost: ({most}) => `不大于 ${most}`,
  nameFormat: '小写字母、数字和“-”，最多 39 个字符，且以字母或数字开头',
  quantity: ({example}) => `像 ${example} 这样的数量`,
  forms: {
    ggufFile: '仓库中一个 .gguf 文件的路径',
    modelName: '小写字母、数字、“.”“_”和“-”，最多 63 个字符，以字母或数字开头',
    modelSource:
      'huggingface 或 modelscope（或两者），GGUF 还要写 file；或者只写 path；sha256 只能与 file 一起写',
    repository: 'owner/name 或 owner/name@revision',
    sha256: '64 位十六进制数字',
    webhookAddress: 'https 地址（http 只限本机和私有地址）、env:变量名 或 file:路径',
    webhookName: '文字、数字、空格、“.”、“_”和“-”，最多 60 个，以文字或数字开头',
    webhookSecret: '不为空的文字、env:变量名 或 file:路径',
    webhookUnsigned: '不填，因为该服务不签名：密钥就在地址里',
  },
  checkSummary: '检查配置文件，并显示补全默认值之后的含义。',
  checkFile: '配置文件；默认使用当前目录的 berth.yaml（若存在）。',
  checkExampleHere: '检查当前目录的 berth.yaml。',
  checkExampleFile: '检查另一个文件，并以程序可读的形式输出。',
  checkedFile: ({file}) => `${file} 没有问题。补全默认值之后为：`,
  checkedNothing: '当前目录没有 berth.yaml，也不是必需的。默认设置为：',
};
