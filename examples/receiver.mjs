// A webhook receiver in one file: node examples/receiver.mjs <port> <secret>
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const [port = '9000', secret = 'my-secret-key'] = process.argv.slice(2);

// The second one is there while the secret is rotated, signed with the new one.
const SIGNATURES = ['x-stella-signature', 'x-stella-signature-next'];

function isValid(body, headers) {
  const expected = createHmac('sha256', secret).update(body).digest();
  return SIGNATURES.some((name) => {
    const given = Buffer.from(headers[name] ?? '', 'hex');
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const valid = isValid(Buffer.concat(chunks), request.headers);
    process.stdout.write(`${request.headers['x-stella-event']}, signature ${valid ? 'valid' : 'NOT valid'}\n`);
    response.writeHead(valid ? 200 : 401).end();
  });
}).listen(Number(port), 'localhost', () => process.stdout.write(`receiver on http://localhost:${port}\n`));
