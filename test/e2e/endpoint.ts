import { MillraceError } from 'millrace';
import { isLoopback } from '../../cli/endpoint.ts';

/** @throws MillraceError `ENDPOINT_REQUIRED` (configuration) unless only this machine can be meant */
export const requireLoopback = (endpoint: string): string => {
  const url = URL.parse(endpoint);
  if (url?.protocol === 'http:' && isLoopback(url.hostname)) return url.origin;
  throw new MillraceError('configuration', 'ENDPOINT_REQUIRED', `The endpoint ${endpoint} is not on this machine.`, {
    fix: 'Unset AWS_ENDPOINT_URL: then LocalStack is started. Or let it name one that runs here, such as http://127.0.0.1:4566.',
    fields: { endpoint },
  });
};
