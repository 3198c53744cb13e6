/** Answers as the request's `answer` parameter says; else with the event that it was given. */
exports.handler = async (event) => {
  const { answer } = event.queryStringParameters ?? {};
  if (answer === 'throw') throw new Error('as asked');
  if (answer === 'text') return 'plain words';
  if (answer === 'object') return { hello: 'world' };
  if (answer === 'full') {
    return {
      statusCode: 201,
      headers: { 'X-Own': 'yes', Connection: 'close' },
      cookies: ['a=1', 'b=2'],
      body: Buffer.from('bytes').toString('base64'),
      isBase64Encoded: true,
    };
  }
  if (answer === 'nonsense') return { statusCode: 'soon' };
  return { statusCode: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(event) };
};
