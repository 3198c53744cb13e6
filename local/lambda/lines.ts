import type { Readable } from 'node:stream';

/**
 * Calls back for each log event in the stream. The runtime client writes the line breaks inside one as carriage returns,
 * as AWS's own does where it writes to stdout: https://github.com/aws/aws-lambda-nodejs-runtime-interface-client
 */
export function readLines(stream: Readable, onLine: (line: string) => void): void {
  let unread = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = (unread + text).split('\n');
    unread = lines.pop() ?? '';
    for (const line of lines) onLine(toEvent(line));
  });
  stream.on('end', () => {
    if (unread !== '') onLine(toEvent(unread));
  });
}

function toEvent(line: string): string {
  return line.replace(/\r$/, '').replaceAll('\r', '\n');
}
