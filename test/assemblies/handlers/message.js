let served = 0;

exports.handler = async (event, context) => {
  console.log(JSON.stringify(event));
  served += 1;
  const message = parse(event.body);
  if (message.sleepMs) await new Promise((resolve) => setTimeout(resolve, message.sleepMs));
  if (message.throws) throw new Error('message failed');
  if (message.exits) process.exit(3);
  if (message.returns === 'function') return () => undefined;
  if (message.status) return { statusCode: message.status, body: 'ignored' };
  const details = {
    served,
    routeKey: event.requestContext.routeKey,
    remaining: context.getRemainingTimeInMillis() > 0,
  };
  return { statusCode: 200, body: JSON.stringify({ echo: event.body, ...details }) };
};

function parse(body) {
  try {
    return JSON.parse(body) ?? {};
  } catch {
    return {};
  }
}
