import { once } from 'node:events';
import { startLocalCloud } from 'session-socket-local';
import { WebSocket } from 'ws';

const cloud = await startLocalCloud({ assembly: process.argv[2] ?? 'cdk.out' });
const socket = new WebSocket(`${cloud.webSocketUrl}?token=allow`);
await once(socket, 'open');

cloud.clock.advance(10 * 60_000); // ten idle minutes pass at once
const [code] = await once(socket, 'close');
console.log(code); // 1001, as from API Gateway
await cloud.close();
