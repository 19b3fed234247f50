import { fromEnv } from '@aws-sdk/credential-provider-env';

/**
 * What bundles have in place of the SDK's default chain: Lambda puts a function's credentials into its environment. Files, SSO and other roles
 * are no places to look for them there, and their clients and parsers would be loaded with every cold start.
 */
export const defaultProvider: typeof fromEnv = fromEnv;
