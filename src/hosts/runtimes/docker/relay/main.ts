/**
 * Joins its own input and output with a socket that only its container can reach: `relay unix PATH`,
 * `relay tcp ADDRESS PORT`. Through `docker exec` this is the way to the supervisor, and to an engine whose
 * port is not published.
 */
import {connect} from 'node:net';

const [kind, where = '', port = ''] = process.argv.slice(2);
const socket = kind === 'unix' ? connect(where) : connect({host: where, port: Number(port)});
socket.setNoDelay(true);
socket.on('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
process.stdin.pipe(socket);
socket.pipe(process.stdout);
// The client has gone without a word.
process.stdout.on('error', () => process.exit(0));
socket.once('close', () => process.exit(0));
