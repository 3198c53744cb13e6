import { arn, type Place } from '../template/physical-ids.ts';

/** A permission that a call needs. https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html */
export interface Need {
  /** `dynamodb:PutItem` */
  readonly action: string;
  /** An ARN, or `*` for an action without a resource. */
  readonly resource: string;
  /** The resource's name in a denial. @default `resource` */
  readonly shownAs?: string;
  /** The service's condition keys, such as `dynamodb:LeadingKeys`. */
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}

/**
 * https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 * @param nameOrArn a name, a partial ARN or an ARN, each with or without a qualifier
 */
export function invokeNeed(nameOrArn: string, qualifier: string | undefined, place: Place): Need {
  const parts = /^(?:arn:aws:lambda:([^:]*):)?(?:(\d{12}):)?(?:function:)?(.*)$/.exec(nameOrArn) ?? [];
  const [, region = place.region, accountId = place.accountId, name = ''] = parts;
  const qualified = qualifier === undefined ? name : `${name}:${qualifier}`;
  return {
    action: 'lambda:InvokeFunction',
    resource: arn('lambda', { region, accountId }, `function:${qualified}`),
  };
}

export interface SecretRequest {
  /** A name or an ARN. */
  readonly secretId: string;
  readonly versionStage?: string | undefined;
  readonly versionId?: string | undefined;
}

/**
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html
 * @param foundArn the secret's ARN; for a missing secret AWS checks the name
 */
export function secretNeed(request: SecretRequest, foundArn: string | undefined, place: Place): Need {
  const { secretId, versionStage, versionId } = request;
  const isArn = secretId.startsWith('arn:');
  return {
    action: 'secretsmanager:GetSecretValue',
    resource: foundArn ?? (isArn ? secretId : arn('secretsmanager', place, `secret:${secretId}`)),
    // "on resource: cfn/atlas/profile/development": mongodb/awscdk-resources-mongodbatlas#207
    shownAs: secretId,
    context: {
      'secretsmanager:SecretId': secretId,
      ...(versionStage === undefined ? {} : { 'secretsmanager:VersionStage': versionStage }),
      ...(versionId === undefined ? {} : { 'secretsmanager:VersionId': versionId }),
    },
  };
}

export interface ConnectionRequest {
  readonly apiId: string;
  readonly stage: string;
  /** POST, GET or DELETE. */
  readonly method: string;
  readonly connectionId: string;
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-control-access-iam.html */
export function connectionNeed({ apiId, stage, method, connectionId }: ConnectionRequest, place: Place): Need {
  const path = `${apiId}/${stage}/${method}/@connections/`;
  // AWS masks the account and hides the id: aws/aws-cdk#18410, architect/functions#130.
  const masked = { ...place, accountId: place.accountId.replace(/\d(?=\d{4})/g, '*') };
  return {
    action: 'execute-api:ManageConnections',
    resource: arn('execute-api', place, path + connectionId),
    shownAs: arn('execute-api', masked, `${path}{connectionId}`),
  };
}
