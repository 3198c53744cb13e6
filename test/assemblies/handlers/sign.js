const { createHash, createHmac } = require('node:crypto');

// What an SDK would do: the headers of a POST, signed with this function's own credentials.
exports.signedPost = (url, service, headers, body) => {
  const { AWS_ACCESS_KEY_ID: key, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token, AWS_REGION } = process.env;
  const date = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = [date.slice(0, 8), AWS_REGION, service, 'aws4_request'];
  const given = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  const all = { ...Object.fromEntries(given), host: url.host, 'x-amz-date': date, 'x-amz-security-token': token };
  const names = Object.keys(all).sort();
  const lines = names.map((name) => `${name}:${all[name]}\n`).join('');
  const path = url.pathname.split('/').map(encodeURIComponent).join('/');
  const canonical = ['POST', path, '', lines, names.join(';'), sha256(body)].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', date, scope.join('/'), sha256(canonical)].join('\n');
  const signature = hmac(scope.reduce(hmac, `AWS4${secret}`), toSign).toString('hex');
  const credential = `Credential=${key}/${scope.join('/')}`;
  const authorization = `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return { ...all, authorization };
};

const hmac = (key, data) => createHmac('sha256', key).update(data).digest();
const sha256 = (data) => createHash('sha256').update(data).digest('hex');
