// ?connect=<behaviour> decides; ?protocol=<name> is answered as the subprotocol.
exports.handler = async (event) => {
  console.log(JSON.stringify(event));
  const { connect, protocol } = event.queryStringParameters ?? {};
  if (/^\d+$/.test(connect)) return { statusCode: Number(connect), body: 'not shown' };
  if (connect === 'throws') throw new Error('connect failed');
  if (connect === 'denied') throw Object.assign(new Error('of its own'), { name: 'AccessDenied' });
  if (connect === 'exits') process.exit(3);
  if (connect === 'malformed') return { ok: true };
  if (connect === 'function') return () => undefined;
  if (connect === 'slow') await new Promise((resolve) => setTimeout(resolve, 300));
  const headers = { 'Set-Cookie': 'a=b', 'X-Own': 'c' };
  return { statusCode: 200, headers: protocol ? { ...headers, 'Sec-WebSocket-Protocol': protocol } : headers };
};
