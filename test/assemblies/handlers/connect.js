// ?connect=<behaviour> decides; ?protocol=<name> is answered as the subprotocol.
exports.handler = async (event) => {
  console.log(JSON.stringify(event));
  const { connect, protocol } = event.queryStringParameters ?? {};
  if (/^\d+$/.test(connect)) return { statusCode: Number(connect), body: 'not shown' };
  if (connect === 'throws') throw new Error('connect failed');
  if (connect === 'exits') process.exit(3);
  if (connect === 'malformed') return { ok: true };
  if (connect === 'function') return () => undefined;
  if (connect === 'slow') await new Promise((resolve) => setTimeout(resolve, 300));
  if (connect === 'posts') return { statusCode: await post(event.requestContext) };
  const headers = { 'Set-Cookie': 'a=b', 'X-Own': 'c' };
  return { statusCode: 200, headers: protocol ? { ...headers, 'Sec-WebSocket-Protocol': protocol } : headers };
};

/** 410 becomes 418, so that the test can tell it from every other failure. */
async function post({ connectionId }) {
  const url = `${process.env.AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI}/@connections/${encodeURIComponent(connectionId)}`;
  const { status } = await fetch(url, { method: 'POST', body: 'too early' });
  return status === 410 ? 418 : 200;
}
