/** What a developer whose socket was refused wants to know next. */
const hints = [
  [
    /identity source is missing/,
    'The handshake lacks the token, header or cookie that the authorizer asks for. API Gateway answered it alone: no function was called.',
  ],
  [/explicit deny/, 'The authorizer ran and said no. Why is in its log lines, if it wrote any.'],
  [
    /no matching allow/,
    'The authorizer ran, but its policy allows something else than this handshake. Compare its Resource with the methodArn of its event.',
  ],
  [/said Unauthorized/, 'The authorizer threw the error "Unauthorized", which is its way to answer 401.'],
  [
    /failed: AccessDenied$/,
    'API Gateway may not invoke this function. Compare the SourceArn of its AWS::Lambda::Permission, or the role in CredentialsArn, with this API, account and region.',
  ],
  [
    /the authorizer failed/,
    'The authorizer ended with an error, so nobody can say who this was. The error is in its log lines.',
  ],
  [/^the authorizer/, 'The authorizer ran, but what it returned is not what API Gateway expects.'],
  [/no such stage/, 'The path of a socket URL is the stage and nothing else.'],
  [/\$connect returned \d/, 'The $connect function answered with this status. Its log lines may say why.'],
  [/^\$connect/, 'The $connect function did not answer as a handler must. Its log lines say why.'],
  [/went away/, 'The client hung up before it was let in.'],
  [/starting/, 'It came before the local cloud was ready. A client that tries again gets in.'],
  [/longer than/, 'API Gateway has a limit here, and the local cloud keeps it.'],
  [/handshake|Sec-WebSocket/, 'What arrived is not a WebSocket handshake as RFC 6455 wants it.'],
];

export function hintFor(reason) {
  return hints.find(([pattern]) => pattern.test(reason))?.[1];
}
