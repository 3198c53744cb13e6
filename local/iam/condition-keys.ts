/**
 * The condition keys whose value is known here, so that a policy that asks for another can be refused instead of being
 * decided wrongly. A request that lacks one of these lacks it in AWS too.
 */
const conditionKeys = [
  // docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
  'aws:PrincipalAccount',
  'aws:PrincipalArn',
  'aws:PrincipalIsAWSService',
  'aws:PrincipalType',
  'aws:RequestedRegion',
  'aws:ResourceAccount',
  'aws:SecureTransport',
  'aws:userid',
  'aws:ViaAWSService',
  // docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
  'lambda:SourceFunctionArn',
  // docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
  'dynamodb:Attributes',
  'dynamodb:EnclosingOperation',
  'dynamodb:LeadingKeys',
  'dynamodb:ReturnConsumedCapacity',
  'dynamodb:ReturnValues',
  'dynamodb:Select',
  // docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
  'secretsmanager:SecretId',
  'secretsmanager:VersionId',
  'secretsmanager:VersionStage',
];

const byLowerCase = new Map(conditionKeys.map((key) => [key.toLowerCase(), key]));

/** "Condition key names are not case-sensitive." @returns the key as we write it, or undefined when its value is not known */
export function conditionKey(name: string): string | undefined {
  return byLowerCase.get(name.toLowerCase());
}

/**
 * "Multivalued context keys require a condition set operator": what is decided without one is not documented.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
 * @param key as we write it
 */
export function isMultivalued(key: string): boolean {
  return key === 'dynamodb:LeadingKeys' || key === 'dynamodb:Attributes';
}
