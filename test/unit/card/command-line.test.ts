import {describe, expect, it} from 'vitest';
import {showCommand} from '../../../src/card/cpu/command-line.ts';

describe('showCommand', () => {
  it.each([
    [['serve', '--token', 'abc123', '--port', '80'], 'serve --token [redacted] --port 80'],
    [['serve', '--api-key=abc123'], 'serve --api-key=[redacted]'],
    [['env', 'HF_TOKEN=abc123', 'serve'], 'env HF_TOKEN=[redacted] serve'],
    [['env', 'OPENAI_API_KEY=abc123'], 'env OPENAI_API_KEY=[redacted]'],
    [['chat', 'sk-berth-0123456789'], 'chat [redacted]'],
    [['curl', '-H', 'Authorization: Bearer abc.def'], 'curl -H Authorization: Bearer [redacted]'],
    [['git', 'clone', 'https://me:secret@example.org/x'], 'git clone https://[redacted]@example.org/x'],
    [['curl', 'https://x.org/a?access_token=abc&b=1'], 'curl https://x.org/a?access_token=[redacted]&b=1'],
    [['pull', 'hf_abcdefghij'], 'pull [redacted]'],
  ])('cuts the secret out of %j', (argv, shown) => {
    expect(showCommand(argv)).toBe(shown);
  });

  it.each([
    [['vllm', '--max-tokens', '512', '--tokenizer', 'qwen']],
    [['gateway', '--key-file', '/var/lib/keys.json']],
    [['sort', '-k', '2', '--keyless']],
    [['serve', '--token', '--port', '80']],
  ])('leaves %j alone', (argv) => {
    expect(showCommand(argv)).toBe(argv.join(' '));
  });

  it('cuts long tails and control characters', () => {
    expect(showCommand(['x'.repeat(500)])).toHaveLength(200);
    expect(showCommand(['a\u001b[2Jb\nc'])).toBe('a [2Jb c');
  });
});
