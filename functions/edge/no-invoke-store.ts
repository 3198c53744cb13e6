/**
 * In the authorizer's bundle this stands for `@aws/lambda-invoke-store`, 2 KB that the logger imports for its types alone: what
 * it calls is the global of Lambda's own runtime, and that only where AWS_LAMBDA_MAX_CONCURRENCY lets invocations share an
 * environment, which ours do not.
 */
export {};
