/** The keys of `requestContext` with an authorizer, in the order of the captures; a message's id comes after `authorizer`. */
export const contextKeys = [
  'routeKey',
  'authorizer',
  'eventType',
  'extendedRequestId',
  'requestTime',
  'messageDirection',
  'stage',
  'connectedAt',
  'requestTimeEpoch',
  'identity',
  'requestId',
  'domainName',
  'connectionId',
  'apiId',
];
