/**
 * A gateway that does what the question says: `refuse` answers 400, `busy` 503, `cut` breaks off after one
 * word, `slow` goes on until the client leaves, `escape` tries to steer the terminal, `long` is cut at its
 * limit; anything else is echoed with what the request asked for. The key is `sk-fake`. It prints
 * `{"url": "..."}`, and then one line for every request whose client went away.
 */
import {createServer, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';

interface Body {
  messages: {role: string; content: string}[];
  temperature?: number;
  max_tokens?: number;
}

const refuse = (response: ServerResponse, status: number, message: string): void => {
  response.writeHead(status, {'content-type': 'application/json'});
  response.end(JSON.stringify({error: {message, type: 'fake', param: null, code: 'fake'}}));
};

const chunk = (content: string, finish: string | null = null): string =>
  `data: ${JSON.stringify({choices: [{index: 0, delta: {content}, finish_reason: finish}]})}\n\n`;

function answer(response: ServerResponse, body: Body): void {
  const question = body.messages.at(-1)?.content ?? '';
  if (question === 'refuse') {
    refuse(response, 400, 'the prompt is too long');
    return;
  }
  if (question === 'busy') {
    refuse(response, 503, 'no engine');
    return;
  }
  response.writeHead(200, {'content-type': 'text/event-stream'});
  if (question === 'cut') {
    response.write(chunk('half'), () => response.destroy());
    return undefined;
  }
  if (question === 'slow') {
    const timer = setInterval(() => response.write(chunk('tick ')), 20);
    response.on('close', () => {
      clearInterval(timer);
      console.log('client gone');
    });
    return undefined;
  }
  const system = body.messages.find(({role}) => role === 'system')?.content;
  const asked = {
    turns: body.messages.length,
    temperature: body.temperature,
    max: body.max_tokens,
    system,
  };
  const text =
    question === 'escape' ? 'a\u001b]0;owned\u0007\u001b[2Jb' : `${question} ${JSON.stringify(asked)}`;
  for (const character of text) response.write(chunk(character));
  response.write(chunk('', question === 'long' ? 'length' : 'stop'));
  response.write(
    `data: ${JSON.stringify({choices: [], usage: {prompt_tokens: 7, completion_tokens: 9}})}\n\n`,
  );
  response.end('data: [DONE]\n\n');
}

const server = createServer((request, response) => {
  let text = '';
  request.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  request.on('end', () => {
    if (request.headers.authorization !== 'Bearer sk-fake') refuse(response, 401, 'wrong key');
    else if (request.url === '/v1/models')
      response.end(JSON.stringify({object: 'list', data: [{id: 'fake-model'}]}));
    else answer(response, JSON.parse(text) as Body);
  });
});
server.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`}));
});
// Whoever started it holds its stdin: it must not outlive a test that was killed.
process.stdin.on('end', () => process.exit(0)).resume();
