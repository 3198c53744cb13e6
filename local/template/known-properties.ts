/** Table properties that are passed on unchanged, because CloudFormation and DynamoDB's API use the same names. */
export const tableShape = [
  'AttributeDefinitions',
  'KeySchema',
  'BillingMode',
  'ProvisionedThroughput',
  'GlobalSecondaryIndexes',
  'LocalSecondaryIndexes',
];

/**
 * The supported properties. Each is emulated or has no meaning on one machine (names, tags, retention, encryption). All
 * others are rejected at start, because a property that changes behaviour must never be ignored silently. Partly emulated
 * objects are listed as dotted names.
 */
const knownProperties: Readonly<Record<string, readonly string[]>> = {
  'AWS::ApiGatewayV2::Api': [
    'Name',
    'Description',
    'ProtocolType',
    'RouteSelectionExpression',
    'IpAddressType',
    'DisableSchemaValidation',
    'Version',
    'Tags',
  ],
  'AWS::ApiGatewayV2::Route': [
    'ApiId',
    'RouteKey',
    'Target',
    'AuthorizationType',
    'AuthorizerId',
    'RouteResponseSelectionExpression',
    'OperationName',
  ],
  'AWS::ApiGatewayV2::Integration': [
    'ApiId',
    'IntegrationType',
    'IntegrationUri',
    'IntegrationMethod',
    'CredentialsArn',
    'PayloadFormatVersion',
    'RequestTemplates',
    'TemplateSelectionExpression',
    'TimeoutInMillis',
    'Description',
  ],
  'AWS::ApiGatewayV2::IntegrationResponse': [
    'ApiId',
    'IntegrationId',
    'IntegrationResponseKey',
    'ResponseTemplates',
    'TemplateSelectionExpression',
  ],
  'AWS::ApiGatewayV2::RouteResponse': ['ApiId', 'RouteId', 'RouteResponseKey'],
  'AWS::ApiGatewayV2::Authorizer': [
    'ApiId',
    'Name',
    'AuthorizerType',
    'AuthorizerUri',
    'AuthorizerCredentialsArn',
    'IdentitySource',
  ],
  'AWS::ApiGatewayV2::Stage': [
    'ApiId',
    'StageName',
    'AutoDeploy',
    'DeploymentId',
    'Description',
    'AccessLogSettings',
    'DefaultRouteSettings',
    'RouteSettings',
    'StageVariables',
    'Tags',
  ],
  'AWS::ApiGatewayV2::Deployment': ['ApiId', 'Description', 'StageName'],
  'AWS::Lambda::Function': [
    'FunctionName',
    'Description',
    'Architectures',
    'Code.S3Bucket',
    'Code.S3Key',
    'Environment.Variables',
    'EphemeralStorage',
    'Handler',
    'LoggingConfig.LogFormat',
    'LoggingConfig.LogGroup',
    'LoggingConfig.ApplicationLogLevel',
    'LoggingConfig.SystemLogLevel',
    'MemorySize',
    'RecursiveLoop',
    'ReservedConcurrentExecutions',
    'Role',
    'Runtime',
    'RuntimeManagementConfig',
    'Tags',
    'Timeout',
    'TracingConfig',
  ],
  'AWS::Lambda::Permission': ['Action', 'FunctionName', 'Principal', 'SourceArn', 'SourceAccount'],
  'AWS::Lambda::EventInvokeConfig': [
    'FunctionName',
    'Qualifier',
    'MaximumRetryAttempts',
    'MaximumEventAgeInSeconds',
    'DestinationConfig.OnSuccess',
    'DestinationConfig.OnFailure',
  ],
  'AWS::IAM::Role': [
    'RoleName',
    'Path',
    'Description',
    'AssumeRolePolicyDocument',
    'ManagedPolicyArns',
    'Policies',
    'MaxSessionDuration',
    'Tags',
  ],
  'AWS::IAM::Policy': ['PolicyName', 'PolicyDocument', 'Roles'],
  'AWS::IAM::ManagedPolicy': ['ManagedPolicyName', 'Path', 'Description', 'PolicyDocument', 'Roles'],
  'AWS::Logs::LogGroup': ['LogGroupName', 'RetentionInDays', 'LogGroupClass', 'Tags'],
  'AWS::DynamoDB::Table': [
    'TableName',
    ...tableShape,
    'OnDemandThroughput',
    'WarmThroughput',
    'TimeToLiveSpecification',
    'PointInTimeRecoverySpecification',
    'ContributorInsightsSpecification',
    'SSESpecification',
    'DeletionProtectionEnabled',
    'TableClass',
    'Tags',
  ],
  'AWS::DynamoDB::GlobalTable': [
    'TableName',
    ...tableShape,
    // Checked by dynamodb/tables.ts.
    'Replicas',
    'TimeToLiveSpecification',
    'WarmThroughput',
    'WriteOnDemandThroughputSettings',
    'SSESpecification',
  ],
  'AWS::SecretsManager::Secret': [
    'Name',
    'Description',
    'SecretString',
    'GenerateSecretString.SecretStringTemplate',
    'GenerateSecretString.GenerateStringKey',
    'GenerateSecretString.PasswordLength',
    'GenerateSecretString.ExcludePunctuation',
    'GenerateSecretString.ExcludeCharacters',
    'GenerateSecretString.ExcludeUppercase',
    'GenerateSecretString.ExcludeLowercase',
    'GenerateSecretString.ExcludeNumbers',
    'GenerateSecretString.IncludeSpace',
    'GenerateSecretString.RequireEachIncludedType',
    'Tags',
  ],
  'AWS::Events::Rule': ['Name', 'Description', 'ScheduleExpression', 'State', 'Targets', 'Tags'],
};

/** Types with nothing to run on one machine. They are accepted with all properties. */
const nothingToRun = new Set([
  'AWS::ApiGateway::Account',
  'AWS::ApplicationAutoScaling::ScalableTarget',
  'AWS::ApplicationAutoScaling::ScalingPolicy',
  'AWS::CDK::Metadata',
  'AWS::CloudWatch::Alarm',
  'AWS::CloudWatch::CompositeAlarm',
  'AWS::CloudWatch::Dashboard',
  'AWS::Logs::MetricFilter',
  'AWS::Logs::QueryDefinition',
  'Custom::LogRetention',
]);

/** @throws a sentence with the logical id and the unknown type */
export function refuseUnknownType(logicalId: string, type: string): void {
  if (nothingToRun.has(type) || Object.hasOwn(knownProperties, type)) return;
  throw new Error(`${logicalId}: the local cloud cannot run ${type}.`);
}

/**
 * @param properties the resolved properties, without those that a condition removed
 * @throws a sentence with the logical id and the unknown property
 */
export function refuseUnknownProperties(
  logicalId: string,
  type: string,
  properties: Readonly<Record<string, unknown>>,
): void {
  if (nothingToRun.has(type)) return;
  const known = knownProperties[type] ?? [];
  for (const [name, value] of Object.entries(properties)) {
    if (known.includes(name)) continue;
    const isPartlyKnown = known.some((property) => property.startsWith(`${name}.`));
    if (!isPartlyKnown) throw new Error(`${logicalId} (${type}): the property ${name} is not emulated.`);
    if (typeof value !== 'object' || value === null) throw new Error(`${logicalId}.${name} must be an object.`);
    for (const part of Object.keys(value)) {
      if (known.includes(`${name}.${part}`)) continue;
      throw new Error(`${logicalId} (${type}): the property ${name}.${part} is not emulated.`);
    }
  }
}
